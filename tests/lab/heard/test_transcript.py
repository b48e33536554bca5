"""The words of a stretch of time, of one speaker or of all."""

from evals.lab.heard import Transcript

from ausweis.calls.call import Call, SpokenWord, Turn


def test_words_with_times_of_their_own_are_found_alone() -> None:
    words = tuple(SpokenWord(text=text, start=at, end=at + 0.5, probability=1) for text, at in (("ja", 1), ("nein", 9)))
    call = Call(id="x", turns=(Turn(speaker="caller", start=1, end=9.5, text="ja nein", words=words),))
    assert [word.text for word in Transcript.of(call).between([(0, 2)], "caller")] == ["ja"]


def test_words_without_times_have_those_of_their_turn() -> None:
    call = Call(id="x", turns=(Turn(speaker="caller", start=1, end=9.5, text="ja nein"),))
    assert len(Transcript.of(call).between([(5, 6)], "caller")) == 2
    assert Transcript.of(call).between([(10, 11)], "caller") == []


def test_where_nobody_is_told_apart_all_are_heard_from_anybody() -> None:
    turns = (Turn(speaker="unknown", start=0, end=2, text="eins"), Turn(speaker="unknown", start=2, end=4, text="zwei"))
    transcript = Transcript.of(Call(id="x", turns=turns))
    assert [word.text for word in transcript.between([(0, 4)], "agent")] == ["eins", "zwei"]


def test_the_other_side_is_left_out_and_words_come_in_order_of_time() -> None:
    turns = (
        Turn(speaker="caller", start=3, end=4, text="zwei"),
        Turn(speaker="agent", start=2, end=3, text="ja"),
        Turn(speaker="caller", start=0, end=2, text="eins"),
    )
    transcript = Transcript.of(Call(id="x", turns=turns))
    assert [word.text for word in transcript.between([(0, 4)], "caller")] == ["eins", "zwei"]
    assert [word.text for word in transcript.between([(0, 4)], None)] == ["eins", "ja", "zwei"]
