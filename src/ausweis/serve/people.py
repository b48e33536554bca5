"""Who is at the browser, as the table of reviewers has it now: a changed role or an ended key counts at once."""

from dataclasses import replace

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from ausweis.serve.auth import Session
from ausweis.serve.desk import Desk
from ausweis.serve.requests import desk_of

__all__ = ["current", "session_of"]


async def session_of(request: Request) -> Session | None:
    """The session of a request; None where there is none, or not any more.

    Raises:
        StoreError: the store cannot be read.
    """
    desk = desk_of(request)
    session = desk.auth.session(request.cookies.get(desk.cookie, ""))
    return None if session is None else await run_in_threadpool(current, desk, session)


def current(desk: Desk, session: Session) -> Session | None:
    """The session as it is now; None where it ended.

    Whoever has the terminal's token leads, under any name but that of a reviewer who has a key of their own: from the
    moment on that one is invited, nobody else works under the name.
    """
    known = desk.store.reviewer(session.reviewer)
    if session.by == "terminal":
        return None if known else replace(session, role="lead")
    if known is None or known.withdrawn or known.mark != session.mark:
        return None
    return replace(session, reviewer=known.name, role=known.role)
