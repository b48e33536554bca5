"""Transcripts that a user names for runs to be taken up: read as each run read its calls, and of those calls alone."""

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field
from pathlib import Path

from ausweis.batch.manifest import Inputs, read_manifest
from ausweis.batch.state import VERDICTS_FILE
from ausweis.calls import Call, UnreadableCall
from ausweis.cli.store_options import login
from ausweis.errors import RunError
from ausweis.journal import lines
from ausweis.store import Added, Store
from ausweis.store.inputs import read_as
from ausweis.store.line_files import call_of_line

__all__ = ["GivenTexts"]


@dataclass
class _Way:
    """Runs that read their calls in one way: which they judged, when the last of them began; what cannot be read so."""

    inputs: Inputs
    judged: set[str | None] = field(default_factory=set)
    started: str = ""
    misfits: frozenset[str] = frozenset()
    unreadable: dict[str, UnreadableCall] = field(default_factory=dict)

    def add(self, store: Store, paths: tuple[str, ...], wanted: Set[str | None]) -> Added:
        return store.add_calls(self._read(paths, wanted), today=self.started, by=login())

    def _read(self, paths: tuple[str, ...], wanted: Set[str | None]) -> Iterator[Call]:
        for found in read_as(paths, self.inputs):
            if isinstance(found, UnreadableCall):
                self.unreadable[found.place] = found
            elif found.id in wanted:
                yield found


class GivenTexts:
    """`add` them before the runs are taken up, and `add_misfits` after; nothing is read without paths."""

    def __init__(self, paths: tuple[str, ...], runs: Iterable[Path]) -> None:
        self._paths = paths
        # Where two runs judged a call, the later one's way of reading stays.
        self._ways = sorted(_ways(runs), key=lambda way: way.started) if paths else []
        self.displaced = 0

    @property
    def unreadable(self) -> list[UnreadableCall]:
        """What could be read in no way."""
        found = [way.unreadable for way in self._ways]
        return [one for place, one in found[0].items() if all(place in other for other in found)] if found else []

    def add(self, store: Store) -> None:
        """Give the store the texts, as many as fit the verdicts that are there.

        Raises:
            AusweisError: a path cannot be used, or the store not be written.
        """
        for way in self._ways:
            added = way.add(store, self._paths, way.judged)
            self.displaced += added.displaced
            way.misfits = added.misfits

    def add_misfits(self, store: Store) -> int:
        """Give it those again that did not fit, since their own verdicts may be there by now: how many still do not."""
        left = 0
        for way in self._ways:
            if way.misfits:
                added = way.add(store, self._paths, way.misfits)
                self.displaced += added.displaced
                left += len(added.misfits)
        return left


def _ways(runs: Iterable[Path]) -> list[_Way]:
    ways: dict[str, _Way] = {}
    for run in runs:
        try:
            manifest = read_manifest(run)
            judged = {call_of_line(line.data) for line in lines(run / VERDICTS_FILE)}
        except RunError:
            # The import of the run tells it.
            continue
        if manifest is not None:
            inputs = manifest.inputs.model_copy(update={"paths": (), "recordings": None})
            way = ways.setdefault(inputs.model_dump_json(), _Way(inputs))
            way.judged |= judged
            way.started = max(way.started, manifest.started)
    return list(ways.values())
