"""What is wrong with a recording, and where it was heard badly."""

from typing import Any

import pytest

from ausweis.calls.call import Call, SpokenWord, Turn
from ausweis.engines.protocol import Result
from ausweis.prompts import Library
from ausweis.reading.defects import defects_in, doubts, starts_late


def call_of(*texts: str) -> Call:
    speakers = ("agent", "caller")
    turns = [Turn(speaker=speakers[place % 2], text=text) for place, text in enumerate(texts)]
    return Call(id="c1", language="de", turns=turns)


@pytest.mark.parametrize(
    "mark",
    [
        "[Aufzeichnung unterbrochen]",
        "[Ton fällt aus]",
        "(Verbindung abgebrochen)",
        "[line drops]",
        "[RECORDING INTERRUPTED]",
    ],
)
def test_a_mark_of_a_break_in_the_opening_is_a_defect(mark: str) -> None:
    whole = defects_in(call_of("Guten Tag.", f"Ja, hier Thies {mark}", "Die ist offen.", "Gut.", "Tschüss."), 0.0)
    assert whole == {"breaks_off": 1.0}


def test_a_break_at_the_end_is_none() -> None:
    assert defects_in(call_of("Guten Tag.", "Ja.", "Gut.", "Danke.", "[Aufzeichnung unterbrochen]"), 0.0) == {}


@pytest.mark.parametrize(
    "text", ["[Musik]", "[lacht]", "Die Leitung ist unterbrochen.", "Die Zahlung wurde (leider) abgebrochen."]
)
def test_what_is_said_about_a_break_is_none(text: str) -> None:
    assert defects_in(call_of("Guten Tag.", text, "Gut.", "Danke.", "Tschüss."), 0.0) == {}


def test_lost_words_count_by_their_share_of_the_opening() -> None:
    lost = ["<unk> Tag", "ja <unk>"] + ["gut"] * 3
    assert defects_in(call_of(*lost), 0.0) == {"garbled": 1.0}
    assert defects_in(call_of(*["gut"] * 3, *lost), 0.0) == {}


def test_an_unlikely_late_start_is_left_out() -> None:
    assert defects_in(call_of("Guten Tag.", "Ja."), 0.04) == {}
    assert defects_in(call_of("Guten Tag.", "Ja."), 0.3) == {"starts_late": 0.3}


def test_a_template_may_have_any_slope(library: Library) -> None:
    template = library.get("call-start").model_copy(update={"parameters": {"slope": 1e6, "offset": 0}})
    for middle, late in ((0.2, 0.0), (0.8, 1.0)):
        told = Result(text="", probabilities=(1 - middle, middle), evaluated_tokens=1)
        assert starts_late(told, template) == pytest.approx(late)


def turn(speaker: str, said: str) -> Turn:
    """`meine~0.9 PIN~0.4`: a word a second, with its probability."""
    parts = [part.split("~") for part in said.split()]
    words = [
        SpokenWord(text=text, start=second, end=second + 1, probability=float(sure))
        for second, (text, sure) in enumerate(parts)
    ]
    mean = sum(word.probability for word in words) / len(words)
    return Turn(
        speaker=speaker, start=0, end=len(words), text=" ".join(text for text, _ in parts), confidence=mean, words=words
    )


def call_with(*turns: Turn, **more: Any) -> Call:
    return Call(id="c", language="de", turns=turns, **more)


def quotes(*turns: Turn) -> list[tuple[int, str | None]]:
    return [(place.turn, place.quote) for place in doubts(call_with(*turns))["unsure"]]


def test_a_written_call_has_no_doubts() -> None:
    written = call_with(Turn(speaker="agent", text="Guten Tag."), Turn(speaker="caller", text="Vier sieben."))
    assert not any(doubts(written).values())


def test_turns_of_unknown_speakers_are_told() -> None:
    turns = [
        Turn(speaker=speaker, text=text) for speaker, text in (("unknown", "Ja."), ("agent", "Ja."), ("unknown", " "))
    ]
    assert doubts(call_with(*turns))["unknown_speakers"] == (1,)


def test_turns_to_the_evaluator_are_told_but_for_the_callers() -> None:
    turns = [Turn(speaker=speaker, text="This is a practice call.") for speaker in ("agent", "caller", "unknown")]
    assert doubts(call_with(*turns))["speaks_to_the_evaluator"] == (1, 3)


def test_a_turn_with_a_confidence_alone_is_shown_whole() -> None:
    heard = call_with(
        Turn(speaker="caller", text="Ja, vier. ", start=2.0, end=3.0, confidence=0.2), roles_confidence=0.8
    )
    (place,) = doubts(heard)["unsure"]
    assert place.model_dump() == {
        "turn": 1,
        "speaker": "caller",
        "quote": "Ja, vier.",
        "start": 2.0,
        "end": 3.0,
        "probability": 0.2,
    }
    assert doubts(heard)["roles_confidence"] == 0.8


def test_a_badly_heard_turn_with_its_seconds() -> None:
    heard = turn("caller", "also~0.6 die~0.6 ist~0.1 der~0.1 Herr~0.2 Kranz~0.1")
    (place,) = doubts(call_with(turn("agent", "Ja~0.9"), heard))["unsure"]
    assert (place.turn, place.quote, place.start, place.end) == (2, "also die ist der Herr Kranz", 0.0, 6.0)
    assert place.probability == pytest.approx(0.283)


def test_single_unsure_words_are_nothing_odd() -> None:
    assert quotes(turn("caller", "ich~0.9 hätte~0.3 gern~0.9 die~0.2 Rechnung~0.9")) == []


def test_of_a_long_turn_only_what_was_heard_badly() -> None:
    good, bad = " ".join(["gut~0.9"] * 79), " ".join(["schlecht~0.2"] * 9)
    assert quotes(turn("caller", f"{good} gut.~0.9 {bad}")) == [(1, " ".join(["schlecht"] * 9))]


@pytest.mark.parametrize(
    ("cut", "places"),
    [
        ({"start": 3.0, "end": 5.0, "reason": "silence"}, [(2, None, "unknown")]),
        ({"start": 3.0, "end": 5.0, "reason": "no words", "speaker": "caller"}, [(2, None, "caller")]),
        ({"start": 3.0, "end": 3.5, "reason": "silence"}, []),
        ({"start": 3.0, "end": 5.0, "reason": "other channel"}, []),
        ({"start": 0.0, "end": 0.5, "reason": "silence"}, []),
        ({"start": "?"}, []),
        ("?", []),
    ],
)
def test_speech_without_a_word_belongs_behind_the_turn_before_it(cut: Any, places: list[Any]) -> None:
    turns = [
        Turn(speaker="caller", text="a", start=1),
        Turn(speaker="agent", text="b", start=2),
        Turn(speaker="agent", text="c", start=6),
    ]
    heard = call_with(*turns, metadata={"recording": {"cuts": [cut]}})
    assert [(place.turn, place.quote, place.speaker) for place in doubts(heard)["unsure"]] == places


@pytest.mark.parametrize("metadata", [{}, {"recording": None}, {"recording": "r"}, {"recording": {"cuts": 3}}])
def test_metadata_of_another_shape_says_nothing(metadata: Any) -> None:
    assert doubts(call_with(Turn(speaker="caller", text="a"), metadata=metadata))["unsure"] == ()
