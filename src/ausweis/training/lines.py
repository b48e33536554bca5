"""The lines that a probe is learned from: states of a few layers of the model, kept on the disk, and their labels."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, overload

import numpy as np

from ausweis.engines.llama import LlamaEngine
from ausweis.engines.probe import LineFeatures, features
from ausweis.evals.labelled import LabelledCall
from ausweis.prompts import Template
from ausweis.reading.asking import transcript_of
from ausweis.reading.chunks import Chunk, spoken_chunks

__all__ = ["FEWEST", "KeptLines", "Lines", "Task", "collect", "in_whole_turns", "layers_of"]

FEWEST = 3
"""A label needs so many lines to be learned."""


@dataclass(frozen=True)
class Task:
    """What is learned: the labels of each chunk of a call (None where they are not known).

    `labels`: those of a template that can be learned from such lines; `speakers`: whose lines may have one. With
    `dialogue`, what was asked is weighed too. `group`: calls of one group are left out together, such as twins.
    `known`: the labels that something is known of in a call; None where it is all.
    """

    of_chunks: Callable[[LabelledCall, Sequence[Chunk]], list[frozenset[str] | None]]
    labels: Callable[[Iterable[frozenset[str] | None], Template], tuple[str, ...]]
    speakers: Callable[[str], Sequence[str]]
    dialogue: bool = False
    group: Callable[[LabelledCall], str] = lambda labelled: labelled.call.id
    known: Callable[[LabelledCall], frozenset[str] | None] = lambda _: None


class Lines(NamedTuple):
    """The lines of one call. `labels`: None where they are not known; `group`, `known`: see `Task`."""

    chunks: list[Chunk]
    seen: list[LineFeatures]
    labels: list[frozenset[str] | None]
    group: str
    known: frozenset[str] | None = None


def layers_of(depth: int) -> tuple[int, ...]:
    """Which layers of a model with so many are read: those at three, four and five sevenths of the way.

    Chosen for the default model (28 layers) by cross-validation over the calls of train: what a line means stands
    there most plainly.
    """
    return tuple(round(depth * part) for part in (3 / 7, 4 / 7, 5 / 7))


def collect(
    engine: LlamaEngine, template: Template, calls: Iterable[LabelledCall], layers: tuple[int, ...], folder: Path
) -> Iterator[tuple[LabelledCall, Path]]:
    """Read each call with the model, and keep the states of all lines under `folder`: some megabytes a call.

    A call without a line is left out. What stands there already is not computed again, so that a stopped run goes on.
    """
    kept = folder / "-".join([engine.info.sha256[:8], template.sha256[:8], *map(str, layers)])
    kept.mkdir(parents=True, exist_ok=True)
    for labelled in calls:
        chunks = spoken_chunks(labelled.call)
        if not chunks:
            continue
        transcript = transcript_of(template, labelled.call, chunks)
        # The text is in the name: a call that was changed is read anew; and an id may be no name for a file.
        text = "\n".join([labelled.call.id, *transcript.rows])
        path = kept / f"{hashlib.sha256(text.encode()).hexdigest()[:24]}.npz"
        if not path.is_file():
            states = list(engine.states(transcript, layers))
            half = path.with_suffix(".half.npz")
            np.savez(half, states=np.concatenate(states).astype(np.float16), lengths=[len(line) for line in states])
            half.replace(path)
        yield labelled, path


class KeptLines(Sequence[Lines]):
    """The lines of calls whose states were kept, read from the disk when they are wanted: they need not fit the memory.

    Of turns that are cut into several chunks it is not known which one a label belongs to.
    """

    def __init__(self, calls: Iterable[tuple[LabelledCall, Path]], task: Task) -> None:
        self._calls = list(calls)
        self._task = task

    def __len__(self) -> int:
        return len(self._calls)

    @overload
    def __getitem__(self, place: int) -> Lines: ...

    @overload
    def __getitem__(self, place: slice) -> "KeptLines": ...

    def __getitem__(self, place: int | slice) -> "Lines | KeptLines":
        if isinstance(place, slice):
            return KeptLines(self._calls[place], self._task)
        labelled, path = self._calls[place]
        chunks = spoken_chunks(labelled.call)
        with np.load(path) as kept:
            lines = np.split(kept["states"].astype(np.float32), np.cumsum(kept["lengths"])[:-1])
        task = self._task
        labels, group, known = task.of_chunks(labelled, chunks), task.group(labelled), task.known(labelled)
        return Lines(chunks, [features(states) for states in lines], labels, group, known)


def in_whole_turns(
    chunks: Sequence[Chunk], of_turn: Callable[[int], frozenset[str] | None]
) -> list[frozenset[str] | None]:
    """The labels of each chunk that is a whole turn."""
    turns = [chunk.turn for chunk in chunks]
    return [of_turn(chunk.turn) if turns.count(chunk.turn) == 1 else None for chunk in chunks]
