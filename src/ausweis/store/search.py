"""The search: words that a call must all have in its masked text, id or notes, and where in it they stand.

Notes: one's own, and those of others once one has decided. Words in quotes must stand side by side. The audit
log tells of each search in texts as they are: who, when, how many calls were found, and what kind of data was looked
for. The words themselves are personal data that no deletion would reach: it has none of them.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any
from unicodedata import normalize

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    Integer,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    or_,
    select,
)

from ausweis.errors import StoreError
from ausweis.masking.judged import RULES
from ausweis.masking.kinds import Span
from ausweis.masking.text import spans_of as spans_in
from ausweis.store import audit_log, index
from ausweis.store.index import HIDDEN, folded, spans_of, starts_of
from ausweis.store.key import Key
from ausweis.store.rows import CallFilter
from ausweis.store.schema import batches, calls, decisions, masks, texts
from ausweis.vocabulary import MaskKind

MAX_TEXT = 200
"""Letters of what is looked for."""
MAX_TERMS = 10
"""Words that are looked for together."""
_TERM = re.compile(r'"([^"]+)"|([^\s"]+)')
_SHOWN = re.compile(r"‹[^‹›]*›")


def search_terms(text: str) -> list[str]:
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
    terms = search_terms(text)
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


Place = tuple[int, int]
"""From where to where in a text."""
_AROUND = 70
"""Letters shown before what was found, and behind it."""
_WORD = 20
"""So far a cut moves to the next blank."""


@dataclass(frozen=True, slots=True)
class HitPiece:
    """A part of what was said; `kind`: it is masked, and `text` empty; `marked`: it is what was looked for."""

    text: str
    kind: MaskKind | None
    marked: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """The first place of a call where one of the words stands; `cut`: whether the turn says more before, and behind."""

    turn: int
    pieces: Sequence[HitPiece]
    cut: tuple[bool, bool]


def hits(connection: Connection, keys: Iterable[int], words: str, *, unmasked: bool = False) -> dict[int, Hit]:
    """Of those of these calls that say one of the words, where.

    With `unmasked`, also in what is masked; that stays masked in what is shown.
    """
    terms = [folded(term) for term in search_terms(words)]
    found = {}
    for batch in batches(keys):
        wanted = select(texts, masks.c.covers).join(masks, masks.c.call_key == texts.c.call_key)
        for row in connection.execute(wanted.where(texts.c.call_key.in_(batch))):
            hit = _hit(row, terms, unmasked)
            if hit is not None:
                found[row.call_key] = hit
    return found


_LINE = 160
"""Letters of a quote that a row shows."""
_NUMBERS = (
    *("crm", "crmid", "crmnumber", "ticket", "ticketid", "ticketnumber", "case", "caseid", "casenumber"),
    *("contactid", "interactionid", "conversationid", "vorgang", "vorgangsnummer"),
)
"""Keys of a call's metadata under which telephone systems and CRMs name it, in small letters and without signs."""
_NUMBER = re.compile(r"(?=.*\d)[\w./#:-]{1,40}")
"""No name of a person: those have no digit."""


def previews(connection: Connection, quoted: Mapping[int, tuple[int, str] | None]) -> dict[int, tuple[Hit | None, str]]:
    """What a list shows of calls, by their keys: a quote, and the number by which another system knows the call.

    The quote is from the turn that is asked for, masked and no longer than a line; None of a call whose words are not
    masked yet. The number is empty where there is none.
    """
    shown: dict[int, tuple[Hit | None, str]] = {}
    for batch in batches(quoted):
        masked = and_(masks.c.call_key == texts.c.call_key, masks.c.rules == RULES)
        wanted = select(texts, masks.c.covers).outerjoin(masks, masked).where(texts.c.call_key.in_(batch))
        for row in connection.execute(wanted):
            body, said = json.loads(row.body), quoted[row.call_key]
            quote = _quote(row, body["turns"], *said) if said and row.covers is not None else None
            shown[row.call_key] = quote, _number(body.get("metadata", {}))
    return shown


def _quote(row: Any, turns: Sequence[Sequence[Any]], number: int, quote: str) -> Hit | None:
    first = sum(length + 1 for _, _, _, length, *_ in turns[: number - 1])
    start = row.words.find(quote, first, first + turns[number - 1][3]) if number <= len(turns) and quote else -1
    if start < 0:
        return None
    end = start + len(quote)
    return _part(row, number, (start, _cut(row.words, start + _LINE, end, -1)), (start, start), (start, end))


def _number(metadata: Mapping[str, Any]) -> str:
    named = {re.sub(r"[\W_]", "", name).casefold(): str(value) for name, value in metadata.items()}
    return next((named[name] for name in _NUMBERS if _NUMBER.fullmatch(named.get(name, ""))), "")


def _hit(row: Any, terms: Sequence[str], unmasked: bool) -> Hit | None:
    place = _place(row.words, [] if unmasked else spans_of(row.covers), terms)
    if place is None:
        return None
    start, end = place
    lengths = [length for _, _, _, length, *_ in json.loads(row.body)["turns"]]
    starts = starts_of(lengths)
    number = bisect_right(starts, start)
    first, last = starts[number - 1], starts[number - 1] + lengths[number - 1]
    end = min(end, last)
    begin, stop = _cut(row.words, start - _AROUND, first, 1), _cut(row.words, end + _AROUND, last, -1)
    return _part(row, number, (begin, stop), (start, end), (first, last))


def _part(row: Any, number: int, shown: Place, marked: Place, whole: Place) -> Hit:
    """What is shown of a whole, from where to where; nothing that is masked is cut through."""
    begin, stop = shown
    over = [span for span in spans_of(row.covers) if span.start < stop and span.end > begin]
    begin, stop = min([begin, *(span.start for span in over)]), max([stop, *(span.end for span in over)])
    return Hit(number, tuple(_pieces(row.words, begin, stop, over, marked)), (begin > whole[0], stop < whole[1]))


def _place(words: str, spans: Sequence[Span], terms: Sequence[str]) -> Place | None:
    """Where the first of the terms stands that does; it may reach over what is hidden."""
    parts: list[tuple[str, int, int]] = []
    at = 0
    for span in spans:
        parts += [(words[at : span.start], at, span.start), (HIDDEN, span.start, span.end)]
        at = span.end
    parts.append((words[at:], at, len(words)))
    text = "".join(folded(part) for part, _, _ in parts)
    for term in terms:
        found = text.find(term)
        if found >= 0:
            return _origin(parts, found)[0], _origin(parts, found + len(term) - 1)[1]
    return None


def _origin(parts: Sequence[tuple[str, int, int]], place: int) -> Place:
    """From where to where the sign stands in the text that is at a place of the folded one."""
    for part, start, end in parts:
        if place < (length := len(folded(part))):
            if part == HIDDEN:
                return start, end
            ends = accumulate(len(folded(sign)) for sign in part)
            at = start + next(number for number, size in enumerate(ends) if size > place)
            return at, at + 1
        place -= length
    raise ValueError("the text is not so long")


def _cut(words: str, place: int, edge: int, step: int) -> int:
    """The place, at a blank near by; the edge of the turn where that is nearer."""
    if (place - edge) * step <= 0:
        return edge
    for near in range(place, place + step * _WORD, step):
        if words[near : near + 1].isspace():
            return near
    return place


def _pieces(words: str, begin: int, stop: int, spans: Sequence[Span], marked: Place) -> Iterator[HitPiece]:
    start, end = marked
    cuts = sorted({begin, stop, *(max(begin, start), min(stop, end)), *(edge for span in spans for edge in span[:2])})
    hidden = {span.start: span for span in spans}
    past = begin
    for first, last in pairwise(cuts):
        if first < past:
            # Within what is masked.
            continue
        span = hidden.get(first)
        past = span.end if span else last
        is_marked = first < end and past > start
        yield HitPiece("" if span else words[first:last], span.kind if span else None, is_marked)


def search_unmasked(connection: Connection, key: Key, words: str, *, who: str) -> Sequence[int]:
    """The keys of all judged calls whose text has all these words, masked or not; the audit log says who asked.

    Raises:
        StoreError: there is nothing to look for, or one of the words is too short.
    """
    terms = search_terms(words)
    if not terms or len(words) > MAX_TEXT or "\0" in words or any(len(term) < index.SHORTEST for term in terms):
        message = f"words of {index.SHORTEST} letters and more can be looked for"
        raise StoreError(message, code="words_short", least=index.SHORTEST)
    dialect = connection.dialect.name
    said = (calls.c.key.in_(select(texts.c.call_key).where(has(texts.c.words, term, dialect))) for term in terms)
    keys = connection.execute(select(calls.c.key).where(calls.c.outcome.is_not(None), *said)).scalars().all()
    audit_log.append(connection, key, "searched", who, detail={"found": len(keys), "kinds": _kinds(words)})
    return keys


def _kinds(words: str) -> list[str]:
    """As what they would be masked, as far as they tell by themselves."""
    kinds: set[str] = {span.kind for span in spans_in(words)}
    return sorted(kinds or {"number" if any(letter.isdigit() for letter in words) else "words"})
