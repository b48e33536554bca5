"""What reviewers have decided: which of it counts, what holds of a call by it, and how far they agree.

The last word of each reviewer counts, as long as the call's verdict says what it said then; one that was taken back
does not, and the one before it is the last again. What holds is what a lead settled, else what most reviewers say. "Not
sure" is no opinion: it asks for another's, and differs from none.
"""

import json
import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Select, and_, not_, or_, select

from ausweis.errors import StoreError
from ausweis.store.persons import person_of, same_person
from ausweis.store.rows import Agreement, Decision, State
from ausweis.store.schema import calibrations, calls, decisions
from ausweis.vocabulary import GRAVEST

_AS_KEPT = ("key", "reviewer", "choice", "outcome", "note", "at", "verdict_key", "hasty")
"""Fields of a decision that are its columns."""
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


def taken_back(rows: Iterable[Any]) -> dict[int, int | None]:
    """By the key of each entry that takes a decision back: that of the decision.

    `rows`: of `decisions`, all that one reviewer said on what one verdict says, in their order; those of
    other calls, verdicts and reviewers may be among them. None where there was nothing to take back.
    """
    standing: defaultdict[tuple[int, str, str], list[int]] = defaultdict(list)
    taken: dict[int, int | None] = {}
    for row in rows:
        words = standing[row.call_key, row.says, person_of(row.reviewer)]
        if row.choice == "withdrawn":
            taken[row.key] = words.pop() if words else None
        else:
            words.append(row.key)
    return taken


_OPEN = select(calibrations.c.key).where(calibrations.c.closed.is_(None))


def decisions_of(connection: Connection, call_key: int, *, says: str) -> list[Decision]:
    """All decisions about a call, in their order; `says` tells which of them count."""
    wanted = select(decisions).where(decisions.c.call_key == call_key).order_by(decisions.c.key)
    return _decisions(connection.execute(wanted), says, set(connection.execute(_OPEN).scalars()))


def check_states(connection: Connection) -> None:
    """Hold the state of each call, and what is said to be right, against its decisions.

    Raises:
        StoreError: one does not follow from them.
    """
    columns = (calls.c[name].label(f"now_{name}") for name in NOTHING_DECIDED)
    own = (calls.c.key.label("of"), calls.c.says.label("today"), *columns)
    wanted = select(*own, decisions).join_from(calls, decisions, calls.c.key == decisions.c.call_key, isouter=True)
    is_open = and_(*(calls.c[name].is_not_distinct_from(value) for name, value in NOTHING_DECIDED.items()))
    wanted = wanted.where(or_(not_(is_open), decisions.c.key.is_not(None)))
    rows = connection.execute(wanted.order_by(calls.c.key, decisions.c.key))
    for today, of_call in groupby(rows, lambda row: list(row)[: len(own)]):
        call_key, says, *there = today
        made = _decisions((row for row in of_call if row.key is not None), says)
        if there != list(right_values(made).values()):
            raise StoreError(f"the state of call {call_key} is not what was decided about it: it was changed")


def labels(connection: Connection, wanted: Select[Any], *, blind: bool = False) -> list[Decision]:
    """The labels that hold, of calls that a query gives with `key` and `says`; of each at most one.

    `blind`: what reviewers said before they saw the verdict, in the place of their last words.
    """
    of = wanted.subquery()
    by_call: dict[tuple[int, str], list[Any]] = {}
    joined = select(decisions, of.c.says.label("today")).join(of, of.c.key == decisions.c.call_key)
    for row in connection.execute(joined.order_by(decisions.c.key)):
        by_call.setdefault((row.call_key, row.today), []).append(row)
    given = (_decisions(rows, says) for (_, says), rows in by_call.items())
    held = (label_of(_blind(said) if blind else said) for said in given)
    return [label for label in held if label is not None]


def agreement(connection: Connection) -> Agreement:
    """How far reviewers agree on the outcome, over all pairs of reviewers of one verdict: share of pairs, and kappa.

    Which of two reviewers is the first means nothing, so both share one distribution of outcomes: Scott's pi (1955),
    which is Cohen's kappa over all pairs, each taken both ways round. "Not sure" is no outcome. What a lead said to
    settle a call is no opinion of its own: of them, what they said before counts.
    """
    wanted = select(decisions).join(calls, calls.c.key == decisions.c.call_key)
    wanted = wanted.where(calls.c.outcome.is_not(None)).order_by(decisions.c.key)
    rows = connection.execute(wanted).all()
    # What is said in a calibration session is nobody's to know before it is closed, in figures neither.
    secret = set(connection.execute(_OPEN).scalars())
    taken = taken_back(rows)
    gone = {*taken, *taken.values()}
    last: dict[tuple[int, str], dict[str, str | None]] = {}
    for row in rows:
        if row.key not in gone and not row.settles and row.calibration_key not in secret:
            last.setdefault((row.call_key, row.says), {})[person_of(row.reviewer)] = row.outcome
    return agreement_of(list(said.values()) for said in last.values())


def agreement_of(said: Iterable[Sequence[str | None]]) -> Agreement:
    """How far those agree who said these outcomes, each of one call, over all pairs; None: not sure (`agreement`)."""
    pairs = same = heard = alike = 0
    words: Counter[str] = Counter()
    for told in said:
        outcomes = [outcome for outcome in told if outcome is not None]
        heard += len(outcomes) > 1
        alike += len(outcomes) > 1 and len({*outcomes}) == 1
        for place, outcome in enumerate(outcomes):
            for other in outcomes[:place]:
                pairs += 1
                same += outcome == other
                words.update((outcome, other))
    if not pairs:
        return Agreement(0, 0, math.nan)
    chance = sum((number / (2 * pairs)) ** 2 for number in words.values())
    kappa = 1.0 if chance == 1 else (same / pairs - chance) / (1 - chance)
    return Agreement(pairs, same, kappa, heard, alike)


def _blind(given: Iterable[Decision]) -> list[Decision]:
    """What each reviewer said last before they saw what the verdict says today, as if it were their last word."""
    stands = (decision for decision in given if decision.blind and decision.today and not decision.withdrawn)
    said = {person_of(decision.reviewer): decision for decision in stands}
    return [replace(decision, counts=True) for decision in said.values()]


def _decisions(rows: Iterable[Any], says: str, secret: Collection[int] = ()) -> list[Decision]:
    """`secret`: the sessions that are not closed."""
    known = list(rows)
    taken = taken_back(known)
    gone = {*taken, *taken.values()}
    last = {person_of(row.reviewer): row.key for row in known if row.says == says and row.key not in gone}
    return [
        Decision(
            **{name: getattr(row, name) for name in _AS_KEPT},
            violations=_pairs(row.violations),
            counts=row.says == says and last.get(person_of(row.reviewer)) == row.key,
            incidents=None if row.incidents is None else _pairs(row.incidents),
            today=row.says == says,
            blind=bool(row.blind),
            coaching=bool(row.coaching),
            withdrawn=row.key in gone,
            takes_back=taken.get(row.key),
            settles=bool(row.settles),
            calibration=row.calibration_key,
            secret=row.calibration_key in secret,
            reasons=tuple((name, turn, why) for name, turn, why in json.loads(row.reasons or "[]")),
        )
        for row in known
    ]


def _pairs(text: str) -> tuple[Any, ...]:
    return tuple((name, turn) for name, turn in json.loads(text))
