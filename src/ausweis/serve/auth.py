"""Who may sign in: the terminal's token, signed cookies, CSRF tokens, a company's sign-on; wrong keys are slowed."""

import base64
import binascii
import hashlib
import hmac
import json
import re
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Literal

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException

from ausweis.calls.text import clean
from ausweis.errors import StoreError
from ausweis.journal import replace_file
from ausweis.opening import read_bytes
from ausweis.store import Role

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

    def __init__(
        self, token: str | None = None, now: Callable[[], float] = time.time, *, kept: Path | None = None
    ) -> None:
        """`token`: a new one unless given. `now`: the clock. `kept`: a file in which token, secret and ends stay.

        Raises:
            AusweisError: the file cannot be read or written, others may read it, or it is no such file.
        """
        self._now, self._kept = now, kept
        known, secret, *ended = (_read(kept) if kept else []) or [secrets.token_urlsafe(32) for _ in range(2)]
        self.token, self._secret = token or known, secret.encode()
        # Each with when it began: an older cookie opens nothing anyway.
        self._ended = {line for line in ended if now() - int(line.split()[1]) < LIFETIME}
        if kept:
            lines = (self.token, secret, *sorted(self._ended))
            replace_file(kept, "".join(f"{line}\n" for line in lines), mode=0o600)

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
        if _end(session) in self._ended or not 0 <= self._now() - session.began < LIFETIME:
            return None
        return session

    def sign_out(self, session: Session) -> None:
        """Let the cookie of this session open nothing any more, after another start neither."""
        self._ended.add(_end(session))
        if self._kept:
            with suppress(OSError), self._kept.open("a", encoding="ascii") as file:
                file.write(f"{_end(session)}\n")

    def csrf_token(self, session: Session) -> str:
        """What a form must carry, so that no other site can send it."""
        return self._sign(b"form", session.id.encode())

    def csrf_valid(self, session: Session, token: str) -> bool:
        """Whether a form carries the CSRF token of this session."""
        return hmac.compare_digest(token.encode("utf-8", "replace"), self.csrf_token(session).encode())

    def _sign(self, purpose: bytes, body: bytes) -> str:
        return _text(hmac.digest(self._secret, purpose + b"\0" + body, hashlib.sha256))


def _end(session: Session) -> str:
    """What is kept of a session that ended."""
    return f"{session.id} {session.began}"


def _read(path: Path) -> list[str]:
    """The token, the secret of cookies, then sessions that ended; nothing where there is no file yet.

    Raises:
        StoreError: it cannot be read, others may read it, or it is something else.
    """
    try:
        if path.stat().st_mode & 0o077:
            raise StoreError("others may read the token; forbid it: chmod 600", place=str(path))
        text = read_bytes(path).decode("ascii", "replace")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StoreError(f"the token cannot be read ({error.strerror})", place=str(path)) from None
    # A last line that was torn is no line.
    if not re.fullmatch(r"([\w-]{43}\n){2}([0-9a-f]{32} [0-9]{1,12}\n)*.*", text):
        raise StoreError("this is no token; remove it, and start again for a new one", place=str(path))
    return text.split("\n")[:-1]


def _text(data: bytes) -> str:
    """Base64 without padding: a cookie with `=` in it would be put in quotes."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


_FREE, _FREE_ALL = 5, 100
"""Wrong keys of one client, and of all together, that are answered at once."""
_LONGEST, _LONGEST_ALL = 900, 60
_FORGET = 3600.0
_CLIENTS = 1000


@dataclass
class _Tries:
    wrong: int = 0
    last: float = 0.0
    until: float = 0.0


class Throttle:
    """For several threads. `now`: a clock that never goes back, in seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._clients: OrderedDict[str, _Tries] = OrderedDict()
        self._all = _Tries()

    def wrong(self, address: str) -> int:
        """Note a wrong key of a client: the seconds to wait, 0 where it is simply wrong.

        While a client waits, more wrong ones do not lengthen that.
        """
        now = self._now()
        with self._lock:
            name = _client(address)
            own = self._clients.setdefault(name, _Tries())
            self._clients.move_to_end(name)
            while len(self._clients) > _CLIENTS:
                self._clients.popitem(last=False)
            return max(_count(own, now, _FREE, _LONGEST), _count(self._all, now, _FREE_ALL, _LONGEST_ALL))

    def right(self, address: str) -> None:
        """Forget the wrong keys of a client: it had the right one after all."""
        with self._lock:
            self._clients.pop(_client(address), None)


def _count(tries: _Tries, now: float, free: int, longest: int) -> int:
    """Count one more; each beyond the free ones doubles the time."""
    if now < tries.until:
        return int(tries.until - now) + 1
    if now - tries.last > _FORGET:
        tries.wrong = 0
    tries.wrong, tries.last = tries.wrong + 1, now
    if tries.wrong <= free:
        return 0
    seconds = min(longest, 1 << min(tries.wrong - free, 20))
    tries.until = now + seconds
    return seconds


def _client(address: str) -> str:
    """Who an address is of: with IPv6, whoever has one has the 2 ** 64 around it too."""
    try:
        found = ip_address(address)
    except ValueError:
        return "unknown"
    return str(found) if found.version == 4 else str(ip_network((found, 64), strict=False))


SECRET = "x-ausweis-proxy-secret"  # noqa: S105 - the name of a header
"""The header with which a proxy proves that it is one."""
REFUSALS = ("sign_on_proxy", "sign_on_nobody", "sign_on_name", "sign_on_unknown", "sign_on_withdrawn")
"""Details of refusals, and keys of their sentences."""


@dataclass(frozen=True)
class SignOn:
    """`header`: which names the user; `proxies`: from where it counts; `secret`: what they send besides, if anything.

    `known_only`: whether those who are not in the table of reviewers are refused; else they review.
    """

    header: str
    proxies: tuple[IPv4Network | IPv6Network, ...]
    secret: str = ""
    known_only: bool = False

    @classmethod
    def of(cls, header: str, proxies: tuple[str, ...], secret: str = "", *, known_only: bool = False) -> "SignOn":
        """From what a user wrote.

        Raises:
            ValueError: a proxy is no address and no network.
        """
        return cls(header, tuple(ip_network(proxy, strict=False) for proxy in proxies), secret, known_only)

    def user(self, headers: Headers, client: str) -> str:
        """Who the proxy says that it is. `client`: the address that the request came from.

        Raises:
            HTTPException: it is no proxy that says so, or it names nobody.
        """
        secret = headers.get(SECRET, "").encode("latin-1", "replace")
        proves = not self.secret or hmac.compare_digest(secret, self.secret.encode())
        if not self._is_proxy(client) or not proves:
            raise HTTPException(403, "sign_on_proxy")
        named = headers.getlist(self.header)
        if len(named) != 1 or not named[0].strip():
            raise HTTPException(403, "sign_on_nobody")
        name = _decoded(named[0]).strip()
        # Cut short or cleaned, it might be another's.
        if reviewer_name(name) != name:
            raise HTTPException(403, "sign_on_name")
        return name

    def _is_proxy(self, client: str) -> bool:
        try:
            address = ip_address(client)
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return any(address in proxy for proxy in self.proxies if proxy.version == address.version)


def _decoded(value: str) -> str:
    """A header as its bytes are meant: UTF-8, else Latin-1."""
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value
