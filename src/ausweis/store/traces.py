"""What was said in calls that go, and what shows that it is still there: their longest sentences, and their ids."""

import json
import mmap
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select, true

from ausweis.errors import StoreError
from ausweis.store.schema import batches, calls, decisions, objections, texts, verdicts

LONG_ENOUGH = 24
"""Letters of a sentence that are searched for; shorter ones are anybody's."""
_LONGEST = 160
_SEARCHED_ID = 6
"""Shorter ids stand between other bytes by chance."""
_MANY = 50
"""Ids above which they are not searched for."""
_WORD = re.compile(rb"[0-9A-Za-z_\x80-\xff]")
_ESCAPED = re.compile(rb"\\(?:[nrtbf]|u[0-9a-fA-F]{4})$")
"""What JSON writes for a character that may well end a word."""
_DAY = re.compile(rb"\d{4}-\d\d-\d\d")
_INDEXED = frozenset(b"\x01\x02\x03\x04\x05\x06\x08\x09")
"""What stands before an id in SQLite's index of them: the type of the row's number."""
_PLAIN = re.compile(r"""[^"'\\\n<>&\x00-\x1f\U00010000-\U0010ffff]+""")
"""What every format writes as it is, but for letters outside of ASCII."""


def words_of(connection: Connection, keys: Sequence[int]) -> list[tuple[int, str]]:
    """What was said in the calls, then what was noted; each with the key of its call.

    With the text of a call, or without one that is known, stand the quotes of all its facts and verdicts that it does
    not have: of a text that was there before.
    """
    words: list[tuple[int, str]] = []
    for batch in batches(keys):
        said = select(texts.c.call_key, texts.c.words).where(texts.c.call_key.in_(batch))
        of_call: defaultdict[int, str] = defaultdict(str)
        of_call.update({row.call_key: row.words for row in connection.execute(said)})
        quoted = select(verdicts.c.call_key, verdicts.c.facts, verdicts.c.body).where(verdicts.c.call_key.in_(batch))
        for row in connection.execute(quoted):
            for quote in [*_texts_named(row.body, "quote"), *_texts_named(row.facts, "quote")]:
                if quote not in of_call[row.call_key]:
                    of_call[row.call_key] += f"\n{quote}"
        words += of_call.items()
    for batch in batches(keys):
        for table in (decisions, objections):
            notes = select(table.c.call_key, table.c.note).where(table.c.call_key.in_(batch), table.c.note != "")
            words += [(row.call_key, row.note) for row in connection.execute(notes)]
    return words


def said_elsewhere(connection: Connection, part: str, ids: dict[int, str]) -> bool:
    """Whether another call has the words too, as agents have sentences that they say in every call."""
    # What the verdict that counts quotes stands in the text.
    aside = verdicts.c.key.not_in(select(calls.c.verdict_key).where(calls.c.verdict_key.is_not(None)))
    for own, column, more in (
        (texts.c.call_key, texts.c.words, true()),
        (verdicts.c.call_key, verdicts.c.facts, aside),
        (verdicts.c.call_key, verdicts.c.body, aside),
        # Who notes the same about two calls quotes neither.
        (decisions.c.call_key, decisions.c.note, true()),
        (objections.c.call_key, objections.c.note, true()),
    ):
        # Of the calls' own rows there may be several, one a run.
        wanted = select(own).where(more, column.contains(part, autoescape=True)).distinct().limit(len(ids) + 1)
        if any(key not in ids for key in connection.execute(wanted).scalars()):
            return True
    return False


def _texts_named(written: str | None, name: str) -> list[str]:
    """All texts of this name in JSON; where it is damaged, those before, as such a call must go too."""
    named: list[str] = []

    def take(part: dict[str, Any]) -> None:
        named.extend([part[name]] if isinstance(part.get(name), str) and part[name] else [])

    with suppress(ValueError, RecursionError):
        json.loads(written or "null", object_hook=take)
    return named


def sentences(words: Sequence[str]) -> Iterator[str]:
    """Parts of texts that are worth searching for, the longest first, each once."""
    parts = {part.strip()[:_LONGEST].strip() for text in words for part in _PLAIN.findall(text)}
    yield from sorted((part for part in parts if len(part) >= LONG_ENOUGH), key=lambda part: (-len(part), part))


@dataclass(frozen=True)
class Traces:
    """`phrases` are those of no other call; `others`: ids of other calls, and paths, with a deleted id within them.

    Ids count as whole words only, since a number may stand in any other; of more than 50, none is searched for.
    """

    ids: frozenset[str]
    phrases: tuple[str, ...]
    others: tuple[str, ...] = ()

    def in_database(self, path: Path) -> bool:
        """Whether a file of SQLite holds any of it.

        Raises:
            StoreError: the file cannot be read.
        """
        try:
            with path.open("rb") as file:
                if not path.stat().st_size:
                    return False
                with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                    return self._in_bytes(data)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise StoreError(f"it cannot be read: {error.strerror}", place=str(path)) from None

    def _in_bytes(self, data: mmap.mmap) -> bool:
        for needle, is_id in self._needles:
            place = data.find(needle, 0)
            while place >= 0:
                if not is_id or (_is_whole(data, place, place + len(needle)) and not self._is_other(data, place)):
                    return True
                place = data.find(needle, place + 1)
        return False

    @cached_property
    def _needles(self) -> list[tuple[bytes, bool]]:
        ids = [own for own in sorted(self.ids) if len(own) >= _SEARCHED_ID] if len(self.ids) <= _MANY else []
        return [
            (form.encode(), is_id)
            for texts, is_id in ((self.phrases, False), (ids, True))
            for text in texts
            for form in sorted({text, json.dumps(text)[1:-1]})
        ]

    def _is_other(self, data: mmap.mmap, place: int) -> bool:
        """Whether what stands here is a part of another call's id."""
        for other, own in ((other.encode(), own.encode()) for other in self.others for own in self.ids):
            offset = other.find(own)
            while offset >= 0:
                if data[max(0, place - offset) : place - offset + len(other)] == other:
                    return True
                offset = other.find(own, offset + 1)
        return False


def _is_whole(data: mmap.mmap, start: int, end: int) -> bool:
    """Whether what stands here is no part of a longer word or number."""
    before, after = data[max(0, start - 6) : start], data[end : end + 10]
    if _DAY.match(after) or (before[-1:] and before[-1] in _INDEXED):
        return True
    begins = not _WORD.match(before[-1:]) or _ESCAPED.search(before) is not None
    return begins and not _WORD.match(after)
