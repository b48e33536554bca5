"""`ausweis store delete`, `expire`, `sample` and `verify`: the upkeep of a store."""

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ausweis.cli.store_options import DAY, login, opened, removal_options, store_option, warn_of_key
from ausweis.errors import StoreError

if TYPE_CHECKING:
    from ausweis.store import Deleted

__all__ = ["delete", "expire", "sample", "verify"]


@click.command(epilog="\b\nExample:\n  ausweis store delete 0815 --also /backup/runs")
@click.argument("call_id")
@removal_options
@store_option
def delete(call_id: str, roots: tuple[Path, ...], gone: tuple[Path, ...], address: str) -> None:
    """Remove one call from the store, the runs that it knows, their recordings, recorded answers and written pages.

    Then all these files, and those below --also, are searched for the call's longest sentences and its id. Exit code 2,
    with the places, where something is left or cannot be searched, or a run or page of the call is not where it was.
    """
    with opened(address) as store:
        deleted = store.delete(call_id, roots=roots, gone=gone, by=login())
    _show(deleted)
    click.echo("searched: nothing of the call is left in these places")


def _show(deleted: "Deleted") -> None:
    """What was removed where, and what is the user's own.

    Raises:
        StoreError: something was not there to be searched.
    """
    for place in deleted.removed:
        click.echo(f"removed from {place}")
    for path in deleted.kept:
        click.echo(f"yours to delete: {path}")
    for path in deleted.missing:
        click.echo(f"not there, so not searched: {path}")
    if deleted.missing:
        raise StoreError(
            "what may hold the deleted calls is not where it was: delete again when it is back, with --also where runs "
            "are now, or with --gone for what was removed for good"
        )


@click.command(epilog="\b\nExample:\n  ausweis store expire --days 90")
@click.option("--days", type=click.IntRange(min=0), required=True, metavar="N", help="Calls of more days ago go.")
@removal_options
@store_option
def expire(days: int, roots: tuple[Path, ...], gone: tuple[Path, ...], address: str) -> None:
    """Remove all calls older than so many days, as `ausweis store delete` does. Made for a daily timer.

    Runs that earlier deletions missed are asked for again.
    """
    with opened(address) as store:
        deleted = store.expire(days, today=date.today(), roots=roots, gone=gone, by=login())
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
