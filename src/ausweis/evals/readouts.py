"""Learns a readout from labelled turns: a logistic regression a label over the states of a few layers of the model.

Method: linear probing (Alain and Bengio 2016, arXiv 1610.01644). The scores of turns whose call was left out calibrate
the probabilities (Platt 1999).
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ausweis.engines.llama import LlamaEngine
from ausweis.engines.llama_states import States
from ausweis.engines.readout import Readout, features
from ausweis.evals.labelled import GoldEvent, LabelledCall
from ausweis.prompts import Template
from ausweis.reading.asking import transcripts
from ausweis.reading.dialogue import pairs
from ausweis.reading.labels import SINGLE, SUBJECTS, VERBS, meaning, speaker_of
from ausweis.reading.pieces import Piece, spoken_pieces

__all__ = [
    "FOLDS",
    "Lines",
    "Table",
    "collect",
    "fit",
    "labels_in",
    "labels_of",
    "layers_of",
    "learn",
    "left_out",
    "table_of",
]

Matrix = NDArray[np.float32]

FEWEST = 3
"""A label needs so many turns to be learned."""
STRENGTH = 0.01
"""Inverse strength of the L2 penalty."""
FOLDS = 5
STEPS = 150


class Lines(NamedTuple):
    """The lines of one call. `values`: float32, shape (lines, features); `labels`: None where they are not known."""

    pieces: list[Piece]
    values: Matrix
    labels: list[frozenset[str] | None]


class Table(NamedTuple):
    """The lines of one speaker. `rows`: the numbers of call and line; `truth`: 0 or 1, shape (lines, labels).

    `known`: whether the line's labels are; `folds`: the fold of its call.
    """

    rows: list[tuple[int, int]]
    labels: list[str]
    values: Matrix
    truth: Matrix
    known: NDArray[np.bool_]
    folds: NDArray[np.int64]


def layers_of(depth: int) -> tuple[int, ...]:
    """Which layers of a model with so many are read: those at four and five sevenths of the way.

    Chosen for the default model (28 layers) by cross-validation over the calls of train: what a line means stands
    there most plainly.
    """
    return tuple(round(depth * part) for part in (4 / 7, 5 / 7))


def collect(
    engine: LlamaEngine, template: Template, calls: Iterable[LabelledCall], layers: tuple[int, ...], folder: Path
) -> list[Lines]:
    """The lines of all calls. What was computed for a call is kept under `folder`, so that a stopped run goes on.

    Of turns that are cut into several pieces it is not known which one a label belongs to.
    """
    kept = folder / "-".join([engine.info.model_sha256[:8], template.sha256[:8], *map(str, layers)])
    kept.mkdir(parents=True, exist_ok=True)
    found = []
    for one in calls:
        pieces = spoken_pieces(one.call)
        if not pieces:
            continue
        turns = [piece.turn for piece in pieces]
        states = _states(engine, template, one, layers, kept)
        labels = [labels_of(one.gold.events, piece.turn) if turns.count(piece.turn) == 1 else None for piece in pieces]
        found.append(Lines(pieces, np.stack([features(state) for state in states]), labels))
    return found


def _states(
    engine: LlamaEngine, template: Template, one: LabelledCall, layers: tuple[int, ...], folder: Path
) -> Iterable[States]:
    requests = transcripts(template, one.call, spoken_pieces(one.call))
    # The text is in the name: a call that was changed is read anew.
    text = hashlib.sha256(requests[-1].messages[-1].content.encode()).hexdigest()[:8]
    path = folder / f"{one.call.id}.{text}.npy"
    if not path.is_file():
        half = path.with_suffix(".half.npy")
        np.save(half, np.stack(list(engine.states(requests, layers))).astype(np.float16))
        half.replace(path)
    return list(np.load(path).astype(np.float32))


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


def learn(
    calls: Sequence[Lines], template: Template, model_sha256: str, layers: tuple[int, ...], notes: str
) -> Readout:
    """The readout of a template: all its labels, and their verbs, that occur often enough."""
    weights, biases = [], []
    counts: dict[str, int] = {}
    answers: list[list[dict[str, float]]] = [[{} for _ in one.pieces] for one in calls]
    for speaker in ("agent", "caller"):
        rows, labels, values, truth, known, folds = table_of(calls, template, speaker)
        scores = left_out(values, truth, known, folds)
        slopes, offsets = _calibration(scores[known], truth[known])
        for (call, line), row in zip(rows, 1 / (1 + np.exp(-(scores * slopes + offsets))), strict=True):
            answers[call][line] = dict(zip(labels, row.tolist(), strict=True))
        weight, bias = fit(values[known], truth[known])
        weights.append(slopes[:, None] * weight.T)
        biases.append(slopes * bias + offsets)
        counts |= dict(zip(labels, truth[known].sum(axis=0).astype(int).tolist(), strict=True))
    about = {"calls": len(calls), "turns": sum(len(one.pieces) for one in calls), "C": STRENGTH, "positives": counts}
    return Readout(
        labels=tuple(counts),
        layers=layers,
        weights=np.concatenate(weights).astype(np.float32),
        bias=np.concatenate(biases).astype(np.float32),
        template=template.name,
        template_sha256=template.sha256,
        model_sha256=model_sha256,
        notes=json.dumps({"about": notes, **about}),
        dialogue=_dialogue(calls, answers),
    )


def table_of(calls: Sequence[Lines], template: Template, speaker: str) -> Table:
    """All lines of a speaker, with the labels that occur often enough."""
    every = ((call, line, piece) for call, one in enumerate(calls) for line, piece in enumerate(one.pieces))
    rows = [(call, line) for call, line, piece in every if piece.speaker == speaker]
    found = [calls[call].labels[line] for call, line in rows]
    labels = labels_in([line or frozenset() for line in found], template, speaker)
    return Table(
        rows=rows,
        labels=labels,
        values=np.stack([calls[call].values[line] for call, line in rows]),
        truth=np.array([[one in (line or ()) for one in labels] for line in found], dtype=np.float32),
        known=np.array([line is not None for line in found]),
        folds=np.array([call % FOLDS for call, _ in rows]),
    )


def labels_in(found: Sequence[frozenset[str]], template: Template, speaker: str) -> list[str]:
    """The labels and verbs of a speaker that occur often enough."""
    wanted = [*VERBS, *(label for label in template.labels if meaning(label) is not None)]
    return [one for one in wanted if speaker_of(one) == speaker and sum(one in labels for labels in found) >= FEWEST]


def _dialogue(calls: Sequence[Lines], answers: Sequence[Sequence[Mapping[str, float]]]) -> tuple[float, ...]:
    """The weights of what speaks for a factor, from the answers about calls that were left out."""
    from sklearn.linear_model import LogisticRegression

    evidence, truth = [], []
    for one, answer in zip(calls, answers, strict=True):
        for pair in pairs(one.pieces, answer):
            labels = one.labels[pair.place]
            if labels is not None:
                evidence.append(pair.evidence)
                truth.append(pair.label in labels)
    model = LogisticRegression(max_iter=2000).fit(np.array(evidence), truth)
    return tuple(round(float(one), 4) for one in (*model.coef_[0], model.intercept_[0]))


def fit(values: Matrix, truth: Matrix) -> tuple[Matrix, Matrix]:
    """Weights, shape (features, labels), and biases of a logistic regression a label, all found at once.

    `truth`: 0 or 1, shape (turns, labels). Features are standardised within, so that the penalty treats them alike.
    """
    from scipy.optimize import minimize

    centre, spread = values.mean(axis=0), values.std(axis=0) + 1e-6
    standard = (values - centre) / spread
    shape = (values.shape[1], truth.shape[1])
    size = shape[0] * shape[1]

    def loss(found: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights, bias = found[:size].reshape(shape).astype(np.float32), found[size:].astype(np.float32)
        scores = standard @ weights + bias
        wrong = 1 / (1 + np.exp(-scores)) - truth
        total = np.logaddexp(0, scores).sum() - (truth * scores).sum() + 0.5 / STRENGTH * np.square(weights).sum()
        slope = np.concatenate([(standard.T @ wrong + weights / STRENGTH).ravel(), wrong.sum(axis=0)])
        return float(total), slope.astype(np.float64)

    share = truth.mean(axis=0)
    start = np.concatenate([np.zeros(size), np.log((share + 1e-4) / (1 - share + 1e-4))])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": STEPS, "maxcor": 20}).x
    weights = (found[:size].reshape(shape) / spread[:, None]).astype(np.float32)
    return weights, (found[size:] - centre @ weights).astype(np.float32)


def left_out(values: Matrix, truth: Matrix, known: NDArray[np.bool_], folds: NDArray[np.int64]) -> Matrix:
    """The score of each line and label by weights that have not seen its call; learned from the `known` lines."""
    scores = np.zeros_like(truth)
    for fold in range(FOLDS):
        inside = (folds != fold) & known
        weights, bias = fit(values[inside], truth[inside])
        outside = folds == fold
        scores[outside] = values[outside] @ weights + bias
    return scores


def _calibration(scores: Matrix, truth: Matrix) -> tuple[Matrix, Matrix]:
    """Slope and offset for each label that make probabilities of the scores of left-out turns."""
    from sklearn.linear_model import LogisticRegression

    found = [LogisticRegression(C=1.0).fit(scores[:, [one]], truth[:, one]) for one in range(truth.shape[1])]
    slopes = [max(float(model.coef_[0][0]), 0.1) for model in found]
    offsets = [float(model.intercept_[0]) for model in found]
    return np.array(slopes, dtype=np.float32), np.array(offsets, dtype=np.float32)
