"""Who is at the browser, as the table of reviewers has it now: a changed role or an ended key counts at once."""

from dataclasses import replace

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from ausweis.serve.auth import LIFETIME, Session
from ausweis.serve.desk import Desk
from ausweis.serve.requests import client_of, desk_of
from ausweis.store import Role, same_person

__all__ = ["current", "keep", "session_of", "with_cookie"]


async def session_of(request: Request) -> Session | None:
    """The session of a request; None where there is none, or not any more.

    Raises:
        StoreError: the store cannot be read.
        HTTPException: the company's sign-on is asked for, and does not say who it is, or they may not.
    """
    if not hasattr(request.state, "session"):
        request.state.session = await run_in_threadpool(_found, request)
    session: Session | None = request.state.session
    return session


def with_cookie(request: Request, response: Response) -> Response:
    """The answer, with the cookie of the session that the sign-on has begun with it, if it has."""
    cookie = getattr(request.state, "cookie", "")
    if cookie:
        keep(response, desk_of(request), cookie)
    return response


def keep(response: Response, desk: Desk, cookie: str) -> None:
    """Let the browser keep the cookie of a session."""
    # Lax: links in reports and notifications open the call. Forms are guarded by their CSRF token and by `Guard`.
    response.set_cookie(
        desk.cookie, cookie, max_age=LIFETIME, httponly=True, samesite="lax", secure=desk.secure, path="/"
    )


def _found(request: Request) -> Session | None:
    desk = desk_of(request)
    session = desk.auth.session(request.cookies.get(desk.cookie, ""))
    if desk.sign_on is None:
        return None if session is None else current(desk, session)
    name, role = _signed_on(desk, desk.sign_on.user(request.headers, client_of(request)), desk.sign_on.known_only)
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
