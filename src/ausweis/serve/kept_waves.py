"""Wave forms that were asked for, in memory only: what is deleted leaves nothing behind when the server stops."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextlib import suppress
from threading import BoundedSemaphore, Lock

from ausweis.audio.wave_form import Row

__all__ = ["KeptWaves"]

KEPT = 256
"""Calls. Each takes 2 KB."""
WAITING = 4
"""Requests that wait for their turn to read recordings: more would leave no threads for pages."""


class KeptWaves:
    """Those that were asked for last. One call at a time is read, so that pages do not wait for processors."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, list[Row]] = OrderedDict()
        self._reading = Lock()
        self._waiting = BoundedSemaphore(WAITING)

    def get(self, key: Hashable, make: Callable[[], list[Row]]) -> list[Row] | None:
        """What is kept under the key, or what `make` makes; None where too many wait for that already."""
        found = self._kept.get(key)
        if found is not None:
            # Somebody else's may have pushed it out meanwhile.
            with suppress(KeyError):
                self._kept.move_to_end(key)
            return found
        if not self._waiting.acquire(blocking=False):
            return None
        try:
            with self._reading:
                return self._made(key, make)
        finally:
            self._waiting.release()

    def _made(self, key: Hashable, make: Callable[[], list[Row]]) -> list[Row]:
        # Somebody else may have asked for it meanwhile.
        found = self._kept.pop(key, None)
        rows = make() if found is None else found
        self._kept[key] = rows
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return rows
