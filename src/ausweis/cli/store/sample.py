"""`ausweis store sample`: calls drawn by chance."""

from datetime import datetime

import click

from ausweis.cli.store_options import DAY, login, opened, store_option

__all__ = ["sample"]


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
