"""What is looked for: words that a call must all have, in what readers may see of it.

That is the masked text, the id, and notes: one's own, and those of others once one has decided. Words in quotes must
stand there side by side.
"""

import json
import re
from collections.abc import Sequence
from unicodedata import normalize

from sqlalchemy import JSON, ColumnElement, Integer, and_, case, cast, exists, false, func, literal, or_, select

from ausweis.store import index
from ausweis.store.filters import CallFilter
from ausweis.store.masks import HIDDEN, folded
from ausweis.store.schema import calls, decisions

__all__ = ["MAX_TERMS", "MAX_TEXT", "among", "has", "saying", "terms_of"]

MAX_TEXT = 200
"""Letters of what is looked for."""
MAX_TERMS = 10
"""Words that are looked for together."""
_TERM = re.compile(r'"([^"]+)"|([^\s"]+)')
_SHOWN = re.compile(r"‹[^‹›]*›")


def terms_of(text: str) -> list[str]:
    """The words that are looked for, as they were written; of those in quotes, all together.

    Short words count only where there is no longer one. What a page shows for masked data stands for any.
    """
    plain = _SHOWN.sub(HIDDEN, normalize("NFC", text))
    terms = [" ".join((quoted or word).split()) for quoted, word in _TERM.findall(plain)]
    terms = list(dict.fromkeys(term for term in terms if term))
    return [term for term in terms if len(folded(term)) >= index.SHORTEST] or terms


def saying(which: CallFilter, dialect: str) -> list[ColumnElement[bool]]:
    """What a row of `calls` must meet to have all that the filter's text names."""
    text = which.text or ""
    if not text.strip():
        return []
    terms = terms_of(text)
    if len(text) > MAX_TEXT or "\0" in text or not 0 < len(terms) <= MAX_TERMS:
        return [false()]
    return [_has_term(term, which.read_by, dialect) for term in terms]


def _has_term(term: str, readers: Sequence[str], dialect: str) -> ColumnElement[bool]:
    places = [select(calls.c.key).where(has(calls.c.call_id, term, dialect))]
    if len(folded(term)) >= index.SHORTEST:
        places.append(index.saying(folded(term), dialect))
    if readers:
        noted = select(decisions.c.call_key).where(has(decisions.c.note, term, dialect))
        places.append(noted.where(_may_be_read(readers)))
    first, *others = places
    return calls.c.key.in_(first.union(*others))


def _may_be_read(readers: Sequence[str]) -> ColumnElement[bool]:
    """Whether one of these names may see a decision: one's own; where one has decided, the last word of each other."""
    own, later = decisions.alias(), decisions.alias()
    number = func.sum(case((own.c.choice == "withdrawn", -1), else_=1))
    counting = select(number).join(calls, calls.c.key == own.c.call_key)
    counting = counting.where(own.c.call_key == decisions.c.call_key, own.c.reviewer.in_(readers))
    has_decided = counting.where(own.c.says == calls.c.says).scalar_subquery() > 0
    same = (later.c.call_key == decisions.c.call_key, later.c.reviewer == decisions.c.reviewer)
    has_said_more = exists().where(*same, later.c.key > decisions.c.key)
    return or_(decisions.c.reviewer.in_(readers), has_decided & ~has_said_more)


def has(column: ColumnElement[str], words: str, dialect: str) -> ColumnElement[bool]:
    """Whether a text has these words, whatever their case, and `ß` as `ss`."""
    words = folded(words)
    if dialect != "sqlite":
        return func.replace(func.lower(column), "ß", "ss").contains(words, autoescape=True)
    same = func.instr(func.folded(column), words) > 0
    if "ss" in words:
        return same
    # SQLite knows the case of ASCII letters only: others match anything at first, then Python compares what is left.
    escaped = "".join(f"/{letter}" if letter in "/%_" else letter if letter.isascii() else "_" for letter in words)
    likely = column.like(f"%{escaped}%", escape="/")
    return likely if words.isascii() else and_(likely, same)


def among(keys: Sequence[int], dialect: str) -> ColumnElement[bool]:
    """Whether a call is one of these, of which there may be many."""
    listed = json.dumps(list(keys))
    if dialect == "sqlite":
        return calls.c.key.in_(select(func.json_each(listed).table_valued("value").c.value))
    values = func.json_array_elements_text(cast(literal(listed), JSON)).column_valued("value")
    return calls.c.key.in_(select(cast(values, Integer)))
