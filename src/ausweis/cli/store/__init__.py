"""`ausweis store`: the database behind the daily review."""

import click

from ausweis.cli import LazyGroup

__all__ = ["store"]

COMMANDS = {
    "import": "Take up run folders.",
    "delete": "Remove one call everywhere, and prove it.",
    "expire": "Remove all calls older than so many days.",
    "sample": "Draw calls that are not to review, as a check.",
    "reviewers": "List and invite reviewers, withdraw their keys.",
    "export": "Write decided calls as golden cases, masked.",
    "verify": "Check the audit log and all rows.",
}


HOMES = {"import": "import_runs", **dict.fromkeys(("delete", "expire", "sample", "verify"), "upkeep")}
"""The modules of commands that are not named after them."""


@click.command(cls=LazyGroup, package="ausweis.cli.store", table=COMMANDS, homes=HOMES)
def store() -> None:
    """Keep runs, calls, facts, verdicts and decisions in a database, for the daily review.

    The store is a SQLite file, or a PostgreSQL database by its address. Needs SQLAlchemy:
    pip install 'ausweis[review]'.
    """
    from ausweis.cli.store_options import need_sqlalchemy

    need_sqlalchemy()
