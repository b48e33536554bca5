"""Looking for words in texts as they are: an act that the chain tells of, as it does of looking at a call unmasked.

The entry tells in clear who it was, when, how many calls were found, and what kind of data was looked for. The words
are personal data that no deletion would reach: of them it has a keyed hash alone, slow to make, so that who has the key
can tell whether words that they know were looked for, and not which.
"""

import hashlib
from collections.abc import Sequence

from sqlalchemy import Connection, select

from ausweis.batch.manifest import now
from ausweis.errors import StoreError
from ausweis.masking.text import spans_of
from ausweis.store import chain, index
from ausweis.store.key import Key
from ausweis.store.masks import folded
from ausweis.store.rows import ChainEntry
from ausweis.store.searching import MAX_TEXT, has, terms_of
from ausweis.store.tables import calls, texts

__all__ = ["search_unmasked", "searches_for"]

_ROUNDS = 200_000
"""Of PBKDF2: a tenth of a second for each word and entry that is tried."""


def search_unmasked(connection: Connection, key: Key, words: str, *, who: str) -> Sequence[int]:
    """The keys of all judged calls whose text has all these words, masked or not; the chain says who asked.

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
    at = now()
    detail = {"found": len(keys), "kinds": _kinds(words)}
    chain.append(connection, key, "searched", who, content=_slow(terms, who, at), at=at, detail=detail)
    return keys


def searches_for(connection: Connection, key: Key, words: str) -> list[ChainEntry]:
    """The entries of searches for just these words, the latest first."""
    terms = terms_of(words)
    searches = (entry for entry in chain.entries(connection) if entry.what == "searched")
    return [entry for entry in searches if entry.content == key.content(_slow(terms, entry.who, entry.at))]


def _slow(terms: Sequence[str], who: str, at: str) -> str:
    text = "\n".join(sorted(map(folded, terms)))
    return hashlib.pbkdf2_hmac("sha256", text.encode("utf-8", "replace"), f"{who}\0{at}".encode(), _ROUNDS).hex()


def _kinds(words: str) -> list[str]:
    """As what they would be masked, as far as they tell by themselves."""
    kinds: set[str] = {span.kind for span in spans_of(words)}
    return sorted(kinds or {"number" if any(letter.isdigit() for letter in words) else "words"})
