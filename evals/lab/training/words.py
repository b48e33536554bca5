"""`train words`: what a line does with a company's own factors and categories, whatever they are.

Own words are asked of the calls of their policy. Known words are asked of all calls: they are described too, and teach
what a description is. A word may have several wordings, one of which is taken by chance each time. Networks that have
not seen the writing pass of a call tell its lines; from their scores it is learned how the evidence of other lines is
weighed. So a weighing knows how far scores can be trusted on companies that nobody has learned from.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from evals.lab.training.calls import (
    FACT_TASK,
    KeptLines,
    Lines,
    by_label,
    call_in_basis,
    collect,
    keep_arrays,
    kept_name,
    question_states,
    sampled,
    template_for,
)
from evals.lab.training.matching import LeftOut, MatchedCall, MatchPlan, basis_of, learned_matcher, left_out_of
from evals.lab.training.networks import Weighed, learn_weighing, raised_by
from evals.lab.training.options import Bound, Options, Wordings, names_of, wordings_of
from evals.lab.training.showing import left_out_cases, ranked, show_verdicts
from numpy.typing import NDArray

from ausweis.engines.heads import LineFeatures, Probe, features, probabilities_of, probability_of
from ausweis.engines.llama import LlamaEngine
from ausweis.engines.matcher import VERBS, WordMatcher, in_basis, weigh, weighed_place
from ausweis.errors import InputError
from ausweis.facts import sides_of
from ausweis.labelled import LabelledCall
from ausweis.policies import find_policy
from ausweis.prompts import Template, default_library
from ausweis.reading.asking import Ending, asked_about, description_line, ending_of, weighed_words
from ausweis.reading.chunks import Chunk
from ausweis.reading.evidence import pieces, weighed
from ausweis.reading.questions import VERBS as KINDS
from ausweis.reading.questions import VERBS_OF, Question, as_written, own_questions
from ausweis.reading.strategies import QUESTION_TEMPLATE, template_of
from ausweis.vocabulary import CATEGORIES, FACTORS, OwnKind, OwnWord, Texts

Array = NDArray[np.float32]
Alike = dict[tuple[str, bool], Weighed]
"""Evidence and truth by verb, and whether it is one of own words."""

RAISED = ("gives", "changes")
"""The verbs of own words whose likelihoods are raised.

Few lines give an own factor or change something, and one that is missed decides a call more often than one that is
invented: so one half is where F1 is best, which is half of the best F1 (arXiv 1402.1892). With `tells` too, more clean
calls are flagged.
"""


def train_words(options: Options) -> Path:
    """Train, write; the path of what was written.

    Raises:
        InputError: no policy of these calls has own words, all such calls are of one writing pass, or there is no probe
            of the template for the model.
        AusweisError: the model cannot be loaded, or a file cannot be read.
    """
    template = template_for(options.template, FACT_TASK, "matcher of words")
    question = template_of(default_library(), QUESTION_TEMPLATE)
    calls = options.calls()
    words = asked_words(calls, wordings_of(options.wordings))
    policies = _with_own(words, calls)

    def questions_of(labelled: LabelledCall) -> list[Ending]:
        of_policy = [word.own for word in words if word.own and word.policy == labelled.policy]
        return [ending_of(question, asked) for asked in asked_about(of_policy)]

    engine = LlamaEngine.load(options.model)
    probe = options.probe(template, engine)
    about = f"learned from {names_of(options.labelled)}, asked by {question.name}"
    keep = options.keeper("words", template, engine.info, about, {"probe": probe.sha256}, question)
    with options.progress(calls) as reading:
        kept = list(collect(engine, template, reading, probe.layers, options.work, questions_of))
    texts = dict.fromkeys(text for word in words for text in word.texts)
    seen = dict(_seen(engine, template, probe.layers, texts, options.work))
    options.tell("Learning, which takes some minutes ...")
    lines, plan = KeptLines(kept, FACT_TASK), MatchPlan().of_rounds(options.rounds)
    with_own = [(labelled, path) for labelled, path in kept if labelled.policy in policies]
    questions = [
        features(states) for call, path in sampled(with_own) for states in question_states(path, questions_of(call))
    ]
    some = [lines[place].seen for place in sampled(range(len(lines)))]
    basis = basis_of(some, list(seen.values()), questions, plan)
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


class AskedWord(NamedTuple):
    """A word as it is asked about. `policy`: the place of the one whose own word it is. `texts`: its wordings.

    `label`: as labels write it, behind a verb.
    """

    id: str
    label: str
    kind: OwnKind
    texts: tuple[str, ...]
    policy: str | None = None
    own: OwnWord | None = None


def asked_words(calls: Iterable[LabelledCall], wordings: Wordings) -> list[AskedWord]:
    """The known words, then the own ones of all policies of these calls."""

    def texts(name: Texts, sentence: Texts) -> tuple[str, ...]:
        return tuple(f"{name[language]}: {sentence[language]}" for language in name)

    def own_texts(word: OwnWord, more: Sequence[str]) -> tuple[str, ...]:
        """The first with the name, as it is asked by; others without, which is no word of other languages."""
        named = [f"{word.name}: {text}" for text in (word.description, *more[:1])]
        return tuple(" ".join(text.split()) for text in (*named, *more[1:]))

    known = [AskedWord(f.id, f.label, "factor", texts(f.name, f.sentence)) for f in FACTORS.values() if f.looks_like]
    known += [AskedWord(c.id, c.label, c.kind, texts(c.name, c.sentence)) for c in CATEGORIES.values()]
    own = []
    for place in dict.fromkeys(labelled.policy for labelled in calls):
        policy = find_policy(place).policy
        for word in policy.own_words:
            more = wordings.get(policy.id, {}).get(word.id, ())
            own.append(AskedWord(word.id, as_written(word), word.kind, own_texts(word, more), place, word))
    return known + own


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


def word_call(
    labelled: LabelledCall,
    lines: Lines,
    questions: Sequence[Array],
    words: Sequence[AskedWord],
    probe: Probe,
    basis: dict[str, Array],
) -> MatchedCall:
    """A call with the words that it is asked about.

    `questions`: the states of those after it, each of shape (tokens, layers, width). Known labels of calls that the
    probe has learned from are told too well: such calls are better left out.
    """
    asked = tuple(place for place, word in enumerate(words) if word.policy is None or word.policy == labelled.policy)
    rows = (probabilities_of(probe.scores(line)) for line in lines.seen)
    told = by_label(lines.chunks, probe.labels, rows)
    answered = [column for column, place in enumerate(asked) if (own := words[place].own) and asked_about([own])]
    seen = [features(question) for question in questions]
    return MatchedCall(
        id=labelled.call.id,
        lines=call_in_basis(lines.seen, basis),
        chunks=lines.chunks,
        described=asked,
        own=tuple(words[place].own is not None for place in asked),
        told=_told(labelled, lines.chunks, [words[place] for place in asked]),
        group=lines.group,
        questions=in_basis(basis, seen, "question") if seen else None,
        answered=tuple(answered),
        answers=weighed(lines.chunks, told, probe.dialogue),
    )


def columns_of(call: MatchedCall, words: Sequence[AskedWord]) -> dict[str, tuple[int, int]]:
    """By label, the column and the verb of what is `told` about it."""
    return {
        f"{verb} {words[word].label}": (column, VERBS.index(verb))
        for column, word in enumerate(call.described)
        for verb in VERBS_OF[words[word].kind]
    }


def _told(labelled: LabelledCall, chunks: Sequence[Chunk], words: Sequence[AskedWord]) -> Array:
    done: dict[tuple[str, str | None], set[int]] = {}
    for event in labelled.gold.events:
        done.setdefault((event.kind, event.subject), set()).add(event.turn)
    turns = [chunk.turn for chunk in chunks]
    told = np.full((len(chunks), len(words), len(VERBS)), np.nan, np.float32)
    for row, chunk in enumerate(chunks):
        for column, word in enumerate(words):
            for verb in VERBS_OF[word.kind]:
                if chunk.speaker in sides_of(KINDS[verb]):
                    happens = chunk.turn in done.get((KINDS[verb], word.id), ())
                    # Of a turn that was cut it is not known which chunk says it.
                    unknown = happens and turns.count(chunk.turn) > 1
                    told[row, column, VERBS.index(verb)] = np.nan if unknown else float(happens)
    return told


class Half(NamedTuple):
    """The calls of half of the writing passes, by networks that have not seen them, and what is to be weighed of it."""

    told: list[LeftOut]
    alike: Alike


def learn_words(
    calls: Sequence[MatchedCall],
    words: Sequence[AskedWord],
    seen: Mapping[str, LineFeatures],
    basis: dict[str, Array],
    bound: Bound,
    plan: MatchPlan,
    on_left_out: Callable[[Half, Half], None] = lambda one, other: None,
) -> WordMatcher:
    """The matcher of words of a template. `seen`: by text, what the model understood of each wording.

    `on_left_out` is told both halves of the writing passes: one can be weighed by what was learned from the other.
    """
    described = [in_basis(basis, [seen[text] for text in word.texts], "described") for word in words]
    own = {place for place, word in enumerate(words) if word.policy is not None}
    places: defaultdict[str, set[int]] = defaultdict(set)
    for call in calls:
        places[call.group] |= own.intersection(call.described)
    left_out = left_out_of(calls, described, plan, places)
    passes = sorted({told.call.group for told in left_out})
    parted = [[told for told in left_out if passes.index(told.call.group) % 2 == half] for half in (0, 1)]
    one, other = (Half(told, _alike(told, words)) for told in parted)
    on_left_out(one, other)
    both = {
        key: Weighed.together([half.alike[key] for half in (one, other) if key in half.alike])
        for key in {**one.alike, **other.alike}
    }
    return learned_matcher(WordMatcher, calls, described, plan, {**basis, **weighing_of(both)}, bound, words=len(own))


def weighing_of(alike: Alike) -> dict[str, Array]:
    """The parts of a `WordMatcher` that weigh."""
    parts = learn_weighing([alike.get((verb, own)) for own in (True, False) for verb in VERBS])
    for verb in RAISED:
        if (verb, True) in alike:
            evidence, truth = alike[verb, True]
            place = weighed_place(verb, own=True)
            parts["weigh_bias"][place] += raised_by(weigh(parts, place, evidence), truth)
    return parts


def answers_with(told: LeftOut, words: Sequence[AskedWord], parts: Mapping[str, Array]) -> list[dict[str, float]]:
    """The labels of each line of a call, own ones too, as a reader has them who weighs by these parts."""
    lines, labels = _unweighed(told, words)
    return weighed_words(told.call.chunks, lines, labels, partial(weigh, parts))


def _alike(told: Sequence[LeftOut], words: Sequence[AskedWord]) -> Alike:
    """The evidence of calls with their scores, as a reader would have it."""
    found: defaultdict[tuple[str, bool], list[tuple[tuple[float, ...], float]]] = defaultdict(list)
    for one in told:
        columns = columns_of(one.call, words)
        for piece in pieces(one.call.chunks, *_unweighed(one, words)):
            true = one.call.told[piece.place, *columns[piece.label]] if piece.label in columns else np.nan
            if not np.isnan(true):
                found[piece.verb, piece.own].append((piece.evidence, float(true)))
    return {
        key: Weighed(*(np.array(part, np.float32) for part in zip(*some, strict=True))) for key, some in found.items()
    }


def _unweighed(told: LeftOut, words: Sequence[AskedWord]) -> tuple[list[dict[str, float]], tuple[Question, ...]]:
    """The labels of each line before they are weighed, and those of the call's own words."""
    call, scores, answers, _ = told
    columns = columns_of(call, words)
    labels = own_questions([word for place in call.described if (word := words[place].own) is not None])
    lines = [dict(answer) for answer in call.answers]
    for row, line in enumerate(lines):
        for own in labels:
            if call.chunks[row].speaker in own.speakers:
                column, verb = columns[own.label]
                # As exact as recorded answers are.
                line[own.label] = round(probability_of(float(scores[row, column, verb])), 4)
                if own.answered and answers is not None:
                    odds = float(answers[row, call.answered.index(column), verb])
                    line[own.answered] = round(probability_of(odds), 4)
    return lines, labels


def _show(
    one: Half, other: Half, words: Sequence[AskedWord], calls: Sequence[LabelledCall], tell: Callable[[str], None]
) -> None:
    """How well verbs and calls are told, each half of the writing passes by what was learned from the other half."""
    learned = [(weighing_of(by.alike), half) for by, half in ((one, other), (other, one))]
    for own, verb in ((own, verb) for own in (True, False) for verb in VERBS):
        told = [
            Weighed(weigh(parts, weighed_place(verb, own=own), some.evidence), some.truth)
            for parts, half in learned
            if (some := half.alike.get((verb, own))) is not None
        ]
        if any(some.truth.any() for some in told):
            scores, truth = Weighed.together(told)
            tell(f"{'own' if own else 'known'} words, {verb:<9} {ranked(truth > 0, scores)}")
    by_id = {labelled.call.id: labelled for labelled in calls}
    asked = [by_id[told.call.id] for _, half in learned for told in half.told]
    answers = (answers_with(told, words, parts) for parts, half in learned for told in half.told)
    show_verdicts(left_out_cases(asked, answers, own_words=True), tell)
