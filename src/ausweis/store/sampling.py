"""Samples of calls that were not flagged, and what they tell of the violations that nobody saw."""

import math
import random
import secrets
from collections.abc import Callable
from datetime import date

from sqlalchemy import Connection, func, insert, select, update

from ausweis.batch.manifest import now
from ausweis.store.deciding import labels
from ausweis.store.querying import conditions
from ausweis.store.rows import CallFilter, Estimate
from ausweis.store.tables import calls, samples
from ausweis.store.texts import batches

__all__ = ["bounds", "draw", "field_recall"]

_LEVEL = 0.95
_STEPS = 60


def draw(connection: Connection, first: date, last: date, n: int, seed: int | None) -> list[int]:
    """See `Store.draw_sample`; in a transaction that writes."""
    which = CallFilter(first=first, last=last, flagged=False, sampled=False)
    wanted = select(calls.c.key).where(*conditions(which, connection.dialect.name)).order_by(calls.c.key)
    there = list(connection.execute(wanted).scalars())
    seed = secrets.randbits(32) if seed is None else seed
    chosen = random.Random(seed).sample(there, max(0, min(n, len(there))))  # noqa: S311 - told apart by its seed
    if not chosen:
        return []
    row = {"first": first, "last": last, "drawn": len(chosen), "seed": seed, "at": now()}
    key = connection.execute(insert(samples).returning(samples.c.key), row).scalar_one()
    for some in batches(sorted(chosen)):
        connection.execute(update(calls).where(calls.c.key.in_(some)).values(sample_key=key))
    return chosen


def field_recall(connection: Connection, first: date | None, last: date | None) -> Estimate:
    """See `Store.field_recall`.

    Let F be the flagged calls that reviewers decided to be violations, U the calls that were not flagged, s those of
    them that were drawn and decided, m of which are violations. Then about U m/s were missed, and recall is
    F / (F + U m/s). Its bounds are those of m/s by Clopper and Pearson (1934), exact for any s, put in its place; no
    fewer than m were missed. F is taken as it is: recall is that of the review, so decide all flagged calls first.
    The draw must be by chance over all the days that are asked for; where days of unlike size got samples of one size,
    ask for each alone.
    """
    wanted = select(func.min(samples.c.first), func.max(samples.c.last))
    drawn_first, drawn_last = connection.execute(wanted).one()
    days = CallFilter(first=first or drawn_first, last=last or drawn_last)
    if days.first is None or days.last is None:
        return Estimate(0, 0, 0, 0, 0)
    dialect = connection.dialect.name
    within = conditions(days, dialect)
    number = select(func.count()).select_from(calls).where(*within)
    found, _ = _labelled(connection, days, flagged=True)
    missed, sampled = _labelled(connection, days, flagged=False)
    unflagged = connection.execute(number.where(calls.c.flagged.is_(False))).scalar_one()
    undecided = number.where(calls.c.flagged.is_(True), calls.c.state.not_in(("confirmed", "overruled")))
    return _estimate(found, missed, sampled, unflagged, connection.execute(undecided).scalar_one())


def bounds(hits: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share by Clopper and Pearson, `n` at least 1."""
    tail = (1 - _LEVEL) / 2
    low = 0.0 if hits == 0 else _root(lambda p: 1 - _at_most(hits - 1, n, p), tail)
    high = 1.0 if hits == n else _root(lambda p: -_at_most(hits, n, p), -tail)
    return low, high


def _estimate(found: int, missed: int, sampled: int, unflagged: int, undecided: int) -> Estimate:
    if not sampled:
        return Estimate(found, missed, sampled, unflagged, undecided)
    low, high = bounds(missed, sampled)
    most, least = (max(float(missed), share * unflagged) for share in (high, low))
    told = found + missed * unflagged / sampled
    return Estimate(
        found,
        missed,
        sampled,
        unflagged,
        undecided,
        recall=found / told if told else None,
        low=found / (found + most) if told else None,
        high=found / (found + least) if told else None,
    )


def _labelled(connection: Connection, days: CallFilter, *, flagged: bool) -> tuple[int, int]:
    """How many decided calls are violations, and how many are decided: of flagged ones, or of those drawn."""
    wanted = select(calls.c.key, calls.c.says).where(*conditions(days, connection.dialect.name))
    wanted = wanted.where(calls.c.flagged.is_(flagged), calls.c.state.in_(("confirmed", "overruled")))
    if not flagged:
        wanted = wanted.where(calls.c.sample_key.is_not(None))
    held = labels(connection, wanted)
    return sum(label.outcome == "violation" for label in held), len(held)


def _at_most(hits: int, n: int, p: float) -> float:
    """The chance of at most so many hits."""
    if not 0 < p < 1:
        return float(p <= 0 or hits >= n)
    logs = (math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) for k in range(hits + 1))
    return math.fsum(math.exp(log + k * math.log(p) + (n - k) * math.log1p(-p)) for k, log in enumerate(logs))


def _root(rising: Callable[[float], float], value: float) -> float:
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < value else (low, middle)
    return (low + high) / 2
