"""How `ausweis score --store` fills the store while it goes on; no fault of the store costs the run."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ausweis.audio.sidecar import Sidecar
from ausweis.batch import RunFolder
from ausweis.calls import Call, Sources
from ausweis.calls.text import as_utf8
from ausweis.cli.store_options import DISPLACED, MISFITS, address_of, login, opened
from ausweis.cli.warning import warn
from ausweis.errors import AusweisError, InputError, StoreError, unforeseen
from ausweis.facts import Facts
from ausweis.judging.verdict import Verdict

if TYPE_CHECKING:
    from ausweis.store import Store, StoreSink

__all__ = ["Filling"]


class Filling:
    """A sink. After a fault it does nothing more; `finish` tells it."""

    def __init__(self, store: "Store") -> None:
        self._store = store
        self._sink: StoreSink | None = None
        self._fault: AusweisError | None = None

    @classmethod
    @contextmanager
    def opened(cls, address: str | None) -> Iterator["Filling | None"]:
        """Open the store, a new one where there is none; None without an address.

        Raises:
            StoreError: it cannot be opened.
        """
        if address is None:
            yield None
        else:
            with opened(address_of(address), make=True) as store:
                yield cls(store)

    def begin(self, run: RunFolder, sources: Sources, answers: Path | None) -> "Filling":
        """Take up what the run holds already; what an earlier try left out of the store is in it then."""
        with self._kept_apart():
            if answers is not None:
                self._store.register(answers, "answers")
            self._sink = self._store.sink(run.path, _audio(sources), by=login())
            if run.counts.verdicts:
                self._sink.take_up()
                self._sink.find_texts()
        return self

    def add(self, call: Call, facts: Facts, verdict: Verdict) -> None:
        """See `Sink`."""
        self._try(lambda sink: sink.add(call, facts, verdict))

    def add_text(self, call: Call) -> None:
        """See `Sink`."""
        self._try(lambda sink: sink.add_text(call))

    def flush(self) -> None:
        """See `Sink`."""
        self._try(lambda sink: sink.flush())

    def finish(self, run: Path) -> StoreError | None:
        """The fault that kept calls out of the store, if there was one."""
        if self._sink is not None:
            done = self._sink.done
            for message, number in ((DISPLACED, done.displaced), (MISFITS, done.misfits)):
                if number:
                    warn(message.format(number))
        if self._fault is None:
            return None
        message = f"what the run holds is not all in the store ({self._fault}); take it up: ausweis store import {run}"
        return StoreError(message)

    def _try(self, step: Callable[["StoreSink"], None]) -> None:
        if self._sink is not None and self._fault is None:
            with self._kept_apart():
                step(self._sink)

    @contextmanager
    def _kept_apart(self) -> Iterator[None]:
        try:
            yield
        except AusweisError as error:
            self._fault = error
        except Exception as error:
            self._fault = StoreError(unforeseen(error))


def _audio(sources: Sources) -> dict[str, tuple[Path, ...]]:
    recordings = {}
    for source in sources.files:
        if source.is_recording:
            try:
                name = Sidecar.read(source.sidecar).id
            except InputError:
                continue
            # A name that is not UTF-8 cannot stand in a store.
            storable = (path for path in source.files if as_utf8(path.absolute()) == str(path.absolute()))
            recordings[name or source.default_id] = tuple(storable)
    return recordings
