"""`ausweis train answers`: reads labelled calls, asks about each as a whole, and learns what the answers tell.

The labels are rare, and reading takes long: so of the calls that have none only some are drawn, and stand for all.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ausweis.engines.answer_probe import answer_features
from ausweis.engines.learned_part import LearnedKind
from ausweis.engines.llama import LlamaEngine
from ausweis.engines.ngrams import Ngrams, log_odds
from ausweis.engines.probe import Probe, probabilities_of
from ausweis.errors import InputError
from ausweis.evals.labelled import LabelledCall
from ausweis.prompts import default_library
from ausweis.reading.call_questions import questions_in
from ausweis.reading.chunks import spoken_chunks
from ausweis.reading.labels import SINGLE
from ausweis.reading.strategies import CALL_TEMPLATE, ngrams_for, probe_for
from ausweis.training.answers import AnsweredCalls, LeftOutAnswers, learn_answers
from ausweis.training.learning import Bound
from ausweis.training.lines import FEWEST, KeptLines, Lines, by_label, collect, question_states
from ausweis.training.options import Options, calls_of, drawn
from ausweis.training.tasks import FACT_TASK

__all__ = ["OTHERS", "chosen_calls", "train_answers"]

Array = NDArray[np.float32]

OTHERS = 2
"""Calls without any of the labels, for each call that has one."""


def train_answers(options: Options) -> Path:
    """Train, write; the path of what was written. The calls must be none that the probe has learned from.

    Raises:
        InputError: a label is in too few of these calls or in all of them, they are of one writing pass, the template
            has no questions or other labels, or there is no probe of the transcript for the model.
        AusweisError: the model cannot be loaded, or a file cannot be read.
    """
    library = default_library()
    template, asking = library.get(options.template), library.get(CALL_TEMPLATE)
    labels, questions = asking.labels, questions_in(asking)
    if asking.is_prompt or not labels or not set(labels) <= SINGLE.keys():
        message = "needs questions, and as its output labels of `transcript` that stand for themselves"
        raise InputError(message, place=str(asking.path))
    every = [call for call in calls_of(options) if call.gold.outcome and spoken_chunks(call.call)]
    calls, counts = chosen_calls(every, labels)
    engine = LlamaEngine.load(options.model, adapted=template.provenance)
    probe = probe_for(template, engine)
    if probe is None:
        raise InputError(f"there is no probe of {template.name} for {engine.info.id}: train it first")
    ngrams = ngrams_for(template, engine, probe)
    about = f"learned from {', '.join(path.name for path in options.labelled)}, after {template.name}"
    beside: dict[LearnedKind, str] = {"probe": probe.sha256}
    keep = options.keeper("answers", asking, engine.info, about, beside)
    with options.progress(calls) as reading:
        kept = list(collect(engine, template, reading, probe.layers, options.work, lambda _: questions))
    lines = KeptLines(kept, FACT_TASK)
    answered = AnsweredCalls(
        answers=np.stack([answer_features(question_states(path, questions)) for _, path in kept]),
        lines=np.stack([_likeliest(call, probe, ngrams, labels) for call in lines]),
        truth=_truth([labelled for labelled, _ in kept], labels),
        groups=[FACT_TASK.group(labelled) for labelled, _ in kept],
        counts=np.array(counts, np.float32),
    )
    bound = Bound(asking, engine.info.sha256, probe.layers, about)
    learned = learn_answers(answered, labels, bound, lambda told: _show(answered, told, labels, options.tell))
    path = keep(replace(learned, adapter_sha256=probe.adapter_sha256))
    options.tell(f"{path}: {learned.notes}")
    return path


def chosen_calls(calls: Sequence[LabelledCall], labels: Sequence[str]) -> tuple[list[LabelledCall], list[float]]:
    """All calls with a label, some of those without, by chance; and how many calls each stands for.

    Raises:
        InputError: a label is in too few calls or in all of them, or they are of one writing pass.
    """
    truth = _truth(calls, labels)
    for label, column in zip(labels, truth.T, strict=True):
        if not FEWEST <= column.sum() <= len(calls) - FEWEST:
            raise InputError(
                f"{int(column.sum())} of {len(calls)} calls have the label {label!r}: too few, or too many"
            )
    if len({FACT_TASK.group(labelled) for labelled in calls}) < 2:
        raise InputError("the calls must come from two writing passes: one is left out to learn from it")
    with_one = {labelled.call.id for labelled, row in zip(calls, truth, strict=True) if row.any()}
    without = [labelled for labelled in calls if labelled.call.id not in with_one]
    others = drawn(without, OTHERS * len(with_one))
    some = {*with_one, *(labelled.call.id for labelled in others)}
    share = len(without) / max(1, len(others))
    chosen = [labelled for labelled in calls if labelled.call.id in some]
    return chosen, [1.0 if labelled.call.id in with_one else share for labelled in chosen]


def _truth(calls: Sequence[LabelledCall], labels: Sequence[str]) -> Array:
    """Shape (calls, labels): 1 where an event of the call is what the label says."""
    kinds = [{event.kind for event in labelled.gold.events} for labelled in calls]
    return np.array([[SINGLE[label] in some for label in labels] for some in kinds], np.float32)


def _likeliest(call: Lines, probe: Probe, ngrams: Ngrams | None, labels: Sequence[str]) -> Array:
    """The log-odds of each label at its likeliest line, as a reader would have them: shape (labels,)."""
    answers = by_label(call.chunks, probe.labels, (probabilities_of(probe.scores(line)) for line in call.seen))
    if ngrams is not None:
        pairs = zip(call.chunks, answers, strict=True)
        answers = [ngrams.weighed(chunk.text, answer) for chunk, answer in pairs]
    return np.array([log_odds(max(line.get(label, 0.0) for line in answers)) for label in labels], np.float32)


def _show(calls: AnsweredCalls, told: LeftOutAnswers, labels: Sequence[str], tell: Callable[[str], None]) -> None:
    """How well calls are told whose writing pass was left out: by lines alone, by answers alone, by both."""
    from sklearn.metrics import average_precision_score

    for place, label in enumerate(labels):
        truth = calls.truth[:, place] > 0
        tell(f"{label}: {int(truth.sum())} of {len(truth)} calls")
        for name, odds in (("lines", calls.lines), ("answers", told.answers), ("both", told.together)):
            scores = odds[:, place]
            said = scores > 0
            ranked = average_precision_score(truth, scores, sample_weight=calls.counts)
            wrong = f"{int((said & ~truth).sum())} wrongly told, {int((truth & ~said).sum())} missed"
            tell(f"  by {name:<8} average precision {ranked:.3f}, {wrong}")
