from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ausweis.calls.call import Call, Turn
from ausweis.reading.chunks import LENGTH_BEFORE, LINES_BEFORE, LONGEST, spoken_chunks, with_context

PARTS = ["ab", " ", "  ", ". ", "!", "…", "\n", "\t", "\u00a0", "äß0", "a" * 100, "b" * LONGEST, " " * 150]
TEXTS = st.lists(st.sampled_from(PARTS), max_size=40).map("".join)


@given(st.lists(st.tuples(st.sampled_from(["agent", "caller"]), TEXTS), max_size=6))
def test_chunks_stand_in_their_turns_and_hold_all_words(lines: list[tuple[str, str]]) -> None:
    turns = [Turn.model_validate({"speaker": speaker, "text": text}) for speaker, text in lines]
    call = Call(id="c", turns=tuple(turns))
    chunks = spoken_chunks(call)
    assert all(chunk.text and chunk.text in call.turn(chunk.turn).text for chunk in chunks)
    assert all(len(chunk.text) <= LONGEST for chunk in chunks)
    for number, turn in enumerate(turns, start=1):
        said = "".join("".join(chunk.text.split()) for chunk in chunks if chunk.turn == number)
        assert said == "".join(turn.text.split())


def test_a_long_turn_is_cut_at_sentence_ends(call: Callable[..., Call]) -> None:
    sentence = "Das ist ein Satz mit einigen Wörtern darin."
    chunks = list(spoken_chunks(call("agent: " + " ".join([sentence] * 20))))
    assert len(chunks) > 1
    assert all(chunk.text.endswith("darin.") for chunk in chunks)


def test_what_is_shown_before_a_piece_is_bounded(call: Callable[..., Call]) -> None:
    lines = [f"{'agent' if number % 2 else 'caller'}: {number} " + "wort " * 50 for number in range(6)]
    shown = list(with_context(list(spoken_chunks(call(*lines)))))
    assert [len(before) for _, before in shown] == [1, 2, 3, 3, 3, 3]
    for chunk, before in shown:
        assert before[-1].text == chunk.text
        assert all(len(line.text) <= LENGTH_BEFORE for line in before[:-1])
    assert LINES_BEFORE == 2


def test_ten_thousand_turns_and_a_turn_of_a_hundred_thousand_characters(call: Callable[..., Call]) -> None:
    assert len(list(with_context(list(spoken_chunks(call(*["agent: Ja."] * 10_000)))))) == 10_000
    chunks = list(spoken_chunks(call("caller: " + "wort " * 20_000, "agent: " + "x" * 100_000)))
    assert sum(len(chunk.text) for chunk in chunks if chunk.turn == 2) == 100_000


@given(TEXTS)
@example("." + " " * (LONGEST - 100) + "a" * (LONGEST - 10))
def test_only_a_word_that_is_too_long_is_cut(text: str) -> None:
    chunks = spoken_chunks(Call(id="c", turns=(Turn(speaker="agent", text=text),)))
    whole = {word for chunk in chunks for word in chunk.text.split()}
    assert {word for word in text.split() if len(word) < LONGEST} <= whole


def test_blanks_make_no_piece(call: Callable[..., Call]) -> None:
    assert list(spoken_chunks(call("agent:  \n ", "caller: "))) == []
    text = "a" * (LONGEST - 1) + " " * 3 * LONGEST + "b" * (LONGEST + 80)
    assert [len(chunk.text) for chunk in spoken_chunks(call(f"agent: {text}"))] == [LONGEST - 1, LONGEST, 80]


@given(st.lists(st.tuples(st.sampled_from(["agent", "caller"]), TEXTS), max_size=6))
def test_each_piece_is_asked_about_once_whatever_its_context(lines: list[tuple[str, str]]) -> None:
    turns = [Turn.model_validate({"speaker": speaker, "text": text}) for speaker, text in lines]
    chunks = spoken_chunks(Call(id="c", turns=tuple(turns)))
    shown = list(with_context(chunks))
    assert [chunk for chunk, _ in shown] == chunks
    for place, (chunk, before) in enumerate(shown):
        assert before[-1] == (chunk.speaker, chunk.text)
        assert len(before) == min(place, LINES_BEFORE) + 1
        assert sum(len(line.text) for line in before) <= LONGEST + LINES_BEFORE * LENGTH_BEFORE
        for line, earlier in zip(before[:-1], chunks[max(0, place - LINES_BEFORE) : place], strict=True):
            assert line.speaker == earlier.speaker
            assert earlier.text.endswith(line.text)


@pytest.mark.parametrize("blank", [" ", "\n", "\t", "\u00a0"])
def test_a_long_sentence_is_cut_between_words(call: Callable[..., Call], blank: str) -> None:
    chunks = list(spoken_chunks(call("caller: " + blank.join(["vierzehn"] * 100))))
    assert len(chunks) > 1
    assert {word for chunk in chunks for word in chunk.text.split()} == {"vierzehn"}
