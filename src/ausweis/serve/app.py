"""The server: routes, and who may pass."""

import re
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from ausweis.errors import NoCallError, StoreError
from ausweis.serve import call_page, figures, queue, sample
from ausweis.serve.audio import audio
from ausweis.serve.auth import LIFETIME, Session, reviewer_name
from ausweis.serve.desk import Desk, RequestContext
from ausweis.serve.language import language_of
from ausweis.serve.rendering import answer, render
from ausweis.serve.roles import LEAD_ONLY
from ausweis.serve.security import LOOPBACK, Guard
from ausweis.serve.wave import wave
from ausweis.views.words import Words

__all__ = ["create_app"]

Page = Callable[[RequestContext], Response]
LANGUAGE = "ausweis-language"
MAX_FIELDS = 40
FORM_FIELDS = 5000
"""A call may have thousands of incidents, each a field."""
LARGEST = 2**53
MAX_ADDRESS = 2000


def create_app(desk: Desk) -> Guard:
    """The application for one store, guarded."""
    app = Starlette(
        routes=[
            Route("/", _page(queue.queue_page)),
            Route("/calls/{key:int}", _page(call_page.call_page)),
            Route("/calls/{key:int}/audio/{place:int}", _page(audio)),
            Route("/calls/{key:int}/wave", _page(wave)),
            Route("/calls/{key:int}/decisions", _form(call_page.decide), methods=["POST"]),
            Route("/calls/{key:int}/unmask", _form(call_page.unmask), methods=["POST"]),
            Route("/calls/{key:int}/mask", _form(call_page.mask_again), methods=["POST"]),
            Route("/sample", _page(sample.sample_page)),
            Route("/sample", _form(sample.draw), methods=["POST"]),
            Route("/figures", _page(figures.figures_page)),
            Route("/signin", _sign_in_page),
            Route("/signin", _sign_in, methods=["POST"]),
            Route("/signout", _sign_out, methods=["POST"]),
            Route("/language", _language),
            Mount("/static", StaticFiles(packages=[("ausweis.serve", "static")])),
        ],
        exception_handlers={HTTPException: _no_page, StoreError: _refused, Exception: _no_page},
    )
    app.state.desk = desk
    return Guard(app, hosts=(*LOOPBACK, *desk.hosts))


def _page(page: Page) -> Callable[[Request], Awaitable[Response]]:
    """A page for those who are signed in; all others are sent to the sign-in."""

    async def endpoint(request: Request) -> Response:
        session = _session(request)
        if session is None:
            return _to_sign_in(request)
        _refuse_large(request)
        return await run_in_threadpool(page, _context(request, session, {}))

    return endpoint


def _form(page: Page) -> Callable[[Request], Awaitable[Response]]:
    """A form that changes something: only with the CSRF token of the session."""

    async def endpoint(request: Request) -> Response:
        session = _session(request)
        if session is None:
            return _to_sign_in(request)
        _refuse_large(request)
        form = await _fields(request)
        token = form.get("csrf", "") or request.headers.get("x-csrf-token", "")
        if not _desk(request).auth.csrf_valid(session, token):
            raise HTTPException(403)
        return await run_in_threadpool(page, _context(request, session, form))

    return endpoint


async def _sign_in_page(request: Request) -> Response:
    desk, token = _desk(request), request.query_params.get("token", "")
    right = bool(token) and desk.auth.knows(token)
    back = _here(request.query_params.get("back", ""))
    return _sign_in_form(request, token if right else "", "token_wrong" if token and not right else "", back=back)


async def _sign_in(request: Request) -> Response:
    desk, form = _desk(request), await _fields(request)
    token, reviewer = form.get("token", "").strip(), reviewer_name(form.get("reviewer", ""))
    back = _here(form.get("back", ""))
    if not desk.auth.knows(token):
        return _sign_in_form(request, "", "token_wrong", 403, back=back)
    if reviewer is None:
        return _sign_in_form(request, token, "name_missing", 422, back=back)
    _, cookie = desk.auth.sign_in(reviewer)
    response = RedirectResponse(back, 303)
    # Lax: links in reports and notifications open the call. Forms are guarded by their CSRF token and by `Guard`.
    response.set_cookie(
        desk.cookie, cookie, max_age=LIFETIME, httponly=True, samesite="lax", secure=desk.secure, path="/"
    )
    return response


async def _sign_out(request: Request) -> Response:
    desk, session, form = _desk(request), _session(request), await _fields(request)
    if session is not None and not desk.auth.csrf_valid(session, form.get("csrf", "")):
        raise HTTPException(403)
    if session is not None:
        desk.auth.sign_out(session)
        desk.unmasked = {seen: says for seen, says in desk.unmasked.copy().items() if seen[0] != session.id}
    response = RedirectResponse("/signin", 303)
    response.delete_cookie(desk.cookie, path="/", httponly=True, samesite="lax", secure=desk.secure)
    return response


async def _language(request: Request) -> Response:
    response = RedirectResponse(_here(request.query_params.get("back", "")), 303)
    chosen = language_of(request.query_params.get("to"), "")
    response.set_cookie(LANGUAGE, chosen, max_age=31_536_000, httponly=True, samesite="lax", path="/")
    return response


async def _no_page(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    words = _words(request)
    key = {403: "form_foreign", 404: "not_found"}.get(status, "went_wrong")
    text = words.text(LEAD_ONLY if isinstance(error, HTTPException) and error.detail == LEAD_ONLY else key)
    return _problem(request, text, f"{status} {HTTPStatus(status).phrase}", status)


async def _refused(request: Request, error: Exception) -> Response:
    """What the store refuses: what was decided does not fit any more, there is no such call, or nothing can be read."""
    words = _words(request)
    if request.method == "POST":
        return _problem(request, words.text("refused"), str(error), 409)
    if isinstance(error, NoCallError):
        return _problem(request, words.text("not_found"), str(error), 404)
    return _problem(request, words.text("store_away"), str(error), 503)


def _problem(request: Request, title: str, text: str, status: int) -> Response:
    session = _session(request)
    path, query = request.url.path, f"?{request.url.query}" if request.url.query else ""
    onward = _here(path.removesuffix("/decisions") + query) if path.endswith("/decisions") else "/"
    values = {"title": title, "text": text, "onward": onward}
    if session is None:
        return HTMLResponse(render("problem.html.j2", _words(request), **values), status)
    return answer(_context(request, session, {}), "problem.html.j2", status=status, **values)


def _sign_in_form(request: Request, token: str, problem: str, status: int = 200, *, back: str = "/") -> Response:
    reviewer = _desk(request).reviewer
    values = {"token": token, "problem": problem, "reviewer": reviewer, "onward": back, "back": _sign_in_address(back)}
    return HTMLResponse(render("signin.html.j2", _words(request), **values), status)


def _to_sign_in(request: Request) -> Response:
    if request.headers.get("hx-request"):
        return Response(status_code=204, headers={"HX-Redirect": "/signin"})
    asked = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
    return RedirectResponse(_sign_in_address(_here(asked) if request.method == "GET" else "/"), 303)


def _sign_in_address(back: str) -> str:
    return "/signin" if back == "/" else f"/signin?{urlencode({'back': back})}"


def _here(address: str) -> str:
    """The address, if it is one of a page of ours; else that of the queue."""
    # One slash, and no second or a backslash behind it: browsers take those for another host.
    here = re.fullmatch(r"/(?![/\\])[^\\\x00-\x20\x7f]*", address) and len(address) <= MAX_ADDRESS
    return address if here else "/"


def _refuse_large(request: Request) -> None:
    """No key is larger than what a database holds."""
    if any(value > LARGEST for value in request.path_params.values()):
        raise HTTPException(404)


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


def _session(request: Request) -> Session | None:
    desk = _desk(request)
    return desk.auth.session(request.cookies.get(desk.cookie, ""))


def _words(request: Request) -> Words:
    return Words(language_of(request.cookies.get(LANGUAGE), request.headers.get("accept-language", "")))


def _context(request: Request, session: Session, form: dict[str, str]) -> RequestContext:
    asked = _texts(request.query_params)
    return RequestContext(
        desk=_desk(request),
        session=session,
        words=_words(request),
        path=request.url.path if request.method == "GET" else "/",
        query=f"?{urlencode(asked)}" if asked and request.method == "GET" else "",
        asked=asked,
        parts={name: value for name, value in request.path_params.items() if isinstance(value, int)},
        form=form,
        partial="hx-request" in request.headers and "hx-history-restore-request" not in request.headers,
    )


async def _fields(request: Request) -> dict[str, str]:
    async with request.form(max_files=0, max_fields=FORM_FIELDS) as form:
        return {name: value for name, value in form.items() if isinstance(value, str)}


def _texts(values: Mapping[str, str]) -> dict[str, str]:
    return dict(list(values.items())[:MAX_FIELDS])
