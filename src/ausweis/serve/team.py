"""The team: who reviews, in which role, by which key. For leads."""

from datetime import date
from typing import get_args

from starlette.responses import Response

from ausweis.errors import StoreError
from ausweis.serve.desk import RequestContext, require_lead
from ausweis.serve.web import answer
from ausweis.store import Invitation, Reviewer, Role, same_person

__all__ = ["change_role", "invite", "renew", "team_page", "withdraw"]

ROLES: tuple[Role, ...] = get_args(Role)


def team_page(context: RequestContext) -> Response:
    """Who is in the team, and the form that invites others."""
    require_lead(context)
    return _page(context)


def invite(context: RequestContext) -> Response:
    """Invite somebody: their link is shown this once."""
    require_lead(context)
    name = context.form.get("name", "")
    try:
        invitation = context.store.invite(
            name, _role(context), by=context.session.reviewer, with_key=_has_keys(context)
        )
    except StoreError as error:
        if error.place:
            raise
        return _page(context, problem=context.words.error(error), name=name, status=422)
    return _page(context, invitation=invitation)


def renew(context: RequestContext) -> Response:
    """Make a new link for somebody; the one before, and all that was opened with it, ends."""
    require_lead(context)
    name, by = context.form.get("name", ""), context.session.reviewer
    return _page(context, invitation=context.store.renew_key(name, by=by, with_key=_has_keys(context)))


def withdraw(context: RequestContext) -> Response:
    """Let somebody in no more."""
    require_lead(context)
    reviewer = context.store.withdraw_key(_other(context), by=context.session.reviewer)
    return _page(context, done=context.words.text("team_withdrawn", name=reviewer.name))


def change_role(context: RequestContext) -> Response:
    """Give somebody another role."""
    require_lead(context)
    words = context.words
    reviewer = context.store.change_role(_other(context), _role(context), by=context.session.reviewer)
    role = words.text(f"role_{reviewer.role}")
    return _page(context, done=words.text("team_role_changed", name=reviewer.name, role=role))


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


def _page(
    context: RequestContext,
    *,
    invitation: Invitation | None = None,
    done: str = "",
    problem: str = "",
    name: str = "",
    status: int = 200,
) -> Response:
    reviewers = context.store.reviewers()
    there = {reviewer.name for reviewer in reviewers}
    others = [one for one in context.store.known_names() if not any(same_person(one, other) for other in there)]
    link = f"{context.origin}/invitation#{invitation.own_key}" if invitation and invitation.own_key else ""
    return answer(
        context,
        "team.html.j2",
        here="team",
        status=status,
        reviewers=reviewers,
        states={reviewer.key: _state(reviewer, context) for reviewer in reviewers},
        others=list(dict.fromkeys(others)),
        roles=ROLES,
        keys=_has_keys(context),
        invited=invitation.reviewer if invitation else None,
        link=link,
        done=done,
        problem=problem,
        name=name,
    )
