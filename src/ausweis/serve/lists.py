"""What can be chosen in a filter: queues, teams, kinds of incidents. Counting them takes a while in a large store."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from ausweis.store import Store

__all__ = ["Lists", "Named"]

FRESH = 60.0
"""Seconds for which lists are good; older ones are shown once more, while new ones are made."""


class Named(NamedTuple):
    """All names, each list in order. `teams`: those large enough to be told apart."""

    queues: Sequence[str]
    teams: Sequence[str]
    incidents: Sequence[str]


class Lists:
    """The names in a store, for several threads."""

    def __init__(self, store: Store, now: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._now = now
        self._lock = threading.Lock()
        self._named: Named | None = None
        self._made = 0.0

    def get(self) -> Named:
        """The names; only the very first call waits for them."""
        named = self._named
        if named is None:
            with self._lock:
                return self._named or self._make()
        if self._now() - self._made > FRESH and self._lock.acquire(blocking=False):
            threading.Thread(target=self._make_again, daemon=True).start()
        return named

    def _make_again(self) -> None:
        try:
            self._make()
        finally:
            self._lock.release()

    def _make(self) -> Named:
        days = self._store.days()
        counts = self._store.day_counts(*days, by=()) if days else []
        kinds = sorted({kind for count in counts for kind in count.incidents})
        self._named = Named(self._store.queues(), self._store.teams(), kinds)
        self._made = self._now()
        return self._named
