"""What was written about calls outside of the store, so that deleting one of them finds it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, insert, select

from ausweis.store.key import Key
from ausweis.store.schema import artefact_calls, artefacts

__all__ = ["of_kind", "register", "register_report"]

Kind = Literal["answers", "cases", "report"]


def register_report(
    connection: Connection, key: Key, path: Path, call_keys: Iterable[int], *, besides: bool = False
) -> None:
    """Remember that a file was written about these calls.

    With `besides`, also about those that it was about before: as long as it is not written anew.
    """
    artefact = _register(connection, path, "report")
    own = artefact_calls.c.artefact_key == artefact
    if not besides:
        connection.execute(artefact_calls.delete().where(own))
    known = set(connection.execute(select(artefact_calls.c.call_key).where(own)).scalars())
    rows = [{"artefact_key": artefact, "call_key": call} for call in dict.fromkeys(call_keys) if call not in known]
    if rows:
        connection.execute(insert(artefact_calls), rows)


def register(connection: Connection, key: Key, path: Path, kind: Kind) -> None:
    """Remember a folder of recorded answers, which may quote calls, or a file that cases were exported to."""
    _register(connection, path, kind)


def of_kind(connection: Connection, kind: Kind) -> set[Path]:
    """All of a kind that are known."""
    return set(map(Path, connection.execute(select(artefacts.c.path).where(artefacts.c.kind == kind)).scalars()))


def _register(connection: Connection, path: Path, kind: Kind) -> int:
    """The key of an artefact."""
    wanted = select(artefacts.c.key).where(artefacts.c.path == str(path.absolute()))
    known: int | None = connection.execute(wanted).scalar()
    if known is not None:
        return known
    row = {"path": str(path.absolute()), "kind": kind}
    made: int = connection.execute(insert(artefacts).returning(artefacts.c.key), row).scalar_one()
    return made
