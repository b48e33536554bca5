"""Who is at the browser: a token signs in once, a signed cookie keeps the session, a CSRF token guards each form.

Everything hangs on one secret that is drawn when the server starts, so a restart signs everybody out.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ausweis.calls.text import clean
from ausweis.store import Role

__all__ = ["LIFETIME", "Auth", "By", "Session", "reviewer_name"]

By = Literal["terminal", "key", "proxy"]
LIFETIME = 12 * 3600
"""Seconds until a reviewer signs in again: a working day."""
MAX_NAME = 60


@dataclass(frozen=True)
class Session:
    """One sign-in. `reviewer` is the name that stands beside decisions; `began` in seconds since 1970.

    `by`: what they signed in with; `mark`: which key it was. `role`: what they may do, as `people.current` has it.
    """

    id: str
    reviewer: str
    began: int
    by: By = "terminal"
    mark: str = ""
    role: Role = "reviewer"


def reviewer_name(text: str) -> str | None:
    """The name as it is kept: one line, at most 60 characters; None where nothing is left."""
    return re.sub(r"\s+", " ", clean(text)).strip()[:MAX_NAME] or None


class Auth:
    """Knows the token and the secret. All comparisons take the same time, right or wrong."""

    def __init__(self, token: str | None = None, now: Callable[[], float] = time.time) -> None:
        """`token`: a new one unless given. `now`: the clock."""
        self.token = token or secrets.token_urlsafe(32)
        self._secret = secrets.token_bytes(32)
        self._now = now
        self._ended: set[str] = set()

    def knows(self, token: str) -> bool:
        """Whether this is the token."""
        return hmac.compare_digest(token.encode("utf-8", "replace"), self.token.encode())

    def sign_in(self, reviewer: str, *, by: By = "terminal", mark: str = "") -> tuple[Session, str]:
        """A new session, and the cookie that proves it."""
        session = Session(secrets.token_hex(16), reviewer, int(self._now()), by, mark)
        body = json.dumps([session.id, session.reviewer, session.began, session.by, session.mark]).encode()
        return session, f"{_text(body)}.{self._sign(b'session', body)}"

    def session(self, cookie: str) -> Session | None:
        """The session of a cookie; None where it is forged, too old or ended."""
        text, _, signature = cookie.partition(".")
        try:
            body = base64.urlsafe_b64decode(text.encode("ascii", "replace") + b"==")
        except (binascii.Error, ValueError):
            return None
        if not hmac.compare_digest(signature.encode("utf-8", "replace"), self._sign(b"session", body).encode()):
            return None
        session = Session(*json.loads(body))
        if session.id in self._ended or not 0 <= self._now() - session.began < LIFETIME:
            return None
        return session

    def sign_out(self, session: Session) -> None:
        """Let the cookie of this session open nothing any more."""
        self._ended.add(session.id)

    def csrf_token(self, session: Session) -> str:
        """What a form must carry, so that no other site can send it."""
        return self._sign(b"form", session.id.encode())

    def csrf_valid(self, session: Session, token: str) -> bool:
        """Whether a form carries the CSRF token of this session."""
        return hmac.compare_digest(token.encode("utf-8", "replace"), self.csrf_token(session).encode())

    def _sign(self, purpose: bytes, body: bytes) -> str:
        return _text(hmac.digest(self._secret, purpose + b"\0" + body, hashlib.sha256))


def _text(data: bytes) -> str:
    """Base64 without padding: a cookie with `=` in it would be put in quotes."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
