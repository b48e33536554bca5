"""Verdicts that a reviewer is not shown before she has said what she heard: in the sample, in calibration sessions."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, and_, exists, or_, select

from ausweis.store.persons import person_of
from ausweis.store.reviewers import spellings
from ausweis.store.schema import batches, calibration_calls, calibration_reviewers, calibrations, calls, decisions

__all__ = ["hidden", "is_aside", "is_calibrated", "is_hidden", "waits_for", "was_told_blind"]


def is_hidden(names: tuple[str, ...]) -> ColumnElement[bool]:
    """What a row of `calls` meets whose verdict the person of these names must not see yet.

    It was drawn, since nothing was found in it, and they have decided nothing about what its verdict says; a decision
    that was taken back had shown them the verdict all the same. Or they decide it in a calibration session that hides
    it.
    """
    return or_(_unheard(names), _asked(names, calibrations.c.hides.is_(True)))


def is_aside(names: tuple[str, ...]) -> ColumnElement[bool]:
    """What a call meets that this person finds in the sample or in a calibration session, and in no other list."""
    return or_(_unheard(names), _asked(names))


def waits_for(names: tuple[str, ...]) -> ColumnElement[bool]:
    """What a drawn call meets that this person should hear: nobody has said blind what it is, or others differ."""
    unsettled = calls.c.state.in_(("open", "not_sure", "disputed")) | ~was_told_blind()
    return and_(_unheard(names), ~_asked(names), unsettled)


def is_calibrated() -> ColumnElement[bool]:
    """What a call of an open calibration session meets."""
    return _in_open_session()


def was_told_blind() -> ColumnElement[bool]:
    """What a row of `calls` meets of which somebody said what it is before they saw what its verdict says."""
    return _decided(decisions.c.blind.is_(True), decisions.c.choice.in_(("confirm", "overrule")))


def hidden(connection: Connection, reviewer: str, keys: Iterable[int]) -> set[int]:
    """Of these calls, those whose verdict a reviewer must not see yet."""
    found: set[int] = set()
    names = (reviewer, *spellings(connection, reviewer))
    for batch in batches(keys):
        wanted = select(calls.c.key).where(calls.c.key.in_(batch), is_hidden(names))
        found.update(connection.execute(wanted).scalars())
    return found


def _unheard(names: tuple[str, ...]) -> ColumnElement[bool]:
    # What a later verdict flags is to review like any.
    drawn = and_(calls.c.sample_key.is_not(None), calls.c.to_review.is_(False))
    return and_(drawn, ~_decided(decisions.c.reviewer.in_(names)))


def _asked(names: tuple[str, ...], *more: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether the person of these names decides a call in an open session."""
    session = calibration_reviewers.c.calibration_key == calibrations.c.key
    named = exists().where(session, calibration_reviewers.c.person.in_({person_of(name) for name in names}))
    every = and_(~exists().where(session), calibrations.c.lead.not_in(names))
    return _in_open_session(or_(named, every), *more)


def _in_open_session(*more: ColumnElement[bool]) -> ColumnElement[bool]:
    joined = calibration_calls.join(calibrations, calibrations.c.key == calibration_calls.c.calibration_key)
    wanted = select(calibration_calls.c.call_key).select_from(joined)
    is_open = (calibrations.c.started.is_not(None), calibrations.c.closed.is_(None))
    return calls.c.key.in_(wanted.where(*is_open, *more))


def _decided(*more: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(decisions.c.call_key == calls.c.key, decisions.c.says == calls.c.says, *more)
