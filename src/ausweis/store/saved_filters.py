"""Filters that reviewers saved under a name of theirs: part of an address, without the words that were searched for.

Nothing in them is of a call, and nothing that is reported rests on them: they have no digests.
"""

from sqlalchemy import Connection, delete, func, insert, select

from ausweis.errors import StoreError
from ausweis.store.key import Key
from ausweis.store.persons import person_of
from ausweis.store.rows import SavedFilter
from ausweis.store.schema import saved_filters

__all__ = ["forget_filter", "save_filter", "saved_by"]

MOST = 30
"""Filters of one person."""
_MAX_NAME, _MAX_QUERY = 60, 2000


def saved_by(connection: Connection, reviewer: str) -> list[SavedFilter]:
    """The filters of a person, in the order in which they were made."""
    wanted = select(saved_filters).where(saved_filters.c.person == person_of(reviewer)).order_by(saved_filters.c.key)
    return [SavedFilter(row.key, row.name, row.query) for row in connection.execute(wanted)]


def save_filter(connection: Connection, _: Key, reviewer: str, name: str, query: str) -> None:
    """Save a filter; it takes the place of one of the same name.

    Raises:
        StoreError: the name is none, or there are too many.
    """
    name, person = " ".join(name.split()), person_of(reviewer)
    if not name or len(name) > _MAX_NAME or not name.isprintable() or len(query) > _MAX_QUERY:
        raise StoreError(f"a filter needs a name, of at most {_MAX_NAME} letters", code="saved_name", most=_MAX_NAME)
    own = saved_filters.c.person == person
    connection.execute(delete(saved_filters).where(own, saved_filters.c.name == name))
    if connection.execute(select(func.count()).select_from(saved_filters).where(own)).scalar_one() >= MOST:
        message = f"there are {MOST} saved filters already: take one away first"
        raise StoreError(message, code="saved_many", most=MOST)
    connection.execute(insert(saved_filters), {"person": person, "name": name, "query": query})


def forget_filter(connection: Connection, _: Key, reviewer: str, key: int) -> None:
    """Take away a filter of this person; nothing where it is none of theirs."""
    own = (saved_filters.c.key == key, saved_filters.c.person == person_of(reviewer))
    connection.execute(delete(saved_filters).where(*own))
