from collections.abc import Callable

import pytest

from ausweis.facts import Calibration, Event, Facts
from ausweis.judging import Verdict, judge
from ausweis.policies import Policy, find_policy

FactsOf = Callable[..., Facts]
Judged = Callable[..., Verdict]


AS_THE_JOINT_OUTCOMES_SAY = Calibration(reference=0.5, longer=0.0, surest=1.0)
"""Tests of rules take what the joint outcomes say as it is, where half of all calls are violations."""


def facts_of(lines: str, **more: object) -> Facts:
    """`3 gives pin, 4 discloses contract_data ~0.4`: turn, kind, subject, probability."""
    events = []
    for line in filter(None, (part.strip() for part in lines.split(","))):
        line, _, probability = line.partition(" ~")
        turn, kind, *subject = line.split()
        event = {"turn": int(turn), "kind": kind, "subject": subject[0] if subject else None}
        events.append(Event.model_validate({**event, "quote": f"q{line}", "probability": float(probability or 1)}))
    about = {"call_id": "c", "turns": 99, "calibration": AS_THE_JOINT_OUTCOMES_SAY, **more}
    return Facts.model_validate({**about, "events": events})


@pytest.fixture(scope="session")
def make_facts() -> FactsOf:
    return facts_of


@pytest.fixture(scope="session")
def judged() -> Judged:
    """By a policy of this name, under which half of all calls are violations; or by a policy as it is."""

    def judge_lines(lines: str, policy: str | Policy = "telecom-de", **more: object) -> Verdict:
        if not isinstance(policy, Policy):
            policy = find_policy(policy).policy.model_copy(update={"expected_violations": 0.5})
        return judge(facts_of(lines, **more), policy)

    return judge_lines


@pytest.fixture(scope="session")
def telecom() -> Policy:
    return find_policy("telecom-de").policy
