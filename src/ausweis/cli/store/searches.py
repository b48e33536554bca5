"""`ausweis store searches`: who searched in masked data, and whether it was for certain words."""

import click

from ausweis.cli.store_options import opened, store_option

__all__ = ["searches"]


@click.command(epilog="\b\nExample:\n  ausweis store searches --words")
@click.option("--words", is_flag=True, help="Ask for words, and tell only of searches for just these.")
@store_option
def searches(words: bool, address: str) -> None:
    """Tell who searched unmasked texts in the desk, when, for which kind of data, and how many calls were found.

    The words are not kept: who has the key of the store can tell whether it was words that they know. They are asked
    for here, so that no history of commands has them.
    """
    wanted = click.prompt("Words", hide_input=True, err=True) if words else ""
    with opened(address) as store:
        found = store.searches_for(wanted) if words else [entry for entry in store.chain() if entry.what == "searched"]
    for entry in found:
        detail = entry.detail or {}
        kinds = ", ".join(map(str, detail.get("kinds", ())))
        click.echo(f"{entry.seq}  {entry.at}  {entry.who}  {kinds}  {detail.get('found')} calls")
    if not found:
        click.echo("no such search")
