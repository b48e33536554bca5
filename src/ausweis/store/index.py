"""The full-text index of masked texts: which calls say something, of what readers may see.

Any three letters or more are found, within words too. SQLite keeps no text for it (FTS5, contentless, of trigrams): to
take a call out, it is told once more what was put in. PostgreSQL has the masked text in a table, with trigrams of it
where the extension pg_trgm may be had; without, it reads all of them.
"""

import sqlite3
from collections.abc import Mapping

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    column,
    delete,
    insert,
    literal_column,
    select,
    table,
    text,
)

from ausweis.store.schema import batches, settings

__all__ = ["SHORTEST", "add", "clear", "orphans", "remove", "saying", "settle"]

SHORTEST = 3
"""Letters that can be looked for in texts."""
_FORGETS = sqlite3.sqlite_version_info >= (3, 42)
"""Whether SQLite can take out of its index what is deleted, at once."""
_MANY = 100
"""Calls above which that takes longer than writing the index anew."""
_UNSETTLED = "index"
"""The setting that is there while the index may have something of what was taken out."""
_found = table("found", column("call_key"), column("words"))
"""Of PostgreSQL."""


def add(connection: Connection, words: Mapping[int, str]) -> None:
    """Put calls in that are not there: what they say, masked and folded, by their keys."""
    rows = [{"key": key, "words": said} for key, said in words.items()]
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        connection.execute(text("INSERT INTO found (rowid, words) VALUES (:key, :words)"), rows)
    else:
        connection.execute(insert(_found), [{"call_key": row["key"], "words": row["words"]} for row in rows])


def remove(connection: Connection, words: Mapping[int, str]) -> None:
    """Take calls out; with the words by which they were put in."""
    if not words:
        return
    if connection.dialect.name == "sqlite":
        at_once = _FORGETS and len(words) <= _MANY
        if _FORGETS:
            connection.execute(text("INSERT INTO found (found, rank) VALUES ('secure-delete', :on)"), {"on": at_once})
        rows = [{"key": key, "words": said} for key, said in words.items()]
        connection.execute(text("INSERT INTO found (found, rowid, words) VALUES ('delete', :key, :words)"), rows)
        if not at_once and not _is_unsettled(connection):
            connection.execute(insert(settings), {"name": _UNSETTLED, "value": "unsettled"})
        return
    for batch in batches(words):
        connection.execute(delete(_found).where(_found.c.call_key.in_(batch)))


def settle(connection: Connection) -> None:
    """Leave nothing in the index of what was taken out."""
    if _is_unsettled(connection):
        connection.exec_driver_sql("INSERT INTO found (found) VALUES ('optimize')")
        connection.execute(delete(settings).where(settings.c.name == _UNSETTLED))


def clear(connection: Connection) -> None:
    """Take all calls out."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("INSERT INTO found (found) VALUES ('delete-all')")
        connection.execute(delete(settings).where(settings.c.name == _UNSETTLED))
    else:
        connection.execute(delete(_found))


def saying(words: str, dialect: str) -> Select[tuple[int]]:
    """The keys of calls that say these words; folded, and at least `SHORTEST` letters."""
    if dialect != "sqlite":
        return select(_found.c.call_key).where(_found.c.words.contains(words, autoescape=True))
    phrase = words.replace('"', '""')
    match: ColumnElement[bool] = literal_column("found").op("MATCH")(f'"{phrase}"')
    return select(literal_column("rowid")).select_from(table("found")).where(match)


def _is_unsettled(connection: Connection) -> bool:
    return connection.execute(select(settings.c.name).where(settings.c.name == _UNSETTLED)).first() is not None


def orphans(connection: Connection) -> int:
    """How many calls the index has that the store has no more."""
    key = (
        "id FROM found_docsize WHERE id"
        if connection.dialect.name == "sqlite"
        else "call_key FROM found WHERE call_key"
    )
    wanted = text(f"SELECT count(*) FROM (SELECT {key} NOT IN (SELECT key FROM calls)) AS lost")  # noqa: S608
    return int(connection.execute(wanted).scalar_one())
