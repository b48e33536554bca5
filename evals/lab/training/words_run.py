"""`train words`: reads labelled calls and descriptions, and learns what a line does with an own word."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from evals.lab.training.learning import Bound
from evals.lab.training.left_out import left_out_cases
from evals.lab.training.lines import KeptLines, collect, keep_arrays, kept_name, question_states, sampled
from evals.lab.training.matcher_data import basis_of, question_shifts
from evals.lab.training.matcher_network import MatchPlan
from evals.lab.training.options import Options, calls_of, probe_beside
from evals.lab.training.showing import show_verdicts
from evals.lab.training.tasks import FACT_TASK, template_for
from evals.lab.training.weighing import Weighed, together
from evals.lab.training.word_calls import AskedWord, asked_words, word_call, wordings_of
from evals.lab.training.words import Half, answers_with, learn_words, weighing_of
from numpy.typing import NDArray

from ausweis.engines.heads import LineFeatures, features
from ausweis.engines.llama import LlamaEngine
from ausweis.engines.matcher import VERBS, weigh, weighed_place
from ausweis.errors import InputError
from ausweis.evals.labelled import LabelledCall
from ausweis.prompts import Template, default_library
from ausweis.reading.described import Ending, asked_about, description_line, ending_of
from ausweis.reading.strategies import QUESTION_TEMPLATE, template_of

__all__ = ["train_words"]

Array = NDArray[np.float32]


def train_words(options: Options, wordings: Path | None = None) -> Path:
    """Train, write; the path of what was written.

    Raises:
        InputError: no policy of these calls has own words, all such calls are of one writing pass, or there is no probe
            of the template for the model.
        AusweisError: the model cannot be loaded, or a file cannot be read.
    """
    template = template_for(options.template, FACT_TASK, "matcher of words")
    question = template_of(default_library(), QUESTION_TEMPLATE)
    calls = calls_of(options)
    words = asked_words(calls, wordings_of(wordings))
    policies = _with_own(words, calls)

    def questions_of(labelled: LabelledCall) -> list[Ending]:
        of_policy = [word.own for word in words if word.own and word.policy == labelled.policy]
        return [ending_of(question, asked) for asked in asked_about(of_policy)]

    engine = LlamaEngine.load(options.model)
    probe = probe_beside(template, engine)
    about = f"learned from {', '.join(path.name for path in options.labelled)}, asked by {question.name}"
    keep = options.keeper("words", template, engine.info, about, {"probe": probe.sha256}, question)
    with options.progress(calls) as reading:
        kept = list(collect(engine, template, reading, probe.layers, options.work, questions_of))
    texts = dict.fromkeys(text for word in words for text in word.texts)
    seen = dict(_seen(engine, template, probe.layers, texts, options.work))
    options.tell("Learning, which takes some minutes ...")
    lines, rounds = KeptLines(kept, FACT_TASK), options.rounds
    plan = MatchPlan(rounds=rounds, question_rounds=rounds) if rounds else MatchPlan()
    with_own = [(labelled, path) for labelled, path in kept if labelled.policy in policies]
    questions = [
        states for labelled, path in sampled(with_own) for states in question_states(path, questions_of(labelled))
    ]
    basis = _basis(lines, list(seen.values()), questions, plan)
    told = [
        word_call(labelled, lines[place], question_states(path, questions_of(labelled)), words, probe, basis)
        for place, (labelled, path) in enumerate(kept)
    ]
    bound = Bound(template, engine.info.sha256, probe.layers, about)
    matcher = learn_words(
        told, words, seen, basis, bound, plan, lambda one, other: _show(one, other, words, calls, options.tell)
    )
    path = keep(matcher)
    options.tell(f"{path}: {matcher.notes}")
    return path


def _with_own(words: Sequence[AskedWord], calls: Sequence[LabelledCall]) -> set[str]:
    """The policies that have words of their own which are asked about.

    Raises:
        InputError: there is none, or all their calls are of one writing pass.
    """
    if not any(word.own for word in words):
        raise InputError("no policy of these calls has factors or categories of its own: see docs/own-words.md")
    policies = {word.policy for word in words if word.policy and word.own and asked_about([word.own])}
    if not policies:
        raise InputError("no policy of these calls has a factor or a change of its own: add calls that have one")
    if len({FACT_TASK.group(labelled) for labelled in calls if labelled.policy in policies}) < 2:
        raise InputError("calls with own words must come from two writing passes: one is left out to learn from it")
    return policies


def _basis(
    lines: KeptLines, described: Sequence[LineFeatures], questions: Sequence[Array], plan: MatchPlan
) -> dict[str, Array]:
    """The directions in which some of the lines differ, with what centres descriptions and questions in them."""
    some = [call.seen for call in sampled(lines)]
    basis = basis_of(some, described, plan.token_dimensions, plan.line_dimensions)
    return basis | question_shifts(basis, [features(states) for states in questions])


def _seen(
    engine: LlamaEngine, template: Template, layers: tuple[int, ...], texts: Iterable[str], folder: Path
) -> Iterator[tuple[str, LineFeatures]]:
    """Each text with what the model understood of it; kept on the disk, as the lines of calls are."""
    kept = folder / f"described-{kept_name(engine, template, layers)}"
    kept.mkdir(parents=True, exist_ok=True)
    for text in texts:
        path = kept / f"{hashlib.sha256(text.encode()).hexdigest()[:24]}.npz"
        if not path.is_file():
            (states,) = engine.states(description_line(template, text), layers)
            keep_arrays(path, states=states.astype(np.float16))
        with np.load(path) as file:
            yield text, features(file["states"].astype(np.float32))


def _show(
    one: Half, other: Half, words: Sequence[AskedWord], calls: Sequence[LabelledCall], tell: Callable[[str], None]
) -> None:
    """How well verbs and calls are told, each half of the writing passes by what was learned from the other half."""
    learned = [(weighing_of(by.alike), half) for by, half in ((one, other), (other, one))]
    for own in (True, False):
        for verb in VERBS:
            told = [
                Weighed(weigh(parts, weighed_place(verb, own=own), some.evidence), some.truth)
                for parts, half in learned
                if (some := half.alike.get((verb, own))) is not None
            ]
            if told:
                _show_verb(f"{'own' if own else 'known'} words, {verb:<9}", together(told), tell)
    by_id = {labelled.call.id: labelled for labelled in calls}
    asked = [by_id[told.call.id] for _, half in learned for told in half.told]
    answers = (answers_with(told, words, parts) for parts, half in learned for told in half.told)
    show_verdicts(left_out_cases(asked, answers, own_words=True), tell)


def _show_verb(name: str, told: Weighed, tell: Callable[[str], None]) -> None:
    """`told`: the scores of lines instead of their evidence."""
    from sklearn.metrics import average_precision_score

    scores, truth = told
    if truth.any():
        found, said = (truth > 0) & (scores > 0), scores > 0
        f1 = 2 * found.sum() / (said.sum() + truth.sum())
        ranked = average_precision_score(truth, scores)
        tell(f"{name} {int(truth.sum()):>5} lines, average precision {ranked:.3f}, F1 {f1:.3f}")
