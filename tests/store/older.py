"""A store as an earlier version left it: what later migrations made, taken away again."""

__all__ = ["UNDONE", "as_before"]

UNDONE = (
    "DROP TABLE reviewers",
    "DROP INDEX decisions_by_reviewer",
    "ALTER TABLE decisions DROP COLUMN settles",
    "DROP TABLE saved_filters",
    "ALTER TABLE decisions DROP COLUMN blind",
    "ALTER TABLE decisions DROP COLUMN hasty",
    "DROP TABLE found",
    "DROP TABLE masks",
    "ALTER TABLE chain DROP COLUMN detail",
    "DROP TABLE objections",
)
"""What undoes the tables, columns and indexes of all migrations after the seals."""


def as_before(number: int) -> tuple[str, ...]:
    """Statements after which this migration and later ones are yet to be made; tables of before, and seals, stay."""
    return (*UNDONE, f"DELETE FROM ausweis_store WHERE number >= {number}")
