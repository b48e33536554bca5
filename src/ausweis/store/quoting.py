"""What was said in calls that are to go, and where else it stands: in other calls, or in recorded answers."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, select, true

from ausweis.journal import parsed
from ausweis.store.schema import batches, calls, decisions, objections, texts, verdicts

__all__ = ["Quotable", "said_elsewhere", "words_of"]


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


_LONG_ENOUGH = 12
"""Letters in a row, blanks among them, that an answer must have in common with a call to hold words of it."""
_AT_ONCE = 1 << 20
"""Letters that are compared at a time: each takes about 100 bytes."""
_WORD = re.compile(r"\w+")


class Quotable:
    """What was said in calls, to hold answers against it.

    Case counts for nothing, nor does what stands between words.
    """

    def __init__(self, words: Iterable[str]) -> None:
        plain = [_plain(text) for text in words]
        self._whole = "\n".join(f" {text} " for text in plain)
        self._runs = {run for text in plain for run in _runs(text)}

    @classmethod
    def portions(cls, words: Sequence[str]) -> "Iterator[Quotable]":
        """So much at a time that it fits into memory; at least one."""
        portion: list[str] = []
        letters = 0
        for text in words:
            portion.append(text)
            letters += len(text)
            if letters >= _AT_ONCE:
                yield cls(portion)
                portion, letters = [], 0
        yield cls(portion)

    def is_in(self, line: bytes) -> bool:
        """Whether a line of recorded answers holds any of it. A choice out of a list never does."""
        try:
            result = parsed(line)["result"]
            answer, is_choice = result["text"], bool(result.get("probabilities"))
        except (LookupError, TypeError, AttributeError):
            return False
        if is_choice:
            return False
        try:
            told = list(_texts(json.loads(answer)))
        except (ValueError, TypeError, RecursionError):
            told = list(_texts(answer))
        return any(self._holds(_plain(text), quoted) for text, quoted in told)

    def _holds(self, text: str, quoted: bool) -> bool:
        if len(text) >= _LONG_ENOUGH:
            return any(run in self._runs for run in _runs(text))
        # As words of its own: "ja" is no quote of "Januar".
        return quoted and bool(text) and f" {text} " in self._whole


def _plain(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))


def _runs(text: str) -> Iterator[str]:
    return (text[place : place + _LONG_ENOUGH] for place in range(len(text) - _LONG_ENOUGH + 1))


def _texts(value: Any, *, quoted: bool = False) -> Iterator[tuple[str, bool]]:
    """All texts, and whether they are quotes."""
    if isinstance(value, str):
        yield value, quoted
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part, quoted=quoted)
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from _texts(part, quoted=name == "quote")
