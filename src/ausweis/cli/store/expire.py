"""`ausweis store expire`: retention in days."""

from datetime import date
from pathlib import Path

import click

from ausweis.cli.store_options import also_option, gone_option, login, opened, store_option

__all__ = ["expire"]


@click.command(epilog="\b\nExample:\n  ausweis store expire --days 90")
@click.option("--days", type=click.IntRange(min=0), required=True, metavar="N", help="Calls of more days ago go.")
@also_option
@gone_option
@store_option
def expire(days: int, roots: tuple[Path, ...], gone: tuple[Path, ...], address: str) -> None:
    """Remove all calls older than so many days, as `ausweis store delete` does. Made for a daily timer.

    Runs that earlier deletions missed are asked for again.
    """
    from ausweis.cli.store.delete import show

    with opened(address) as store:
        deleted = store.expire(days, today=date.today(), roots=roots, gone=gone, by=login())
    click.echo(f"{deleted.calls} calls removed")
    show(deleted)
