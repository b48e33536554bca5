"""Marks in a transcript that say that something of the recording is lost."""

import pytest

from ausweis.calls.call import Call, Turn
from ausweis.engines.protocol import Result
from ausweis.prompts import Library
from ausweis.reading.defects import defects_in, starts_late


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
