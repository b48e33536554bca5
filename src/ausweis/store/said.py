"""What was said in calls that are to go, and whether it was said in others too."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, or_, select, true

from ausweis.store.batching import batches
from ausweis.store.tables import calls, decisions, texts, verdicts

__all__ = ["reasons_of", "said_elsewhere", "words_of"]


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
            for quote in [*_texts(row.body, "quote"), *_texts(row.facts, "quote")]:
                if quote not in of_call[row.call_key]:
                    of_call[row.call_key] += f"\n{quote}"
        words += of_call.items()
    for batch in batches(keys):
        notes = select(decisions.c.call_key, decisions.c.note)
        noted = connection.execute(notes.where(decisions.c.call_key.in_(batch), decisions.c.note != ""))
        words += [(row.call_key, row.note) for row in noted]
    return words


def reasons_of(connection: Connection, keys: Iterable[int]) -> list[str]:
    """What a model concluded of the calls in its own words, where it was asked for a whole verdict."""
    claims = verdicts.c.facts.contains('"claim"', autoescape=True)
    found: list[str] = []
    for batch in batches(keys):
        wanted = select(verdicts.c.facts).where(verdicts.c.call_key.in_(batch), claims)
        for facts in connection.execute(wanted).scalars():
            found += _texts(facts, "reason")
    return found


def said_elsewhere(connection: Connection, part: str, ids: dict[int, str]) -> bool:
    """Whether another call has the words too, as agents have sentences that they say in every call."""
    # What the verdict that counts quotes stands in the text.
    counting = select(calls.c.run_key).where(calls.c.key == verdicts.c.call_key).scalar_subquery()
    aside = or_(verdicts.c.call_key.not_in(select(texts.c.call_key)), verdicts.c.run_key != counting)
    for own, column, more in (
        (texts.c.call_key, texts.c.words, true()),
        (verdicts.c.call_key, verdicts.c.facts, aside),
        (verdicts.c.call_key, verdicts.c.body, aside),
    ):
        # Of the calls' own rows there may be several, one a run.
        wanted = select(own).where(more, column.contains(part, autoescape=True)).distinct().limit(len(ids) + 1)
        if any(key not in ids for key in connection.execute(wanted).scalars()):
            return True
    return False


def _texts(written: str | None, name: str) -> list[str]:
    """All texts of this name in JSON; where it is damaged, those before, as such a call must go too."""
    found: list[str] = []

    def take(part: dict[str, Any]) -> None:
        found.extend([part[name]] if isinstance(part.get(name), str) and part[name] else [])

    with suppress(ValueError, RecursionError):
        json.loads(written or "null", object_hook=take)
    return found
