"""A store as an earlier version left it: what later migrations made, taken away again."""

__all__ = ["UNDONE", "as_before"]

UNDONE = (
    "DROP TABLE reviewers",
    "DROP INDEX decisions_by_reviewer",
    "ALTER TABLE decisions DROP COLUMN settles",
    "DROP TABLE saved_filters",
    "DROP INDEX calls_by_day",
    *(
        f"ALTER TABLE calls DROP COLUMN {name}"
        for name in ("right_outcome", "right_violations", "right_incidents", "looked_for")
    ),
    "CREATE INDEX calls_by_day ON calls (day)",
    "ALTER TABLE decisions DROP COLUMN coaching",
    "ALTER TABLE decisions DROP COLUMN blind",
    "ALTER TABLE decisions DROP COLUMN hasty",
    "DROP TABLE calibration_reviewers",
    "DROP TABLE calibration_calls",
    "DROP TABLE calibrations",
    "ALTER TABLE decisions DROP COLUMN calibration_key",
    "DROP TABLE found",
    "DROP TABLE masks",
    "ALTER TABLE chain DROP COLUMN detail",
    "DROP TABLE objections",
)
"""What undoes the tables, columns and indexes of all migrations after the seals."""


def as_before(number: int) -> tuple[str, ...]:
    """Statements after which this migration and later ones are yet to be made; tables of before, and seals, stay."""
    return (*UNDONE, f"DELETE FROM ausweis_store WHERE number >= {number}")
