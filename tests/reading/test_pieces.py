from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from ausweis.calls.call import Call, Turn
from ausweis.reading.pieces import LENGTH_BEFORE, LINES_BEFORE, LONGEST, pieces_of, with_context

TEXTS = st.text(alphabet=st.sampled_from("ab .!?…\näß0"), max_size=1500)


@given(st.lists(st.tuples(st.sampled_from(["agent", "caller"]), TEXTS), max_size=6))
def test_pieces_stand_in_their_turns_and_hold_all_words(lines: list[tuple[str, str]]) -> None:
    turns = [Turn.model_validate({"speaker": speaker, "text": text}) for speaker, text in lines]
    call = Call(id="c", turns=tuple(turns))
    pieces = list(pieces_of(call))
    assert all(piece.text and piece.text in call.turn(piece.turn).text for piece in pieces)
    assert all(len(piece.text) <= LONGEST for piece in pieces)
    for number, turn in enumerate(turns, start=1):
        said = "".join("".join(piece.text.split()) for piece in pieces if piece.turn == number)
        assert said == "".join(turn.text.split())


def test_a_long_turn_is_cut_at_sentence_ends(call: Callable[..., Call]) -> None:
    sentence = "Das ist ein Satz mit einigen Wörtern darin."
    pieces = list(pieces_of(call("agent: " + " ".join([sentence] * 20))))
    assert len(pieces) > 1
    assert all(piece.text.endswith("darin.") for piece in pieces)


def test_what_is_shown_before_a_piece_is_bounded(call: Callable[..., Call]) -> None:
    lines = [f"{'agent' if number % 2 else 'caller'}: {number} " + "wort " * 50 for number in range(6)]
    shown = list(with_context(list(pieces_of(call(*lines)))))
    assert [len(before) for _, before in shown] == [1, 2, 3, 3, 3, 3]
    for piece, before in shown:
        assert before[-1].text == piece.text
        assert all(len(line.text) <= LENGTH_BEFORE for line in before[:-1])
    assert LINES_BEFORE == 2


def test_ten_thousand_turns_and_a_turn_of_a_hundred_thousand_characters(call: Callable[..., Call]) -> None:
    assert len(list(with_context(list(pieces_of(call(*["agent: Ja."] * 10_000)))))) == 10_000
    pieces = list(pieces_of(call("caller: " + "wort " * 20_000, "agent: " + "x" * 100_000)))
    assert sum(len(piece.text) for piece in pieces if piece.turn == 2) == 100_000
