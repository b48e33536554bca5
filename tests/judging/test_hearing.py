"""A badly heard place sends a verdict to a person if the verdict hangs on it, and not otherwise."""

from typing import Any

import pytest
from tests.judging.conftest import Judged

from ausweis.judging.sentences import review_sentence
from ausweis.judging.verdict import BadlyHeardReason, Verdict

RIGHT = "1 gives name, 2 asks pin, 3 gives pin, 4 accepts, 6 discloses contract_data"
WRONG = "1 gives name, 2 asks pin, 6 discloses contract_data"


def place(turn: int, quote: str | None, speaker: str = "caller") -> dict[str, Any]:
    return {"turn": turn, "quote": quote, "speaker": speaker, "start": 1.0, "end": 2.0, "probability": 0.3}


def hung_on(verdict: Verdict) -> list[tuple[int, str | None]]:
    reasons = [reason for reason in verdict.review_reasons if isinstance(reason, BadlyHeardReason)]
    assert all(reason.turns == tuple(sorted({heard.turn for heard in reason.heard})) for reason in reasons)
    return [(heard.turn, heard.about) for reason in reasons for heard in reason.heard]


@pytest.mark.parametrize(
    ("lines", "unsure", "found"),
    [
        pytest.param(RIGHT, [place(3, "q3 gives pin")], [(3, "pin")], id="the only proof"),
        pytest.param(RIGHT, [place(3, "gives")], [(3, "pin")], id="some words of it"),
        pytest.param(RIGHT, [place(3, "in")], [], id="letters of its words"),
        pytest.param(RIGHT, [place(3, "other words")], [], id="other words of the turn"),
        pytest.param(RIGHT, [place(4, "q4 accepts", "agent"), place(9, "q9")], [], id="nothing hangs on it"),
        pytest.param(RIGHT + ", 5 gives password", [place(3, "q3 gives pin")], [], id="proven by another"),
        pytest.param(
            RIGHT + ", 5 gives password",
            [place(3, "q3 gives pin"), place(5, "q5 gives password")],
            [(3, "pin"), (5, "password")],
            id="neither proof was heard",
        ),
        pytest.param(WRONG, [place(3, "hm hm")], [(3, "pin")], id="an answer that may have been the one"),
        pytest.param(WRONG, [place(5, "hm hm")], [(5, "pin")], id="late, after looking for it"),
        pytest.param(WRONG, [place(3, "hm hm", "agent")], [], id="said by the agent"),
        pytest.param(WRONG, [place(8, "hm hm")], [], id="after the action"),
        pytest.param(WRONG, [place(2, None, "unknown")], [(2, "pin")], id="no word of the answer"),
        pytest.param(WRONG, [place(1, None)], [], id="nothing asked for yet"),
        pytest.param("1 gives name, 6 discloses contract_data", [place(3, "hm")], [], id="nothing asked for"),
        pytest.param(WRONG, [place(6, "q6 discloses", "agent")], [(6, "contract_data")], id="the violation itself"),
    ],
)
def test_what_a_verdict_hangs_on(
    judged: Judged, lines: str, unsure: list[dict[str, Any]], found: list[tuple[int, str | None]]
) -> None:
    verdict = judged(lines, unsure=unsure)
    assert hung_on(verdict) == found
    assert verdict.needs_review is bool(found)
    assert verdict.model_copy(update={"needs_review": False, "review_reasons": ()}) == judged(lines)


def test_a_sentence_says_what_and_where_and_quotes_only_through_a_mask(judged: Judged) -> None:
    (reason,) = judged(RIGHT, unsure=[place(3, "q3 gives pin")]).review_reasons
    told = "Das Urteil hängt an schlecht verständlichen Stellen (Redebeitrag 3)"
    assert review_sentence(reason, "de") == f"{told}: PIN."
    assert review_sentence(reason, "de", quoting=lambda quote, turn: f"[{turn}]") == f"{told}: PIN („[3]“)."
    (reason,) = judged(WRONG, unsure=[place(2, None)]).review_reasons
    assert review_sentence(reason, "en") == (
        "The verdict hangs on places that were heard badly (turn 2): PIN (no word understood)."
    )


def test_a_long_quote_is_cut(judged: Judged) -> None:
    (reason,) = judged(RIGHT, unsure=[place(3, "gives")]).review_reasons
    sentence = review_sentence(reason, "en", quoting=lambda quote, turn: "x" * 500)
    assert f"({'“' + 'x' * 79 + '…”'})" in sentence
