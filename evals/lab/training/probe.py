"""Learns a probe from labelled turns: what the states of a few layers of the model tell about each line.

The networks are those of `network`; `calibration` makes probabilities of their scores.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import NamedTuple

import numpy as np
from evals.lab.training.calibration import dialogue_of, slopes_of
from evals.lab.training.folds import folds_of
from evals.lab.training.learning import Bound
from evals.lab.training.lines import Lines, Task, by_label, sampled
from evals.lab.training.network import Basis, CallNumbers, Plan, basis_of, learn_network, scores_of
from numpy.typing import NDArray

from ausweis.engines.heads import PARTS, Probe
from ausweis.prompts import Template
from ausweis.reading.chunks import Chunk
from ausweis.reading.dialogue import weighed
from ausweis.reading.questions import STARTS_LATE

__all__ = [
    "NETWORKS",
    "UNLIKELY",
    "Learned",
    "LeftOut",
    "Start",
    "basis_from",
    "between",
    "calibrated",
    "learn",
    "left_out_scores",
    "network_of",
    "networks_without",
    "prepare",
    "probe_of",
    "truth_of",
    "weights_between",
]

Array = NDArray[np.float32]

NETWORKS = 3
"""Their scores are averaged."""
BASIS = ("token_basis", "token_shift", "line_basis", "line_shift")
OF_LABELS = tuple(name for name, axes in PARTS.items() if axes.endswith("k"))
"""The parts that have an axis of labels, the last one."""
UNLIKELY = -6.0
"""Log-odds of a label that a probe has not learned, where it goes on learning."""


class Learned(NamedTuple):
    """What networks are learned from: of each call its chunks, its numbers and its group."""

    basis: Basis
    labels: tuple[str, ...]
    chunks: list[list[Chunk]]
    numbers: list[CallNumbers]
    groups: list[str]


class Start(NamedTuple):
    """The probe that learning goes on from, and calls that it has learned from, to be learned again.

    `share`: how far the probe that comes out lies on the way from this one to what is learned; a label that this one
    does not know is taken as it was learned. What was learned from calls of one kind alone does worse on all others;
    half-way it keeps most of both (Wortsman et al., *Robust fine-tuning of zero-shot models*, arXiv 2109.01903).
    """

    probe: Probe
    rehearsed: Sequence[Lines] = ()
    share: float = 1.0


class LeftOut(NamedTuple):
    """What is told of calls by networks that have not seen them: shape (lines, labels) each.

    `scores` are log-odds, `answers` calibrated probabilities; `dialogue` as in a probe.
    """

    learned: Learned
    scores: Sequence[Array]
    answers: Sequence[Array]
    dialogue: tuple[float, ...]

    def told_lines(self) -> Iterator[list[dict[str, float]]]:
        """Of each call, for each line the probability of each label of its speaker, weighed as a reader does."""
        for chunks, answers in zip(self.learned.chunks, self.answers, strict=True):
            yield weighed(chunks, by_label(chunks, self.learned.labels, answers), self.dialogue)


def prepare(
    calls: Sequence[Lines],
    template: Template,
    plan: Plan,
    task: Task,
    start: Probe | None = None,
    rehearsed: Sequence[Lines] = (),
) -> Learned:
    """Bring all calls into the basis, those that are `rehearsed` last, one after another: they need not fit the memory.

    With `start`, the basis is that of this probe, and its labels are kept.
    """
    if start is None:
        basis = basis_of([line for call in sampled(calls) for line in call.seen], plan)
    else:
        basis = basis_from(start)
    told: list[Lines] = []
    numbers = []
    nothing = np.zeros((0, 0), np.float32)
    for call in chain(calls, rehearsed):
        tokens = np.concatenate([line.tokens for line in call.seen]) @ basis.token_basis + basis.token_shift
        lines = np.stack([line.line for line in call.seen]) @ basis.line_basis + basis.line_shift
        owner = np.repeat(np.arange(len(call.seen), dtype=np.int32), [len(line.tokens) for line in call.seen])
        numbers.append(CallNumbers(tokens.astype(np.float16), owner, lines.astype(np.float16), nothing, nothing))
        told.append(call._replace(seen=[]))
    labels = task.labels((line for call in told for line in call.labels), template)
    labels = tuple(dict.fromkeys([*(start.labels if start else ()), *labels]))
    truths = [truth_of(call, labels, task) for call in told]
    numbers = [
        replace(call_numbers, labels=truth, counts=counts)
        for call_numbers, (truth, counts) in zip(numbers, truths, strict=True)
    ]
    return Learned(basis, labels, [call.chunks for call in told], numbers, [call.group for call in told])


def basis_from(probe: Probe) -> Basis:
    """The directions that its networks look along."""
    return Basis(**{name: probe.parts[name] for name in BASIS})


def truth_of(call: Lines, labels: Sequence[str], task: Task) -> tuple[Array, Array]:
    """Which line has which label, and for which it is known."""
    truth, counts = (np.zeros((len(call.chunks), len(labels)), np.float32) for _ in range(2))
    for row, (chunk, line) in enumerate(zip(call.chunks, call.labels, strict=True)):
        for place, label in enumerate(labels):
            truth[row, place] = label in (line or ())
            asked = chunk.speaker in task.speakers(label) and (row == 0 or label != STARTS_LATE)
            known = line is not None and (call.known is None or label in call.known)
            counts[row, place] = asked and known
    return truth, counts


def learn(
    calls: Sequence[Lines],
    bound: Bound,
    plan: Plan,
    task: Task,
    start: Start | None = None,
) -> tuple[Probe, LeftOut]:
    """The probe of a template, and what networks say of calls that they have not seen.

    Its labels are all those of the template, and their verbs, that occur often enough. With `start`, the networks of
    that probe go on learning. The calls that are rehearsed calibrate nothing, since no network is without them.
    """
    before, rehearsed, share = start or (None, (), 1.0)
    every = prepare(calls, bound.template, plan, task, before, rehearsed)
    new = len(calls)
    again = list(zip(every.numbers[new:], every.groups[new:], strict=True))
    learned = every._replace(chunks=every.chunks[:new], numbers=every.numbers[:new], groups=every.groups[:new])
    _, labels, chunks, numbers, groups = learned
    starts = [None] * NETWORKS if before is None else [network_of(before, labels, place) for place in range(NETWORKS)]
    folds = list(networks_without(numbers, plan, groups, starts[0], again))
    calibration = slopes_of(numbers, left_out_scores(folds, numbers, plan))

    def finished(network: Mapping[str, Array], begin: Mapping[str, Array] | None) -> dict[str, Array]:
        parts = calibrated(network, calibration)
        return between(begin, parts, share, labels, before.labels) if before and begin else parts

    scores = left_out_scores([(outside, finished(network, starts[0])) for outside, network in folds], numbers, plan)
    answers = [(1 / (1 + np.exp(-score))).astype(np.float32) for score in scores]
    dialogue = dialogue_of(labels, chunks, numbers, answers) if task.dialogue else ()
    if before:
        dialogue = weights_between(before.dialogue, dialogue, share)
    seen = [*numbers, *(call for call, _ in again)]
    networks = [finished(learn_network(seen, plan, seed, begin), begin) for seed, begin in enumerate(starts)]
    return probe_of(bound, learned, networks, dialogue), LeftOut(learned, scores, answers, dialogue)


def calibrated(network: Mapping[str, Array], calibration: tuple[Array, Array]) -> dict[str, Array]:
    """The network, its scores changed by slopes and offsets."""
    slopes, offsets = calibration
    parts = dict(network)
    for name in OF_LABELS:
        parts[name] = parts[name] * slopes
    parts["label_bias"] = parts["label_bias"] + offsets
    return parts


def between(
    begin: Mapping[str, Array], end: Mapping[str, Array], share: float, labels: Sequence[str], known: Sequence[str]
) -> dict[str, Array]:
    """The network on the way from `begin` to `end`; of labels that the first one does not know the parts of the end."""
    shares = np.array([share if label in known else 1.0 for label in labels], np.float32)
    ways = {name: shares if name in OF_LABELS else share for name in end}
    return {name: ((1 - ways[name]) * begin[name] + ways[name] * part).astype(np.float32) for name, part in end.items()}


def weights_between(begin: Sequence[float], end: Sequence[float], share: float) -> tuple[float, ...]:
    """The weights of what speaks for a factor, on the way; of one alone where the other has none."""
    pairs = zip(begin or end, end or begin, strict=True)
    return tuple(round((1 - share) * old + share * new, 4) for old, new in pairs)


def probe_of(
    bound: Bound,
    learned: Learned,
    networks: Sequence[Mapping[str, Array]],
    dialogue: tuple[float, ...],
) -> Probe:
    """The probe of these networks, calibrated before."""
    parts = {name: np.stack([network[name] for network in networks]) for name in networks[0]}
    positives = np.sum([call.labels.sum(axis=0) for call in learned.numbers], axis=0).astype(int).tolist()
    return Probe(
        labels=learned.labels,
        parts={**vars(learned.basis), **parts},
        dialogue=dialogue,
        **bound.fields(
            calls=len(learned.chunks),
            lines=sum(map(len, learned.chunks)),
            positives=dict(zip(learned.labels, positives, strict=True)),
        ),
    )


def network_of(probe: Probe, labels: Sequence[str], place: int) -> dict[str, Array]:
    """One network of a probe, for these labels; those that it has not learned begin as unlikely."""
    network: dict[str, Array] = {}
    for name in PARTS:
        if name in BASIS:
            continue
        part = probe.parts[name][place % len(probe.parts[name])]
        if name in OF_LABELS:
            whole = np.full((*part.shape[:-1], len(labels)), UNLIKELY if name == "label_bias" else 0.0, np.float32)
            for column, label in enumerate(probe.labels):
                whole[..., labels.index(label)] = part[..., column]
            part = whole
        network[name] = part
    return network


def networks_without(
    calls: Sequence[CallNumbers],
    plan: Plan,
    groups: Sequence[str],
    start: Mapping[str, Array] | None = None,
    again: Sequence[tuple[CallNumbers, str]] = (),
) -> Iterator[tuple[list[int], dict[str, Array]]]:
    """Of each fold, the places of the calls that are left out, and a network that has seen none of their groups.

    `again` are calls, with their groups, that are learned besides, and that nothing is told of.
    """
    for outside in folds_of(groups):
        inside = [calls[place] for place in range(len(calls)) if place not in set(outside)]
        names = {groups[place] for place in outside}
        besides = [call for call, group in again if group not in names]
        yield outside, learn_network([*inside, *besides], plan, start=start)


def left_out_scores(
    folds: Iterable[tuple[list[int], Mapping[str, Array]]], calls: Sequence[CallNumbers], plan: Plan
) -> list[Array]:
    """What the networks of `networks_without` tell of the calls that they have not seen: shape (lines, labels) each."""
    scores: dict[int, Array] = {}
    for outside, network in folds:
        scores |= dict(zip(outside, scores_of(network, [calls[place] for place in outside], plan), strict=True))
    return [scores[place] for place in range(len(calls))]
