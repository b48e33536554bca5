"""Turns in pieces, marked and masked, and the excerpt of a call."""

from collections.abc import Sequence

from tests.serve.filled import Judged, call_of, incident, judged

from ausweis.calls.call import Call, Turn
from ausweis.facts import Event, Facts
from ausweis.judging.verdict import Evidence, Incident, Verdict
from ausweis.pages.turns import (
    LONGEST,
    MOST_TURNS,
    CallMask,
    Cover,
    Excerpt,
    Mark,
    excerpt,
    finding_marks,
    marks_of,
    turn_views,
)

CALL = call_of("c", ["Ihre PIN bitte?", "Vier sieben eins eins.", "Sie wohnen in der Norderstraße 14."])
FACTS = Facts(call_id="c", turns=3)


class Covers(CallMask):
    """A mask that covers just this."""

    def __init__(self, covers: Sequence[Cover] = ()) -> None:
        super().__init__(judged(CALL, FACTS), "en", masked=False)
        object.__setattr__(self, "shown", covers)

    def covers(self, turn: int) -> Sequence[Cover]:
        shown: Sequence[Cover] = getattr(self, "shown")  # noqa: B009
        return shown if turn == 3 else ()


def pieces(marks: list[Mark], covers: list[Cover]) -> list[tuple[str, str, bool]]:
    view = turn_views(CALL, {3: marks}, Covers(covers))[2]
    return [(piece.text, piece.kind, piece.masked) for piece in view.pieces]


def test_a_turn_without_marks_is_one_piece() -> None:
    assert pieces([], []) == [("Sie wohnen in der Norderstraße 14.", "", False)]


def test_a_quote_is_marked_where_it_stands() -> None:
    found = pieces([Mark("factor", "address", "leaked", quotes=("Norderstraße 14",))], [])
    assert found == [("Sie wohnen in der ", "", False), ("Norderstraße 14", "factor", False), (".", "", False)]


def test_a_quote_that_fills_the_turn_marks_no_words() -> None:
    assert len(pieces([Mark("factor", "address", quotes=("Sie wohnen in der Norderstraße 14.",))], [])) == 1


def test_a_quote_that_is_not_there_marks_nothing() -> None:
    assert len(pieces([Mark("factor", "address", quotes=("Süderstraße",))], [])) == 1


def test_of_two_marks_the_stronger_gives_the_colour() -> None:
    marks = [
        Mark("event", "asks", quotes=("wohnen in der",)),
        Mark("violation", "factor_leaked", quotes=("in der Nord",)),
    ]
    assert pieces(marks, []) == [
        ("Sie ", "", False),
        ("wohnen ", "event", False),
        ("in der", "violation", False),
        (" Nord", "violation", False),
        ("erstraße 14.", "", False),
    ]


def test_personal_data_is_covered_and_a_mark_takes_all_of_a_cover() -> None:
    found = pieces([Mark("factor", "address", quotes=("in der Nord",))], [Cover(18, 33, "‹address›")])
    assert found == [
        ("Sie wohnen ", "", False),
        ("in der ", "factor", False),
        ("‹address›", "factor", True),
        (".", "", False),
    ]
    assert "Norderstraße" not in "".join(text for text, _, _ in found)


def test_two_marks_in_one_cover_show_it_once() -> None:
    marks = [Mark("factor", "address", quotes=("Norder",)), Mark("action", "contact_data", quotes=("14",))]
    found = pieces(marks, [Cover(18, 33, "‹address›")])
    assert [text for text, _, masked in found if masked] == ["‹address›"]


def test_a_verdict_and_its_facts_are_marked_once() -> None:
    facts = Facts(
        call_id="c",
        turns=3,
        events=(
            Event(kind="asks", subject="pin", turn=1, quote="Ihre PIN bitte?"),
            Event(kind="gives", subject="pin", turn=2, quote="Vier sieben eins eins.", probability=0.6),
            Event(kind="reads_out", subject="address", turn=3, quote="Norderstraße 14"),
        ),
    )
    verdict: Verdict = judged(CALL, facts, incidents=(incident(CALL),)).verdict
    found = marks_of(verdict, facts)
    assert [(one.kind, one.word) for one in found[1]] == [("event", "asks")]
    assert [one.kind for one in found[2]] == ["incident", "factor"]
    assert ("violation", "factor_leaked") in [(one.kind, one.word) for one in found[3]]
    assert ("event", "reads_out") not in [(one.kind, one.word) for one in found[3]]
    assert [one.kind for one in found[3]] == sorted(
        (one.kind for one in found[3]), key=["violation", "incident", "action", "factor", "event"].index
    )


def test_an_incident_without_evidence_is_marked_at_its_turn() -> None:
    one = incident(CALL) | {"evidence": (), "id": "own_kind"}
    verdict = judged(CALL, FACTS, incidents=(one,)).verdict
    assert [mark.kind for mark in marks_of(verdict, FACTS)[2]] == ["incident"]


def test_words_in_another_turn_that_speak_for_a_finding_are_evidence_there() -> None:
    said = [{"turn": turn, "quote": CALL.turn(turn).text} for turn in (1, 3)]
    verdict = judged(CALL, FACTS, incidents=(incident(CALL, turn=3) | {"evidence": said},)).verdict
    assert {turn: [mark.kind for mark in marks] for turn, marks in finding_marks(verdict).items()} == {
        3: ["incident"],
        1: ["evidence"],
    }
    assert marks_of(verdict, FACTS).keys() == {3}


def test_a_kind_that_was_found_twice_in_a_turn_stands_beside_it_once() -> None:
    marks = [
        Mark("violation", "no_authentication", "critical", "contract_data", quotes=("Sie",)),
        Mark("violation", "no_authentication", "critical", "amounts", quotes=("wohnen",)),
        Mark("action", "contract_data", "unmet"),
        Mark("action", "amounts", "unmet"),
    ]
    view = turn_views(CALL, {3: marks}, Covers())[2]
    assert [mark.word for mark in view.chips] == ["no_authentication", "contract_data", "amounts"]
    assert len(view.marks) == 4


def call(*texts: str) -> Call:
    return Call(id="c", turns=tuple(Turn(speaker="agent", text=text) for text in texts))


def told(of: Call, *incidents: tuple[int, str], kind: str = "own_kind") -> Judged:
    """The call with incidents, each with its turn and a quote of it."""
    found = [
        Incident(id=kind, turn=turn, severity="high", description="", evidence=(Evidence(turn=turn, quote=quote),))
        for turn, quote in incidents
    ]
    return judged(of, Facts(call_id="c", turns=len(of.turns)), incidents=found)


def shown(of: Judged, *, masked: bool = False) -> Excerpt:
    return excerpt(of, CallMask(of, "de", masked))


def words(of: Judged, *, masked: bool = False) -> str:
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
