"""Learns readouts from labelled turns: a logistic regression a label over what the model computed for the answer.

Method: linear probing (Alain and Bengio 2016, arXiv 1610.01644), on the logits of fixed tokens instead of the hidden
state, which llama.cpp gives for every token or none. Strength of regularisation by cross-validation over calls; the
scores of the left-out calls also calibrate the probabilities (Platt 1999).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ausweis.engines.llama import LlamaEngine
from ausweis.engines.readout import Readout
from ausweis.evals.labelled import GoldEvent, LabelledCall
from ausweis.prompts import Template
from ausweis.reading.labels import SINGLE, SUBJECTS, VERBS, meaning
from ausweis.reading.pieces import pieces_of
from ausweis.reading.turnwise import TurnwiseReader

__all__ = ["Examples", "collect", "learn", "shown_in", "token_ids"]

TOKENS = 2048
FEWEST = 2
"""A label needs so many turns to be learned."""
STRENGTHS = (3e-3, 1e-2, 3e-2)
COMMON = 6
"""So many of the commonest labels choose the strength of regularisation for all."""
FOLDS = 5


class Examples(NamedTuple):
    """Turns of one speaker: `values` float32, shape (turns, tokens); the true labels and the call of each turn."""

    values: NDArray[np.float32]
    labels: list[frozenset[str]]
    calls: list[str]


def token_ids(size: int) -> NDArray[np.int32]:
    """The fixed tokens for a vocabulary of this size, the same at every call."""
    return np.sort(np.random.default_rng(0).choice(size, TOKENS, replace=False)).astype(np.int32)


def collect(
    engine: LlamaEngine,
    reader: TurnwiseReader,
    calls: Iterable[LabelledCall],
    shown: frozenset[str],
    folder: Path,
) -> dict[str, Examples]:
    """Examples by speaker. What was computed for a call is kept in `folder`, so that a stopped run goes on.

    Left out are turns that are cut into several pieces (which one a label belongs to is not known), and those that a
    template shows as an example, since the model has their answer before it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tokens = token_ids(engine.vocabulary_size)
    found: dict[str, tuple[list[NDArray[np.float32]], list[frozenset[str]], list[str]]] = {}
    for one in calls:
        path = folder / f"{one.call.id}.npy"
        if path.is_file():
            values = np.load(path)
        else:
            values = np.stack([logits[tokens] for logits in engine.logits(reader.requests(one.call))])
            np.save(path, values)
        pieces = list(pieces_of(one.call))
        turns = [piece.turn for piece in pieces]
        for piece, row in zip(pieces, values, strict=True):
            if turns.count(piece.turn) == 1 and piece.text not in shown:
                rows, labels, ids = found.setdefault(piece.speaker, ([], [], []))
                rows.append(row - row.mean())
                labels.append(_labels(one.gold.events, piece.turn, piece.speaker))
                ids.append(one.call.id)
    return {speaker: Examples(np.stack(rows), labels, ids) for speaker, (rows, labels, ids) in found.items()}


def shown_in(templates: Iterable[Template]) -> frozenset[str]:
    """The lines that templates show as examples with their answers."""
    lines = [example.inputs["lines"] for template in templates for example in template.examples]
    return frozenset(str(line[-1]["text"]) for line in lines if isinstance(line, list) and isinstance(line[-1], dict))


def _labels(events: Sequence[GoldEvent], turn: int, speaker: str) -> frozenset[str]:
    """The labels of a turn, in the words of the templates; with each verb that has a subject, the verb itself."""
    names = _names()
    labels: set[str] = set()
    for event in events:
        if event.turn == turn and (event.kind, event.subject) in names:
            labels.add(names[event.kind, event.subject])
            labels |= {verb for verb, kind in VERBS.items() if kind == event.kind}
    return frozenset(labels)


@cache
def _names() -> Mapping[tuple[str, str | None], str]:
    names: dict[tuple[str, str | None], str] = {(kind, None): label for label, kind in SINGLE.items()}
    for verb, subjects in SUBJECTS.items():
        names |= {(VERBS[verb], word): f"{verb} {said}" for said, word in subjects.items()}
    return names


def learn(examples: Examples, template: Template, engine: LlamaEngine, notes: str) -> Readout:
    """The readout for one template: all its labels, and their verbs, that occur often enough."""
    wanted = [*VERBS, *(label for label in template.labels if meaning(label) is not None)]
    labels = [label for label in wanted if sum(label in one for one in examples.labels) >= FEWEST]
    centre = examples.values.mean(axis=0)
    spread = examples.values.std(axis=0) + 1e-3
    values = (examples.values - centre) / spread
    folds = _folds(examples.calls)
    truths = {label: np.array([label in one for one in examples.labels]) for label in labels}
    common = sorted(truths.values(), key=lambda truth: -int(truth.sum()))[:COMMON]
    strength = min(STRENGTHS, key=lambda c: sum(_loss(values, truth, folds, c) for truth in common))
    weights, biases = [], []
    for label in labels:
        slope, offset = _calibration(values, truths[label], folds, strength)
        model = _fitted(values, truths[label], strength)
        weights.append(slope * model.coef_[0] / spread)
        biases.append(slope * (model.intercept_[0] - float(model.coef_[0] @ (centre / spread))) + offset)
    counts = {label: int(truth.sum()) for label, truth in truths.items()}
    about = {"turns": len(examples.labels), "calls": len(set(examples.calls)), "C": strength, "positives": counts}
    return Readout(
        labels=tuple(labels),
        tokens=token_ids(engine.vocabulary_size),
        weights=np.array(weights, dtype=np.float32),
        bias=np.array(biases, dtype=np.float32),
        template=template.name,
        template_sha256=template.sha256,
        model_sha256=engine.info.model_sha256,
        notes=json.dumps({"about": notes, **about}),
    )


def _folds(calls: Sequence[str]) -> NDArray[np.int64]:
    """The fold of each turn; all turns of a call are in one."""
    order = {call: place for place, call in enumerate(dict.fromkeys(calls))}
    return np.array([order[call] % FOLDS for call in calls])


def _fitted(values: NDArray[np.float32], truth: NDArray[np.bool_], strength: float) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=strength, max_iter=2000).fit(values, truth)


def _left_out(
    values: NDArray[np.float32], truth: NDArray[np.bool_], folds: NDArray[np.int64], strength: float
) -> NDArray[np.float64]:
    """The score of each turn by a model that has not seen its call."""
    scores = np.full(len(truth), -6.0)
    for fold in range(FOLDS):
        inside = folds != fold
        if truth[inside].any():
            scores[~inside] = _fitted(values[inside], truth[inside], strength).decision_function(values[~inside])
    return scores


def _loss(values: NDArray[np.float32], truth: NDArray[np.bool_], folds: NDArray[np.int64], strength: float) -> float:
    from sklearn.metrics import log_loss

    scores = _left_out(values, truth, folds, strength)
    return float(log_loss(truth, 1 / (1 + np.exp(-scores)), labels=[False, True]))


def _calibration(
    values: NDArray[np.float32], truth: NDArray[np.bool_], folds: NDArray[np.int64], strength: float
) -> tuple[float, float]:
    """Slope and offset that make probabilities of the left-out scores."""
    from sklearn.linear_model import LogisticRegression

    scores = _left_out(values, truth, folds, strength)
    model = LogisticRegression(C=1.0).fit(scores[:, None], truth)
    return max(float(model.coef_[0][0]), 0.1), float(model.intercept_[0])
