"""The verdict's contract: version 2 as it is written, version 1 as it is still read."""

import json
from typing import Any

import pytest
from pydantic import ValidationError
from tests.judging.conftest import Judged

from ausweis.judging import Verdict

EARLIER: dict[str, Any] = {
    "schema": "ausweis/verdict@1",
    "call_id": "c",
    "outcome": "violation",
    "violations": [
        {
            "type": "no_authentication",
            "turn": 2,
            "severity": "critical",
            "action": "usage_data",
            "reason": "Nichts wurde geprüft.",
            "evidence": [{"turn": 2, "quote": "q", "start": None, "end": None}],
        }
    ],
    "first_violation_turn": 2,
    "caller": "unclear",
    "factors": [],
    "actions": [],
    "authorisation": {"status": "not_needed", "turn": None, "quote": None},
    "checks": [{"id": "caller_identified", "result": "fail", "reason": "Niemand sagte, wer anruft.", "evidence": []}],
    "incidents": [{"kind": "rude_agent", "turn": 1, "severity": "low", "description": "d", "evidence": []}],
    "risk": 0.9,
    "confidence": 0.9,
    "needs_review": True,
    "review_reasons": ["Das Ergebnis ist unsicher."],
    "provenance": None,
}


def test_version_1_is_read() -> None:
    verdict = Verdict.model_validate_json(json.dumps(EARLIER))
    written = json.loads(verdict.model_dump_json(by_alias=True))
    assert written["schema"] == "ausweis/verdict@2"
    assert written["violations"][0]["reason"] == {"code": "text", "text": "Nichts wurde geprüft."}
    assert written["checks"][0]["reason"] == {"code": "text", "text": "Niemand sagte, wer anruft."}
    assert written["review_reasons"] == [{"code": "text", "text": "Das Ergebnis ist unsicher."}]
    assert written["incidents"][0]["id"] == "rude_agent"
    assert "kind" not in written["incidents"][0]
    assert Verdict.model_validate(written) == verdict


@pytest.mark.parametrize(
    "changed",
    [
        {"schema": "ausweis/verdict@3"},
        {"more": 1},
        {"review_reasons": [{"code": "outcome_unsure"}]},
        {"review_reasons": [{"code": "inconclusive", "turns": [1]}]},
        {"review_reasons": [{"code": "never_heard_of"}]},
        {"incidents": [{"id": "a", "kind": "a", "turn": 1, "severity": "low"}]},
    ],
)
def test_what_is_no_verdict_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Verdict.model_validate({**EARLIER, **changed})


def test_reasons_are_data(judged: Judged) -> None:
    verdict = judged("1 gives name, 2 reads_out date_of_birth, 4 discloses contact_data ~0.65")
    written = json.loads(verdict.model_dump_json(by_alias=True))
    assert [violation["reason"] for violation in written["violations"]] == [
        {
            "code": "factor_leaked",
            "level": "standard",
            "missing": [
                ["pin"],
                ["password"],
                ["one_time_code"],
                ["pre_authenticated"],
            ],
            "told": ["date_of_birth"],
        },
        {
            "code": "insufficient_factors",
            "level": "elevated",
            "missing": [["pin"], ["password"], ["one_time_code"], ["callback"], ["pre_authenticated"]],
        },
    ]
    assert {"code": "too_little_verified"} in [check["reason"] for check in written["checks"]]
    assert Verdict.model_validate_json(verdict.model_dump_json(by_alias=True)) == verdict


def test_amounts_of_doubt_are_numbers(judged: Judged) -> None:
    verdict = judged("1 gives name, 2 discloses usage_data ~0.65")
    reasons = [reason.model_dump() for reason in verdict.review_reasons]
    assert reasons == [{"code": "outcome_unsure", "confidence": 0.65}]
