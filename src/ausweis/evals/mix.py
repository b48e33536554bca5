"""What a golden set is made of: how many calls of each kind."""

from collections import Counter
from collections.abc import Sequence

from ausweis.evals.case import tags_of
from ausweis.evals.labelled import LabelledCall

__all__ = ["mix"]


def mix(calls: Sequence[LabelledCall]) -> dict[str, dict[str, int]]:
    """Calls by outcome, violation type and incident (once a call), caller, each kind of tag; the commonest first."""
    counts: dict[str, Counter[str]] = {}
    for labelled in calls:
        gold = labelled.gold
        if gold.outcome is not None:
            counts.setdefault("outcome", Counter())[gold.outcome] += 1
            counts.setdefault("violation", Counter()).update({violation.type for violation in gold.violations})
            counts.setdefault("caller", Counter())[gold.caller] += 1
        if gold.incidents is not None:
            counts.setdefault("incident", Counter()).update({event.id for event in gold.incidents.events})
        for tag in tags_of(labelled):
            kind, _, word = tag.partition(":")
            counts.setdefault(kind, Counter())[word] += 1
    turns = sorted(len(labelled.call.turns) for labelled in calls)
    mixed = {kind: dict(words.most_common()) for kind, words in counts.items()}
    middle = turns[len(turns) // 2] if turns else 0
    return {**mixed, "turns": {"least": turns[0], "median": middle, "most": turns[-1]} if turns else {}}
