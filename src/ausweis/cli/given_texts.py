"""Transcripts that a user names for runs that were taken up: read as each run read its calls, and of those alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ausweis.calls import Call, UnreadableCall
from ausweis.store import StoreSink
from ausweis.store.settled import read_as

__all__ = ["add_given_texts"]


@dataclass
class _Way:
    """Runs that read their calls in one way, the latest first. `unreadable`: what cannot be read so, by its place."""

    sinks: list[StoreSink]
    unreadable: dict[str, UnreadableCall] = field(default_factory=dict)

    def calls(self, paths: tuple[str, ...]) -> Iterator[Call]:
        judged = set[str]().union(*(sink.judged for sink in self.sinks))
        for found in read_as(paths, self.sinks[0].manifest.inputs):
            if isinstance(found, UnreadableCall):
                self.unreadable[found.place] = found
            elif found.id in judged:
                yield found


def add_given_texts(paths: tuple[str, ...], sinks: Sequence[StoreSink]) -> list[UnreadableCall]:
    """Give the store the texts of the runs' calls; what could be read in no way.

    Raises:
        AusweisError: a path cannot be used, or the store not be written.
    """
    if not paths or not sinks:
        return []
    ways: dict[str, _Way] = {}
    # Where two runs judged a call, the later one's way of reading stays.
    for sink in sorted(sinks, key=lambda sink: sink.manifest.started, reverse=True):
        inputs = sink.manifest.inputs.model_copy(update={"paths": (), "recordings": None})
        ways.setdefault(inputs.model_dump_json(), _Way([])).sinks.append(sink)
    for way in reversed(ways.values()):
        way.sinks[0].add_texts(way.calls(paths))
    first, *others = (way.unreadable for way in ways.values())
    return [call for place, call in first.items() if all(place in other for other in others)]
