"""What reviewers have decided, which of it counts, and how far they agree.

The last word of each reviewer counts, as long as the call's verdict says what it said then; one that was taken back
(`withdrawing`) does not, and the one before it is the last again (`standing`).
"""

import json
import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Select, and_, not_, or_, select

from ausweis.errors import StoreError
from ausweis.store.holding import NOTHING_DECIDED, label_of, right_values
from ausweis.store.persons import person_of, same_person
from ausweis.store.rows import Agreement, Decision
from ausweis.store.schema import batches, calibrations, calls, decisions
from ausweis.store.standing import taken_back

__all__ = ["agreement", "agreement_of", "check_states", "decided_by", "decisions_of", "labels"]

_OPEN = select(calibrations.c.key).where(calibrations.c.closed.is_(None))


def decisions_of(connection: Connection, call_key: int, *, says: str) -> list[Decision]:
    """All decisions about a call, in their order; `says` tells which of them count."""
    wanted = select(decisions).where(decisions.c.call_key == call_key).order_by(decisions.c.key)
    return _decisions(connection.execute(wanted), says, set(connection.execute(_OPEN).scalars()))


def decided_by(connection: Connection, reviewer: str, keys: Iterable[int]) -> set[int]:
    """Of these calls, those about whose verdict of today a reviewer has decided."""
    decided: set[int] = set()
    for batch in batches(keys):
        wanted = select(calls.c.key, decisions.c.reviewer, decisions.c.choice)
        wanted = wanted.join(decisions, decisions.c.call_key == calls.c.key).where(calls.c.key.in_(batch))
        words: Counter[int] = Counter()
        for row in connection.execute(wanted.where(decisions.c.says == calls.c.says)):
            if same_person(row.reviewer, reviewer):
                # One that was taken back and the entry that did it come to nothing.
                words[row.key] += -1 if row.choice == "withdrawn" else 1
        decided.update(key for key, number in words.items() if number > 0)
    return decided


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
    # What is said in a calibration session is nobody's to know before it is closed, in figures neither.
    rows = connection.execute(wanted).all()
    secret = set(connection.execute(_OPEN).scalars())
    gone = _gone(taken_back(rows))
    last: dict[tuple[int, str], dict[str, str | None]] = {}
    for row in rows:
        if row.key not in gone and not row.settles and row.calibration_key not in secret:
            last.setdefault((row.call_key, row.says), {})[person_of(row.reviewer)] = row.outcome
    return agreement_of(list(said.values()) for said in last.values())


def agreement_of(said: Iterable[Sequence[str | None]]) -> Agreement:
    """How far those agree who said these outcomes, each of one call, over all pairs; None: not sure (`agreement`)."""
    pairs = same = 0
    words: Counter[str] = Counter()
    for told in said:
        outcomes = [outcome for outcome in told if outcome is not None]
        for place, outcome in enumerate(outcomes):
            for other in outcomes[:place]:
                pairs += 1
                same += outcome == other
                words.update((outcome, other))
    if not pairs:
        return Agreement(0, 0, math.nan)
    chance = sum((number / (2 * pairs)) ** 2 for number in words.values())
    return Agreement(pairs, same, 1.0 if chance == 1 else (same / pairs - chance) / (1 - chance))


def _blind(given: Iterable[Decision]) -> list[Decision]:
    """What each reviewer said last before they saw what the verdict says today, as if it were their last word."""
    stands = (decision for decision in given if decision.blind and decision.today and not decision.withdrawn)
    said = {person_of(decision.reviewer): decision for decision in stands}
    return [replace(decision, counts=True) for decision in said.values()]


def _decisions(rows: Iterable[Any], says: str, secret: Collection[int] = ()) -> list[Decision]:
    """`secret`: the sessions that are not closed."""
    known = list(rows)
    taken = taken_back(known)
    gone = _gone(taken)
    last = {person_of(row.reviewer): row.key for row in known if row.says == says and row.key not in gone}
    return [
        Decision(
            key=row.key,
            reviewer=row.reviewer,
            choice=row.choice,
            outcome=row.outcome,
            violations=tuple((kind, turn) for kind, turn in json.loads(row.violations)),
            note=row.note,
            at=row.at,
            verdict_key=row.verdict_key,
            counts=row.says == says and last.get(person_of(row.reviewer)) == row.key,
            incidents=_incidents(row.incidents),
            today=row.says == says,
            blind=bool(row.blind),
            hasty=row.hasty,
            coaching=bool(row.coaching),
            withdrawn=row.key in gone,
            takes_back=taken.get(row.key),
            settles=bool(row.settles),
            calibration=row.calibration_key,
            secret=row.calibration_key in secret,
        )
        for row in known
    ]


def _gone(taken: Mapping[int, int | None]) -> set[int | None]:
    """What counts no more, and the entries that say so."""
    return {*taken, *taken.values()}


def _incidents(text: str | None) -> tuple[tuple[str, int], ...] | None:
    return None if text is None else tuple((kind, turn) for kind, turn in json.loads(text))
