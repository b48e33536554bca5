"""Requests of several threads, answered together by the one thread that came first."""

import time
from collections.abc import Callable, Sequence
from threading import Condition

from ausweis.engines.protocol import Request, Result
from ausweis.errors import EngineError

__all__ = ["Gathered"]

Answered = Result | EngineError
PATIENCE = 0.2
"""Seconds for which the first thread waits for the others: prompts take milliseconds, answers seconds."""


class Gathered:
    """Asks `complete` for all that up to `threads` threads want at the same time."""

    def __init__(self, complete: Callable[[Sequence[Request]], list[Answered]], threads: int) -> None:
        self._complete = complete
        self._threads = threads
        self._changed = Condition()
        self._busy = self._closed = False
        self._waiting: list[Sequence[Request]] = []
        self._answered: dict[int, list[Answered] | BaseException] = {}

    def ask(self, requests: Sequence[Request]) -> list[Answered]:
        """The answers to these requests, in their order.

        Raises:
            EngineError: it was closed; or as `complete`, to all whose requests were among them.
        """
        key = id(requests)
        with self._changed:
            self._waiting.append(requests)
            self._changed.notify_all()
            self._changed.wait_for(lambda: key in self._answered or not self._busy)
            if self._closed:
                raise EngineError("the model was closed")
            if key not in self._answered:
                self._busy = True
                until = time.monotonic() + PATIENCE
                while len(self._waiting) < self._threads and (left := until - time.monotonic()) > 0:
                    self._changed.wait(left)
                # In the order of the prompts, not of the threads: the same calls give the same numbers.
                group = sorted(self._waiting, key=lambda one: [request.messages[-1].content for request in one])
                self._waiting = []
        if key not in self._answered:
            self._answer(group)
        with self._changed:
            answered = self._answered.pop(key)
        if isinstance(answered, BaseException):
            raise answered
        return answered

    def close(self) -> None:
        """Let nobody ask any more, and wait for who is being answered."""
        with self._changed:
            self._closed = True
            self._changed.wait_for(lambda: not self._busy)
            self._changed.notify_all()

    def _answer(self, group: Sequence[Sequence[Request]]) -> None:
        answered: dict[int, list[Answered] | BaseException] = {}
        try:
            results = self._complete([request for requests in group for request in requests])
            for requests in group:
                answered[id(requests)], results = results[: len(requests)], results[len(requests) :]
        except BaseException as error:
            answered = dict.fromkeys(map(id, group), error)
        with self._changed:
            self._busy = False
            self._answered.update(answered)
            self._changed.notify_all()
