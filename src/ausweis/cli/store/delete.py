"""`ausweis store delete` and `expire`: one call, or all of earlier days, removed everywhere."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ausweis.cli.store_options import login, opened, removal_options, store_option
from ausweis.errors import StoreError

if TYPE_CHECKING:
    from ausweis.store import Deleted

__all__ = ["delete", "expire"]


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
