from ausweis.calls.call import Call, Turn
from ausweis.masking import Masker
from ausweis.reports.review_excerpt import LONGEST, MOST_TURNS, Excerpt, Mark, excerpt


def call(*texts: str) -> Call:
    return Call(id="c", turns=tuple(Turn(speaker="agent", text=text) for text in texts))


def words(found: Excerpt) -> str:
    return "".join(piece.text for piece in found.turns[0].pieces)


def test_a_moment_stands_between_its_neighbours() -> None:
    found = excerpt(call(*"abcdefgh"), [Mark(4, 4, "d", "x")], None)
    assert [(one.number, one.broken, one.skipped) for one in found.turns] == [
        (3, False, 2),
        (4, True, 0),
        (5, False, 0),
    ]
    assert found.skipped == 3


def test_the_quote_is_marked_in_its_turn() -> None:
    found = excerpt(call("vorher das Zitat nachher"), [Mark(1, 1, "das Zitat", "x")], None)
    assert [tuple(piece) for piece in found.turns[0].pieces] == [
        ("vorher ", False),
        ("das Zitat", True),
        (" nachher", False),
    ]


def test_quotes_that_overlap_do_not_repeat_words() -> None:
    marks = [Mark(1, 1, "eins zwei", "x"), Mark(1, 1, "zwei drei", "x")]
    found = excerpt(call("null eins zwei drei"), marks, None)
    assert "".join(piece.text for piece in found.turns[0].pieces) == "null eins zwei drei"


def test_a_cut_quote_is_masked() -> None:
    one = call("Kundennummer 30 71 558 ist es")
    found = excerpt(one, [Mark(1, 1, "Kundennummer 30 7", "x")], Masker.of(one, None))
    text = "".join(piece.text for piece in found.turns[0].pieces)
    assert not any(sign.isdigit() for sign in text)


def test_a_turn_of_a_megabyte_is_cut_around_its_quote() -> None:
    text = "wort " * 100_000 + "HIER" + " wort" * 100_000
    found = excerpt(call(text), [Mark(1, 1, "HIER", "x")], None)
    shown = "".join(piece.text for piece in found.turns[0].pieces)
    assert "HIER" in shown
    assert len(shown) <= LONGEST + 4


def test_of_many_moments_the_first_are_shown() -> None:
    marks = [Mark(turn, turn, "", "x") for turn in range(1, 90, 3)]
    found = excerpt(call(*["a"] * 90), marks, None)
    assert len(found.turns) <= MOST_TURNS
    assert found.turns[0].number == 1


def test_a_turn_that_is_not_there_shows_nothing() -> None:
    assert excerpt(call("a"), [Mark(9, 9, "", "x")], None).turns == ()


def test_an_amount_stays_where_it_is_what_the_finding_is_about() -> None:
    one = call("Frau Hofer, das kostet 29 Euro")
    found = excerpt(one, [Mark(1, 1, "das kostet 29 Euro", "wrong_terms", {"amount"})], Masker.of(one, None))
    assert words(found) == "Frau ‹Name›, das kostet 29 Euro"


def test_the_other_amounts_of_its_turn_do_not() -> None:
    one = call("Ihr Guthaben ist 512 Euro. Der Tarif kostet 29 Euro. Abgebucht werden 734 Euro.")
    marks = [
        Mark(1, 1, "", "wrong_terms", {"amount"}),
        Mark(1, 1, "Der Tarif kostet 29 Euro", "wrong_terms", {"amount"}),
    ]
    shown = words(excerpt(one, marks, Masker.of(one, None)))
    assert "Der Tarif kostet 29 Euro" in shown
    assert not [amount for amount in ("512", "734") if amount in shown]


def test_nor_do_they_in_a_longer_quote_around_it() -> None:
    text = "Ihr Guthaben ist 512 Euro. Der Tarif kostet 29 Euro."
    one = call(text)
    marks = [Mark(1, 1, text, "no_authentication"), Mark(1, 1, "Der Tarif kostet 29 Euro", "wrong_terms", {"amount"})]
    found = excerpt(one, marks, Masker.of(one, None))
    assert [piece.marked for piece in found.turns[0].pieces] == [True]
    assert "29 Euro" in words(found)
    assert "512" not in words(found)


def test_without_the_call_an_amount_stays_in_its_own_quote() -> None:
    marks = [
        Mark(1, 1, "Das kostet 29 Euro", "wrong_terms", {"amount"}),
        Mark(2, 2, "Offen sind 512 Euro", "no_factor"),
    ]
    found = excerpt(None, marks, Masker.of(None, None))
    assert [turn.pieces[0].text for turn in found.turns] == ["Das kostet 29 Euro", "Offen sind ‹Betrag›"]
