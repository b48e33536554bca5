"""Verdicts that a reviewer is not shown before she has said what she heard: those of calls drawn by chance."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, and_, exists, select

from ausweis.store.reviewers import spellings
from ausweis.store.tables import batches, calls, decisions

__all__ = ["hidden", "is_hidden", "waits_for", "was_told_blind"]


def is_hidden(names: tuple[str, ...]) -> ColumnElement[bool]:
    """What a row of `calls` meets whose verdict the person of these names must not see yet.

    It was drawn, since nothing was found in it, and they have decided nothing about what its verdict says. A decision
    that was taken back had shown them the verdict all the same.
    """
    return and_(_drawn(), ~_decided(decisions.c.reviewer.in_(names)))


def waits_for(names: tuple[str, ...]) -> ColumnElement[bool]:
    """What a drawn call meets that this person should hear: nobody has said blind what it is, or others differ."""
    return and_(is_hidden(names), calls.c.state.in_(("open", "not_sure", "disputed")) | ~was_told_blind())


def was_told_blind() -> ColumnElement[bool]:
    """What a row of `calls` meets of which somebody said what it is before they saw what its verdict says."""
    return _decided(decisions.c.blind.is_(True), decisions.c.choice.in_(("confirm", "overrule")))


def hidden(connection: Connection, reviewer: str, keys: Iterable[int]) -> set[int]:
    """Of these calls, those whose verdict a reviewer must not see yet."""
    found: set[int] = set()
    names = spellings(connection, reviewer)
    for batch in batches(keys):
        wanted = select(calls.c.key).where(calls.c.key.in_(batch), is_hidden(names))
        found.update(connection.execute(wanted).scalars())
    return found


def _drawn() -> ColumnElement[bool]:
    # What a later verdict flags is to review like any.
    return and_(calls.c.sample_key.is_not(None), calls.c.to_review.is_(False))


def _decided(*more: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(decisions.c.call_key == calls.c.key, decisions.c.says == calls.c.says, *more)
