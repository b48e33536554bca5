"""`ausweis store index`: all calls made searchable."""

import sys
import time

import click

from ausweis.cli.progress import PLAIN_SECONDS
from ausweis.cli.store_options import opened, store_option

__all__ = ["index"]


@click.command(epilog="\b\nExample:\n  ausweis store index")
@store_option
def index(address: str) -> None:
    """Make calls searchable that are not yet, or would be masked otherwise by now: as after an update of ausweis.

    New calls are when they are stored, and `ausweis serve` does the rest while it runs. May be stopped, and goes on
    where it was.
    """
    from rich.console import Console
    from rich.progress import Progress

    with opened(address) as store:
        total, done, spoken = store.unindexed(), 0, time.monotonic()
        with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
            task = bar.add_task("", total=total)
            for number in store.index():
                done += number
                bar.update(task, completed=done)
                if bar.disable and time.monotonic() - spoken >= PLAIN_SECONDS:
                    spoken = time.monotonic()
                    click.echo(f"{done} of {total} calls", err=True)
        left = store.unindexed()
    click.echo(f"{done - left} calls made searchable")
    if left:
        click.echo(f"{left} calls cannot be read; see which: ausweis store verify")
