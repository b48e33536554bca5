"""`train answers`: what the answers to questions about a call as a whole tell, and how much beside its lines.

How much they count is learned from what they tell of calls that they were not learned from, beside the likeliest line
(`engines.answer_probe`). So the probe of the lines must not have learned from those either. The labels are rare, and
reading takes long: of the calls that have none only some are drawn, and stand for all.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from evals.lab.training.calls import (
    FACT_TASK,
    KeptLines,
    Lines,
    by_label,
    collect,
    folds_of,
    question_states,
    splits_of,
    template_for,
)
from evals.lab.training.options import Bound, Options, drawn, names_of
from evals.lab.training.showing import ranked
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from ausweis.engines.heads import AnswerProbe, Ngrams, Probe, answer_features, log_odds, probabilities_of
from ausweis.engines.llama import LlamaEngine
from ausweis.errors import InputError
from ausweis.labelled import LabelledCall
from ausweis.prompts import default_library
from ausweis.reading.asking import endings_in
from ausweis.reading.chunks import spoken_chunks
from ausweis.reading.questions import SINGLE
from ausweis.reading.strategies import CALL_TEMPLATE, learned_for, template_of

Array = NDArray[np.float32]

OTHERS = 2
"""Calls without any of the labels, for each call that has one."""
FEWEST_CALLS = 10
"""So many calls must have a label, and so many not."""
LOOSENESS = 1e-3
"""Of the regression over states, the inverse of how strongly its weights are held near 0: there are many more of them
than calls."""
STACKING_LOOSENESS = 10.0


class AnsweredCalls(NamedTuple):
    """What is learned from, an entry or a row a call.

    `answers`: shape (calls, features), as `answer_features`; `lines`: (calls, labels), the log-odds of the likeliest
    line; `truth`: the same, 1 where a line has the label. `groups`: calls of one are left out together. `counts`: how
    many calls each stands for, where some were drawn from many.
    """

    answers: Array
    lines: Array
    truth: Array
    groups: list[str]
    counts: Array


class ToldAnswers(NamedTuple):
    """Calls that nothing was learned from, and the log-odds of their labels, shape (calls, labels).

    `answers`: by what was learned without them; `together`: with the likeliest line, weighed as the others teach.
    """

    calls: AnsweredCalls
    answers: Array
    together: Array


def train_answers(options: Options) -> Path:
    """Train, write; the path of what was written. The calls must be none that the probe has learned from.

    Raises:
        InputError: the calls teach too little (`chosen_calls`), the questions are about other labels than the probe
            has, or there is no probe of the transcript for the model.
        PromptError: a template cannot be used.
        AusweisError: the model cannot be loaded, or a file cannot be read.
    """
    template = template_for(options.template, FACT_TASK, "probe of answers")
    asking = template_of(default_library(), CALL_TEMPLATE)
    if not asking.labels or not set(asking.labels) <= SINGLE.keys():
        raise InputError("its output must be labels of whole lines, such as `for another`", place=str(asking.path))
    calls, others = (
        [call for call in files.calls() if call.gold.outcome and spoken_chunks(call.call)] if files.labelled else []
        for files in (options, replace(options, labelled=options.weigh))
    )
    if both := {labelled.call.id for labelled in calls} & {labelled.call.id for labelled in others}:
        message = f"{len(both)} of the calls to weigh by are learned from too, {min(both)} among them: leave them out"
        raise InputError(message, place=", ".join(map(str, options.weigh)))
    to_learn = chosen_calls(calls, asking.labels)
    to_weigh = chosen_calls(others, asking.labels, others=None) if options.weigh else None
    engine = LlamaEngine.load(options.model)
    probe = options.probe(template, engine)
    if unknown := [label for label in asking.labels if label not in probe.labels]:
        raise InputError(f"the probe of {template.name} does not tell {', '.join(unknown)}: train it first")
    about = f"learned from {names_of(options.labelled)}, after {template.name}"
    about += f", weighed by {names_of(options.weigh)}" if options.weigh else ""
    keep = options.keeper("answers", asking, engine.info, about, {"probe": probe.sha256})
    questions, ngrams = endings_in(asking), learned_for(Ngrams, template, engine, {"probe": probe.sha256})

    def ask(chosen: ChosenCalls) -> AnsweredCalls:
        """Reads the calls and asks about each; what was read before is taken from the disk."""
        with options.progress(chosen.calls) as reading:
            kept = list(collect(engine, template, reading, probe.layers, options.work, lambda _: questions))
        return AnsweredCalls(
            answers=np.stack([answer_features(question_states(path, questions)) for _, path in kept]),
            lines=np.stack([_likeliest(call, probe, ngrams, asking.labels) for call in KeptLines(kept, FACT_TASK)]),
            truth=_truth(chosen.calls, asking.labels),
            groups=[FACT_TASK.group(labelled) for labelled in chosen.calls],
            counts=chosen.counts,
        )

    learned = learn_answers(
        ask(to_learn),
        asking.labels,
        Bound(asking, engine.info.sha256, probe.layers, about),
        ask(to_weigh) if to_weigh else None,
        lambda told: _show(told, asking.labels, options.tell),
    )
    path = keep(learned)
    options.tell(f"{path}: {learned.notes}")
    return path


class ChosenCalls(NamedTuple):
    """Calls, and how many each stands for."""

    calls: list[LabelledCall]
    counts: Array


def chosen_calls(calls: Sequence[LabelledCall], labels: Sequence[str], others: int | None = OTHERS) -> ChosenCalls:
    """All calls with a label, and so many `others` for each by chance, or all.

    Raises:
        InputError: a label is in too few calls or in all of them, or would be so where writing passes are left out.
    """
    with_one = {labelled.call.id for labelled, row in zip(calls, _truth(calls, labels), strict=True) if row.any()}
    without = [labelled for labelled in calls if labelled.call.id not in with_one]
    drawn_ones = drawn(without, None if others is None else others * len(with_one))
    some = {*with_one, *(labelled.call.id for labelled in drawn_ones)}
    share = len(without) / max(1, len(drawn_ones))
    chosen = [labelled for labelled in calls if labelled.call.id in some]
    truth = _truth(chosen, labels)
    for label, column in zip(labels, truth.T, strict=True):
        if not FEWEST_CALLS <= column.sum() <= len(column) - FEWEST_CALLS:
            counted = f"{int(column.sum())} of {len(calls)} calls have the label {label!r}"
            raise InputError(f"{counted}: {FEWEST_CALLS} must have it, and as many must not")
        for outside in folds_of([FACT_TASK.group(labelled) for labelled in chosen]):
            if len(set(np.delete(column, outside))) < 2:
                raise InputError(f"calls with and without the label {label!r} must come from several writing passes")
    counts = [1.0 if labelled.call.id in with_one else share for labelled in chosen]
    return ChosenCalls(chosen, np.array(counts, np.float32))


def _truth(calls: Sequence[LabelledCall], labels: Sequence[str]) -> Array:
    """Shape (calls, labels): 1 where an event of the call is what the label says."""
    kinds = [{event.kind for event in labelled.gold.events} for labelled in calls]
    told = [[SINGLE[label] in some for label in labels] for some in kinds]
    return np.array(told, np.float32).reshape(len(calls), len(labels))


def _likeliest(call: Lines, probe: Probe, ngrams: Ngrams | None, labels: Sequence[str]) -> Array:
    """The log-odds of each label at its likeliest line, as a reader would have them: shape (labels,)."""
    answers = by_label(call.chunks, probe.labels, (probabilities_of(probe.scores(line)) for line in call.seen))
    if ngrams is not None:
        pairs = zip(call.chunks, answers, strict=True)
        answers = [ngrams.weighed(chunk.text, answer) for chunk, answer in pairs]
    return np.array([log_odds(max(line.get(label, 0.0) for line in answers)) for label in labels], np.float32)


def learn_answers(
    calls: AnsweredCalls,
    labels: tuple[str, ...],
    bound: Bound,
    weighed: AnsweredCalls | None = None,
    on_told: Callable[[ToldAnswers], None] = lambda told: None,
) -> AnswerProbe:
    """The probe of the answers. `bound`: with the template of the questions.

    `weighed`: other calls, from which it is learned how much the answers count; without them, the same calls tell, each
    group left out. Whatever fold of `folds_of` is left out, each label is in some of the other calls and not in others.
    """
    weights, bias = _regression(calls.answers, calls.truth, calls.counts)
    told = calls if weighed is None else weighed
    if weighed is None:
        answers = np.zeros_like(calls.truth)
        for inside, outside in splits_of(calls.groups):
            left, shift = _regression(calls.answers[inside], calls.truth[inside], calls.counts[inside])
            answers[outside] = calls.answers[outside] @ left + shift
    else:
        answers = weighed.answers @ weights + bias
    # A reader is told no more than this.
    answers = answers.clip(log_odds(0.0), log_odds(1.0))
    evidence = np.stack([told.lines, answers, np.ones_like(answers)], axis=-1)
    together = np.zeros_like(answers)
    for inside, outside in splits_of(told.groups):
        stacking = _stacking(evidence[inside], told.truth[inside], told.counts[inside])
        together[outside] = (evidence[outside] * stacking).sum(axis=-1)
    on_told(ToldAnswers(told, answers, together))
    return AnswerProbe(
        labels=labels,
        parts={"weights": weights, "bias": bias, "stacking": _stacking(evidence, told.truth, told.counts)},
        **bound.fields(calls=len(calls.groups), weighed=len(told.groups)),
    )


def _regression(features: Array, truth: Array, counts: Array) -> tuple[Array, Array]:
    """Weights, shape (features, labels), and biases."""
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-6
    scaled = (features - mean) / spread
    learned = [
        LogisticRegression(C=LOOSENESS, max_iter=500).fit(scaled, column, sample_weight=counts) for column in truth.T
    ]
    # The scale of the features goes into the weights, so that a reader needs none.
    weights = np.stack([one.coef_[0] for one in learned], axis=1).astype(np.float32) / spread[:, None]
    return weights, np.array([one.intercept_[0] for one in learned], np.float32) - mean @ weights


def _stacking(evidence: Array, truth: Array, counts: Array) -> Array:
    """What the evidence of each label weighs, shape (labels, 3)."""
    stacking = np.zeros((truth.shape[1], evidence.shape[-1]), np.float32)
    for label, column in enumerate(truth.T):
        regression = LogisticRegression(C=STACKING_LOOSENESS)
        regression.fit(evidence[:, label, :-1], column, sample_weight=counts)
        # What speaks for a label may count nothing, but never against it.
        stacking[label] = [*regression.coef_[0].clip(0.0), regression.intercept_[0]]
    return stacking


def _show(told: ToldAnswers, labels: Sequence[str], tell: Callable[[str], None]) -> None:
    """How well calls are told that nothing was learned from: by lines alone, by answers alone, by both."""
    calls = told.calls
    for place, label in enumerate(labels):
        for name, odds in (("lines", calls.lines), ("answers", told.answers), ("both", told.together)):
            tell(f"{label} by {name:<8} {ranked(calls.truth[:, place] > 0, odds[:, place], calls.counts)}")
