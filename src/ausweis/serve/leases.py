"""Who is at which call: a call that is opened from a queue is kept for whoever opened it, for some minutes.

Kept in memory: a restart frees all calls, and nobody loses more by it than being asked to look who else is there.
"""

import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from ausweis.serve.auth import Session
from ausweis.store import person_of

__all__ = ["Lease", "Leases"]

MINUTES = 10
"""For which a call is kept after the last sign of whoever opened it."""


@dataclass(frozen=True)
class Lease:
    """Somebody at a call. `since` and `until`: seconds of the clock; `stamp`: which opening of its page it was."""

    session: str
    name: str
    since: float
    until: float
    stamp: int


class Leases:
    """The calls that somebody is at, for several threads; each session is at one."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._stamps = itertools.count(1)
        self._leases: dict[int, Lease] = {}

    def open(self, key: int, session: Session) -> Lease:
        """Be at a call, if nobody else is: who is at it then. The call where this session was before is free."""
        with self._lock:
            here = self._at(key)
            if here is not None and not _is_same(here, session):
                return here
            return self._take(key, session, here)

    def take_over(self, key: int, session: Session) -> Lease:
        """Be at a call, whoever else is."""
        with self._lock:
            return self._take(key, session, None)

    def stay(self, key: int, session: Session, stamp: int) -> bool:
        """Say that one is still there, or back; whether the call is still one's own."""
        with self._lock:
            here = self._at(key)
            if here is not None and not _is_same(here, session):
                return False
            # A page that another of the same session has replaced keeps nothing any more.
            if here is None or here.stamp == stamp:
                since = self._now() if here is None else here.since
                self._leases[key] = Lease(session.id, session.reviewer, since, self._now() + MINUTES * 60, stamp)
            return True

    def leave(self, key: int, session: Session, stamp: int | None = None) -> None:
        """Free a call that this session is at; with `stamp`, only if no later page of it was opened."""
        with self._lock:
            here = self._leases.get(key)
            if here is not None and here.session == session.id and stamp in (None, here.stamp):
                del self._leases[key]

    def leave_all(self, session: Session) -> None:
        """Free what this session is at."""
        with self._lock:
            self._free(session)

    def of_others(self, session: Session) -> dict[int, Lease]:
        """The calls that other persons are at."""
        with self._lock:
            for key in list(self._leases):
                self._at(key)
            return {key: lease for key, lease in self._leases.items() if not _is_same(lease, session)}

    def minutes(self, lease: Lease) -> int:
        """For how long somebody has been there."""
        return int((self._now() - lease.since) // 60)

    def _at(self, key: int) -> Lease | None:
        here = self._leases.get(key)
        if here is not None and here.until <= self._now():
            del self._leases[key]
            return None
        return here

    def _take(self, key: int, session: Session, here: Lease | None) -> Lease:
        self._free(session)
        since = here.since if here else self._now()
        until = self._now() + MINUTES * 60
        lease = Lease(session.id, session.reviewer, since, until, next(self._stamps))
        self._leases[key] = lease
        return lease

    def _free(self, session: Session) -> None:
        self._leases = {key: lease for key, lease in self._leases.items() if lease.session != session.id}


def _is_same(lease: Lease, session: Session) -> bool:
    return person_of(lease.name) == person_of(session.reviewer)
