"""`train answers`: reads labelled calls, asks about each as a whole, and learns what the answers tell.

The labels are rare, and reading takes long: so of the calls that have none only some are drawn, and stand for all.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from evals.lab.training.answers import AnsweredCalls, ToldAnswers, learn_answers
from evals.lab.training.folds import folds_of
from evals.lab.training.learning import Bound
from evals.lab.training.lines import KeptLines, Lines, by_label, collect, question_states
from evals.lab.training.options import Options, calls_of, drawn, probe_beside
from evals.lab.training.tasks import FACT_TASK, template_for
from numpy.typing import NDArray

from ausweis.engines.heads import Ngrams, Probe, answer_features, log_odds, probabilities_of
from ausweis.engines.llama import LlamaEngine
from ausweis.errors import InputError
from ausweis.evals.labelled import LabelledCall
from ausweis.prompts import Template, default_library
from ausweis.reading.asking import endings_in
from ausweis.reading.chunks import spoken_chunks
from ausweis.reading.questions import SINGLE
from ausweis.reading.strategies import CALL_TEMPLATE, ngrams_for, template_of

__all__ = ["FEWEST_CALLS", "OTHERS", "ChosenCalls", "chosen_calls", "train_answers"]

Array = NDArray[np.float32]

OTHERS = 2
"""Calls without any of the labels, for each call that has one."""
FEWEST_CALLS = 10
"""So many calls must have a label, and so many not."""


def train_answers(options: Options, weigh: tuple[Path, ...] = ()) -> Path:
    """Train, write; the path of what was written. The calls must be none that the probe has learned from.

    `weigh`: files of other such calls, from which it is learned how much the answers count.

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
    calls, others = _judged(options), _judged(replace(options, labelled=weigh)) if weigh else []
    if both := {labelled.call.id for labelled in calls} & {labelled.call.id for labelled in others}:
        message = f"{len(both)} of the calls to weigh by are learned from too, {min(both)} among them: leave them out"
        raise InputError(message, place=", ".join(map(str, weigh)))
    to_learn = chosen_calls(calls, asking.labels)
    to_weigh = chosen_calls(others, asking.labels, others=None) if weigh else None
    engine = LlamaEngine.load(options.model)
    probe = probe_beside(template, engine)
    if unknown := [label for label in asking.labels if label not in probe.labels]:
        raise InputError(f"the probe of {template.name} does not tell {', '.join(unknown)}: train it first")
    about = f"learned from {_names(options.labelled)}, after {template.name}"
    about += f", weighed by {_names(weigh)}" if weigh else ""
    keep = options.keeper("answers", asking, engine.info, about, {"probe": probe.sha256})
    ask = partial(_answered, options, template, asking, engine, probe)
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


def _names(files: Sequence[Path]) -> str:
    return ", ".join(path.name for path in files)


def _judged(options: Options) -> list[LabelledCall]:
    """The calls that have an outcome, and a line."""
    return [call for call in calls_of(options) if call.gold.outcome and spoken_chunks(call.call)]


def _answered(
    options: Options, template: Template, asking: Template, engine: LlamaEngine, probe: Probe, chosen: "ChosenCalls"
) -> AnsweredCalls:
    """Reads the calls and asks about each; what was read before is taken from the disk."""
    questions, labels = endings_in(asking), asking.labels
    with options.progress(chosen.calls) as reading:
        kept = list(collect(engine, template, reading, probe.layers, options.work, lambda _: questions))
    ngrams = ngrams_for(template, engine, probe)
    return AnsweredCalls(
        answers=np.stack([answer_features(question_states(path, questions)) for _, path in kept]),
        lines=np.stack([_likeliest(call, probe, ngrams, labels) for call in KeptLines(kept, FACT_TASK)]),
        truth=_truth(chosen.calls, labels),
        groups=[FACT_TASK.group(labelled) for labelled in chosen.calls],
        counts=chosen.counts,
    )


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


def _show(told: ToldAnswers, labels: Sequence[str], tell: Callable[[str], None]) -> None:
    """How well calls are told that nothing was learned from: by lines alone, by answers alone, by both."""
    from sklearn.metrics import average_precision_score

    calls = told.calls
    for place, label in enumerate(labels):
        truth = calls.truth[:, place] > 0
        others = f"{int((~truth).sum())} without it, which stand for {calls.counts[~truth].sum():.0f}"
        tell(f"{label}: {int(truth.sum())} calls with it, {others}")
        for name, odds in (("lines", calls.lines), ("answers", told.answers), ("both", told.together)):
            scores = odds[:, place]
            said = scores > 0
            ranked = average_precision_score(truth, scores, sample_weight=calls.counts)
            wrong = f"{int((said & ~truth).sum())} wrongly told, {int((truth & ~said).sum())} missed"
            tell(f"  by {name:<8} average precision {ranked:.3f}, {wrong}")
