"""Makes calls searchable while the server runs: those of a store of an earlier version, or masked by other rules."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ausweis.errors import StoreError
from ausweis.serve.desk import Desk

__all__ = ["indexing"]

_AT_ONCE = 20
_PAUSE = 0.02
"""Seconds after so many calls, in which pages are answered."""


@contextmanager
def indexing(desk: Desk) -> Iterator[None]:
    """Index in a thread of its own, until all is done or this ends."""
    stopped = threading.Event()
    thread = threading.Thread(target=_index, args=(desk, stopped), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def _index(desk: Desk, stopped: threading.Event) -> None:
    # What others write meanwhile, or cannot be written at all, waits for the next start.
    with suppress(StoreError):
        for _ in desk.store.index(at_once=_AT_ONCE) if desk.store.unindexed() else ():
            if stopped.wait(_PAUSE):
                return
