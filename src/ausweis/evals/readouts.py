"""Learns a readout from labelled turns: what the states of a few layers of the model tell about each line.

The networks are those of `readout_network`. The scores of lines whose call was left out calibrate the probabilities
(Platt 1999) and weigh what was asked (`reading.dialogue`).
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Generic, NamedTuple, Protocol, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from ausweis.calls.call import Call
from ausweis.engines.llama import LlamaEngine
from ausweis.engines.readout import LineFeatures, Readout, features
from ausweis.evals.labelled import GoldEvent, LabelledCall
from ausweis.evals.readout_network import Basis, CallNumbers, Plan, basis_of, learn_network, scores_of
from ausweis.prompts import Template
from ausweis.reading.asking import transcripts
from ausweis.reading.dialogue import pairs
from ausweis.reading.labels import SINGLE, STARTS_LATE, SUBJECTS, VERBS, meaning, speakers_of
from ausweis.reading.pieces import Piece, spoken_pieces

__all__ = [
    "FACTS",
    "FOLDS",
    "KeptLines",
    "Learned",
    "Lines",
    "Task",
    "collect",
    "in_whole_turns",
    "labels_in",
    "labels_of",
    "layers_of",
    "learn",
    "left_out",
    "prepare",
]

Array = NDArray[np.float32]

FEWEST = 3
"""A label needs so many lines to be learned."""
FOLDS = 5
NETWORKS = 3
"""Their scores are averaged."""
BASIS_CALLS = 150
"""Calls that the directions are found from in which lines differ most."""


class Labelled(Protocol):
    """A call with what is true of it."""

    @property
    def call(self) -> Call:
        """The call."""
        ...


One = TypeVar("One", bound=Labelled)


@dataclass(frozen=True)
class Task(Generic[One]):
    """What is learned: the labels of each piece of a call (None where they are not known).

    `labels`: those of a template that can be learned from such lines; `speakers`: whose lines may have one. With
    `dialogue`, what was asked is weighed too.
    """

    of_pieces: Callable[[One, Sequence[Piece]], list[frozenset[str] | None]]
    labels: Callable[[Iterable[frozenset[str] | None], Template], tuple[str, ...]]
    speakers: Callable[[str], Sequence[str]]
    dialogue: bool = False
    together: int = 1
    """So many calls, one after the other, are left out together: twins."""


class Lines(NamedTuple):
    """The lines of one call. `labels`: None where they are not known."""

    pieces: list[Piece]
    seen: list[LineFeatures]
    labels: list[frozenset[str] | None]


def layers_of(depth: int) -> tuple[int, ...]:
    """Which layers of a model with so many are read: those at three, four and five sevenths of the way.

    Chosen for the default model (28 layers) by cross-validation over the calls of train: what a line means stands
    there most plainly.
    """
    return tuple(round(depth * part) for part in (3 / 7, 4 / 7, 5 / 7))


def collect(
    engine: LlamaEngine, template: Template, calls: Iterable[One], layers: tuple[int, ...], folder: Path
) -> Iterator[tuple[One, Path]]:
    """Read each call with the model, and keep the states of all lines under `folder`: some megabytes a call.

    A call without a line is left out. What stands there already is not computed again, so that a stopped run goes on.
    """
    kept = folder / "-".join([engine.info.model_sha256[:8], template.sha256[:8], *map(str, layers)])
    kept.mkdir(parents=True, exist_ok=True)
    for one in calls:
        requests = transcripts(template, one.call, spoken_pieces(one.call))
        if not requests:
            continue
        # The text is in the name: a call that was changed is read anew.
        text = hashlib.sha256(requests[-1].messages[-1].content.encode()).hexdigest()[:8]
        path = kept / f"{one.call.id}.{text}.npz"
        if not path.is_file():
            states = list(engine.states(requests, layers))
            half = path.with_suffix(".half.npz")
            np.savez(half, states=np.concatenate(states).astype(np.float16), lengths=[len(line) for line in states])
            half.replace(path)
        yield one, path


class KeptLines(Sequence[Lines], Generic[One]):
    """The lines of calls whose states were kept, read from the disk when they are wanted: they need not fit the memory.

    Of turns that are cut into several pieces it is not known which one a label
    belongs to.
    """

    def __init__(self, calls: Iterable[tuple[One, Path]], task: Task[One], layers: Sequence[int] | None = None) -> None:
        """`layers`: the places of those to look at among the kept ones; all, unless it is given."""
        self._calls = list(calls)
        self._task = task
        self._layers = layers

    def __len__(self) -> int:
        return len(self._calls)

    @overload
    def __getitem__(self, place: int) -> Lines: ...

    @overload
    def __getitem__(self, place: slice) -> "KeptLines[One]": ...

    def __getitem__(self, place: int | slice) -> "Lines | KeptLines[One]":
        if isinstance(place, slice):
            return KeptLines(self._calls[place], self._task, self._layers)
        one, path = self._calls[place]
        pieces = spoken_pieces(one.call)
        with np.load(path) as kept:
            states = kept["states"] if self._layers is None else kept["states"][:, list(self._layers)]
            lines = np.split(states.astype(np.float32), np.cumsum(kept["lengths"])[:-1])
        return Lines(pieces, [features(states) for states in lines], self._task.of_pieces(one, pieces))


def _of_facts(one: LabelledCall, pieces: Sequence[Piece]) -> list[frozenset[str] | None]:
    labels = in_whole_turns(pieces, lambda turn: labels_of(one.gold.events, turn))
    if "starts_late" in one.gold.defects and labels[0] is not None:
        labels[0] |= {STARTS_LATE}
    return labels


def in_whole_turns(pieces: Sequence[Piece], of_turn: Callable[[int], frozenset[str]]) -> list[frozenset[str] | None]:
    """The labels of each piece that is a whole turn."""
    turns = [piece.turn for piece in pieces]
    return [of_turn(piece.turn) if turns.count(piece.turn) == 1 else None for piece in pieces]


def labels_of(events: Sequence[GoldEvent], turn: int) -> frozenset[str]:
    """The labels of a turn, in the words of the templates; with each verb that has a subject, the verb itself."""
    names = _names()
    labels: set[str] = set()
    for event in events:
        if event.turn == turn:
            # What was rejected is told by the order of things, not by the label.
            subject = None if event.kind in SINGLE.values() else event.subject
            labels.add(names[event.kind, subject])
            labels |= {verb for verb, kind in VERBS.items() if kind == event.kind}
    return frozenset(labels)


@cache
def _names() -> Mapping[tuple[str, str | None], str]:
    names: dict[tuple[str, str | None], str] = {(kind, None): label for label, kind in SINGLE.items()}
    for verb, subjects in SUBJECTS.items():
        names |= {(VERBS[verb], word): f"{verb} {said}" for said, word in subjects.items()}
    return names


def labels_in(found: Iterable[frozenset[str] | None], template: Template) -> tuple[str, ...]:
    """The labels and verbs that occur often enough."""
    every = [labels for labels in found if labels]
    wanted = [STARTS_LATE, *VERBS, *(label for label in template.labels if meaning(label) is not None)]
    return tuple(one for one in wanted if sum(one in labels for labels in every) >= FEWEST)


class Learned(NamedTuple):
    """What networks are learned from: of each call its pieces and its numbers."""

    basis: Basis
    labels: tuple[str, ...]
    pieces: list[list[Piece]]
    numbers: list[CallNumbers]


FACTS: Task[LabelledCall] = Task(_of_facts, labels_in, speakers_of, dialogue=True)
"""What `transcript` is asked for."""


def prepare(calls: Sequence[Lines], template: Template, plan: Plan, task: Task[Any] = FACTS) -> Learned:
    """Bring all calls into the basis."""
    some = calls[:: -(-len(calls) // BASIS_CALLS)]
    basis = basis_of([line for one in some for line in one.seen], plan)
    pieces, found, numbers = [], [], []
    nothing = np.zeros((0, 0), np.float32)
    for one in calls:
        tokens = np.concatenate([line.tokens for line in one.seen]) @ basis.token_basis + basis.token_shift
        lines = np.stack([line.line for line in one.seen]) @ basis.line_basis + basis.line_shift
        owner = np.repeat(np.arange(len(one.seen), dtype=np.int32), [len(line.tokens) for line in one.seen])
        numbers.append(CallNumbers(tokens.astype(np.float16), owner, lines.astype(np.float16), nothing, nothing))
        pieces.append(one.pieces)
        found.append(one.labels)
    labels = task.labels((line for one in found for line in one), template)
    truths = [_truth(lines, of_lines, labels, task) for lines, of_lines in zip(pieces, found, strict=True)]
    numbers = [replace(one, labels=truth, counts=counts) for one, (truth, counts) in zip(numbers, truths, strict=True)]
    return Learned(basis, labels, pieces, numbers)


def _truth(
    pieces: Sequence[Piece], found: Sequence[frozenset[str] | None], labels: Sequence[str], task: Task[Any]
) -> tuple[Array, Array]:
    """Which line has which label, and for which it is known."""
    truth, counts = (np.zeros((len(pieces), len(labels)), np.float32) for _ in range(2))
    for row, (piece, line) in enumerate(zip(pieces, found, strict=True)):
        for place, label in enumerate(labels):
            truth[row, place] = label in (line or ())
            asked = piece.speaker in task.speakers(label) and (row == 0 or label != STARTS_LATE)
            counts[row, place] = asked and line is not None
    return truth, counts


def learn(
    calls: Sequence[Lines],
    template: Template,
    model_sha256: str,
    layers: tuple[int, ...],
    notes: str,
    plan: Plan | None = None,
    task: Task[Any] = FACTS,
    on_left_out: Callable[[Learned, Sequence[Array]], None] = lambda learned, scores: None,
) -> Readout:
    """The readout of a template: all its labels, and their verbs, that occur often enough.

    `on_left_out` is told what is learned from, and the scores of each call by a network that has not seen it.
    """
    plan = plan or Plan()
    learned = prepare(calls, template, plan, task)
    basis, labels, pieces, numbers = learned
    scores = left_out(numbers, plan, task.together)
    on_left_out(learned, scores)
    slopes, offsets = _calibration(numbers, scores)
    answers = [1 / (1 + np.exp(-(score * slopes + offsets))) for score in scores]
    networks = [learn_network(numbers, plan, seed) for seed in range(NETWORKS)]
    parts = {name: np.stack([network[name] for network in networks]) for name in networks[0]}
    for name in ("hidden_label", "line_label", "pooled_label", "label_bias"):
        parts[name] = parts[name] * slopes
    parts["label_bias"] = parts["label_bias"] + offsets
    positives = np.sum([one.labels.sum(axis=0) for one in numbers], axis=0).astype(int).tolist()
    about = {
        "about": notes,
        "calls": len(pieces),
        "lines": sum(map(len, pieces)),
        "positives": dict(zip(labels, positives, strict=True)),
    }
    return Readout(
        labels=labels,
        layers=layers,
        parts={**vars(basis), **parts},
        template=template.name,
        template_sha256=template.sha256,
        model_sha256=model_sha256,
        notes=json.dumps(about),
        dialogue=_dialogue(labels, pieces, numbers, answers) if task.dialogue else (),
    )


def left_out(calls: Sequence[CallNumbers], plan: Plan, together: int = 1) -> list[Array]:
    """The scores of each call by a network that has not seen it, nor its twin: shape (lines, labels)."""
    scores: dict[int, Array] = {}
    for fold in range(FOLDS):
        outside = [place for place in range(len(calls)) if place // together % FOLDS == fold]
        network = learn_network([calls[place] for place in range(len(calls)) if place not in set(outside)], plan)
        scores |= dict(zip(outside, scores_of(network, [calls[place] for place in outside], plan), strict=True))
    return [scores[place] for place in range(len(calls))]


def _calibration(calls: Sequence[CallNumbers], scores: Sequence[Array]) -> tuple[Array, Array]:
    """Slope and offset for each label that make probabilities of the scores of left-out lines."""
    from sklearn.linear_model import LogisticRegression

    score, truth = np.concatenate(scores), np.concatenate([one.labels for one in calls])
    counts = np.concatenate([one.counts for one in calls]) > 0
    slopes, offsets = [], []
    for place in range(truth.shape[1]):
        rows = counts[:, place]
        model = LogisticRegression(C=1.0).fit(score[rows][:, [place]], truth[rows, place])
        slopes.append(max(float(model.coef_[0][0]), 0.1))
        offsets.append(float(model.intercept_[0]))
    return np.array(slopes, dtype=np.float32), np.array(offsets, dtype=np.float32)


def _dialogue(
    labels: Sequence[str],
    pieces: Sequence[Sequence[Piece]],
    calls: Sequence[CallNumbers],
    answers: Sequence[Array],
) -> tuple[float, ...]:
    """The weights of what speaks for a factor, from the answers about calls that were left out."""
    from sklearn.linear_model import LogisticRegression

    evidence, truth = [], []
    for lines, one, answer in zip(pieces, calls, answers, strict=True):
        found = [
            {label: float(row[place]) for place, label in enumerate(labels) if piece.speaker in speakers_of(label)}
            for piece, row in zip(lines, answer, strict=True)
        ]
        for pair in pairs(lines, found):
            place = labels.index(pair.label)
            if one.counts[pair.place, place]:
                evidence.append(pair.evidence)
                truth.append(one.labels[pair.place, place] > 0)
    model = LogisticRegression(max_iter=2000).fit(np.array(evidence), truth)
    return tuple(round(float(one), 4) for one in (*model.coef_[0], model.intercept_[0]))
