"""The server: routes, and who may pass. Pages raise StoreError and HTTPException, which are answered here."""

import logging
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from ausweis.errors import NoCallError, StoreError
from ausweis.pages.words import Words
from ausweis.serve import calibration, call_page, exporting, figures, objections, settings, signing_in, today, web
from ausweis.serve.auth import REFUSALS, Session
from ausweis.serve.desk import LEAD_ONLY, Desk, RequestContext
from ausweis.serve.question import SEVERAL
from ausweis.serve.recordings import audio, wave
from ausweis.serve.search import search_unmasked
from ausweis.serve.security import LOOPBACK, Guard

Page = Callable[[RequestContext], Response]
_LOG = logging.getLogger("uvicorn.error")
"""The terminal of whoever runs the server."""
MAX_FIELDS = 40
LARGEST = 2**53

_PAGES: dict[str, Page] = {
    "/": today.today_page,
    "/calls/{key:int}": call_page.call_page,
    "/calls/{key:int}/sheet": exporting.sheet_page,
    "/calls/{key:int}/audio/{place:int}": audio,
    "/calls/{key:int}/wave": wave,
    "/calls/{key:int}/form": call_page.back,
    "/calibrations/{key:int}": calibration.page,
    "/figures": figures.figures_page,
    "/calls/{key:int}/objection": objections.objection_form,
    "/objections/{key:int}": objections.objection_page,
    "/settings": settings.settings_page,
}
_FORMS: dict[str, Page] = {
    "/calls.xlsx": today.download,
    "/assign": today.assign,
    "/report": exporting.report,
    "/calls/{key:int}/decisions": call_page.decide,
    "/calls/{key:int}/withdraw": call_page.withdraw,
    "/calls/{key:int}/unmask": call_page.unmask,
    "/calls/{key:int}/mask": call_page.mask_again,
    "/calls/{key:int}/stay": call_page.stay,
    "/calls/{key:int}/leave": call_page.leave,
    "/calls/{key:int}/take": call_page.take_over,
    "/calls/{key:int}/calibrate": calibration.add_call,
    "/calibrations": settings.acts("calibration", calibration.make),
    "/calibrations/{key:int}/drop": calibration.drop,
    "/calibrations/{key:int}/start": calibration.start,
    "/calibrations/{key:int}/close": calibration.close,
    "/search": search_unmasked,
    "/sample": settings.acts("sample", settings.draw_sample),
    "/settings/delete": settings.acts("deletion", settings.delete),
    "/calls/{key:int}/objection": objections.raise_objection,
    "/objections/{key:int}": objections.rule,
    "/team/invite": settings.acts("team", settings.invite),
    "/team/renew": settings.acts("team", settings.renew),
    "/team/withdraw": settings.acts("team", settings.withdraw),
    "/team/role": settings.acts("team", settings.change_role),
}


def create_app(desk: Desk) -> Guard:
    """The application for one store, guarded."""
    app = Starlette(
        routes=[
            *(Route(path, _page(page)) for path, page in _PAGES.items()),
            *(Route(path, _form(page), methods=["POST"]) for path, page in _FORMS.items()),
            Route("/calls/{key:int}/form", _typed, methods=["POST"]),
            Route("/invitation", signing_in.invitation_page),
            Route("/signin", signing_in.sign_in_page),
            Route("/signin", signing_in.sign_in, methods=["POST"]),
            Route("/signout", signing_in.sign_out, methods=["POST"]),
            Route("/language", _language),
            Mount("/static", StaticFiles(packages=[("ausweis.serve", "static"), ("ausweis.pages", "static")])),
        ],
        exception_handlers={HTTPException: _no_page, StoreError: _refused, Exception: _no_page},
    )
    app.state.desk = desk
    return Guard(app, hosts=(*LOOPBACK, *desk.hosts))


def _page(page: Page) -> Callable[[Request], Awaitable[Response]]:
    """A page for those who are signed in; all others are sent to the sign-in."""

    async def endpoint(request: Request) -> Response:
        session = await signing_in.session_of(request)
        if session is None:
            return _to_sign_in(request)
        _refuse_large(request)
        return signing_in.with_cookie(request, await run_in_threadpool(page, _context(request, session, {})))

    return endpoint


def _form(page: Page) -> Callable[[Request], Awaitable[Response]]:
    """A form that changes something: only with the CSRF token of the session; else what was typed is given back."""

    async def endpoint(request: Request) -> Response:
        form = await web.fields_of(request)
        session = await signing_in.session_of(request)
        if session is None:
            return _to_sign_in(request, form)
        _refuse_large(request)
        token = form.get("csrf", "") or request.headers.get("x-csrf-token", "")
        if not web.desk_of(request).auth.csrf_valid(session, token):
            if web.typed_of(form) and web.page_of(request.url.path):
                return await _given_back(request, session, form, "signed_in_anew", 403)
            raise HTTPException(403)
        return signing_in.with_cookie(request, await run_in_threadpool(page, _context(request, session, form)))

    return endpoint


async def _typed(request: Request) -> Response:
    """The page of a call with the form as it was typed: after the sign-in, or in another language. Keeps nothing."""
    form = await web.fields_of(request)
    session = await signing_in.session_of(request)
    if session is None:
        return _to_sign_in(request, form)
    _refuse_large(request)
    return await _given_back(request, session, form, "signed_in_again" if "token" in form else "", 200)


async def _given_back(request: Request, session: Session, form: dict[str, str], problem: str, status: int) -> Response:
    """`problem`: the text that says why nothing was kept; empty where nothing was to be."""
    to = request.query_params.get("to")
    context = _context(request, session, form)
    if to:
        context = replace(context, words=Words(web.language_of(to, "")))
    told = context.words.text(problem) if problem else ""
    response = await run_in_threadpool(call_page.resume, context, problem=told, status=status)
    if to:
        web.keep_language(response, context.words.language)
    return signing_in.with_cookie(request, response)


async def _language(request: Request) -> Response:
    response = RedirectResponse(web.here(request.query_params.get("back", "")), 303)
    web.keep_language(response, web.language_of(request.query_params.get("to"), ""))
    return response


async def _no_page(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    words = web.words_of(request)
    detail = error.detail if isinstance(error, HTTPException) else ""
    if detail in REFUSALS:
        return await _problem(request, words.text("sign_on_refused"), words.text(detail), status)
    key = LEAD_ONLY if detail == LEAD_ONLY else {403: "form_foreign", 404: "not_found"}.get(status, "went_wrong")
    told = words.text("lead_only_ask") if detail == LEAD_ONLY else words.status(status)
    return await _problem(request, words.text(key), told, status)


async def _refused(request: Request, error: Exception) -> Response:
    """What the store refuses: what was decided does not fit any more, there is no such call, or nothing can be read."""
    words = web.words_of(request)
    fault = error if isinstance(error, StoreError) else StoreError(str(error))
    if fault.place:
        # Of the store itself, and not of what was asked of it. What to do is for whoever runs the server.
        _LOG.error("%s", fault, exc_info=fault.__context__ if os.environ.get("AUSWEIS_DEBUG") else None)
    told = words.error(fault)
    if request.method == "POST":
        return await _problem(request, words.text("refused"), told, 409)
    if isinstance(error, NoCallError):
        return await _problem(request, words.text("not_found"), told, 404)
    return await _problem(request, words.text("store_away"), told, 503)


async def _problem(request: Request, title: str, text: str, status: int) -> Response:
    try:
        session = await signing_in.session_of(request)
    except (StoreError, HTTPException):
        session = None
    path, query = request.url.path, f"?{request.url.query}" if request.url.query else ""
    page = web.page_of(path)
    typed = web.typed_of(getattr(request.state, "fields", {})) if page else {}
    again = f"{page}/form{query}" if typed else ""
    values: dict[str, Any] = {"title": title, "text": text, "typed": typed, "again": again}
    values["onward"] = web.here(page + query) if page else "/"
    if session is None:
        return HTMLResponse(web.render("problem.html.j2", web.words_of(request), **values), status)
    return web.answer(_context(request, session, {}), "problem.html.j2", status=status, **values)


def _to_sign_in(request: Request, form: Mapping[str, str] | None = None) -> Response:
    """The sign-in, and from there back; what was typed in a form goes along."""
    if request.headers.get("hx-request"):
        return Response(status_code=204, headers={"HX-Redirect": "/signin"})
    path, query = request.url.path, f"?{request.url.query}" if request.url.query else ""
    page = path if request.method == "GET" else web.page_of(path)
    back = web.here(page + query) if page else "/"
    typed = web.typed_of(form or {})
    if typed and page:
        return signing_in.sign_in_form(request, "", "", 403, back=back, typed=typed)
    return RedirectResponse(web.sign_in_address(back), 303)


def _refuse_large(request: Request) -> None:
    """No key is larger than what a database holds."""
    if any(value > LARGEST for value in request.path_params.values()):
        raise HTTPException(404)


def _context(request: Request, session: Session, form: dict[str, str]) -> RequestContext:
    # Of each field the last value, or all where it takes several, a line each.
    values = request.query_params
    asked = {
        name: "\n".join(values.getlist(name)) if name in SEVERAL else values[name] for name in list(values)[:MAX_FIELDS]
    }
    return RequestContext(
        desk=web.desk_of(request),
        session=session,
        words=web.words_of(request),
        path=request.url.path if request.method == "GET" else "/",
        query=f"?{urlencode(asked)}" if asked and request.method == "GET" else "",
        asked=asked,
        origin=web.origin_of(request),
        parts={name: value for name, value in request.path_params.items() if isinstance(value, int)},
        form=form,
        partial="hx-request" in request.headers and "hx-history-restore-request" not in request.headers,
    )
