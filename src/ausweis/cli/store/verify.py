"""`ausweis store verify`: was anything changed behind the store's back?"""

import click

from ausweis.cli.store_options import opened, store_option, warn_of_key

__all__ = ["verify"]


@click.command()
@click.option("--head", metavar="HASH", help="What this command printed before: it must still be in the chain.")
@store_option
def verify(head: str | None, address: str) -> None:
    """Check every entry of the chain, and that decisions and states are what was decided. Note the head down elsewhere.

    Exit code 2, with the first broken entry, where something was changed.
    """
    with opened(address) as store:
        number = store.verify_chain(head)
        last = store.chain(limit=1)
    click.echo(f"{number} entries, all as they were written")
    if last:
        click.echo(f"head: {last[0].hash}")
    warn_of_key(address)
