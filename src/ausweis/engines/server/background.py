"""A thread that waits for many replies at once, for callers in any thread."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import CancelledError
from typing import Any, TypeVar

from ausweis.errors import EngineError

__all__ = ["Background"]

T = TypeVar("T")

_GRACE = 5.0
"""Seconds for what was ended to clear up."""


class Background:
    """An event loop in a thread of its own. Any thread may use it, and any may close it while others wait."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._lock = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for what the work returns. What interrupts the waiting, such as Ctrl-C, ends the work too.

        Raises:
            EngineError: the background is closed, or was in the meantime.
        """
        with self._lock:
            if self._closed:
                work.close()
                raise EngineError("the engine is closed")
            waiting = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return waiting.result()
        except CancelledError:
            raise EngineError("the engine is closed") from None
        except BaseException:
            waiting.cancel()
            raise

    def close(self, last: Coroutine[Any, Any, None]) -> None:
        """End all work at once, do the last thing, and end the thread. A second time it does nothing."""
        with self._lock:
            if self._closed:
                last.close()
                return
            self._closed = True
        try:
            asyncio.run_coroutine_threadsafe(self._end(last), self._loop).result(_GRACE)
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_GRACE)
            if not self._thread.is_alive():
                self._loop.close()

    @staticmethod
    async def _end(last: Coroutine[Any, Any, None]) -> None:
        working = asyncio.all_tasks() - {asyncio.current_task()}
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)
        await last
