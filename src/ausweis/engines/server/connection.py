"""Where a server is, and requests to it: sent again after a transient fault, refused in one sentence after any other.

No message quotes a reply: servers repeat the prompt in their errors.
"""

import asyncio
import ipaddress
import json
import re
import socket
import ssl
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
import tenacity
from tenacity import RetryCallState, stop_after_attempt, stop_before_delay, wait_exponential, wait_random

from ausweis.engines.protocol import strict_json
from ausweis.errors import AusweisError, ContextError, EngineError, InputError, ModelError

KEY_VARIABLE = "AUSWEIS_API_KEY"
"""The environment variable with the key for a server: keys on a command line are seen by everybody on the machine."""
_PRIVATE = tuple(ipaddress.ip_network(net) for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"))


def checked_address(text: str) -> str:
    """The address of the interface without a slash at its end; `/v1` where only a host is given.

    Raises:
        InputError: it is no http address, or holds a user name, a password, a query or a fragment. The message never
            quotes it.
    """
    try:
        parts, url = urlsplit(text), httpx.URL(text)
        # Connections can be made to the host: brackets hold IPv6, `xn--` what can be decoded.
        is_host = bool(url.host and url.raw_host.decode("ascii").encode("idna"))
        usable = is_host and parts.scheme in ("http", "https") and parts.port != 0 and text.isprintable()
    except (ValueError, httpx.InvalidURL):
        usable = False
    if not usable:
        raise InputError("the server's address must look like http://127.0.0.1:8080/v1")
    if parts.username is not None or parts.password is not None:
        message = "the server's address must not hold a user name or password"
        raise InputError(f"{message}: put the key into the environment variable {KEY_VARIABLE}")
    if parts.query or parts.fragment or any(sign in text for sign in "?# "):
        raise InputError("the server's address must end with its path, without a query, fragment or blank")
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/') or '/v1'}"


def outside_warning(address: str) -> str | None:
    """What a user should know before calls are sent there; None where the server is on this machine.

    Resolves the host's name. An address is inside when it is loopback, private or link-local.
    """
    parts = urlsplit(checked_address(address))
    host = parts.hostname or ""
    try:
        addresses = {str(entry[4][0]).partition("%")[0] for entry in socket.getaddrinfo(host, None)}
    except (OSError, UnicodeError):
        return f"{host} cannot be resolved, so it is not known whether what is said in calls would leave this network"
    found = map(ipaddress.ip_address, addresses)
    # An IPv4 address may be written as IPv6, such as `::ffff:8.8.8.8`.
    places = [getattr(place, "ipv4_mapped", None) or place for place in found]
    if all(place.is_loopback for place in places):
        return None
    sentences = []
    if not all(place.is_loopback or place.is_link_local or any(place in net for net in _PRIVATE) for place in places):
        sentences.append(f"{host} is outside this network: what is said in calls, personal data too, is sent there")
    if parts.scheme == "http":
        sentences.append(f"what is sent to {host} is not encrypted: use https, or a network that nobody else reads")
    return "; ".join(sentences) or None


IN_A_ROW = 5
"""So many questions without a reply, one after another and each tried again and again, end the run."""
LARGEST_REPLY = 16 * 1024 * 1024
"""Bytes; hundreds of alternatives for each of some hundred tokens fit. What is beyond it is not read."""
_KEPT_SECONDS = 4.0
"""A connection that nobody uses is closed before the server closes it (llama-server: after five seconds)."""
_TOO_LONG = re.compile(
    r"exceed_context_size|context_length_exceeded|maximum context length|exceeds? (the )?(available )?context"
)
_RESUME = "the same command goes on"
_REFUSALS = {
    401: f"wants a key, or another one: put it into the environment variable {KEY_VARIABLE}",
    403: f"does not allow this: see which rights the key in {KEY_VARIABLE} has",
    404: "knows no such path or model: see its address (it often ends with /v1) and --model",
}
"""What every further request would meet too."""


@dataclass(frozen=True)
class RetryPolicy:
    """How long a server may take. All times in seconds.

    An attempt ends after `attempt_seconds`, whatever has come by then, and the last one after `total_seconds`; so does
    all that is asked at the start. A user is told every `silent_seconds` what is waited for. Between attempts passes
    `first_wait`, doubled each time up to `longest_wait`, or what the server asks for if that is longer.
    """

    attempts: int = 10
    connect_seconds: float = 10.0
    attempt_seconds: float = 300.0
    total_seconds: float = 900.0
    silent_seconds: float = 10.0
    first_wait: float = 0.5
    longest_wait: float = 60.0


class TransientError(Exception):
    """A fault that may pass, so that the same request is sent again.

    `what` goes on a sentence that begins with the server; `wait`: the seconds that the server asks for.
    `unreachable`: no connection was made, so the fault has nothing to do with what was asked.
    """

    def __init__(self, what: str, *, wait: float | None = None, unreachable: bool = False) -> None:
        super().__init__(what)
        self.wait, self.unreachable = wait, unreachable


class Unsupported(EngineError):  # noqa: N818  (a finding about the server; nobody else sees it)
    """The server does not take a request of this form."""


def retry_after(value: str | None) -> float | None:
    """The seconds that a `Retry-After` header asks for: a number, or a date; None for anything else."""
    value = (value or "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        date = parsedate_to_datetime(value)
        left = (date if date.tzinfo else date.replace(tzinfo=UTC)) - datetime.now(UTC)
    except (ValueError, OverflowError):
        return None
    return max(0.0, left.total_seconds())


def seconds_to_wait(state: RetryCallState, policy: RetryPolicy) -> float:
    """Exponential, with a little more by chance, so that many requests do not come back at once.

    What a server asks for is waited out, even if it is more than `longest_wait`: where it is more than is left of
    `total_seconds`, there is no further attempt.
    """
    wait = wait_exponential(policy.first_wait, policy.longest_wait) + wait_random(0, policy.first_wait)
    fault = state.outcome.exception() if state.outcome else None
    asked = fault.wait if isinstance(fault, TransientError) else None
    return max(wait(state), asked or 0.0)


@dataclass(eq=False)
class _Asked:
    """A question without a reply so far: since when, in seconds of the event loop, and its last fault."""

    since: float
    fault: str = ""


class Connection:
    """A pool of connections to one server, for one event loop: at most `parallel` requests at once.

    `key` is sent as a bearer token, and stands in no message. `retry_policy` may be changed. `warn` is told, now
    and then, of a server that is silent, or asked again.

    Raises:
        InputError: the key has characters that no header can hold.
    """

    def __init__(
        self,
        address: str,
        *,
        key: str | None,
        parallel: int,
        retry_policy: RetryPolicy,
        warn: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.retry_policy = retry_policy
        self.server = f"the server at {address}"
        self._address = address
        self._warn = warn
        self._asked: set[_Asked] = set()
        self._replied = 0.0
        self._next_look: asyncio.TimerHandle | None = None
        self._slots = asyncio.Semaphore(parallel)
        self._failed_in_a_row = 0
        headers = {"accept": "application/json", "accept-encoding": "identity", "content-type": "application/json"}
        if key:
            if not (key.isascii() and key.isprintable()) or " " in key:
                raise InputError(f"{KEY_VARIABLE} holds a character that no key has: set it anew")
            headers["authorization"] = f"Bearer {key}"
        # anyio says so of a connection that is given up before its first step, as when a run is stopped.
        warnings.filterwarnings("ignore", r"coroutine 'connect_tcp\..*' was never awaited", RuntimeWarning)
        self._client = httpx.AsyncClient(
            headers=headers,
            # No proxy of the environment: calls go to the server and nowhere else.
            trust_env=False,
            follow_redirects=False,
            # The certificates that this machine trusts, so also those of the house.
            verify=ssl.create_default_context(),
            limits=httpx.Limits(max_connections=parallel, keepalive_expiry=_KEPT_SECONDS),
            timeout=httpx.Timeout(None, connect=retry_policy.connect_seconds),
        )

    async def ask(self, path: str, body: dict[str, Any] | None = None, *, trying: bool = False) -> dict[str, Any]:
        """The reply at a path below the address, to a body where there is one.

        With `trying`, an error inside the server means that it does not know the form.

        Raises:
            ContextError: the prompt is too long for the server.
            Unsupported: the server does not take a request of this form.
            EngineError: the server refuses this request, or gave no reply to it, however often it was asked.
            ModelError: the server is gone, or refuses whatever it is asked.
        """
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode("utf-8", errors="replace")
        policy, loop = self.retry_policy, asyncio.get_running_loop()
        # Who waits before another attempt keeps the slot: an overloaded server is not asked more meanwhile.
        async with self._slots:
            asked = _Asked(loop.time())

            def note(state: RetryCallState) -> None:
                asked.fault = str(state.outcome and state.outcome.exception())

            attempts = tenacity.AsyncRetrying(
                stop=stop_after_attempt(policy.attempts) | stop_before_delay(policy.total_seconds),
                wait=lambda state: seconds_to_wait(state, policy),
                retry=tenacity.retry_if_exception_type(TransientError),
                before_sleep=note,
                reraise=True,
            )
            self._asked.add(asked)
            self._next_look = self._next_look or loop.call_later(policy.silent_seconds, self._look, loop)
            end = asked.since + policy.total_seconds
            try:
                reply: dict[str, Any] = await attempts(self._attempt, path, content, trying, end)
            except TransientError as fault:
                raise self._given_up(fault, int(attempts.statistics["attempt_number"])) from None
            finally:
                self._asked.discard(asked)
        self._failed_in_a_row, self._replied = 0, loop.time()
        return reply

    async def close(self) -> None:
        """Close all connections."""
        if self._next_look is not None:
            self._next_look.cancel()
        await self._client.aclose()

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Tell of the question that waits longest: of those that are asked again, or of all of a silent server."""
        self._next_look = None
        if not self._asked:
            return
        longest = min([asked for asked in self._asked if asked.fault] or self._asked, key=lambda asked: asked.since)
        seconds = loop.time() - (longest.since if longest.fault else max(longest.since, self._replied))
        if longest.fault or seconds >= self.retry_policy.silent_seconds:
            what = f"{longest.fault}, trying again" if longest.fault else "has not replied"
            most = f"{self.retry_policy.total_seconds:g} s at most (Ctrl-C stops)"
            self._warn(f"{self.server} {what}: waited for {seconds:.0f} s, {most}")
        self._next_look = loop.call_later(self.retry_policy.silent_seconds, self._look, loop)

    def _given_up(self, fault: TransientError, attempts: int) -> AusweisError:
        tried = "" if attempts == 1 else f" (tried {attempts} times)"
        if fault.unreachable:
            return ModelError(f"{self.server} cannot be reached{tried}: see that it runs; {_RESUME}")
        self._failed_in_a_row += 1
        if self._failed_in_a_row >= IN_A_ROW:
            message = f"left {IN_A_ROW} questions in a row without a reply: see its log"
            return ModelError(f"{self.server} {message}; {_RESUME}")
        return EngineError(f"{self.server} {fault}{tried}: see that it can keep up, or lower --workers")

    async def _attempt(self, path: str, content: bytes | None, trying: bool, end: float) -> dict[str, Any]:
        seconds = max(0.0, min(self.retry_policy.attempt_seconds, end - asyncio.get_running_loop().time()))
        method, data = "GET" if content is None else "POST", bytearray()
        try:
            # Over the whole exchange: the time-outs of httpx begin anew with each byte of a server that drips.
            async with (
                asyncio.timeout(seconds),
                self._client.stream(method, f"{self._address}/{path}", content=content) as response,
            ):
                async for piece in response.aiter_raw():
                    data += piece
                    if len(data) > LARGEST_REPLY:
                        raise EngineError(f"{self.server} sent more than {LARGEST_REPLY >> 20} MiB: is it a model?")
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            if _is_of_tls(error):
                raise ModelError(f"{self.server} has no certificate that this machine trusts") from None
            raise TransientError("cannot be reached", unreachable=True) from None
        except TimeoutError:
            raise TransientError(f"gave no whole reply within {seconds:.3g} s") from None
        except httpx.HTTPError:
            raise TransientError("broke the connection off") from None
        except (httpx.InvalidURL, ValueError):
            # Such as an address in a redirection that is none: httpx looks at it, though it is not followed.
            raise TransientError("sent something that is no HTTP") from None
        return self._judge(response, bytes(data), trying)

    def _judge(self, response: httpx.Response, data: bytes, trying: bool) -> dict[str, Any]:
        status = response.status_code
        try:
            reply = strict_json(data, any_number=True)
        except ValueError:
            reply = None
            if status == httpx.codes.OK:
                raise TransientError("sent something that is no JSON, or JSON with a text that is none") from None
        if status == httpx.codes.OK:
            if not isinstance(reply, dict):
                raise TransientError("sent JSON that is no reply")
            return reply
        if 300 <= status < 400:
            raise ModelError(f"{self.server} sends to another address: give that one, if you trust it")
        if status >= 400 and _TOO_LONG.search(_error_of(reply)):
            raise ContextError(f"a prompt is too long for the context of {self.server}: start it with a larger one")
        if trying and status in (400, 422, 500, 501):
            raise Unsupported(f"{self.server} does not take such a request (HTTP {status})")
        if status in (408, 409, 425, 429) or status >= 500:
            wait = retry_after(response.headers.get("retry-after"))
            raise TransientError(f"is overloaded, not ready or failed (HTTP {status})", wait=wait)
        if status in _REFUSALS:
            raise ModelError(f"{self.server} {_REFUSALS[status]} (HTTP {status})")
        raise EngineError(f"{self.server} does not take the request: its own log may say why (HTTP {status})")


def _is_of_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _error_of(content: Any) -> str:
    """Code, kind and message of an error, in lower case, to look for known words in them only."""
    error = content.get("error", content) if isinstance(content, dict) else {}
    if not isinstance(error, dict):
        return str(error).lower()
    return " ".join(str(error.get(key, "")) for key in ("code", "type", "message")).lower()
