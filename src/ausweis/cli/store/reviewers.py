"""`ausweis store reviewers`: who reviews, in which role, by which key."""

from typing import TYPE_CHECKING, Literal

import click

from ausweis.cli.store_options import login, opened, store_option
from ausweis.errors import InputError

if TYPE_CHECKING:
    from ausweis.store import Invitation, Store

__all__ = ["reviewers"]

_EPILOG = """\b
Examples:
  ausweis store reviewers
  ausweis store reviewers Petra --invite --role lead
  ausweis store reviewers Petra --withdraw
"""


@click.command(epilog=_EPILOG)
@click.argument("name", required=False)
@click.option("--invite", "change", flag_value="invite", help="Invite NAME: the link that signs them in is shown once.")
@click.option("--renew", "change", flag_value="renew", help="Make a new link; who was withdrawn is back.")
@click.option("--withdraw", "change", flag_value="withdraw", help="Let NAME in no more. What they decided stays.")
@click.option("--role", type=click.Choice(["reviewer", "lead"]), help="What NAME may do.")
@click.option("--no-key", is_flag=True, help="Invite without a key: the company's sign-on tells who somebody is.")
@click.option("--at", default="http://127.0.0.1:8321", metavar="URL", help="The address of the desk, for the link.")
@store_option
def reviewers(
    name: str | None,
    change: Literal["invite", "renew", "withdraw"] | None,
    role: Literal["reviewer", "lead"] | None,
    no_key: bool,
    at: str,
    address: str,
) -> None:
    """List reviewers with their roles and keys; or invite NAME, give another role or key, or withdraw it.

    Leads can do the same in the desk. Each change is an entry of the audit log.
    """
    if (name is None) != (change is None and role is None):
        raise InputError("say who, and what: ausweis store reviewers NAME --invite, --role, --renew or --withdraw")
    if role is not None and change not in (None, "invite"):
        raise InputError("--role goes with --invite, or stands alone")
    with opened(address) as store:
        if name is None:
            _list(store)
        elif change == "invite":
            _show(store.invite(name, role or "reviewer", by=login(), with_key=not no_key), at)
        elif change == "renew":
            _show(store.renew_key(name, by=login()), at)
        elif change == "withdraw":
            click.echo(f"{store.withdraw_key(name, by=login()).name}: withdrawn")
        elif role is not None:
            reviewer = store.change_role(name, role, by=login())
            click.echo(f"{reviewer.name}: {reviewer.role}")


def _list(store: "Store") -> None:
    known = store.reviewers()
    for one in known:
        key = f"key of {one.made[:10]}" if one.mark else "no key"
        click.echo(f"{one.name}\t{one.role}\t{f'withdrawn on {one.withdrawn[:10]}' if one.withdrawn else key}")
    if not known:
        click.echo("nobody is invited yet: ausweis store reviewers NAME --invite", err=True)


def _show(invitation: "Invitation", at: str) -> None:
    click.echo(f"{invitation.reviewer.name}: {invitation.reviewer.role}")
    if invitation.own_key:
        click.echo(f"Open {at.rstrip('/')}/invitation#{invitation.own_key}")
        click.echo("Whoever has this link is signed in by it; it is not shown again.", err=True)
