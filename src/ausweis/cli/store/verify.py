"""`ausweis store verify`: was anything changed behind the store's back?"""

import click

from ausweis.cli.store_options import opened, store_option, warn_of_key

__all__ = ["verify"]


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
