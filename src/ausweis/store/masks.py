"""What of each call is masked, kept with it: pages need not look for it again, and the index is of what is left.

Kept as places in the text (`texts.words`), so that nothing that was said is in the database twice.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any

from sqlalchemy import Connection, delete, select

from ausweis.masking.kinds import Span
from ausweis.store import index
from ausweis.store.database import UNREADABLE
from ausweis.store.schema import batches, masks, texts

__all__ = ["HIDDEN", "drop", "folded", "searchable", "spans_by_turn", "spans_of", "starts_of", "written"]

HIDDEN = "‹"
"""What stands in the index for personal data of any kind: looking for a kind would find nearly all calls."""


def folded(text: str) -> str:
    """The text as it is compared: whatever its case, and `ß` as `ss`."""
    return text.casefold()


def searchable(words: str, spans: Iterable[Span]) -> str:
    """What the index has of a text. It must stay as it is, since what is taken out is told as it was put in."""
    parts, at = [], 0
    for span in spans:
        parts += [words[at : span.start], HIDDEN]
        at = span.end
    return folded("".join([*parts, words[at:]]))


def starts_of(lengths: Iterable[int]) -> list[int]:
    """Where each turn begins in the text, by the lengths of all."""
    return list(accumulate((length + 1 for length in lengths), initial=0))[:-1]


def written(spans: Mapping[int, Sequence[Span]], starts: Sequence[int]) -> list[Span]:
    """Spans of turns, by their numbers, as spans of the text."""
    return [
        Span(starts[turn - 1] + span.start, starts[turn - 1] + span.end, span.kind)
        for turn, own in sorted(spans.items())
        for span in own
    ]


def spans_of(covers: str) -> list[Span]:
    """The spans of a row of `masks`."""
    return [Span(*span) for span in json.loads(covers)]


def spans_by_turn(covers: str, lengths: Sequence[int]) -> dict[int, list[Span]]:
    """The same, by turns, counted from where each begins.

    Raises (LookupError): they are not of a text with such turns.
    """
    by_turn: dict[int, list[Span]] = {}
    places = _by_place(starts_of(lengths), lengths)
    turn, start, end = 0, 0, 0
    for span in spans_of(covers):
        while span.start >= end:
            turn, start, end = next(places)
        if not start <= span.start < span.end <= end:
            raise LookupError("a span is in no turn")
        by_turn.setdefault(turn, []).append(Span(span.start - start, span.end - start, span.kind))
    return by_turn


def drop(connection: Connection, keys: Iterable[int]) -> None:
    """Take calls out of the index, with what is known of their masks: before their texts are changed or removed."""
    for batch in batches(keys):
        joined = masks.outerjoin(texts, texts.c.call_key == masks.c.call_key)
        wanted = select(masks.c.call_key, masks.c.covers, texts.c.words).select_from(joined)
        rows: Sequence[Any] = connection.execute(wanted.where(masks.c.call_key.in_(batch))).all()
        index.remove(connection, {row.call_key: _put_in(row) for row in rows})
        connection.execute(delete(masks).where(masks.c.call_key.in_(batch)))


def _put_in(row: Any) -> str:
    """What the index has of a call; nothing that is known of one whose rows are damaged, which must go all the same."""
    try:
        return searchable(row.words, spans_of(row.covers))
    except UNREADABLE:
        return ""


def _by_place(starts: Sequence[int], lengths: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """Number, begin and end of each turn.

    Raises (LookupError): what is asked for lies behind the last one, as in a text that was changed.
    """
    for number, (start, length) in enumerate(zip(starts, lengths, strict=True), start=1):
        yield number, start, start + length
    raise LookupError("no turn goes so far")
