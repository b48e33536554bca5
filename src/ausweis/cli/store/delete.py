"""`ausweis store delete`: one call, everywhere."""

from pathlib import Path

import click

from ausweis.cli.store_options import login, opened, store_option

__all__ = ["delete", "show"]


@click.command()
@click.argument("call_id")
@click.option(
    "--also",
    "roots",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    metavar="DIR",
    help="More folders with runs or recorded answers. Repeatable.",
)
@store_option
def delete(call_id: str, roots: tuple[Path, ...], address: str) -> None:
    """Remove one call from the store, the runs that it knows, their recordings, recorded answers and written pages.

    Then all these files, and those below --also, are searched for the call's longest sentences and its id. Exit code 2,
    with the places, where something is left.
    """
    with opened(address) as store:
        deleted = store.delete(call_id, roots=roots, by=login())
    show(deleted.places, deleted.kept)
    click.echo("searched: nothing of the call is left in these places")


def show(places: tuple[str, ...], kept: tuple[str, ...]) -> None:
    """What was removed where, and what is the user's own."""
    for place in places:
        click.echo(f"removed from {place}")
    for path in kept:
        click.echo(f"yours to delete: {path}")
