"""`train probe`: what the states of a few layers of the model tell about each line.

Into the folder of learned parts goes besides what tells lines by their words (`ngrams`). Reading takes a second for a
hundred tokens on two cores.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
from evals.lab.training.calls import (
    FACT_TASK,
    FEWEST,
    TASKS,
    KeptLines,
    Lines,
    Task,
    by_label,
    call_in_basis,
    collect,
    folds_of,
    layers_of,
    sampled,
)
from evals.lab.training.networks import GO_ON_RATE, CallNumbers, Plan, learn_network, scores_of
from evals.lab.training.options import Bound, Options, drawn, names_of
from evals.lab.training.showing import left_out_cases, show_incidents, show_labels, show_verdicts
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression

from ausweis.engines.heads import PARTS, Probe
from ausweis.engines.learned_index import LearnedKind
from ausweis.engines.llama import LlamaEngine
from ausweis.errors import InputError
from ausweis.labelled import LabelledCall, read_all
from ausweis.prompts import Template, default_library
from ausweis.reading.chunks import Chunk
from ausweis.reading.evidence import pairs, weighed
from ausweis.reading.questions import STARTS_LATE

Array = NDArray[np.float32]
LinesByPlace = Sequence[Lines] | KeptLines

NETWORKS = 3
"""Their scores are averaged."""
BASIS = ("token_basis", "token_shift", "line_basis", "line_shift")
OF_LABELS = tuple(name for name, axes in PARTS.items() if axes.endswith("k"))
"""The parts that have an axis of labels, the last one."""
UNLIKELY = -6.0
"""Log-odds of a label that a probe has not learned, where it goes on learning."""
FEWEST_CALIBRATED = 10
"""Lines with a label, and lines without, that are needed to calibrate it."""


class Learned(NamedTuple):
    """What networks are learned from: of each call its chunks, its numbers and its group."""

    basis: dict[str, Array]
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
    rehearsed: LinesByPlace = ()
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


def train_probe(options: Options) -> Path:
    """Train, write; the path of what was written.

    Raises:
        InputError: the template has no probe, the probe to go on from is another's, there is no place for what is
            learned, or the calls teach nothing.
        AusweisError: the model cannot be loaded, or a file cannot be read.
    """
    from evals.lab.training.ngrams import learn_ngrams

    template = default_library().get(options.template)
    task = TASKS.get(template.id)
    if task is None:
        raise InputError(f"{template.name} has no probe: --template is {' or '.join(TASKS)}")
    new = options.calls(judged=task is FACT_TASK)
    # Asked for before anything is read, since reading takes hours.
    lines = [line for line in map(task.lines, new) if line.chunks]
    if len(lines) < 2:
        raise InputError("two calls with a line by agent or caller are the fewest: one is left out to judge by it")
    if options.go_on is None and not task.labels((labels for call in lines for labels in call.labels), template):
        raise InputError(f"the calls teach nothing: no label is in {FEWEST} of their lines")
    ids = {labelled.call.id for labelled in new}
    known = read_all(options.rehearse) if options.rehearse else []
    rehearsed = [labelled for labelled in drawn(known, options.rehearsed) if labelled.call.id not in ids]
    engine = LlamaEngine.load(options.model)
    layers, sha256 = layers_of(engine.layers), engine.info.sha256
    before = options.start(template, engine.info)
    about = f"learned from {names_of((*options.labelled, *options.rehearse))}"
    about += f", going on from {options.go_on.name}, share {options.share:g}" if options.go_on else ""
    keep = options.keeper("probe", template, engine.info, about)
    with options.progress([*new, *rehearsed]) as calls:
        kept = list(collect(engine, template, calls, layers, options.work))
    options.tell("Learning, which takes some minutes ...")
    of_new, again = ([pair for pair in kept if (pair[0].call.id in ids) is is_new] for is_new in (True, False))
    bound = Bound(template, sha256, layers, about)
    plan = Plan(rounds=options.rounds or Plan.rounds, rate=GO_ON_RATE if before else Plan.rate)
    start = Start(before, KeptLines(again, task), options.share) if before else None
    probe, told = learn(KeptLines(of_new, task), bound, plan, task, start)
    path = keep(probe)
    learned_from = [labelled for labelled, _ in of_new]
    _show(learned_from, told, options.tell, task)
    options.tell(f"{path}: {len(probe.labels)} labels; {probe.notes}")
    if task is FACT_TASK:
        options.tell("It is taken at its word until its calibration is learned: ausweis eval run, then eval calibrate")
    others = [task.lines(labelled) for labelled in known if labelled.call.id not in ids]
    if options.out is None and options.ngrams and (found := learn_ngrams(told, others, bound, task)) is not None:
        beside: dict[LearnedKind, str] = {"probe": Probe.load(path).sha256}
        ngrams_path = options.keeper("ngrams", template, engine.info, about, beside)(found.ngrams)
        options.tell("The same, with the words of the lines:")
        _show(learned_from, found.told, options.tell, task)
        options.tell(str(ngrams_path))
    return path


def _show(calls: Sequence[LabelledCall], told: LeftOut, tell: Callable[[str], None], task: Task) -> None:
    learned = told.learned
    show_labels(learned.labels, learned.numbers, told.scores, tell)
    if task is FACT_TASK:
        show_verdicts(left_out_cases(calls, told.told_lines()), tell)
    else:
        show_incidents(learned.numbers, told.answers, tell)


def learn(
    calls: LinesByPlace, bound: Bound, plan: Plan, task: Task, start: Start | None = None
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
    calibration = _slopes(numbers, left_out_scores(folds, numbers, plan))

    def finished(network: Mapping[str, Array], begin: Mapping[str, Array] | None) -> dict[str, Array]:
        parts = _calibrated(network, calibration)
        return _between(begin, parts, share, labels, before.labels) if before and begin else parts

    scores = left_out_scores([(outside, finished(network, starts[0])) for outside, network in folds], numbers, plan)
    answers = [(1 / (1 + np.exp(-score))).astype(np.float32) for score in scores]
    dialogue = _dialogue(labels, chunks, numbers, answers) if task.dialogue else ()
    if before:
        # The weights of one alone where the other has none.
        old_and_new = zip(before.dialogue or dialogue, dialogue or before.dialogue, strict=True)
        dialogue = tuple(round((1 - share) * old + share * new, 4) for old, new in old_and_new)
    seen = [*numbers, *(call for call, _ in again)]
    networks = [finished(learn_network(seen, plan, seed, begin), begin) for seed, begin in enumerate(starts)]
    positives = np.sum([call.labels.sum(axis=0) for call in numbers], axis=0).astype(int).tolist()
    probe = Probe(
        labels=labels,
        parts={**learned.basis, **{name: np.stack([network[name] for network in networks]) for name in networks[0]}},
        dialogue=dialogue,
        **bound.fields(
            calls=len(chunks), lines=sum(map(len, chunks)), positives=dict(zip(labels, positives, strict=True))
        ),
    )
    return probe, LeftOut(learned, scores, answers, dialogue)


def prepare(
    calls: LinesByPlace,
    template: Template,
    plan: Plan,
    task: Task,
    start: Probe | None = None,
    rehearsed: LinesByPlace = (),
) -> Learned:
    """Bring all calls into the basis, those that are `rehearsed` last, one after another: they need not fit the memory.

    With `start`, the basis is that of this probe, and its labels are kept.
    """
    if start is None:
        some = [line for place in sampled(range(len(calls))) for line in calls[place].seen]
        tokens, token_shift = _directions(np.concatenate([line.tokens for line in some]), plan.token_dimensions)
        lines, line_shift = _directions(np.stack([line.line for line in some]), plan.line_dimensions)
        basis = dict(zip(BASIS, (tokens, token_shift, lines, line_shift), strict=True))
    else:
        basis = {name: start.parts[name] for name in BASIS}
    told: list[Lines] = []
    in_basis = []
    for call in chain(calls, rehearsed):
        in_basis.append(call_in_basis(call.seen, basis))
        told.append(call._replace(seen=[]))
    labels = task.labels((line for call in told for line in call.labels), template)
    labels = tuple(dict.fromkeys([*(start.labels if start else ()), *labels]))
    numbers = [
        CallNumbers(seen.tokens, seen.owner, seen.lines.astype(np.float16), *truth_of(call, labels, task))
        for seen, call in zip(in_basis, told, strict=True)
    ]
    return Learned(basis, labels, [call.chunks for call in told], numbers, [call.group for call in told])


def _directions(values: Array, most: int) -> tuple[Array, Array]:
    """The first principal directions, scaled so that the mean spread along them is 1, and the shift to the centre."""
    components = PCA(min(most, *values.shape), random_state=0).fit(values)
    basis = (components.components_.T / np.sqrt(components.explained_variance_).mean()).astype(np.float32)
    return basis, (-components.mean_ @ basis).astype(np.float32)


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


def network_of(probe: Probe, labels: Sequence[str], place: int) -> dict[str, Array]:
    """One network of a probe, for these labels; those that it has not learned begin as unlikely."""
    network: dict[str, Array] = {}
    for name in PARTS:
        if name in BASIS:
            continue
        part = probe.parts[name][place % len(probe.parts[name])]
        if name in OF_LABELS:
            whole = np.full((*part.shape[:-1], len(labels)), UNLIKELY if name == "label_bias" else 0.0, np.float32)
            whole[..., [labels.index(label) for label in probe.labels]] = part
            part = whole
        network[name] = part
    return network


def _between(
    begin: Mapping[str, Array], end: Mapping[str, Array], share: float, labels: Sequence[str], known: Sequence[str]
) -> dict[str, Array]:
    """The network on the way from `begin` to `end`; of labels that the first one does not know the parts of the end."""
    shares = np.array([share if label in known else 1.0 for label in labels], np.float32)
    ways = {name: shares if name in OF_LABELS else share for name in end}
    return {name: ((1 - ways[name]) * begin[name] + ways[name] * part).astype(np.float32) for name, part in end.items()}


def _slopes(calls: Sequence[CallNumbers], scores: Sequence[Array]) -> tuple[Array, Array]:
    """Slopes and offsets that make probabilities of the scores of left-out lines (Platt 1999): each (labels,).

    `scores`: of each call, shape (lines, labels).
    """
    score, truth = np.concatenate(scores), np.concatenate([call.labels for call in calls])
    counts = np.concatenate([call.counts for call in calls]) > 0
    slopes, offsets = np.ones(truth.shape[1], np.float32), np.zeros(truth.shape[1], np.float32)
    for place in range(truth.shape[1]):
        rows = counts[:, place]
        if min(truth[rows, place].sum(), (1 - truth[rows, place]).sum()) >= FEWEST_CALIBRATED:
            model = LogisticRegression(C=1.0).fit(score[rows][:, [place]], truth[rows, place])
            slopes[place], offsets[place] = max(float(model.coef_[0][0]), 0.1), float(model.intercept_[0])
    return slopes, offsets


def _calibrated(network: Mapping[str, Array], calibration: tuple[Array, Array]) -> dict[str, Array]:
    """The network, its scores changed by slopes and offsets."""
    slopes, offsets = calibration
    parts = {name: part * slopes if name in OF_LABELS else part for name, part in network.items()}
    parts["label_bias"] = parts["label_bias"] + offsets
    return parts


def _dialogue(
    labels: Sequence[str],
    chunks: Sequence[Sequence[Chunk]],
    calls: Sequence[CallNumbers],
    answers: Sequence[Array],
) -> tuple[float, ...]:
    """The weights of what speaks for a factor (`reading.dialogue`), from the answers about calls that were left out.

    None where so few calls do not tell. `answers`: of each call, shape (lines, labels).
    """
    evidence, truth = [], []
    for lines, call, answer in zip(chunks, calls, answers, strict=True):
        for pair in pairs(lines, by_label(lines, labels, answer)):
            place = labels.index(pair.label)
            if call.counts[pair.place, place]:
                evidence.append(pair.evidence)
                truth.append(call.labels[pair.place, place] > 0)
    if len(set(truth)) < 2:
        return ()
    model = LogisticRegression(max_iter=2000).fit(np.array(evidence), truth)
    return tuple(round(float(weight), 4) for weight in (*model.coef_[0], model.intercept_[0]))
