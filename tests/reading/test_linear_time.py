"""The rule: four times as much said takes about four times the time to cut, to place and to look through."""

import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ausweis.calls.call import Call, SpokenWord, Turn
from ausweis.engines.fake import FakeEngine
from ausweis.prompts import Library
from ausweis.reading import PolicyText, open_reader
from ausweis.reading.chunks import LONGEST, Chunk, place_of, spoken_chunks
from ausweis.reading.defects import defects_in, doubts
from ausweis.reading.evidence import pairs, pieces
from ausweis.reading.incidents import named_before
from ausweis.reading.plain_words import DECLINES, DENIES, named
from ausweis.reading.questions import own_questions
from ausweis.spoken import digits_in
from ausweis.vocabulary import OwnWord

ENOUGH = 8.0


def spent(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def is_linear(work: Callable[[int], object], length: int) -> bool:
    once = spent(lambda: work(length))
    return spent(lambda: work(4 * length)) <= max(ENOUGH, 8 * once)


def spoken(words: int) -> Call:
    said = tuple(SpokenWord(text="wort", start=place, end=place + 1, probability=1) for place in range(words))
    return Call(id="c", turns=(Turn(speaker="agent", text=" ".join(["wort"] * words), words=said),))


@pytest.mark.parametrize("text", ["wort ", "Das ist ein Satz. ", "x", ".  "])
def test_a_long_turn_is_cut(text: str) -> None:
    assert is_linear(
        lambda n: list(spoken_chunks(Call(id="c", turns=(Turn(speaker="agent", text=text * n),)))), 200_000
    )


def test_the_chunks_of_a_long_turn_are_placed_in_time() -> None:
    calls = {number: spoken(number) for number in (25_000, 100_000)}
    assert is_linear(lambda n: [chunk.place(calls[n]) for chunk in spoken_chunks(calls[n])], 25_000)


def test_what_was_heard_badly_is_found_in_a_long_turn() -> None:
    calls = {number: spoken(number) for number in (25_000, 100_000)}
    assert is_linear(lambda n: doubts(calls[n]), 25_000)


def test_speech_without_words_is_placed_among_many_turns() -> None:
    def heard(number: int) -> Call:
        turns = tuple(Turn(speaker="agent", text="ja", start=place) for place in range(number))
        cuts = [{"start": place, "end": place + 2, "reason": "silence"} for place in range(number)]
        return Call(id="c", turns=turns, metadata={"recording": {"cuts": cuts}})

    calls = {number: heard(number) for number in (5_000, 20_000)}
    assert is_linear(lambda n: doubts(calls[n]), 5_000)


@pytest.mark.parametrize("text", ["bla ", "b"])
def test_a_long_turn_of_a_written_call_is_read(library: Library, text: str) -> None:
    turns = {n: Turn(speaker="agent", text=text * n) for n in (50_000, 200_000)}
    reader = open_reader("turnwise", FakeEngine(lambda _: "beginning"), library, PolicyText(), authentication=False)
    assert is_linear(lambda n: reader.read(Call(id="c", turns=(turns[n],))), 50_000)


def test_numbers_that_are_read_out_in_a_long_call(library: Library) -> None:
    answers = {"call-start": "beginning", "agent-turn": "reads out pin", "caller-turn": "gives pin"}
    reader = open_reader("turnwise", FakeEngine(answers, keep_requests=False), library, PolicyText())

    def work(lines: int) -> object:
        turns = [Turn(speaker=("agent", "caller")[n % 2], text=f"{1_000_000 + 7919 * n}") for n in range(lines)]
        return reader.read(Call(id="c", turns=tuple(turns)))

    assert is_linear(work, 1_500)


def test_each_piece_has_the_times_of_its_own_words() -> None:
    call = spoken(1000)
    for chunk in spoken_chunks(call):
        first = len(call.turn(1).text[: chunk.begin].split())
        place = chunk.place(call)
        assert (place["start"], place["end"]) == (first, first + len(chunk.text.split()))
        assert call.turn(1).text[chunk.begin :].startswith(chunk.text)
        assert len(chunk.text) <= LONGEST


def test_what_the_caller_gave_is_weighed() -> None:
    def work(lines: int) -> list[object]:
        chunks = [Chunk(place + 1, "caller", "ja") for place in range(lines)]
        return list(pairs(chunks, [{"gives pin": 0.5, "gives name": 0.1}] * lines))

    assert is_linear(work, 5_000)


def test_evidence_for_own_words() -> None:
    labels = own_questions([OwnWord(kind="factor", id="berth", name="n", description="d")])

    def work(lines: int) -> list[object]:
        chunks = [Chunk(place + 1, "caller", "ja") for place in range(lines)]
        return list(pieces(chunks, [{"gives own berth": 0.5, "gives": 0.1}] * lines, labels))

    assert is_linear(work, 5_000)


@pytest.mark.parametrize("text", ["a " * 200_000, "a" * 200_000, "a" + " " * 200_000, "a-" * 100_000])
def test_a_quote_is_found(text: str) -> None:
    assert spent(lambda: [place_of(quote, text) for quote in (text, "a " * 2_000 + "b", "a" * 2_000 + "b")]) < ENOUGH


PARTS = [
    "herr ",
    "dr ",
    " ",
    "ein ",
    "a",
    "darf ich ",
    "ihnen ",
    "nicht ",
    "ohne pin ",
    "[",
    "(",
    "gap",
    "not allowed to ",
]
PARTS += ['"', "wer das ", "ist ", "this is ", "nicht als ", "ignore ", "all "]
PARTS += ["eins", "und", "hundert", "tausend", "1", ".", "one second ", "can't "]
parts = st.lists(st.sampled_from(PARTS), max_size=3).map("".join)


@settings(max_examples=60, deadline=None)
@given(before=parts, unit=parts.filter(bool), after=parts)
def test_expressions(before: str, unit: str, after: str) -> None:
    text = before + unit * (10_000 // len(unit)) + after
    call = Call(id="c", turns=(Turn(speaker="agent", text=text),))
    chunks = [Chunk(1, "agent", text), later := Chunk(2, "caller", "nein")]
    assert (
        spent(lambda: (DECLINES.search(text), DENIES.search(text), named_before(chunks, later), list(named(chunks))))
        < ENOUGH
    )
    assert spent(lambda: (digits_in(text), defects_in(call, 0), doubts(call))) < ENOUGH


@given(st.text("ab \n.", max_size=60), st.data())
def test_a_quote_stands_where_it_was_if_it_begins_with_a_whole_word(text: str, data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(begin, len(text)))
    quote = text[begin:end]
    place = place_of(" ".join(quote.split()), text)
    if place is not None:
        assert text[slice(*place)].split() == quote.split()
        assert begins_whole(text, *place)
    elif begins_whole(text, begin, end):
        assert len(quote.strip()) < 2


def begins_whole(text: str, begin: int, end: int) -> bool:
    """Whether the first word of this part of the text is one of the text."""
    begin += len(text[begin:end]) - len(text[begin:end].lstrip())
    ends = (begin, begin + len(text[begin:end].split(maxsplit=1)[0]) if begin < end else begin)
    return not any(text[max(place - 1, 0) : place].isalnum() and text[place : place + 1].isalnum() for place in ends)
