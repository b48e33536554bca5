"""The settings, for leads: one page of sections, and what is done in them."""

import shlex
from collections.abc import Callable, Mapping
from typing import Any

from starlette.responses import RedirectResponse, Response

from ausweis.errors import AusweisError, StoreError
from ausweis.serve.calibration import calibrations
from ausweis.serve.desk import RequestContext, require_lead
from ausweis.serve.objections import objections
from ausweis.serve.rules import rules_of
from ausweis.serve.team import team
from ausweis.serve.web import answer, dates_of, number_of
from ausweis.store import CallFilter

__all__ = ["SECTIONS", "acts", "delete", "draw_sample", "settings_page"]

SECTIONS = ("team", "rules", "sample", "calibration", "objections", "deletion", "log")
MAX_DRAWN = 1000
PROPOSED = 50
ENTRIES = 50
"""Of the audit log that are shown at once."""


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
    """Delete one call, whose id was typed twice; what the store cannot do here it says, with the command.

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
        return {"fault": f"{error.place}: {error.message}" if error.place else error.message, "failed": call}
    return {"said": words.text("deleted", call=call), "yours": deleted.kept}


def _page(context: RequestContext, section: str, *, status: int = 200, **told: Any) -> Response:
    """`told`: what is said in the section that is open."""
    store, words = context.store, context.words
    days, before = store.days(), number_of(context.asked.get("before", ""))
    log = store.chain(limit=ENTRIES + 1, before=before)
    said = {"said": "", "problem": "", "link": "", "invited": "", "form": {}, "fault": "", "failed": "", "yours": ()}
    return answer(
        context,
        "settings.html.j2",
        here="settings",
        status=status,
        section=section,
        sections=SECTIONS,
        days=days,
        team=team(context),
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
        log=log[:ENTRIES],
        older=log[ENTRIES - 1].seq if len(log) > ENTRIES else None,
        **said | told,
    )
