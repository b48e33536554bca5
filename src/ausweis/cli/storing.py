"""How `ausweis score --store` fills the store: texts as calls are read, then the run, which no fault of it costs."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ausweis.audio.sidecar import Sidecar
from ausweis.calls import Call, Sources, UnreadableCall
from ausweis.cli.store_options import ADDRESS, DISPLACED, login, opened
from ausweis.errors import AusweisError, InputError, StoreError, unforeseen

if TYPE_CHECKING:
    from ausweis.store import Store

__all__ = ["Filling"]

_BATCH = 200
Found = Call | UnreadableCall


class Filling:
    """Without a store, it does nothing. After a fault it does nothing more; `finish` tells it."""

    def __init__(self, store: "Store | None") -> None:
        self._store = store
        self._waiting: list[Call] = []
        self._misfits: list[Call] = []
        self._displaced = 0
        self._fault: AusweisError | None = None

    @classmethod
    @contextmanager
    def opened(cls, address: str | None) -> Iterator["Filling"]:
        """Open the store, a new one where there is none; none at all without an address.

        Raises:
            StoreError: it cannot be opened.
        """
        if address is None:
            yield cls(None)
        else:
            with opened(address or os.environ.get("AUSWEIS_STORE") or ADDRESS, make=True) as store:
                yield cls(store)

    def reading(self, calls: Iterator[Found]) -> Iterator[Found]:
        """The same calls, whose texts are kept as they go by."""
        for found in calls:
            if self._store is not None and isinstance(found, Call):
                self._waiting.append(found)
                if len(self._waiting) >= _BATCH:
                    self._keep()
            yield found
        self._keep()

    def finish(self, run: Path, sources: Sources, answers: Path | None) -> StoreError | None:
        """Take up the run; the fault that kept it out, if there was one."""
        if self._store is None:
            return None
        self._keep()
        try:
            if answers is not None:
                self._store.register_answers(answers)
            if self._fault is None:
                # What did not fit the verdict before fits this one.
                done = self._store.import_run(run, self._misfits, audio=_audio(sources), by=login())
                self._displaced += done.displaced
        except Exception as error:
            self._fault = _fault(error)
        if self._displaced:
            click.echo(f"ausweis: {DISPLACED.format(self._displaced)}", err=True)
        if self._fault is None:
            return None
        message = f"the run is whole, but not in the store ({self._fault}); take it up: ausweis store import {run}"
        return StoreError(message)

    def _keep(self) -> None:
        waiting, self._waiting = self._waiting, []
        if self._store is None or self._fault is not None or not waiting:
            return
        try:
            added = self._store.add_calls(waiting)
            self._misfits += [call for call in waiting if call.id in added.misfits]
            self._displaced += added.displaced
        except Exception as error:
            self._fault = _fault(error)


def _fault(error: Exception) -> AusweisError:
    return error if isinstance(error, AusweisError) else StoreError(unforeseen(error))


def _audio(sources: Sources) -> dict[str, tuple[Path, ...]]:
    found = {}
    for source in sources.files:
        if source.is_recording:
            try:
                name = Sidecar.read(source.sidecar).id
            except InputError:
                continue
            found[name or source.default_id] = tuple(path.absolute() for path in source.files)
    return found
