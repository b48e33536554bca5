from typing import NamedTuple

from tests.serve.filled import judged

from ausweis.calls.call import Call, Turn
from ausweis.facts import Facts
from ausweis.judging.verdict import Evidence, Incident, Verdict
from ausweis.views.excerpt import LONGEST, MOST_TURNS, Excerpt, excerpt
from ausweis.views.masks import CallMask


class Told(NamedTuple):
    """A call with its verdict."""

    call: Call | None
    facts: Facts | None
    verdict: Verdict


def call(*texts: str) -> Call:
    return Call(id="c", turns=tuple(Turn(speaker="agent", text=text) for text in texts))


def told(of: Call, *incidents: tuple[int, str], kind: str = "own_kind") -> Told:
    """The call with incidents, each with its turn and a quote of it."""
    found = [
        Incident(id=kind, turn=turn, severity="high", description="", evidence=(Evidence(turn=turn, quote=quote),))
        for turn, quote in incidents
    ]
    return Told(of, None, judged(of, Facts(call_id="c", turns=len(of.turns)), incidents=found).verdict)


def shown(of: Told, *, masked: bool = False) -> Excerpt:
    return excerpt(of, CallMask(of, "de", masked))


def words(of: Told, *, masked: bool = False) -> str:
    return shown(of, masked=masked).turns[0][1].text


def test_a_moment_stands_between_its_neighbours() -> None:
    found = shown(told(call(*"abcdefgh"), (4, "d")))
    assert [(turn.number, turn.broken, skipped) for skipped, turn in found.turns] == [
        (3, False, 2),
        (4, True, 0),
        (5, False, 0),
    ]
    assert found.skipped == 3


def test_the_quote_is_marked_in_its_turn() -> None:
    found = shown(told(call("vorher das Zitat nachher"), (1, "das Zitat")))
    assert found.turns[0][1].said == [("vorher ", False), ("das Zitat", True), (" nachher", False)]


def test_a_quote_that_fills_the_turn_marks_all_of_it() -> None:
    assert shown(told(call("das Zitat"), (1, "das Zitat"))).turns[0][1].said == [("das Zitat", True)]


def test_quotes_that_overlap_do_not_repeat_words() -> None:
    assert words(told(call("null eins zwei drei"), (1, "eins zwei"), (1, "zwei drei"))) == "null eins zwei drei"


def test_a_cut_quote_is_masked() -> None:
    text = words(told(call("Kundennummer 30 71 558 ist es"), (1, "Kundennummer 30 7")), masked=True)
    assert not any(sign.isdigit() for sign in text)


def test_a_turn_of_a_megabyte_is_cut_around_its_quote() -> None:
    text = words(told(call("wort " * 100_000 + "HIER" + " wort" * 100_000), (1, "HIER")))
    assert "HIER" in text
    assert len(text) <= LONGEST + 4


def test_of_many_moments_the_first_are_shown() -> None:
    found = shown(told(call(*["a"] * 90), *((turn, "") for turn in range(1, 90, 3))))
    assert len(found.turns) <= MOST_TURNS
    assert found.turns[0][1].number == 1


def test_a_turn_that_is_not_there_shows_nothing() -> None:
    assert shown(told(call("a"), (9, ""))).turns == []


def test_an_amount_stays_where_it_is_what_the_finding_is_about() -> None:
    of = told(call("Frau Hofer, das kostet 29 Euro"), (1, "das kostet 29 Euro"), kind="wrong_terms")
    assert words(of, masked=True) == "Frau ‹Name›, das kostet 29 Euro"


def test_the_other_amounts_of_its_turn_do_not() -> None:
    text = "Ihr Guthaben ist 512 Euro. Der Tarif kostet 29 Euro. Abgebucht werden 734 Euro."
    found = words(told(call(text), (1, "Der Tarif kostet 29 Euro"), kind="wrong_terms"), masked=True)
    assert "Der Tarif kostet 29 Euro" in found
    assert not [amount for amount in ("512", "734") if amount in found]


def test_nor_do_they_in_a_longer_quote_around_it() -> None:
    text = "Ihr Guthaben ist 512 Euro. Der Tarif kostet 29 Euro."
    about, other = (told(call(text), (1, text[27:]), kind="wrong_terms"), told(call(text), (1, text)))
    incidents = (*other.verdict.incidents, *about.verdict.incidents)
    of = about._replace(verdict=about.verdict.model_copy(update={"incidents": incidents}))
    found = shown(of, masked=True).turns[0][1]
    assert [quoted for _, quoted in found.said] == [True]
    assert "29 Euro" in found.text
    assert "512" not in found.text


def test_without_the_call_an_amount_stays_in_its_own_quote() -> None:
    of = call("Das kostet 29 Euro", "Offen sind 512 Euro")
    about, other = told(of, (1, "Das kostet 29 Euro"), kind="wrong_terms"), told(of, (2, "Offen sind 512 Euro"))
    incidents = (*about.verdict.incidents, *other.verdict.incidents)
    bare = Told(None, None, about.verdict.model_copy(update={"incidents": incidents}))
    assert [turn.text for _, turn in shown(bare, masked=True).turns] == ["Das kostet 29 Euro", "Offen sind ‹Betrag›"]
