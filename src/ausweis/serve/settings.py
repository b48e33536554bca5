"""The settings, for leads: one page of sections, and what is done in them."""

import logging
import shlex
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, get_args

from starlette.responses import RedirectResponse, Response

from ausweis.errors import AusweisError, StoreError
from ausweis.masking.kinds import shown_as
from ausweis.pages.words import Words
from ausweis.serve.calibration import calibrations
from ausweis.serve.call_page import rules_of
from ausweis.serve.desk import RequestContext, require_lead
from ausweis.serve.objections import objections
from ausweis.serve.web import answer, dates_of, number_of
from ausweis.store import CallFilter, Invitation, Reviewer, Role, person_of, same_person

SECTIONS = ("team", "rules", "sample", "calibration", "objections", "deletion", "log")
_LOG = logging.getLogger("uvicorn.error")
MAX_DRAWN = 1000
PROPOSED = 50
ENTRIES = 50
"""Of the audit log that are shown at once."""
ROLES: tuple[Role, ...] = get_args(Role)


def settings_page(context: RequestContext) -> Response:
    """All sections; `?open=` names one that is open, also without scripts."""
    require_lead(context)
    asked, words = context.asked, context.words
    new, said = number_of(asked.get("new", "")), ""
    if new is not None:
        said = words.count("sample_new", new)
    elif "done" in asked:
        said = words.text("objection_done")
    return _page(context, asked.get("open", ""), said=said)


def acts(section: str, act: Callable[[RequestContext], Response | Mapping[str, Any]]) -> Callable[..., Response]:
    """A form of a section: what was done, or why not, stands in the section."""

    def form(context: RequestContext) -> Response:
        require_lead(context)
        try:
            told = act(context)
        except StoreError as error:
            if error.place:
                raise
            return _page(context, section, status=409, problem=context.words.error(error), form=context.form)
        return told if isinstance(told, Response) else _page(context, section, **told)

    return form


def draw_sample(context: RequestContext) -> Response:
    """Draw calls of these days.

    Raises:
        StoreError: they are no days, or no number.
    """
    days, wanted = dates_of(context.form), number_of(context.form.get("n", "")) or 0
    if days is None or not 1 <= wanted <= MAX_DRAWN:
        raise StoreError("these are no days, or no number of calls", code="sample_wrong", most=MAX_DRAWN)
    drawn = context.store.draw_sample(*days, wanted, by=context.session.reviewer)
    return RedirectResponse(f"/settings?open=sample&new={len(drawn)}#sample", 303)


def delete(context: RequestContext) -> Mapping[str, Any]:
    """Delete one call, whose id was typed twice; what cannot be done here the page says, and the log where it is.

    Raises:
        StoreError: the ids differ.
    """
    call, words = context.form.get("call", "").strip(), context.words
    if not call or call != context.form.get("again", "").strip():
        raise StoreError("the id was not typed twice alike", code="delete_again")
    try:
        deleted = context.store.delete(call, by=context.session.reviewer)
    except AusweisError as error:
        if isinstance(error, StoreError) and error.code == "call_unknown":
            raise
        _LOG.error("%s", error)
        # Else something of a file, which the log names.
        told = error if isinstance(error, StoreError) and error.code else StoreError(error.message, code="delete_file")
        return {"fault": words.error(told), "failed": call, "is_gone": context.store.find(call) is None}
    return {"said": words.text("deleted", call=call), "yours": deleted.kept}


def invite(context: RequestContext) -> Mapping[str, str]:
    """Invite somebody: their link is shown this once."""
    name, by = context.form.get("name", ""), context.session.reviewer
    return _linked(context, context.store.invite(name, _role(context), by=by, with_key=_has_keys(context)))


def renew(context: RequestContext) -> Mapping[str, str]:
    """Make a new link for somebody; the one before, and all that was opened with it, ends."""
    name, by = context.form.get("name", ""), context.session.reviewer
    return _linked(context, context.store.renew_key(name, by=by, with_key=_has_keys(context)))


def withdraw(context: RequestContext) -> Mapping[str, str]:
    """Let somebody in no more."""
    reviewer = context.store.withdraw_key(_other(context), by=context.session.reviewer)
    return {"said": context.words.text("team_withdrawn", name=reviewer.name)}


def change_role(context: RequestContext) -> Mapping[str, str]:
    """Give somebody another role."""
    words = context.words
    reviewer = context.store.change_role(_other(context), _role(context), by=context.session.reviewer)
    return {"said": words.text("team_role_changed", name=reviewer.name, role=words.text(f"role_{reviewer.role}"))}


def _team(context: RequestContext) -> dict[str, Any]:
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


def _linked(context: RequestContext, invitation: Invitation) -> Mapping[str, str]:
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


def _detail(told: Mapping[str, Any], words: Words) -> str:
    """The detail of an entry: to whom a call was assigned; how many calls a search found, by data of which kinds."""
    if "to" in told:
        return f"→ {told['to'] or words.text('assign_nobody')}"
    if "found" in told:
        kinds = (shown_as(kind, words.language) for kind in told["kinds"] if kind != "words")
        return ", ".join((words.text("search_found", total=words.number(told["found"])), *kinds))
    return ""


def _page(context: RequestContext, section: str, *, status: int = 200, **told: Any) -> Response:
    """`told`: what is said in the section that is open."""
    store, words = context.store, context.words
    days, before = store.days(), number_of(context.asked.get("before", ""))
    log = store.chain(limit=ENTRIES + 1, before=before)
    said = dict.fromkeys(("said", "problem", "link", "invited", "fault", "failed", "is_gone"), "")
    return answer(
        context,
        "settings.html.j2",
        here="settings",
        status=status,
        section=section,
        sections=SECTIONS,
        days=days,
        team=_team(context),
        rules=[rules for rules in (rules_of(run, words) for run in store.judged_by()) if rules],
        sample={
            "drawn": store.count(CallFilter(sampled=True)),
            "left": store.count(CallFilter(unheard_by=store.spellings(context.session.reviewer))),
            "proposed": PROPOSED,
            "largest": MAX_DRAWN,
        },
        calibration=calibrations(context),
        objections=objections(context),
        address=shlex.quote(store.place),
        log=[(one, _detail(one.detail or {}, words)) for one in log[:ENTRIES]],
        older=log[ENTRIES - 1].seq if len(log) > ENTRIES else None,
        **{"form": {}, "yours": ()} | said | told,
    )
