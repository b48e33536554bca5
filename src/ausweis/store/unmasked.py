"""Looking for words in texts as they are: an act that the audit log tells of, as it does of looking at a call unmasked.

The entry tells in clear who it was, when, how many calls were found, and what kind of data was looked for. The words
are personal data that no deletion would reach: it has none of them.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from ausweis.errors import StoreError
from ausweis.masking.text import spans_of
from ausweis.store import audit_log, index
from ausweis.store.key import Key
from ausweis.store.schema import calls, texts
from ausweis.store.searching import MAX_TEXT, has, terms_of

__all__ = ["search_unmasked"]


def search_unmasked(connection: Connection, key: Key, words: str, *, who: str) -> Sequence[int]:
    """The keys of all judged calls whose text has all these words, masked or not; the audit log says who asked.

    Raises:
        StoreError: there is nothing to look for, or one of the words is too short.
    """
    terms = terms_of(words)
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
    kinds: set[str] = {span.kind for span in spans_of(words)}
    return sorted(kinds or {"number" if any(letter.isdigit() for letter in words) else "words"})
