"""What was said in calls that are to go, and whether it was said in others too."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, select, true

from ausweis.store.tables import decisions, texts, verdicts
from ausweis.store.texts import batches

__all__ = ["said_elsewhere", "words_of"]


def words_of(connection: Connection, keys: Sequence[int]) -> list[tuple[int, str]]:
    """What was said in the calls, or the quotes of facts and verdicts where no text is known, then what was noted.

    Each with the key of its call.
    """
    words: list[tuple[int, str]] = []
    for some in batches(keys):
        said = select(texts.c.call_key, texts.c.words).where(texts.c.call_key.in_(some))
        of_call = {row.call_key: row.words for row in connection.execute(said)}
        quoted = select(verdicts.c.call_key, verdicts.c.facts, verdicts.c.body).where(
            verdicts.c.call_key.in_([key for key in some if key not in of_call])
        )
        for row in connection.execute(quoted):
            quotes = "\n".join(_quotes([json.loads(row.body), json.loads(row.facts or "null")]))
            of_call[row.call_key] = f"{of_call.get(row.call_key, '')}\n{quotes}"
        words += of_call.items()
    for some in batches(keys):
        notes = select(decisions.c.call_key, decisions.c.note)
        noted = connection.execute(notes.where(decisions.c.call_key.in_(some), decisions.c.note != ""))
        words += [(row.call_key, row.note) for row in noted]
    return words


def said_elsewhere(connection: Connection, part: str, ids: dict[int, str]) -> bool:
    """Whether another call has the words too, as agents have sentences that they say in every call."""
    without_text = verdicts.c.call_key.not_in(select(texts.c.call_key))
    for own, column, more in (
        (texts.c.call_key, texts.c.words, true()),
        (verdicts.c.call_key, verdicts.c.facts, without_text),
        (verdicts.c.call_key, verdicts.c.body, without_text),
    ):
        # Of the calls' own rows there may be several, one a run.
        wanted = select(own).where(more, column.contains(part, autoescape=True)).distinct().limit(len(ids) + 1)
        if any(key not in ids for key in connection.execute(wanted).scalars()):
            return True
    return False


def _quotes(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for part in value:
            yield from _quotes(part)
    elif isinstance(value, dict):
        for name, part in value.items():
            if name == "quote" and isinstance(part, str):
                yield part
            else:
                yield from _quotes(part)
