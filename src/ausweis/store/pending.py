"""Deletions that are not proven yet: what to search for, kept until nothing of it is left.

It stands in `settings`, encoded, so that the search of the database does not find what it is looking for.
"""

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from ausweis.store.tables import calls, settings
from ausweis.store.texts import batches

__all__ = ["Pending"]

_NAME = "deletion:"


@dataclass(frozen=True)
class Pending:
    """`ids` of the calls, sentences of theirs, and the names of the settings that hold them."""

    ids: frozenset[str] = frozenset()
    phrases: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    @classmethod
    def of(cls, connection: Connection, ids: Iterable[str] | None = None) -> "Pending":
        """What is still to be proven of these calls; by default, of all that have not come back since."""
        wanted = None if ids is None else frozenset(ids)
        found = cls()
        rows = select(settings).where(settings.c.name.startswith(_NAME, autoescape=True)).order_by(settings.c.name)
        for row in connection.execute(rows).all():
            own, phrases = json.loads(base64.b64decode(row.value))
            taken = not _come_back(connection, own) if wanted is None else not wanted.isdisjoint(own)
            if taken:
                found = cls(found.ids | set(own), (*found.phrases, *phrases), (*found.names, row.name))
        return found

    def put(self, connection: Connection) -> "Pending":
        """Keep it, in the place of what it was made of."""
        self.drop(connection)
        names = select(settings.c.name).where(settings.c.name.startswith(_NAME, autoescape=True))
        numbers = [int(name.removeprefix(_NAME)) for name in connection.execute(names).scalars()]
        name = f"{_NAME}{max(numbers, default=0) + 1}"
        value = base64.b64encode(json.dumps([sorted(self.ids), self.phrases]).encode()).decode()
        connection.execute(insert(settings), {"name": name, "value": value})
        return Pending(self.ids, self.phrases, (name,))

    def drop(self, connection: Connection) -> None:
        """Keep it no longer."""
        connection.execute(delete(settings).where(settings.c.name.in_(self.names)))


def _come_back(connection: Connection, ids: list[str]) -> bool:
    for some in batches(ids):
        if connection.execute(select(calls.c.key).where(calls.c.call_id.in_(some)).limit(1)).first():
            return True
    return False
