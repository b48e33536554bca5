"""A store as an older version left it: without what later versions added to its tables."""

from sqlalchemy import Connection, text

__all__ = ["LATER", "forget_later"]

LATER = (
    "ALTER TABLE decisions DROP COLUMN blind",
    "ALTER TABLE decisions DROP COLUMN hasty",
)
"""What takes away what was added since rows are sealed."""


def forget_later(connection: Connection, first: int) -> None:
    """Take it away, and the notes that the migrations from this number on were made."""
    for statement in LATER:
        connection.execute(text(statement))
    connection.execute(text("DELETE FROM ausweis_store WHERE number >= :first"), {"first": first})
