"""Samples of calls that were not to review, and what they tell of the violations that nobody saw."""

import random
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, or_, select, update

from ausweis.provenance import now
from ausweis.store import audit_log
from ausweis.store.counted import FEWEST, LEVEL, bounds
from ausweis.store.deciding import looked_for
from ausweis.store.decisions import labels
from ausweis.store.key import Key, canonical
from ausweis.store.querying import conditions, was_told_blind
from ausweis.store.rows import CallFilter, Decision, FieldRecall, LabelKind
from ausweis.store.schema import batches, calls, runs, samples, verdicts

_DECIDED = ("confirmed", "overruled")


def draw(
    connection: Connection, key: Key, first: date, last: date, n: int, *, seed: int | None = None, by: str = "ausweis"
) -> list[int]:
    """Draw calls of these days by chance, of those neither to review nor drawn since they were judged: their keys.

    They are shown as `sampled` from then on. Fewer than `n` where there are fewer.
    """
    which = CallFilter(first=first, last=last, to_review=False)
    joined = calls.join(runs, runs.c.key == calls.c.run_key).outerjoin(samples, samples.c.key == calls.c.sample_key)
    wanted = select(calls.c.key).select_from(joined).where(*conditions(which, connection.dialect.name))
    # What a later run judged anew is of no sample any more.
    wanted = wanted.where(or_(samples.c.at.is_(None), samples.c.at < runs.c.started))
    there = list(connection.execute(wanted.order_by(calls.c.key)).scalars())
    seed = secrets.randbits(32) if seed is None else seed
    chosen = random.Random(seed).sample(there, max(0, min(n, len(there))))  # noqa: S311 - told apart by its seed
    if not chosen:
        return []
    audit_log.check_rows(connection, key, "call", chosen)
    row = {"first": first, "last": last, "drawn": len(chosen), "seed": seed, "at": now()}
    sample = connection.execute(insert(samples).returning(samples.c.key), row).scalar_one()
    for batch in batches(sorted(chosen)):
        connection.execute(update(calls).where(calls.c.key.in_(batch)).values(sample_key=sample))
    audit_log.digest_rows(connection, key, "sample", [sample])
    audit_log.digest_rows(connection, key, "call", chosen)
    audit_log.append(connection, key, "sampled", by, content=canonical([str(first), str(last), chosen]))
    return chosen


def field_recall(connection: Connection, *, of: LabelKind = "violations") -> FieldRecall:
    """Which share of the violations, or of the calls with an incident, was to review, on all days between samples.

    Calls that the same draws could draw are a stratum: there, each call that was not to review had one chance. A draw
    could draw the calls of its days whose verdict is of a run that had begun by then: what a later run judged may have
    had another flag before, or was not there.
    Let F be the calls to review that were decided to be violations (or to have an incident); in stratum k, U_k the
    calls that were not to review, s_k those of them that were drawn and decided by somebody who had not seen the
    verdict (who has seen it rarely contradicts it), m_k of which are violations, by what they said then. Then about the
    sum of U_k m_k / s_k was missed, M, and recall is F / (F + M). Its bounds are those of each m_k / s_k by Wilson
    (1927), at the level 1 - 0.05 / K of K strata (Bonferroni), put in its place; no fewer
    were missed than people found among the U_k, blind or not. Calls that no draw could draw, or of whose draws no call
    is decided, are left out on both sides, F too; of incidents, those too that a run read without looking for any. F is
    taken as it is: recall is that of the review, so decide all calls to review first.
    """
    wanted = select(func.min(samples.c.first), func.max(samples.c.last))
    first, last = connection.execute(wanted).one()
    if first is None:
        return FieldRecall(0, 0, 0, 0, 0)
    strata = _strata(connection, CallFilter(first=first, last=last), of)
    covered = {draws: stratum for draws, stratum in strata.items() if draws}
    told = {draws: stratum for draws, stratum in covered.items() if stratum.sampled}
    counted = told or covered
    left_out = set[date]().union(*(stratum.days for draws, stratum in strata.items() if draws not in counted))
    waiting = sum(stratum.drawn - stratum.heard for stratum in covered.values())
    in_view = sum(stratum.in_view for stratum in covered.values())
    return replace(_estimate(list(counted.values())), days_left_out=len(left_out), waiting=waiting, in_view=in_view)


@dataclass
class _Stratum:
    """Calls that the same draws could draw. `drawn`: those that were; `heard` of them blind, `in_view` otherwise.

    `added`: violations that people found, blind or not, in calls that were not to review.
    """

    days: set[date] = field(default_factory=set)
    found: int = 0
    missed_in_sample: int = 0
    sampled: int = 0
    represented: int = 0
    undecided: int = 0
    hasty: int = 0
    drawn: int = 0
    heard: int = 0
    in_view: int = 0
    added: int = 0

    @property
    def known(self) -> int:
        """How many were missed for certain."""
        return max(self.missed_in_sample, self.added)

    def count(self, row: Any, draws: frozenset[int]) -> None:
        """Add calls of one day, run, flag, state and draw."""
        self.days.add(row.day)
        open_calls = 0 if row.state in _DECIDED else row.number
        if row.to_review:
            self.undecided += open_calls
            return
        self.represented += row.number
        if row.sample_key in draws:
            self.drawn += row.number

    def hear(self, blind: Sequence[Decision], of: LabelKind) -> None:
        """Add what was said of its drawn calls by those who had not seen the verdict."""
        telling = [label for label in blind if of == "violations" or label.incidents is not None]
        self.heard += len(blind)
        self.sampled += len(telling)
        self.missed_in_sample += _number(blind, of)
        self.hasty += sum(decision.hasty is True for decision in telling)


def _strata(connection: Connection, asked: CallFilter, of: LabelKind) -> dict[frozenset[int], _Stratum]:
    """By the draws that could draw their calls."""
    draws = connection.execute(select(samples)).all()
    within = conditions(asked, connection.dialect.name)
    looking = _looking(connection, within) if of == "incidents" else None
    strata: dict[frozenset[int], _Stratum] = {}
    parts: dict[tuple[date, int], frozenset[int]] = {}
    # Calls counted by day, run, flag, state and draw.
    apart = [calls.c[name] for name in ("day", "run_key", "to_review", "state", "sample_key")]
    groups = select(*apart, runs.c.started, func.count().label("number")).where(*within)
    groups = groups.join_from(calls, runs, runs.c.key == calls.c.run_key).group_by(*apart, runs.c.started)
    for row in connection.execute(groups):
        speaking = draws if looking is None or row.run_key in looking else ()
        could = frozenset(
            sample.key for sample in speaking if sample.first <= row.day <= sample.last and row.started <= sample.at
        )
        strata.setdefault(could, _Stratum()).count(row, could)
        if could:
            parts[row.day, row.run_key] = could
    for (day, run), could in parts.items():
        here = select(calls.c.key, calls.c.says).where(*within, calls.c.day == day, calls.c.run_key == run)
        reviewed = here.where(calls.c.to_review.is_(True), calls.c.state.in_(_DECIDED))
        others = here.where(calls.c.to_review.is_(False))
        drawn = others.where(calls.c.sample_key.in_(could))
        strata[could].found += _number(labels(connection, reviewed), of)
        strata[could].added += _number(labels(connection, others.where(calls.c.state.in_(_DECIDED))), of)
        strata[could].hear(labels(connection, drawn, blind=True), of)
        aside = drawn.where(calls.c.state.in_(_DECIDED), ~was_told_blind()).subquery()
        strata[could].in_view += connection.execute(select(func.count()).select_from(aside)).scalar_one()
    return strata


def _looking(connection: Connection, within: Sequence[ColumnElement[bool]]) -> set[int]:
    """The runs that looked for incidents, by the facts of one call of each: a run reads all its calls alike."""
    first_verdicts = select(func.min(calls.c.verdict_key)).where(*within).group_by(calls.c.run_key)
    wanted = select(verdicts.c.run_key, verdicts.c.facts).where(verdicts.c.key.in_(first_verdicts))
    return {row.run_key for row in connection.execute(wanted) if looked_for(row.facts)}


def _estimate(strata: Sequence[_Stratum]) -> FieldRecall:
    names = ("found", "missed_in_sample", "sampled", "represented", "undecided", "hasty", "added")
    plain = FieldRecall(**{name: sum(getattr(stratum, name) for stratum in strata) for name in names})
    if plain.sampled < FEWEST:
        return plain
    told = most = least = float(plain.found)
    for stratum in strata:
        low, high = bounds(stratum.missed_in_sample, stratum.sampled, 1 - (1 - LEVEL) / len(strata))
        told += max(float(stratum.known), stratum.missed_in_sample * stratum.represented / stratum.sampled)
        most += max(float(stratum.known), high * stratum.represented)
        least += max(float(stratum.known), low * stratum.represented)
    if not told:
        return plain
    return replace(plain, recall=plain.found / told, low=plain.found / most, high=plain.found / least)


def _number(labels: Sequence[Decision], of: LabelKind) -> int:
    """How many are violations, or have an incident."""
    return sum(label.outcome == "violation" if of == "violations" else bool(label.incidents) for label in labels)
