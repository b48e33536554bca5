"""What every answer carries, and which requests are let in at all.

A transcript is hostile input, and a browser that shows it also opens other pages. So: nothing but our own files may
run or load (Content-Security-Policy), nobody may frame a page, and a request whose `Host` is none of ours is refused:
a foreign name that points to this machine (DNS rebinding) would otherwise make a foreign page our own.
"""

import traceback
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ausweis.pages.words import Words
from ausweis.serve.web import asked_language, render

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    # Not no-referrer: with that, a browser sends `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
LOOPBACK = ("127.0.0.1", "localhost", "::1")
MAX_BODY = 1 << 20
"""Bytes of a form: a decision about a call of thousands of incidents, with a long note, is below."""
MISDIRECTED = 421
"""The status where the name is none of ours (RFC 9110, 15.5.20)."""
_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class Guard:
    """Refuses foreign hosts, requests sent by other sites, and bodies too large; puts the headers on all answers."""

    def __init__(self, app: ASGIApp, hosts: Iterable[str]) -> None:
        """`hosts`: names under which browsers may reach this server, without port."""
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                # A report brings its own policy, which lets nothing in but its style.
                own = headers.get("Content-Security-Policy", CONTENT_SECURITY_POLICY)
                for name, value in (HEADERS | {"Content-Security-Policy": own}).items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        refusal = self._refusal(scope["method"], Headers(scope=scope))
        try:
            await (refusal or self._app)(scope, receive, with_headers)
        except Exception as error:
            # Its message may quote a call, and would stand in the server's log: only its kind and place may.
            raise BrokenError(error) from None

    def _refusal(self, method: str, headers: Headers) -> Response | None:
        status = self._refused_with(method, headers)
        if status is None:
            return None
        words = Words(asked_language(headers))
        title = words.text("went_wrong" if status == MISDIRECTED else "form_foreign")
        return HTMLResponse(
            render("problem.html.j2", words, title=title, text=words.status(status), onward=None), status
        )

    def _refused_with(self, method: str, headers: Headers) -> int | None:
        if _host_of(headers.get("host", "")) not in self._hosts:
            return MISDIRECTED
        if method not in _CHANGING:
            return None
        if _is_foreign(headers):
            return 403
        length = headers.get("content-length")
        if length is None or not length.isdecimal():
            return 411
        return 413 if int(length) > MAX_BODY else None


def _is_foreign(headers: Headers) -> bool:
    """Whether another site sent it: by the browser's own word, which it gives to HTTPS and to this machine alone.

    Without that, the site that it names must be the one that was asked, with its port. Of neither, no browser sends it.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None or origin is None:
        return site not in ("same-origin", "none", None)
    # Schemes are not compared: a proxy may speak HTTPS, and this server does not. `null` names no host.
    return origin.partition("://")[2].lower() != headers["host"].lower()


class BrokenError(RuntimeError):
    """Something went wrong that nobody foresaw. Tells what kind of error and where, not what it says."""

    def __init__(self, error: BaseException) -> None:
        places = traceback.extract_tb(error.__traceback__)
        where = f"{places[-1].filename}:{places[-1].lineno}" if places else "nowhere"
        super().__init__(f"{type(error).__name__} at {where}")


def _host_of(header: str) -> str:
    """The name in a Host header, without port and brackets; empty where it is none."""
    try:
        parts = urlsplit(f"//{header}")
        _ = parts.port
    except ValueError:
        return ""
    same = parts.netloc == header and "@" not in header
    return (parts.hostname or "") if same else ""
