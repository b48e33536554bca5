from collections.abc import Sequence

from tests.serve.filled import call_of, incident, judged

from ausweis.facts import Event, Facts
from ausweis.judging.verdict import Verdict
from ausweis.views.masks import CallMask, Cover
from ausweis.views.turns import Mark, Piece, finding_marks, marks_of, turn_views

CALL = call_of("c", ["Ihre PIN bitte?", "Vier sieben eins eins.", "Sie wohnen in der Norderstraße 14."])


class Covers(CallMask):
    """A mask that covers just this."""

    def __init__(self, covers: Sequence[Cover] = ()) -> None:
        super().__init__(judged(CALL, Facts(call_id="c", turns=3)), "en", masked=False)
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


def test_without_the_text_quotes_are_shown() -> None:
    views = turn_views(None, {4: [Mark("factor", "pin", "verified", quotes=("eins zwei",))]}, Covers())
    assert [(one.number, one.known, list(one.pieces)) for one in views] == [(4, False, [Piece("eins zwei", "factor")])]


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
    verdict = judged(CALL, Facts(call_id="c", turns=3), incidents=(one,)).verdict
    assert [mark.kind for mark in marks_of(verdict, None)[2]] == ["incident"]


def test_words_in_another_turn_that_speak_for_a_finding_are_evidence_there() -> None:
    said = [{"turn": turn, "quote": CALL.turn(turn).text} for turn in (1, 3)]
    verdict = judged(
        CALL, Facts(call_id="c", turns=3), incidents=(incident(CALL, turn=3) | {"evidence": said},)
    ).verdict
    assert {turn: [mark.kind for mark in marks] for turn, marks in finding_marks(verdict).items()} == {
        3: ["incident"],
        1: ["evidence"],
    }
    assert marks_of(verdict, None).keys() == {3}


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
