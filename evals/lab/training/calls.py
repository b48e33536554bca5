"""What is learned from: labelled calls, which labels their lines have, and what the model has understood of each line.

The states of a few layers are kept on the disk, some megabytes a call, so that a stopped training goes on. Calls of one
writing pass share a manner and are left out together: folds by chance flatter.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from ausweis.engines.heads import LineFeatures, features
from ausweis.engines.llama import LlamaEngine
from ausweis.engines.matcher import ANSWER_TOKENS
from ausweis.errors import InputError
from ausweis.journal import make_folder, replace_file
from ausweis.judging.incidents import LIKELY
from ausweis.labelled import GoldEvent, IncidentLabel, LabelledCall, OwnIncident
from ausweis.prompts import Template, default_library
from ausweis.reading.asking import Ending, transcript_of
from ausweis.reading.chunks import Chunk, spoken_chunks
from ausweis.reading.questions import SINGLE, STARTS_LATE, SUBJECTS, VERBS, meaning, of_speaker, speakers_of
from ausweis.reading.strategies import INCIDENTS_TEMPLATE, TRANSCRIPT_TEMPLATE
from ausweis.vocabulary import INCIDENTS

Array = NDArray[np.float32]
Places = NDArray[np.int64]
Item = TypeVar("Item")
Labels = frozenset[str] | None
"""Of a line; None where they are not known."""

FEWEST = 3
"""A label needs so many lines to be learned."""
BASIS_CALLS = 150
"""Calls that the directions are found from in which lines differ most."""
FOLDS = 5


class Lines(NamedTuple):
    """The lines of one call. `group`, `known`: see `Task`."""

    chunks: list[Chunk]
    seen: list[LineFeatures]
    labels: list[Labels]
    group: str
    known: frozenset[str] | None = None


@dataclass(frozen=True)
class Task:
    """What is learned: the labels of each chunk of a call."""

    of_chunks: Callable[[LabelledCall, Sequence[Chunk]], list[Labels]]
    labels: Callable[[Iterable[Labels], Template], tuple[str, ...]]
    """Those of a template that can be learned from such lines."""
    speakers: Callable[[str], Sequence[str]]
    """Whose lines may have a label."""
    group: Callable[[LabelledCall], str]
    """Calls of one group are left out together."""
    known: Callable[[LabelledCall], frozenset[str] | None]
    """The labels that something is known of in a call; None where it is all."""
    pool: Callable[[str], str | None]
    """Labels of one pool are weighed alike with the words of a line (`ngrams`); None: told by the probe alone."""
    dialogue: bool = False
    """Whether what was asked is weighed too."""
    bar: float | None = None
    """The probability from which on a label is told, where as many should be told as there are."""

    def lines(self, labelled: LabelledCall) -> Lines:
        """Of a call, without states."""
        chunks = spoken_chunks(labelled.call)
        labels = self.of_chunks(labelled, chunks) if chunks else []
        return Lines(chunks, [], labels, self.group(labelled), self.known(labelled))


def by_label(
    chunks: Sequence[Chunk], labels: Sequence[str], rows: Iterable[Sequence[float] | Array]
) -> list[dict[str, float]]:
    """For each line the probabilities of the labels that its speaker may have; `rows`: of all labels, by line."""
    return [of_speaker(chunk.speaker, labels, list(row)) for chunk, row in zip(chunks, rows, strict=True)]


def folds_of(groups: Sequence[str]) -> Iterator[list[int]]:
    """The places of the calls that are left out together: whole groups, or calls where all are of one group."""
    numbers = {group: number for number, group in enumerate(dict.fromkeys(groups))}
    of_call = [numbers[group] for group in groups] if len(numbers) > 1 else range(len(groups))
    folds = ([place for place, number in enumerate(of_call) if number % FOLDS == fold] for fold in range(FOLDS))
    yield from filter(None, folds)


def splits_of(groups: Sequence[str]) -> Iterator[tuple[Places, Places]]:
    """Of each fold the places of the calls to learn from, then of those that are left out."""
    for outside in folds_of(groups):
        yield np.setdiff1d(np.arange(len(groups)), outside), np.array(outside)


def layers_of(depth: int) -> tuple[int, ...]:
    """Which layers of a model with so many are read: those at three, four and five sevenths (`evals/LAB.md`, 10)."""
    return tuple(round(depth * part) for part in (3 / 7, 4 / 7, 5 / 7))


def collect(
    engine: LlamaEngine,
    template: Template,
    calls: Iterable[LabelledCall],
    layers: tuple[int, ...],
    folder: Path,
    questions_of: Callable[[LabelledCall], Sequence[Ending]] = lambda _: (),
) -> Iterator[tuple[LabelledCall, Path]]:
    """Read each call with the model, and keep the states of all lines under `folder`, if they are not there already.

    A call without a line is left out. `questions_of`: what is asked after a call; `question_states` has them.
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
        path = kept / f"{_digest([labelled.call.id, *transcript.rows])}.npz"
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


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:24]


def _questions_path(path: Path, questions: Sequence[Ending]) -> Path:
    digest = _digest(message.content for question in questions for message in question)
    return path.with_name(f"{path.stem}-{digest}.npz")


def question_states(path: Path, questions: Sequence[Ending]) -> list[Array]:
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


class KeptLines:
    """The lines of calls whose states were kept, read when they are asked for: they need not fit the memory."""

    def __init__(self, calls: Sequence[tuple[LabelledCall, Path]], task: Task) -> None:
        self._calls = calls
        self._task = task

    def __len__(self) -> int:
        return len(self._calls)

    def __iter__(self) -> Iterator[Lines]:
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, place: int) -> Lines:
        labelled, path = self._calls[place]
        with np.load(path) as kept:
            lines = np.split(kept["states"].astype(np.float32), np.cumsum(kept["lengths"])[:-1])
        return self._task.lines(labelled)._replace(seen=[features(states) for states in lines])


def sampled(calls: Sequence[Item]) -> Sequence[Item]:
    """At most `BASIS_CALLS` of them, spread evenly."""
    return calls[:: max(1, -(-len(calls) // BASIS_CALLS))]


class CallInBasis(NamedTuple):
    """A call in the directions in which lines differ: tokens (t, d), the line of each, and lines (n, e)."""

    tokens: NDArray[np.float16]
    owner: NDArray[np.int32]
    lines: Array


def call_in_basis(seen: Sequence[LineFeatures], basis: Mapping[str, Array]) -> CallInBasis:
    """The lines of a call in these directions, their tokens at half precision."""
    tokens = np.concatenate([line.tokens for line in seen]) @ basis["token_basis"] + basis["token_shift"]
    lines = np.stack([line.line for line in seen]) @ basis["line_basis"] + basis["line_shift"]
    owner = np.repeat(np.arange(len(seen), dtype=np.int32), [len(line.tokens) for line in seen])
    return CallInBasis(tokens.astype(np.float16), owner, lines.astype(np.float32))


def _of_facts(labelled: LabelledCall, chunks: Sequence[Chunk]) -> list[Labels]:
    """None where a turn is cut into several chunks and has a label: it is not known which one has it."""
    turns = [chunk.turn for chunk in chunks]
    labels = [labels_of(labelled.gold.events, turn) for turn in turns]
    labels = [None if names and turns.count(turn) > 1 else names for turn, names in zip(turns, labels, strict=True)]
    if "starts_late" in labelled.gold.defects and labels[0] is not None:
        labels[0] |= {STARTS_LATE}
    return labels


def labels_of(events: Sequence[GoldEvent], turn: int) -> Labels:
    """The labels of a turn, in the words of the templates; with each verb that has a subject, the verb itself.

    None for a turn with a company's own word, which is no word of the templates.
    """
    names = _names()
    labels: set[str] = set()
    for event in events:
        if event.turn == turn:
            # What was rejected is told by the order of things, not by the label.
            subject = None if event.kind in SINGLE.values() else event.subject
            if (event.kind, subject) not in names:
                return None
            labels.add(names[event.kind, subject])
            labels |= {verb for verb, kind in VERBS.items() if kind == event.kind}
    return frozenset(labels)


@cache
def _names() -> Mapping[tuple[str, str | None], str]:
    names: dict[tuple[str, str | None], str] = {(kind, None): label for label, kind in SINGLE.items()}
    for verb, subjects in SUBJECTS.items():
        names |= {(VERBS[verb], word): f"{verb} {said}" for said, word in subjects.items()}
    return names


def labels_in(lines: Iterable[Labels], template: Template) -> tuple[str, ...]:
    """The labels and verbs that occur often enough."""
    return _often([STARTS_LATE, *VERBS, *(label for label in template.labels if meaning(label) is not None)], lines)


def _often(labels: Iterable[str], lines: Iterable[Labels]) -> tuple[str, ...]:
    counts = Counter(label for line in lines for label in line or ())
    return tuple(label for label in labels if counts[label] >= FEWEST)


def _known_facts(labelled: LabelledCall) -> frozenset[str] | None:
    """Nothing where the label tells of incidents alone; of a stretch all but whether its recording starts late."""
    if labelled.gold.outcome is None:
        return frozenset()
    return frozenset([*_names().values(), *VERBS]) if "stretch" in labelled.gold.tags.scenario else None


FACT_TASK = Task(
    _of_facts,
    labels_in,
    speakers_of,
    group=lambda labelled: labelled.gold.writing_pass or labelled.call.id,
    known=_known_facts,
    # Of the rest the probe knows more; of what is told, words made ordinary calls suspect (`evals/LAB.md`, 49).
    pool=lambda label: next((verb for verb in ("changes", "reads out", "for another") if label.startswith(verb)), None),
    dialogue=True,
)


def _in_chunks(labelled: LabelledCall, ids: Collection[str], chunks: Sequence[Chunk]) -> list[Labels]:
    """The incidents, of these ids, that each chunk tells: a wrong price where it comes to light.

    Of a turn that is cut into several chunks, where their quotes are; None where one of them has no quote.
    """
    events = [event for event in incident_label(labelled).events if event.id in ids]

    def of_chunk(chunk: Chunk) -> Labels:
        told = [event for event in events if event.told == chunk.turn]
        begins = [other.begin for other in chunks if other.turn == chunk.turn]
        if len(begins) > 1:
            if any(event.quote is None for event in told):
                return None
            text = labelled.call.turn(chunk.turn).text
            told = [event for event in told if _begin_of(event.quote or "", text, begins) == chunk.begin]
        return frozenset(event.id for event in told)

    return [of_chunk(chunk) for chunk in chunks]


def _begin_of(quote: str, text: str, begins: Sequence[int]) -> int:
    """Where the chunk begins that has the middle of a quote."""
    middle = text.index(quote) + len(quote) // 2
    return max((begin for begin in begins if begin <= middle), default=begins[0])


def _of_incidents(labelled: LabelledCall, chunks: Sequence[Chunk]) -> list[Labels]:
    """The known kinds of each chunk."""
    names: dict[str, str] = {record.id: record.label for record in INCIDENTS.values()}
    told = _in_chunks(labelled, names, chunks)
    return [None if ids is None else frozenset(names[one] for one in ids) for ids in told]


def told_of(labelled: LabelledCall, own: OwnIncident, chunks: Sequence[Chunk]) -> Array:
    """For each line, whether it is what a description says: 1, 0, or nan where that is not known or not asked."""
    asked = [own.speaker in (None, chunk.speaker) for chunk in chunks]
    told = zip(_in_chunks(labelled, (own.id,), chunks), asked, strict=True)
    return np.array([np.nan if ids is None or not ask else float(bool(ids)) for ids, ask in told], np.float32)


def _known_incidents(labelled: LabelledCall) -> frozenset[str]:
    """A wrong price of which it is not said where it came to light may be shown by any line."""
    label = incident_label(labelled)
    hidden = {event.id for event in label.events if event.shown is None}
    known = [INCIDENTS[kind] for kind in label.kinds]
    return frozenset(record.label for record in known if not (record.comes_to_light_later and record.id in hidden))


def incident_label(labelled: LabelledCall) -> IncidentLabel:
    """What a call is labelled with beyond authentication; nothing is known of one that has no such label."""
    return labelled.gold.incidents or IncidentLabel(known=())


_SPEAKERS = {record.label: (record.speaker,) for record in INCIDENTS.values()}
INCIDENT_TASK = Task(
    _of_incidents,
    lambda lines, template: _often([label for label in template.labels if label in _SPEAKERS], lines),
    lambda label: _SPEAKERS[label],
    # Twins share it, and all that one pass has written.
    group=lambda labelled: labelled.gold.writing_pass or min(labelled.call.id, labelled.gold.twin or labelled.call.id),
    known=_known_incidents,
    pool=lambda _: "incidents",
    bar=LIKELY,
)
TASKS = {TRANSCRIPT_TEMPLATE: FACT_TASK, INCIDENTS_TEMPLATE: INCIDENT_TASK}
"""What is learned for a template."""


def template_for(name: str, task: Task, what: str) -> Template:
    """The template of this name, once it is one that this task is learned for. `what`: what shall be learned.

    Raises:
        InputError: it is not.
        PromptError: there is no such template, or it cannot be used.
    """
    template = default_library().get(name)
    if TASKS.get(template.id) is not task:
        right = next(one for one, other in TASKS.items() if other is task)
        raise InputError(f"no {what} is learned for {template.name}: --template is {right}")
    return template
