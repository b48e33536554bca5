"""`ausweis store`: the database behind the daily review."""

import click

from ausweis.cli import LazyGroup

__all__ = ["store"]

COMMANDS = {
    "delete": "Remove one call, and what was written of it.",
    "expire": "Remove all calls older than so many days.",
    "sample": "Draw calls that are not to review, as a check.",
    "reviewers": "List, invite and withdraw reviewers.",
    "export": "Write decided calls as golden cases, masked.",
    "verify": "Check the audit log and all rows.",
}


HOMES = dict.fromkeys(("delete", "expire", "sample", "verify"), "upkeep")
"""The modules of commands that are not named after them."""


@click.command(cls=LazyGroup, package="ausweis.cli.store", table=COMMANDS, homes=HOMES)
def store() -> None:
    """Look after the store of calls, facts, verdicts and decisions: a SQLite file, or a PostgreSQL database."""
