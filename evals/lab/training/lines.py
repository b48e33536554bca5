"""The lines that a probe is learned from: states of a few layers of the model, kept on the disk, and their labels."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from ausweis.engines.heads import LineFeatures, features
from ausweis.engines.llama import LlamaEngine
from ausweis.engines.matcher import ANSWER_TOKENS
from ausweis.evals.labelled import LabelledCall
from ausweis.journal import make_folder, replace_file
from ausweis.prompts import Template
from ausweis.reading.asking import transcript_of
from ausweis.reading.chunks import Chunk, spoken_chunks
from ausweis.reading.described import Ending
from ausweis.reading.questions import of_speaker

__all__ = [
    "FEWEST",
    "KeptLines",
    "Lines",
    "Task",
    "by_label",
    "collect",
    "in_whole_turns",
    "keep_arrays",
    "kept_name",
    "layers_of",
    "question_states",
    "sampled",
]

Item = TypeVar("Item")

FEWEST = 3
"""A label needs so many lines to be learned."""
BASIS_CALLS = 150
"""Calls that the directions are found from in which lines differ most."""


@dataclass(frozen=True)
class Task:
    """What is learned: the labels of each chunk of a call (None where they are not known).

    `labels`: those of a template that can be learned from such lines; `speakers`: whose lines may have one. With
    `dialogue`, what was asked is weighed too. `group`: calls of one group are left out together, such as twins.
    `known`: the labels that something is known of in a call; None where it is all. `pool`: which labels are told by the
    words of a line too (`ngrams`), and which of them are weighed alike; None: by the probe alone.
    `bar`: the probability from which on such a label is told, where as many should be told as there are.
    """

    of_chunks: Callable[[LabelledCall, Sequence[Chunk]], list[frozenset[str] | None]]
    labels: Callable[[Iterable[frozenset[str] | None], Template], tuple[str, ...]]
    speakers: Callable[[str], Sequence[str]]
    dialogue: bool = False
    group: Callable[[LabelledCall], str] = lambda labelled: labelled.call.id
    known: Callable[[LabelledCall], frozenset[str] | None] = lambda _: None
    pool: Callable[[str], str | None] = lambda _: None
    bar: float | None = None

    def lines(self, labelled: LabelledCall) -> "Lines":
        """Of a call, without states."""
        chunks = spoken_chunks(labelled.call)
        labels = self.of_chunks(labelled, chunks) if chunks else []
        return Lines(chunks, [], labels, self.group(labelled), self.known(labelled))


class Lines(NamedTuple):
    """The lines of one call. `labels`: None where they are not known; `group`, `known`: see `Task`."""

    chunks: list[Chunk]
    seen: list[LineFeatures]
    labels: list[frozenset[str] | None]
    group: str
    known: frozenset[str] | None = None


def by_label(
    chunks: Sequence[Chunk], labels: Sequence[str], rows: Iterable[Sequence[float] | NDArray[np.float32]]
) -> list[dict[str, float]]:
    """For each line the probabilities of the labels that its speaker may have; `rows`: of all labels, by line."""
    return [of_speaker(chunk.speaker, labels, list(row)) for chunk, row in zip(chunks, rows, strict=True)]


def layers_of(depth: int) -> tuple[int, ...]:
    """Which layers of a model with so many are read: those at three, four and five sevenths of the way.

    Chosen for the default model (28 layers) by cross-validation over the calls of train: what a line means stands
    there most plainly.
    """
    return tuple(round(depth * part) for part in (3 / 7, 4 / 7, 5 / 7))


def collect(
    engine: LlamaEngine,
    template: Template,
    calls: Iterable[LabelledCall],
    layers: tuple[int, ...],
    folder: Path,
    questions_of: Callable[[LabelledCall], Sequence[Ending]] = lambda _: (),
) -> Iterator[tuple[LabelledCall, Path]]:
    """Read each call with the model, and keep the states of all lines under `folder`: some megabytes a call.

    A call without a line is left out. What stands there already is not computed again, so that a stopped run goes on.
    `questions_of`: what is asked after a call; `question_states` has them.
    """
    kept = folder / kept_name(engine, template, layers)
    make_folder(kept)
    for labelled in calls:
        chunks = spoken_chunks(labelled.call)
        if not chunks:
            continue
        questions = questions_of(labelled)
        transcript = transcript_of(template, labelled.call, chunks).model_copy(update={"questions": tuple(questions)})
        # The text is in the name: a call that was changed is read anew; and an id may be no name for a file.
        text = "\n".join([labelled.call.id, *transcript.rows])
        path = kept / f"{hashlib.sha256(text.encode()).hexdigest()[:24]}.npz"
        asked = _questions_path(path, questions)
        if not path.is_file() or (questions and not asked.is_file()):
            states = list(engine.states(transcript, layers))
            lines, last = states[: len(chunks)], [question[-ANSWER_TOKENS:] for question in states[len(chunks) :]]
            keep_arrays(
                path, states=np.concatenate(lines).astype(np.float16), lengths=np.array([len(line) for line in lines])
            )
            if questions:
                keep_arrays(asked, states=np.stack(last).astype(np.float16))
        yield labelled, path


def keep_arrays(path: Path, **arrays: NDArray[Any]) -> None:
    """Write arrays to a file that is there whole or not at all.

    Raises:
        RunError: it cannot be written.
    """
    content = BytesIO()
    np.savez(content, allow_pickle=False, **arrays)
    replace_file(path, content.getvalue())


def _questions_path(path: Path, questions: Sequence[Ending]) -> Path:
    text = "\n".join(message.content for question in questions for message in question)
    return path.with_name(f"{path.stem}-{hashlib.sha256(text.encode()).hexdigest()[:24]}.npz")


def question_states(path: Path, questions: Sequence[Ending]) -> list[NDArray[np.float32]]:
    """The states of the last `ANSWER_TOKENS` tokens of each question that `collect` asked after the call of this path.

    Each of shape (tokens, layers, width).
    """
    if not questions:
        return []
    with np.load(_questions_path(path, questions)) as kept:
        return list(kept["states"].astype(np.float32))


def kept_name(engine: LlamaEngine, template: Template, layers: tuple[int, ...]) -> str:
    """By model, template and layers: states of others are others."""
    return "-".join([engine.info.sha256[:8], template.sha256[:8], *map(str, layers)])


class KeptLines(Sequence[Lines]):
    """The lines of calls whose states were kept, read from the disk when they are wanted: they need not fit the memory.

    Of a turn in several chunks it is not known which one a fact belongs to, nor an incident without a quote.
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
        with np.load(path) as kept:
            lines = np.split(kept["states"].astype(np.float32), np.cumsum(kept["lengths"])[:-1])
        return self._task.lines(labelled)._replace(seen=[features(states) for states in lines])


def sampled(calls: Sequence[Item]) -> Sequence[Item]:
    """At most `BASIS_CALLS` of them, spread evenly."""
    return calls[:: max(1, -(-len(calls) // BASIS_CALLS))]


def in_whole_turns(
    chunks: Sequence[Chunk], of_turn: Callable[[int], frozenset[str] | None]
) -> list[frozenset[str] | None]:
    """The labels of each chunk; None where its turn is cut into several and has any: it is not known which has them."""
    turns = [chunk.turn for chunk in chunks]
    labels = [of_turn(turn) for turn in turns]
    return [None if names and turns.count(turn) > 1 else names for turn, names in zip(turns, labels, strict=True)]
