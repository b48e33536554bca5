"""What holds of a call, by the decisions that count: as a lead settled it, else as most reviewers say.

"Not sure" is no opinion: who says so asks for another's, and differs from nobody.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from ausweis.store.filters import State
from ausweis.store.persons import same_person
from ausweis.store.rows import Decision
from ausweis.vocabulary import GRAVEST

__all__ = ["NOTHING_DECIDED", "can_settle", "label_of", "right_values", "state_of"]

_STATES: dict[str, State] = {"confirm": "confirmed", "overrule": "overruled"}

NOTHING_DECIDED: dict[str, str | None] = {
    "state": "open",
    "right_outcome": None,
    "right_violations": None,
    "right_incidents": None,
}
"""The columns of `right_values` of a call that nobody has decided."""


def state_of(given: Iterable[Decision]) -> State:
    """What a call is, by the decisions that count: as a lead settled it, else as more than half of opinions say."""
    given = [decision for decision in given if decision.counts]
    if held := label_of(given):
        return _STATES[held.choice]
    return "disputed" if _opinions(given) else "not_sure" if given else "open"


def label_of(given: Iterable[Decision]) -> Decision | None:
    """The decision whose label holds; None where it is open, disputed or not sure."""
    opinions = _opinions(given)
    settling = [decision for decision in opinions if decision.settles]
    return settling[-1] if settling else _most_said(opinions)


def right_values(given: Iterable[Decision]) -> dict[str, Any]:
    """The columns of `calls` that follow from what was decided: its state, and what is right."""
    given = list(given)
    held = label_of(given)
    kinds = {kind for kind, _ in held.violations} if held else set()
    told = None if held is None or held.incidents is None else dict.fromkeys(kind for kind, _ in held.incidents)
    return {
        "state": state_of(given),
        "right_outcome": held.outcome if held else None,
        "right_violations": json.dumps([kind for kind in GRAVEST if kind in kinds]) if held else None,
        "right_incidents": None if told is None else json.dumps(list(told), ensure_ascii=False),
    }


def can_settle(given: Iterable[Decision], reviewer: str) -> bool:
    """Whether others differ, are not sure or met about it, so that this reviewer, if they lead, may settle it.

    Again too. Not before a calibration session that is about it is closed.
    """
    counting = [decision for decision in given if decision.counts and not decision.secret]
    others = [decision for decision in counting if not same_person(decision.reviewer, reviewer)]
    is_open = any(decision.settles for decision in counting) or state_of(counting) in ("disputed", "not_sure")
    # A group may agree on another label than most of it had, after it has talked about the call.
    is_open = is_open or any(decision.calibration is not None for decision in others)
    return bool(others) and is_open


def _opinions(given: Iterable[Decision]) -> list[Decision]:
    return [decision for decision in given if decision.counts and decision.choice != "not_sure"]


def _most_said(counting: Sequence[Decision]) -> Decision | None:
    """What more than half of them say, by the latest of these; one that tells of incidents goes before."""
    rising = sorted(counting, key=lambda decision: decision.incidents is not None)
    for decision in reversed(rising):
        if 2 * sum(_agree(decision, other) for other in counting) > len(counting):
            return decision
    return None


def _agree(first: Decision, other: Decision) -> bool:
    """Whether two reviewers agree: turns may differ, and who tells nothing of incidents leaves them to the other."""
    if first.choice != other.choice:
        return False
    if first.choice != "overrule":
        # Who confirms says what the verdict says, and decisions that count are about one that says the same.
        return True
    mine, theirs = ({kind for kind, _ in decision.violations} for decision in (first, other))
    if (first.outcome, mine) != (other.outcome, theirs):
        return False
    if first.incidents is None or other.incidents is None:
        return True
    return {kind for kind, _ in first.incidents} == {kind for kind, _ in other.incidents}
