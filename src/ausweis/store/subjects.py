"""Whether what a verdict says holds, as people decided: the one meaning of reported, confirmed, overruled and open.

A call is reported for a violation, an incident, or one type or kind of them; that holds where people say so too, even
if they say something else about the call besides.
"""

import json
from typing import Any

from sqlalchemy import Column, ColumnElement, and_, not_, true

from ausweis.store.counted import ALL_INCIDENTS, ALL_VIOLATIONS, OWN, Subject
from ausweis.store.filters import CallFilter, Finding
from ausweis.store.schema import calls
from ausweis.vocabulary import INCIDENTS

__all__ = ["found", "looked", "reported", "subjects_of"]


def subjects_of(which: CallFilter) -> list[list[Subject]]:
    """What a filter asks for: of each list, any; violations where it names nothing."""
    types = [Subject(name=name) for name in which.violations]
    kinds = [Subject(incident=True, name=name) for name in which.incidents]
    kinds += [ALL_INCIDENTS] if which.any_incident else []
    return [some for some in (types, kinds) if some] or [[ALL_VIOLATIONS]]


def reported(subject: Subject) -> ColumnElement[bool]:
    """Whether the verdict says it."""
    return _has(calls.c.incidents if subject.incident else calls.c.violations, subject.name)


def found(subject: Subject, how: Finding) -> ColumnElement[bool]:
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
