"""What descriptions are said to be in: calls that have it, their near twins, and calls about something else.

    ausweis eval incidents evals/incidents/described-golden.jsonl --out found.jsonl
    python benchmarks/described_incidents.py found.jsonl

A call is written for its first description; asked for the others, it is about something else. Printed is the area under
the ROC curve, by the likeliest line, and how many are said to have it from a probability on.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from ausweis.evals.incident_case import read_incident_cases
from ausweis.judging.incidents import LIKELY_DESCRIBED

GOLDEN = Path(__file__).parents[1] / "evals" / "incidents" / "described-golden.jsonl"


def main(arguments: Sequence[str] | None = None) -> None:
    """Read what was found, count, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("found", type=Path)
    parser.add_argument("--golden", type=Path, default=GOLDEN)
    parser.add_argument("--bar", type=float, default=LIKELY_DESCRIBED)
    given = parser.parse_args(arguments)
    lines = given.found.read_text(encoding="utf-8").splitlines()
    found = {one["id"]: one["incidents"] for one in map(json.loads, lines)}
    chances: dict[str, list[float]] = {"have it": [], "near twins": [], "something else": []}
    for case in read_incident_cases([given.golden]):
        for place, own in enumerate(case.gold.described):
            some = (one["probability"] for one in found[case.call.id] if one["description"] == own.description)
            which = "have it" if own.turns else "something else" if place else "near twins"
            chances[which].append(max(some, default=0.0))
    have = chances["have it"]
    for which, values in chances.items():
        said = sum(value >= given.bar for value in values)
        truth = np.repeat([True, False], [len(have), len(values)])
        area = "" if which == "have it" else f", area under ROC {roc_auc_score(truth, [*have, *values]):.2f}"
        print(f"{which}: {said} of {len(values)} said to have it from {given.bar} on{area}")


if __name__ == "__main__":
    main()
