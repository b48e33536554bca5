"""Which calls, in which order, and all that is known of one: filters as SQL. Values are parameters always.

A call is reported for a violation, an incident, or one type or kind of them; that holds where people say so too, even
if they say something else about the call besides. In the sample and in calibration sessions, verdicts are
hidden from reviewers who have not said yet what they heard.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    and_,
    asc,
    case,
    desc,
    exists,
    false,
    func,
    not_,
    or_,
    select,
    true,
)

from ausweis.calls.call import Call
from ausweis.calls.failure import Failure
from ausweis.errors import NoCallError
from ausweis.facts import Facts
from ausweis.judging.harm import Found, found_in
from ausweis.masking.judged import RULES
from ausweis.masking.kinds import Span
from ausweis.store.counted import ALL_INCIDENTS, ALL_VIOLATIONS, OWN, Subject
from ausweis.store.decisions import decisions_of
from ausweis.store.index import spans_by_turn
from ausweis.store.packing import call_of, call_row, run_row, unpack
from ausweis.store.persons import person_of
from ausweis.store.reviewers import spellings
from ausweis.store.rows import EVERY, CallFilter, CallRecord, CallRow, Cursor, Finding, Judged, Order, RunRow, scattered
from ausweis.store.schema import (
    audio,
    calibration_calls,
    calibration_reviewers,
    calibrations,
    calls,
    decisions,
    failures,
    masks,
    runs,
    texts,
    verdicts,
)
from ausweis.store.search import among, saying
from ausweis.vocabulary import INCIDENTS


def subjects_of(which: CallFilter) -> list[list[Subject]]:
    """What a filter asks for: of each list, any; violations where it names nothing."""
    types = [Subject(name=name) for name in which.violations]
    kinds = [Subject(incident=True, name=name) for name in which.incidents]
    kinds += [ALL_INCIDENTS] if which.any_incident else []
    return [some for some in (types, kinds) if some] or [[ALL_VIOLATIONS]]


def reported(subject: Subject) -> ColumnElement[bool]:
    """Whether the verdict says it."""
    return _has(calls.c.incidents if subject.incident else calls.c.violations, subject.name)


def found_as(subject: Subject, how: Finding) -> ColumnElement[bool]:
    """Whether what the verdict says was confirmed, overruled, is open; or was added, which it did not say."""
    right = calls.c.right_incidents if subject.incident else calls.c.right_violations
    said = reported(subject)
    if how == "open":
        return and_(said, right.is_(None))
    holds = and_(right.is_not(None), _has(right, subject.name))
    if how == "overruled":
        return and_(said, right.is_not(None), not_(_has(right, subject.name)))
    return and_(holds, said if how == "confirmed" else not_(said))


def looked(subject: Subject) -> ColumnElement[bool]:
    """Whether it was looked for when the call was read; of incidents, what the policy wanted to know of.

    Of a company's own incidents, whether any was.
    """
    if not subject.incident:
        return true()
    column = calls.c.looked_for
    known = subject.name is None or subject.name in INCIDENTS
    return and_(column.is_not(None), _has(column, subject.name) if known else column.contains(f'"{OWN}'))


def _has(column: Column[Any], name: str | None) -> ColumnElement[bool]:
    """Whether a list has the word, or any."""
    return column != "[]" if name is None else column.contains(json.dumps(name, ensure_ascii=False), autoescape=True)


def waits_for(names: tuple[str, ...]) -> ColumnElement[bool]:
    """What a drawn call meets that this person should hear: nobody has said blind what it is, or others differ."""
    unsettled = calls.c.state.in_(("open", "not_sure", "disputed")) | ~was_told_blind()
    return and_(_unheard(names), ~_asked(names), unsettled)


def was_told_blind() -> ColumnElement[bool]:
    """What a row of `calls` meets of which somebody said what it is before they saw what its verdict says."""
    return _was_decided(decisions.c.blind.is_(True), decisions.c.choice.in_(("confirm", "overrule")))


def hidden(connection: Connection, reviewer: str, keys: Iterable[int]) -> set[int]:
    """Of these calls, those whose verdict a reviewer must not see yet.

    Such a call was drawn, since nothing was found in it, and they have decided nothing about what its verdict says; a
    decision that was taken back had shown them the verdict all the same. Or they decide it in a calibration session
    that hides it.
    """
    names = (reviewer, *spellings(connection, reviewer))
    return _those(connection, keys, or_(_unheard(names), _asked(names, calibrations.c.hides.is_(True))))


def decided_by(connection: Connection, reviewer: str, keys: Iterable[int]) -> set[int]:
    """Of these calls, those about whose verdict of today a reviewer has decided."""
    return _those(connection, keys, _decided((reviewer, *spellings(connection, reviewer))) > 0)


def _those(connection: Connection, keys: Iterable[int], which: ColumnElement[bool]) -> set[int]:
    wanted = select(calls.c.key).where(among(list(keys), connection.dialect.name), which)
    return set(connection.execute(wanted).scalars())


def _unheard(names: tuple[str, ...]) -> ColumnElement[bool]:
    # What a later verdict flags is to review like any.
    drawn = and_(calls.c.sample_key.is_not(None), calls.c.to_review.is_(False))
    return and_(drawn, ~_was_decided(decisions.c.reviewer.in_(names)))


def _asked(names: tuple[str, ...], *more: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether the person of these names decides a call in an open session."""
    session = calibration_reviewers.c.calibration_key == calibrations.c.key
    named = exists().where(session, calibration_reviewers.c.person.in_({person_of(name) for name in names}))
    every = and_(~exists().where(session), calibrations.c.lead.not_in(names))
    return _is_calibrated(or_(named, every), *more)


def _is_calibrated(*more: ColumnElement[bool]) -> ColumnElement[bool]:
    """What a call of an open calibration session meets, of one that meets `more`."""
    joined = calibration_calls.join(calibrations, calibrations.c.key == calibration_calls.c.calibration_key)
    wanted = select(calibration_calls.c.call_key).select_from(joined)
    is_open = (calibrations.c.started.is_not(None), calibrations.c.closed.is_(None))
    return calls.c.key.in_(wanted.where(*is_open, *more))


def _was_decided(*more: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(decisions.c.call_key == calls.c.key, decisions.c.says == calls.c.says, *more)


_COLUMNS: dict[Order, tuple[ColumnElement[Any], ...]] = {
    "weight": (calls.c.weight, calls.c.at),
    "risk": (calls.c.risk,),
    "time": (calls.c.at,),
    "chance": (scattered(calls.c.key),),
}
"""By what they are ordered, falling; of equals, the lower key comes first."""


def rows(
    connection: Connection,
    which: CallFilter = EVERY,
    *,
    order: Order = "weight",
    limit: int | None = None,
    after: Cursor | None = None,
) -> list[CallRow]:
    """The calls that have a verdict and fit, at most `limit`, those behind the cursor (`row.cursor(order)`)."""
    wanted = select(calls).where(*conditions(which, connection.dialect.name))
    if after is not None:
        wanted = wanted.where(_beyond(order, after))
    return [call_row(row) for row in connection.execute(_ordered(wanted, order).limit(limit))]


def keys(connection: Connection, which: CallFilter = EVERY, *, order: Order = "weight") -> list[int]:
    """The keys of all calls that fit, in order."""
    wanted = select(calls.c.key).where(*conditions(which, connection.dialect.name))
    return list(connection.execute(_ordered(wanted, order)).scalars())


def neighbours(
    connection: Connection, key: int, which: CallFilter = EVERY, *, order: Order = "weight"
) -> tuple[int | None, int | None]:
    """The calls before and after this one, among those that fit; it need not fit itself."""
    row = connection.execute(select(calls).where(calls.c.key == key, calls.c.outcome.is_not(None))).first()
    if row is None:
        return None, None
    here = call_row(row).cursor(order)
    wanted = select(calls.c.key).where(*conditions(which, connection.dialect.name))
    before, after = (
        connection.execute(_ordered(wanted.where(_beyond(order, here, back=back)), order, back=back).limit(1)).scalar()
        for back in (True, False)
    )
    return before, after


def came_in(connection: Connection) -> str | None:
    """When the run began with which the newest call came in, in UTC; None in an empty store.

    A run over calls that are there already brings none in.
    """
    judged = select(calls.c.key).where(calls.c.outcome.is_not(None))
    newest = judged.order_by(calls.c.key.desc()).limit(1).scalar_subquery()
    wanted = select(runs.c.started).join(verdicts, verdicts.c.run_key == runs.c.key)
    return connection.execute(wanted.where(verdicts.c.call_key == newest).order_by(verdicts.c.key).limit(1)).scalar()


def find(connection: Connection, call_id: str) -> int | None:
    """The key of a call that has a verdict, by its id."""
    wanted = select(calls.c.key).where(calls.c.call_id == call_id, calls.c.outcome.is_not(None))
    return connection.execute(wanted).scalar()


def found(connection: Connection, keys: Iterable[int]) -> dict[int, list[Found]]:
    """What the verdicts of these calls found, each with its turn."""
    wanted = select(calls.c.key, verdicts.c.body).join(verdicts, verdicts.c.key == calls.c.verdict_key)
    rows = connection.execute(wanted.where(among(list(keys), connection.dialect.name)))
    return {row.key: found_in(json.loads(row.body)) for row in rows}


def judged(connection: Connection, keys: Iterable[int]) -> list[tuple[RunRow, Judged]]:
    """What the store says of these calls, as far as they are there and have a verdict, each with its run."""
    these = among(list(keys), connection.dialect.name)
    return list(_judged(connection, calls.c.verdict_key == verdicts.c.key, these))


def judged_by(connection: Connection) -> list[RunRow]:
    """Of each policy that verdicts of today come from the last run, the latest first."""
    used = select(calls.c.key).where(calls.c.run_key == runs.c.key).exists()
    rows = connection.execute(select(runs).where(used).order_by(runs.c.key)).all()
    last = {run.policy.sha256: run for run in map(run_row, rows)}
    return sorted(last.values(), key=lambda run: -run.key)


def judged_in(connection: Connection, series: str) -> list[tuple[RunRow, Judged]]:
    """What the runs of a series made of calls; of a call that was judged again, the last verdict alone."""
    last = {one.facts.call_id: (run, one) for run, one in _judged(connection, runs.c.series == series)}
    return list(last.values())


def _judged(connection: Connection, *which: ColumnElement[bool]) -> Iterator[tuple[RunRow, Judged]]:
    joined = verdicts.join(calls, calls.c.key == verdicts.c.call_key)
    wanted = select(verdicts).select_from(joined.join(runs, runs.c.key == verdicts.c.run_key)).where(*which)
    own = runs.c.key.in_(wanted.with_only_columns(verdicts.c.run_key))
    known = {row.key: run_row(row) for row in connection.execute(select(runs).where(own))}
    for row in connection.execute(wanted.order_by(verdicts.c.key)):
        run = known[row.run_key]
        yield run, Judged(Facts.model_validate_json(row.facts), unpack(row.body, run), row.made_of)


def failed_in(connection: Connection, series: str) -> dict[str, Failure]:
    """Why calls have no verdict in the runs of a series, by their ids."""
    joined = failures.join(runs, runs.c.key == failures.c.run_key)
    said = (failures.c[name] for name in ("call_id", "place", "kind", "message"))
    wanted = select(*said).select_from(joined).where(runs.c.series == series, failures.c.call_id.is_not(None))
    return {row.call_id: Failure.model_validate(dict(row._mapping)) for row in connection.execute(wanted)}


def conditions(which: CallFilter, dialect: str) -> list[ColumnElement[bool]]:
    """What a row of `calls` must meet; one that has no verdict never does."""
    wanted: list[ColumnElement[bool]] = [calls.c.outcome.is_not(None)]
    if which.first is not None:
        wanted.append(calls.c.day >= which.first)
    if which.last is not None:
        wanted.append(calls.c.day <= which.last)
    for column, words in (
        (calls.c.outcome, which.outcomes),
        (calls.c.queue, which.queues),
        (calls.c.team, which.teams),
        (calls.c.state, which.states),
    ):
        if words:
            wanted.append(column.in_(words))
    wanted += _found(which)
    if which.to_review is not None:
        wanted.append(calls.c.to_review.is_(which.to_review))
    if which.min_risk is not None:
        wanted.append(calls.c.risk >= which.min_risk)
    if which.sampled is not None:
        wanted.append(calls.c.sample_key.is_not(None) if which.sampled else calls.c.sample_key.is_(None))
    if which.unheard_by is not None:
        wanted.append(waits_for(which.unheard_by))
    if which.seen_by:
        # What this person finds in the sample or in a calibration session is in no other list.
        wanted.append(~or_(_unheard(which.seen_by), _asked(which.seen_by)))
    if which.calibrated is not None:
        wanted.append(_is_calibrated() if which.calibrated else ~_is_calibrated())
    if which.undecided_by:
        wanted.append(_decided(which.undecided_by) == 0)
    if which.assigned_to:
        nobody = calls.c.assigned.is_(None) if "" in which.assigned_to else false()
        wanted.append(or_(calls.c.assigned.in_(which.assigned_to), nobody))
    if which.besides:
        wanted.append(calls.c.key.not_in(which.besides))
    if which.keys is not None:
        wanted.append(among(which.keys, dialect))
    return wanted + saying(which, dialect)


def _found(which: CallFilter) -> Iterator[ColumnElement[bool]]:
    """What must have been found, or looked for."""
    if which.finding is not None:
        for subjects in subjects_of(which):
            yield or_(*(found_as(subject, which.finding) for subject in subjects))
    elif which.violations or which.incidents or which.any_incident:
        for subjects in subjects_of(which):
            yield or_(*map(reported, subjects))
    if which.looked_for is not None:
        name = which.looked_for if isinstance(which.looked_for, str) else None
        was = looked(Subject(incident=True, name=name))
        yield not_(was) if which.looked_for is False else was


def _decided(names: tuple[str, ...]) -> ColumnElement[int]:
    """How many decisions of these names stand on what the verdict of today says."""
    # One that was taken back and the entry that did it come to nothing.
    stands = func.coalesce(func.sum(case((decisions.c.choice == "withdrawn", -1), else_=1)), 0)
    own = (decisions.c.call_key == calls.c.key, decisions.c.says == calls.c.says, decisions.c.reviewer.in_(names))
    return select(stands).where(*own).correlate(calls).scalar_subquery()


def _beyond(order: Order, cursor: Cursor, *, back: bool = False) -> ColumnElement[bool]:
    equal = calls.c.key < cursor.key if back else calls.c.key > cursor.key
    values = (cursor.value, cursor.at) if order == "weight" else (cursor.value,)
    for column, value in reversed(list(zip(_COLUMNS[order], values, strict=True))):
        beyond = column > value if back else column < value
        # The first half says the same once more: from it the database knows where to begin in the index.
        equal = and_(column >= value if back else column <= value, or_(beyond, equal))
    return equal


def _ordered(wanted: Select[Any], order: Order, *, back: bool = False) -> Select[Any]:
    columns = _COLUMNS[order]
    if back:
        return wanted.order_by(*map(asc, columns), desc(calls.c.key))
    return wanted.order_by(*map(desc, columns), asc(calls.c.key))


def record(connection: Connection, key: int) -> CallRecord:
    """All that is known of a call.

    Raises:
        NoCallError: there is no such call, or it has no verdict.
    """
    row = connection.execute(select(calls).where(calls.c.key == key, calls.c.outcome.is_not(None))).first()
    if row is None:
        raise NoCallError("there is no such call in the store")
    run = run_row(connection.execute(select(runs).where(runs.c.key == row.run_key)).one())
    verdict = connection.execute(select(verdicts).where(verdicts.c.key == row.verdict_key)).one()
    call = call_of(connection.execute(select(texts).where(texts.c.call_key == key)).first(), row.call_id)
    paths = connection.execute(select(audio.c.path).where(audio.c.call_key == key).order_by(audio.c.path))
    return CallRecord(
        row=call_row(row),
        call=call,
        verdict=unpack(verdict.body, run),
        verdict_key=verdict.key,
        says=row.says,
        facts=Facts.model_validate_json(verdict.facts),
        run=run,
        decisions=tuple(decisions_of(connection, key, says=row.says)),
        audio=tuple(map(Path, paths.scalars())),
        masks=_masks(connection, key, call),
    )


def _masks(connection: Connection, key: int, call: Call) -> dict[int, list[Span]] | None:
    kept = select(masks.c.covers).where(masks.c.call_key == key, masks.c.rules == RULES)
    covers = connection.execute(kept).scalar()
    if covers is None:
        return None
    try:
        return spans_by_turn(covers, [len(turn.text) for turn in call.turns])
    except LookupError:
        # Of another text: that was changed behind the store's back.
        return None
