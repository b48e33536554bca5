from collections.abc import Callable

import pytest

from ausweis.judging import Policy, Verdict, find_policy, judge
from ausweis.reading.facts import Event, Facts

FactsOf = Callable[..., Facts]
Judged = Callable[..., Verdict]


def facts_of(lines: str, **more: object) -> Facts:
    """`3 gives pin, 4 discloses contract_data ~0.4`: turn, kind, subject, probability."""
    events = []
    for line in filter(None, (part.strip() for part in lines.split(","))):
        line, _, probability = line.partition(" ~")
        turn, kind, *subject = line.split()
        event = {"turn": int(turn), "kind": kind, "subject": subject[0] if subject else None}
        events.append(Event.model_validate({**event, "quote": f"q{line}", "probability": float(probability or 1)}))
    return Facts.model_validate({"call_id": "c", "turns": 99, "events": events, **more})


@pytest.fixture(scope="session")
def make_facts() -> FactsOf:
    return facts_of


@pytest.fixture(scope="session")
def judged() -> Judged:
    def judge_lines(lines: str, policy: str | Policy = "telecom-de", **more: object) -> Verdict:
        chosen = policy if isinstance(policy, Policy) else find_policy(policy).policy
        return judge(facts_of(lines, **more), chosen)

    return judge_lines


@pytest.fixture(scope="session")
def telecom() -> Policy:
    return find_policy("telecom-de").policy
