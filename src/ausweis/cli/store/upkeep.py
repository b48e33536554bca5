"""`ausweis store delete`, `expire`, `sample` and `verify`: the upkeep of a store."""

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ausweis.cli.store_options import DAY, gone_option, login, opened, store_option, warn_of_key

if TYPE_CHECKING:
    from ausweis.store import Deleted

__all__ = ["delete", "expire", "sample", "verify"]


@click.command(epilog="\b\nExample:\n  ausweis store delete 0815")
@click.argument("call_id")
@gone_option
@store_option
def delete(call_id: str, gone: tuple[Path, ...], address: str) -> None:
    """Remove one call from the store, and from all files that were written of it: pages, cases, verdicts, answers.

    Then the files of the database are searched for the call's longest sentences and its id. Exit code 2 where something
    is left, or where such a file is not where it was: then nothing is removed.
    """
    with opened(address) as store:
        deleted = store.delete(call_id, gone=gone, by=login())
    _show(deleted)
    click.echo("searched: nothing of the call is left in the store")


def _show(deleted: "Deleted") -> None:
    """What was removed where, what is the user's own, and what could not be searched."""
    lost = "not there, and not searched: {}; if its disk is not mounted, it may still hold the call"
    told = {"removed from {}": deleted.removed, "yours to delete: {}": deleted.kept, lost: deleted.missing}
    for line in (words.format(path) for words, paths in told.items() for path in paths):
        click.echo(line)


@click.command(epilog="\b\nExample:\n  ausweis store expire --days 90")
@click.option("--days", type=click.IntRange(min=0), required=True, metavar="N", help="Calls of more days ago go.")
@gone_option
@store_option
def expire(days: int, gone: tuple[Path, ...], address: str) -> None:
    """Remove all calls older than so many days, as `ausweis store delete` does. Made for a daily timer."""
    with opened(address) as store:
        deleted = store.expire(days, today=date.today(), gone=gone, by=login())
    click.echo(f"{deleted.calls} calls removed")
    _show(deleted)


@click.command(epilog="\b\nExample:\n  ausweis store sample --first 2026-03-02 --number 50")
@click.option("--first", required=True, type=DAY, metavar="DAY", help="First day, such as 2026-03-02.")
@click.option("--last", type=DAY, metavar="DAY", help="Last day. Default: the first.")
@click.option(
    "--number", "-n", type=click.IntRange(min=1), default=20, show_default=True, metavar="N", help="Calls to draw."
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32),
    metavar="N",
    help="Number that draws the same calls again from the same store.",
)
@store_option
def sample(first: datetime, last: datetime | None, number: int, seed: int | None, address: str) -> None:
    """Draw calls that are not to review. They stand in the desk as sampled; its figures tell what they show."""
    with opened(address) as store:
        for key in store.draw_sample(first.date(), (last or first).date(), number, seed=seed, by=login()):
            click.echo(store.record(key).row.call_id)


@click.command(epilog="\b\nExample:\n  ausweis store verify --head 3f2a9c…")
@click.option("--head", metavar="HASH", help="What this command printed before: it must still be in the audit log.")
@store_option
def verify(head: str | None, address: str) -> None:
    """Check every entry of the audit log, the tables, and that what reports rest on is as it was written.

    That is runs, calls, texts, facts, verdicts, samples and decisions. Note the head down elsewhere. Exit code 2, with
    the first broken entry, row or table, where something was changed, removed or added. Names the tables whose rows are
    not checked.
    """
    with opened(address) as store:
        number = store.verify_chain(head)
        log, unvouched = store.chain(), store.unvouched()
    click.echo(f"{number} entries, all as they were written")
    click.echo(f"rows of these tables are not checked: {', '.join(unvouched)}")
    if searches := [entry for entry in log if entry.what == "searched"]:
        click.echo(f"{len(searches)} searches behind the mask, the last by {searches[0].who} at {searches[0].at}")
    if log:
        click.echo(f"head: {log[0].hash}")
    warn_of_key(address)
