"""When a server's fault is worth another attempt, and how long to wait before it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from tenacity import RetryCallState, wait_exponential, wait_random

__all__ = ["RetryPolicy", "TransientError", "retry_after", "seconds_to_wait"]


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

    `what` goes on a sentence that begins with the server; `wait` is what the server asks.
    `unreachable`: no connection was made, so the fault has nothing to do with what was asked.
    """

    def __init__(self, what: str, *, wait: float | None = None, unreachable: bool = False) -> None:
        super().__init__(what)
        self.what = what
        self.wait = wait
        self.unreachable = unreachable


def retry_after(value: str | None) -> float | None:
    """The seconds that a `Retry-After` header asks for: a number, or a date; None for anything else."""
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        date = parsedate_to_datetime(value)
        if date.tzinfo is None:
            date = date.replace(tzinfo=UTC)
        return max(0.0, (date - datetime.now(UTC)).total_seconds())
    except (ValueError, OverflowError):
        return None


def seconds_to_wait(state: RetryCallState, retry_policy: RetryPolicy) -> float:
    """Back off exponentially, with a little more by chance, so that many requests do not come back at once.

    What a server asks for is waited out, even if it is more than `longest_wait`: where it is more than is left of
    `total_seconds`, there is no further attempt.
    """
    grown = wait_exponential(retry_policy.first_wait, retry_policy.longest_wait)(state)
    by_chance = wait_random(0, retry_policy.first_wait)(state)
    fault = state.outcome.exception() if state.outcome else None
    asked = fault.wait if isinstance(fault, TransientError) else None
    return max(grown + by_chance, asked or 0.0)
