"""`ausweis store agreement`: do reviewers say the same?"""

import click

from ausweis.cli.store_options import opened, store_option

__all__ = ["agreement"]


@click.command(epilog="\b\nExample:\n  ausweis store agreement")
@store_option
def agreement(address: str) -> None:
    """Tell how far reviewers of one verdict agree on the outcome: share of pairs, and kappa."""
    with opened(address) as store:
        found = store.agreement()
    if not found.pairs:
        click.echo("no verdict has two reviewers yet")
        return
    click.echo(f"{found.pairs} pairs, {found.same} agree ({found.same / found.pairs:.0%}), kappa {found.kappa:.2f}")
