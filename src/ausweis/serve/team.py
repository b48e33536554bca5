"""The team: who reviews, in which role, by which key. A section of the settings."""

from collections.abc import Mapping
from datetime import date
from typing import Any, get_args

from ausweis.errors import StoreError
from ausweis.serve.desk import RequestContext
from ausweis.store import Invitation, Reviewer, Role, person_of, same_person

__all__ = ["change_role", "invite", "renew", "team", "withdraw"]

Told = Mapping[str, str]
"""What the section tells of what was done: `said`, or a `link` of whom it is."""

ROLES: tuple[Role, ...] = get_args(Role)


def invite(context: RequestContext) -> Told:
    """Invite somebody: their link is shown this once."""
    name, by = context.form.get("name", ""), context.session.reviewer
    return _linked(context, context.store.invite(name, _role(context), by=by, with_key=_has_keys(context)))


def renew(context: RequestContext) -> Told:
    """Make a new link for somebody; the one before, and all that was opened with it, ends."""
    name, by = context.form.get("name", ""), context.session.reviewer
    return _linked(context, context.store.renew_key(name, by=by, with_key=_has_keys(context)))


def withdraw(context: RequestContext) -> Told:
    """Let somebody in no more."""
    reviewer = context.store.withdraw_key(_other(context), by=context.session.reviewer)
    return {"said": context.words.text("team_withdrawn", name=reviewer.name)}


def change_role(context: RequestContext) -> Told:
    """Give somebody another role."""
    words = context.words
    reviewer = context.store.change_role(_other(context), _role(context), by=context.session.reviewer)
    return {"said": words.text("team_role_changed", name=reviewer.name, role=words.text(f"role_{reviewer.role}"))}


def team(context: RequestContext) -> dict[str, Any]:
    """Who is in the team, and who has decided without being in it."""
    reviewers = context.store.reviewers()
    there = {person_of(one.name) for one in reviewers}
    return {
        "reviewers": reviewers,
        "states": {reviewer.key: _state(reviewer, context) for reviewer in reviewers},
        "others": list(dict.fromkeys(one for one in context.store.known_names() if person_of(one) not in there)),
        "roles": ROLES,
        "by_key": _has_keys(context),
    }


def _linked(context: RequestContext, invitation: Invitation) -> Told:
    link = f"{context.origin}/invitation#{invitation.own_key}" if invitation.own_key else ""
    return {"link": link, "invited": invitation.reviewer.name}


def _has_keys(context: RequestContext) -> bool:
    """Whether people sign in by keys: not behind the company's sign-on."""
    return context.desk.sign_on is None


def _role(context: RequestContext) -> Role:
    return next((role for role in ROLES if role == context.form.get("role")), "reviewer")


def _other(context: RequestContext) -> str:
    """The name that is meant: a lead who shuts themselves out is a slip of the hand."""
    name = context.form.get("name", "")
    if same_person(name, context.session.reviewer):
        raise StoreError("another lead changes your own key and role", code="team_self")
    return name


def _state(reviewer: Reviewer, context: RequestContext) -> str:
    """What is to be said of a reviewer's key."""
    words = context.words
    if reviewer.withdrawn:
        return words.text("team_withdrawn_on", day=words.day(date.fromisoformat(reviewer.withdrawn[:10])))
    if reviewer.mark and _has_keys(context):
        return words.text("team_made_on", day=words.day(date.fromisoformat(reviewer.made[:10])))
    return words.text("team_no_key" if _has_keys(context) else "team_by_sign_on")
