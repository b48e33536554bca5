from collections.abc import Callable, Mapping
from typing import Any

import pytest

from ausweis.calls.call import Call
from ausweis.engines.fake import FakeEngine
from ausweis.prompts import Library
from ausweis.reading import PolicyText, open_reader
from ausweis.reading.direct import CONTRADICTION, DROPPED
from ausweis.reading.facts import Claim, Facts

POLICY = PolicyText(("Standard needs a PIN.",), "7" * 64)
LINES = ("agent: Guten Tag.", "caller: Wendt hier.", "agent: Das waren  30 Euro.")


@pytest.fixture
def read(call: Callable[..., Call], library: Library) -> Callable[[Mapping[str, Any]], tuple[Facts, Claim]]:
    def reading(answer: Mapping[str, Any]) -> tuple[Facts, Claim]:
        whole: dict[str, Any] = {"reasoning": "x", "caller": "account_holder", "violations": [], "outcome": "compliant"}
        whole.update(answer)
        engine = FakeEngine([{"template": "call-verdict", "answer": whole}])
        facts = open_reader("direct", engine, library, POLICY).read(call(*LINES)).facts
        assert "Standard needs a PIN." in engine.requests[0].messages[-1].content
        assert facts.claim is not None
        return facts, facts.claim

    return reading


def violation(turn: int, quote: str) -> dict[str, Any]:
    return {"outcome": "violation", "violations": [{"type": "no_authentication", "turn": turn, "quote": quote}]}


def test_a_quote_that_stands_in_the_turn(read: Callable[[Mapping[str, Any]], tuple[Facts, Claim]]) -> None:
    facts, claim = read(violation(3, "waren 30 Euro"))
    (found,) = claim.violations
    assert (found.turn, found.quote, found.start) == (3, "waren  30 Euro", 2)
    assert facts.notes == ()
    assert claim.policy_sha256 == "7" * 64


@pytest.mark.parametrize(("turn", "quote"), [(3, "waren 40 Euro"), (2, "30 Euro"), (9, "30 Euro"), (3, " ")])
def test_a_quote_that_does_not(read: Callable[[Mapping[str, Any]], tuple[Facts, Claim]], turn: int, quote: str) -> None:
    facts, claim = read(violation(turn, quote))
    assert claim.violations == ()
    assert facts.notes == (DROPPED, CONTRADICTION)


def test_no_violation(read: Callable[[Mapping[str, Any]], tuple[Facts, Claim]]) -> None:
    facts, claim = read({})
    assert (claim.outcome, claim.violations, facts.notes) == ("compliant", (), ())
