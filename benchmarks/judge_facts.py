"""Judge many stored facts by a policy on one core: seconds and peak memory.

    python benchmarks/judge_facts.py --facts 10000 --policy bank-en

The facts are made with a fixed seed: about 15 events a call, 3 of them unsure, so 8 joint outcomes a call. They are
written as JSON lines first and read again while timed, as `ausweis judge` does; the verdicts are written as JSON too.
"""

import argparse
import random
import resource
import time

from ausweis.facts import CALLER_EVENTS, Facts
from ausweis.judging import judge
from ausweis.policies import find_policy
from ausweis.vocabulary import CHANGES, DISCLOSURES, FACTORS

GIVEN = ("name", "customer_number", "date_of_birth", "address", "iban_last4", "pin", "password", "security_answer")
KINDS = (
    *("gives",) * 5,
    *("asks",) * 4,
    *("accepts",) * 2,
    *("discloses",) * 2,
    "rejects",
    "reads_out",
    "changes",
    "refuses",
    "speaks_for_other",
    "authorisation_found",
)


def made_facts(number: int, choose: random.Random) -> str:
    """One call's facts as a JSON line."""
    events: list[dict[str, object]] = []
    for turn in sorted(choose.sample(range(1, 41), 15)):
        kind = choose.choice(KINDS)
        subject: str | None = None
        if kind in ("gives", "asks"):
            subject = choose.choice(GIVEN)
        elif kind == "reads_out":
            subject = choose.choice(list(FACTORS)[:16])
        elif kind in ("discloses", "changes"):
            subject = choose.choice(DISCLOSURES if kind == "discloses" else CHANGES)
        # Caller turns are odd, agent turns even.
        place = turn * 2 - (kind in CALLER_EVENTS)
        events.append({"kind": kind, "subject": subject, "turn": place, "quote": f"words of turn {place}"})
    # Only events that can change something are unsure: that is the slow case.
    for event in choose.sample([e for e in events if e["kind"] not in ("asks", "accepts")], 3):
        event["probability"] = round(choose.uniform(0.1, 0.9), 3)
    facts = Facts.model_validate(
        {"call_id": f"call-{number}", "turns": 82, "events": events, "defects": {"garbled": 0.05}}
    )
    return facts.model_dump_json(by_alias=True)


def main() -> None:
    """Make, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--facts", type=int, default=10_000)
    parser.add_argument("--policy", default="telecom-de")
    arguments = parser.parse_args()
    choose = random.Random(7)
    lines = [made_facts(number, choose) for number in range(arguments.facts)]
    policy = find_policy(arguments.policy).policy
    outcomes: dict[str, int] = {}
    size = 0
    start = time.perf_counter()
    for line in lines:
        verdict = judge(Facts.model_validate_json(line), policy)
        size += len(verdict.model_dump_json(by_alias=True))
        outcomes[verdict.outcome] = outcomes.get(verdict.outcome, 0) + 1
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(lines)} facts judged by {arguments.policy} in {seconds:.1f} s ({size / 1e6:.0f} MB of verdicts)")
    print(f"peak memory {peak:.0f} MiB; outcomes {dict(sorted(outcomes.items()))}")


if __name__ == "__main__":
    main()
