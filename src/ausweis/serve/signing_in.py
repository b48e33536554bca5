"""Signing in and out, and who is at the browser as the table of reviewers has it now."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from ausweis.errors import NameRefusedError
from ausweis.serve import web
from ausweis.serve.auth import LIFETIME, Session, reviewer_name
from ausweis.serve.desk import Desk
from ausweis.store import Role, same_person


async def session_of(request: Request) -> Session | None:
    """The session of a request; None where there is none, or not any more."""
    if not hasattr(request.state, "session"):
        request.state.session = await run_in_threadpool(_found, request)
    session: Session | None = request.state.session
    return session


def with_cookie(request: Request, response: Response) -> Response:
    """The answer, with the cookie of the session that the sign-on has begun with it, if it has."""
    cookie = getattr(request.state, "cookie", "")
    if cookie:
        keep(response, web.desk_of(request), cookie)
    return response


def keep(response: Response, desk: Desk, cookie: str) -> None:
    """Let the browser keep the cookie of a session."""
    # Lax: links in reports and notifications open the call. Forms are guarded by their CSRF token and by `Guard`.
    response.set_cookie(
        desk.cookie, cookie, max_age=LIFETIME, httponly=True, samesite="lax", secure=desk.secure, path="/"
    )


def _found(request: Request) -> Session | None:
    desk = web.desk_of(request)
    session = desk.auth.session(request.cookies.get(desk.cookie, ""))
    if desk.sign_on is None:
        return None if session is None else current(desk, session)
    name, role = _signed_on(desk, desk.sign_on.user(request.headers, web.client_of(request)), desk.sign_on.known_only)
    if session is None or session.by != "proxy" or not same_person(session.reviewer, name):
        session, request.state.cookie = desk.auth.sign_in(name, by="proxy")
    return replace(session, reviewer=name, role=role)


def _signed_on(desk: Desk, name: str, known_only: bool) -> tuple[str, Role]:
    """Under which name, and in which role, somebody works whom the sign-on calls so.

    The company's directory vouches for the name: one that only looks like another's is no refusal here.
    """
    known = desk.store.reviewer(name)
    if known is None and known_only:
        raise HTTPException(403, "sign_on_unknown")
    if known is None:
        return next((other for other in desk.store.known_names() if same_person(other, name)), name), "reviewer"
    if known.withdrawn:
        raise HTTPException(403, "sign_on_withdrawn")
    return known.name, known.role


def current(desk: Desk, session: Session) -> Session | None:
    """The session as it is now; None where it ended.

    Whoever has the terminal's token leads, under any name but that of a reviewer who has a key of their own: from the
    moment on that one is invited, nobody else works under the name.
    """
    known = desk.store.reviewer(session.reviewer)
    if session.by == "terminal":
        return None if known else replace(session, role="lead")
    if session.by != "key" or known is None or known.withdrawn or known.mark != session.mark:
        return None
    return replace(session, reviewer=known.name, role=known.role)


async def sign_in_page(request: Request) -> Response:
    """The form; with the terminal's token in the address, a name is all that it asks for."""
    desk, token = web.desk_of(request), request.query_params.get("token", "")
    back = web.here(request.query_params.get("back", ""))
    if desk.sign_on is not None:
        return RedirectResponse(back, 303)
    if token and not desk.auth.knows(token):
        return _wrong(request, back)
    return sign_in_form(request, token, "", back=back)


async def invitation_page(request: Request) -> Response:
    """Where an invitation leads: nothing happens until somebody presses the button.

    The key stands behind `#`: a browser sends it to nobody, so it is in no log, and programs of a chat that look at
    links never have it.
    """
    if web.desk_of(request).sign_on is not None:
        return RedirectResponse("/", 303)
    return HTMLResponse(web.render("invitation.html.j2", web.words_of(request)))


async def sign_in(request: Request) -> Response:
    """Sign in whoever gives a right key."""
    desk, form = web.desk_of(request), await web.fields_of(request)
    # Whoever has a link is asked for a key: the key is what stands behind its `#`.
    token, back = form.get("token", "").strip().rpartition("#")[2], web.here(form.get("back", ""))
    if desk.sign_on is not None:
        # Keys open nothing beside it.
        raise HTTPException(403, "sign_on_proxy")
    if desk.auth.knows(token):
        return await _by_token(request, token, form.get("reviewer", ""), back)
    known = await run_in_threadpool(desk.store.reviewer_by_key, token) if token else None
    if known is None:
        return _wrong(request, back, 403)
    return await _signed_in(request, desk.auth.sign_in(known.name, by="key", mark=known.mark)[1], back)


async def _by_token(request: Request, token: str, name: str, back: str) -> Response:
    desk, words = web.desk_of(request), web.words_of(request)
    reviewer = reviewer_name(name)
    if reviewer is None:
        return sign_in_form(request, token, words.text("name_missing"), 422, back=back)
    try:
        reviewer = await run_in_threadpool(desk.store.name_for, reviewer)
    except NameRefusedError as error:
        return sign_in_form(request, token, words.error(error), 422, back=back, name=name)
    if await run_in_threadpool(desk.store.reviewer, reviewer):
        return sign_in_form(request, token, words.text("name_has_key", name=reviewer), 422, back=back, name=name)
    return await _signed_in(request, desk.auth.sign_in(reviewer)[1], back)


async def _signed_in(request: Request, cookie: str, back: str) -> Response:
    desk = web.desk_of(request)
    desk.throttle.right(web.client_of(request))
    typed, form = web.form_address(back), await web.fields_of(request)
    # 307: the browser sends the fields once more, now that somebody is signed in.
    response = RedirectResponse(typed, 307) if typed and web.typed_of(form) else RedirectResponse(back, 303)
    keep(response, desk, cookie)
    return response


async def sign_out(request: Request) -> Response:
    """End the session."""
    desk, session, form = web.desk_of(request), await session_of(request), await web.fields_of(request)
    if session is not None and not desk.auth.csrf_valid(session, form.get("csrf", "")):
        raise HTTPException(403)
    if session is not None:
        desk.auth.sign_out(session)
        desk.done.pop(session.id, None)
        desk.leases.leave_all(session)
        # Only its own are taken out: another session may add to them meanwhile.
        for seen in [seen for seen in desk.unmasked.copy() if seen[0] == session.id]:
            desk.unmasked.pop(seen, None)
        for name in [name for name in desk.searches.copy() if name[0] == session.id]:
            desk.searches.pop(name, None)
    response = RedirectResponse("/signin", 303)
    response.delete_cookie(desk.cookie, path="/", httponly=True, samesite="lax", secure=desk.secure)
    return response


def _wrong(request: Request, back: str, status: int = 200) -> HTMLResponse:
    """The answer to a wrong key; soon with a time to wait."""
    words, seconds = web.words_of(request), web.desk_of(request).throttle.wrong(web.client_of(request))
    if not seconds:
        return sign_in_form(request, "", words.text("token_wrong"), status, back=back)
    response = sign_in_form(request, "", words.count("token_wait", seconds), 429, back=back)
    response.headers["Retry-After"] = str(seconds)
    return response


def sign_in_form(
    request: Request,
    token: str,
    problem: str,
    status: int = 200,
    *,
    back: str = "/",
    name: str | None = None,
    typed: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """The form. `token`: the right one, which it then carries along, like what was `typed` about a call before."""
    typed = web.typed_of(getattr(request.state, "fields", {})) if typed is None else typed
    reviewer = web.desk_of(request).reviewer if name is None else name
    values: dict[str, Any] = {"token": token, "problem": problem, "reviewer": reviewer, "typed": typed}
    values |= {"onward": back, "back": web.sign_in_address(back)}
    return HTMLResponse(web.render("signin.html.j2", web.words_of(request), **values), status)
