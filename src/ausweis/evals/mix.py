"""What a golden set is made of: how many calls of each kind."""

from collections import Counter
from collections.abc import Sequence

from ausweis.evals.case import tags_of
from ausweis.evals.labelled import LabelledCall

__all__ = ["mix"]


def mix(calls: Sequence[LabelledCall]) -> dict[str, dict[str, int]]:
    """Calls by outcome, violation type (once a call), caller, and each kind of tag; the commonest first."""
    counts: dict[str, Counter[str]] = {}
    for one in calls:
        counts.setdefault("outcome", Counter())[one.gold.outcome] += 1
        counts.setdefault("violation", Counter()).update({violation.type for violation in one.gold.violations})
        counts.setdefault("caller", Counter())[one.gold.caller] += 1
        for tag in tags_of(one):
            kind, _, word = tag.partition(":")
            counts.setdefault(kind, Counter())[word] += 1
    turns = sorted(len(one.call.turns) for one in calls)
    found = {kind: dict(words.most_common()) for kind, words in counts.items()}
    middle = turns[len(turns) // 2] if turns else 0
    return {**found, "turns": {"least": turns[0], "median": middle, "most": turns[-1]} if turns else {}}
