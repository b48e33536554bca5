"""`ausweis store reviewers`: who reviews, in which role, by which key."""

from typing import TYPE_CHECKING, Literal

import click

from ausweis.cli.store_options import login, opened, store_option

if TYPE_CHECKING:
    from ausweis.store import Invitation

__all__ = ["reviewers"]

_ROLE = click.Choice(["reviewer", "lead"])
_address = click.option(
    "--at",
    default="http://127.0.0.1:8321",
    show_default=True,
    metavar="URL",
    help="The address of the desk, with which the link begins.",
)


@click.group(epilog="\b\nExamples:\n  ausweis store reviewers invite Petra\n  ausweis store reviewers list")
def reviewers() -> None:
    """List and invite reviewers, each with a key of their own, and withdraw keys.

    The same can be done by leads on the page "Team" of the desk. Each change is an entry of the audit log.
    """


@reviewers.command("list", epilog="\b\nExample:\n  ausweis store reviewers list")
@store_option
def list_reviewers(address: str) -> None:
    """List reviewers, with their roles and since when their keys are."""
    with opened(address) as store:
        known = store.reviewers()
    for one in known:
        key = f"key of {one.made[:10]}" if one.mark else "no key"
        click.echo(f"{one.name}\t{one.role}\t{f'withdrawn on {one.withdrawn[:10]}' if one.withdrawn else key}")
    if not known:
        click.echo("nobody is invited yet: ausweis store reviewers invite NAME", err=True)


@reviewers.command(epilog="\b\nExample:\n  ausweis store reviewers invite Petra --role lead")
@click.argument("name")
@click.option("--role", type=_ROLE, default="reviewer", show_default=True, help="What they may do.")
@click.option("--no-key", is_flag=True, help="Without a key: the company's sign-on tells who somebody is.")
@_address
@store_option
def invite(name: str, role: Literal["reviewer", "lead"], no_key: bool, at: str, address: str) -> None:
    """Invite somebody: the link that signs them in is printed this once."""
    with opened(address) as store:
        _show(store.invite(name, role, by=login(), with_key=not no_key), at)


@reviewers.command(epilog="\b\nExample:\n  ausweis store reviewers renew Petra")
@click.argument("name")
@_address
@store_option
def renew(name: str, at: str, address: str) -> None:
    """Make a new link for somebody; the one before lets nobody in any more. Who was withdrawn is back."""
    with opened(address) as store:
        _show(store.renew_key(name, by=login()), at)


@reviewers.command(epilog="\b\nExample:\n  ausweis store reviewers role Petra lead")
@click.argument("name")
@click.argument("role", type=_ROLE)
@store_option
def role(name: str, role: Literal["reviewer", "lead"], address: str) -> None:
    """Give somebody another role."""
    with opened(address) as store:
        reviewer = store.change_role(name, role, by=login())
    click.echo(f"{reviewer.name}: {reviewer.role}")


@reviewers.command(epilog="\b\nExample:\n  ausweis store reviewers withdraw Petra")
@click.argument("name")
@store_option
def withdraw(name: str, address: str) -> None:
    """Let somebody in no more, at once. What they decided stays."""
    with opened(address) as store:
        reviewer = store.withdraw_key(name, by=login())
    click.echo(f"{reviewer.name}: withdrawn")


def _show(invitation: "Invitation", at: str) -> None:
    click.echo(f"{invitation.reviewer.name}: {invitation.reviewer.role}")
    if invitation.own_key:
        click.echo(f"Open {at.rstrip('/')}/invitation#{invitation.own_key}")
        click.echo("Whoever has this link is signed in by it; it is not shown again.", err=True)
