"""Samples of calls that were not flagged, and what they tell of the violations that nobody saw."""

import math
import random
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection, func, insert, select, update

from ausweis.batch.manifest import now
from ausweis.store.deciding import labels
from ausweis.store.querying import conditions
from ausweis.store.rows import CallFilter, Estimate, Finding
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


def field_recall(connection: Connection, first: date | None, last: date | None, of: Finding = "violations") -> Estimate:
    """See `Store.field_recall`.

    Days that the same draws covered are a stratum: there, each call that was not flagged had one chance to be drawn.
    Let F be the flagged calls that reviewers decided to be violations (or to have an incident); in stratum k, U_k the
    calls that were not flagged, s_k those of them that were drawn and decided, m_k of which are violations. Then about
    the sum of U_k m_k / s_k was missed, M, and recall is F / (F + M). Its bounds are those of each m_k / s_k by Clopper
    and Pearson (1934), exact for any s_k, at the level 1 - 0.05 / K of K strata (Bonferroni), put in its place; no
    fewer than m_k were missed. Days without a draw, or without a decided call of one, are left out on both sides, F
    too. F is taken as it is: recall is that of the review, so decide all flagged calls first.
    """
    wanted = select(func.min(samples.c.first), func.max(samples.c.last))
    drawn_first, drawn_last = connection.execute(wanted).one()
    days = CallFilter(first=first or drawn_first, last=last or drawn_last)
    if days.first is None or days.last is None:
        return Estimate(0, 0, 0, 0, 0)
    strata = _strata(connection, days, of)
    covered = {draws: some for draws, some in strata.items() if draws}
    told = {draws: some for draws, some in covered.items() if some.sampled}
    counted = list((told or covered).values())
    left_out = sum(some.days for draws, some in strata.items() if draws not in (told or covered))
    return _estimate(counted, left_out)


@dataclass
class _Stratum:
    """Calls of days that the same draws covered."""

    days: int = 0
    found: int = 0
    missed: int = 0
    sampled: int = 0
    unflagged: int = 0
    undecided: int = 0


def _strata(connection: Connection, asked: CallFilter, of: Finding) -> dict[frozenset[int], _Stratum]:
    """By the draws that covered their days."""
    draws = connection.execute(select(samples.c.key, samples.c.first, samples.c.last)).all()
    within = conditions(asked, connection.dialect.name)
    groups = select(calls.c.day, calls.c.flagged, calls.c.state, func.count().label("number")).where(*within)
    of_day: dict[date, _Stratum] = {}
    strata: dict[frozenset[int], _Stratum] = {}
    for row in connection.execute(groups.group_by(calls.c.day, calls.c.flagged, calls.c.state)):
        if row.day not in of_day:
            covering = frozenset(draw.key for draw in draws if draw.first <= row.day <= draw.last)
            of_day[row.day] = strata.setdefault(covering, _Stratum())
            of_day[row.day].days += 1
        if not row.flagged:
            of_day[row.day].unflagged += row.number
        elif row.state not in ("confirmed", "overruled"):
            of_day[row.day].undecided += row.number
    for day, is_finding in _labelled(connection, asked, of, flagged=True):
        of_day[day].found += is_finding
    for day, is_finding in _labelled(connection, asked, of, flagged=False):
        of_day[day].sampled += 1
        of_day[day].missed += is_finding
    return strata


def bounds(hits: int, n: int, level: float = _LEVEL) -> tuple[float, float]:
    """The interval of a share by Clopper and Pearson, 95 % by default; `n` at least 1."""
    tail = (1 - level) / 2
    low = 0.0 if hits == 0 else _root(lambda p: 1 - _at_most(hits - 1, n, p), tail)
    high = 1.0 if hits == n else _root(lambda p: -_at_most(hits, n, p), -tail)
    return low, high


def _estimate(strata: Sequence[_Stratum], left_out: int) -> Estimate:
    names = ("found", "missed", "sampled", "unflagged", "undecided")
    found, missed, sampled, unflagged, undecided = (sum(getattr(one, name) for one in strata) for name in names)
    plain = Estimate(found, missed, sampled, unflagged, undecided, days_left_out=left_out)
    if not sampled:
        return plain
    told = most = least = float(found)
    for one in strata:
        low, high = bounds(one.missed, one.sampled, 1 - (1 - _LEVEL) / len(strata))
        told += one.missed * one.unflagged / one.sampled
        most += max(float(one.missed), high * one.unflagged)
        least += max(float(one.missed), low * one.unflagged)
    if not told:
        return plain
    return replace(plain, recall=found / told, low=found / most, high=found / least)


def _labelled(connection: Connection, days: CallFilter, of: Finding, *, flagged: bool) -> Iterator[tuple[date, bool]]:
    """Of decided calls, flagged ones or those drawn: their day, and whether they are violations, or have an incident.

    Decisions of which nobody was asked about incidents tell nothing of those.
    """
    within = conditions(days, connection.dialect.name)
    wanted = select(calls.c.key, calls.c.says, calls.c.day).where(*within)
    wanted = wanted.where(calls.c.flagged.is_(flagged), calls.c.state.in_(("confirmed", "overruled")))
    if not flagged:
        wanted = wanted.where(calls.c.sample_key.is_not(None))
    for day in sorted(set(connection.execute(wanted.with_only_columns(calls.c.day)).scalars())):
        for label in labels(connection, wanted.where(calls.c.day == day)):
            if of == "violations":
                yield day, label.outcome == "violation"
            elif label.incidents is not None:
                yield day, bool(label.incidents)


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
