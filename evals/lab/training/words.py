"""Learns a matcher of words: what a line does with a company's own factors and categories, whatever they are.

Networks that have not seen the writing pass of a call tell its lines; from their scores it is learned how the evidence
of other lines is weighed. So a weighing knows how far scores can be trusted on companies that nobody has learned from.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from evals.lab.training.learning import Bound
from evals.lab.training.matcher import LeftOut, learn_networks, left_out_of, matcher_of
from evals.lab.training.matcher_data import MatchedCall
from evals.lab.training.matcher_network import MatchPlan
from evals.lab.training.weighing import Weighed, learn_weighing, raised_by, together
from evals.lab.training.word_calls import AskedWord, columns_of
from numpy.typing import NDArray

from ausweis.engines.heads import LineFeatures, probability_of
from ausweis.engines.matcher import VERBS, WordMatcher, in_basis, weigh, weighed_place
from ausweis.reading.described import weighed_words
from ausweis.reading.questions import Question, own_questions
from ausweis.reading.word_evidence import pieces

__all__ = ["Half", "answers_with", "learn_words", "weighing_of"]

Array = NDArray[np.float32]
Alike = dict[tuple[str, bool], Weighed]
"""Evidence and truth by verb, and whether it is one of own words."""

RAISED = ("gives", "changes")
"""The verbs of own words whose likelihoods are raised.

Few lines give an own factor or change something, and one that is missed decides a call more often than one that is
invented: so one half is where F1 is best, which is half of the best F1 (arXiv 1402.1892). With `tells` too, more clean
calls are flagged.
"""


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
    both = [half.alike for half in (one, other)]
    weighing = weighing_of(
        {key: together([some[key] for some in both if key in some]) for key in {**both[0], **both[1]}}
    )
    networks = learn_networks(calls, described, plan)
    lines = sum(len(call.chunks) for call in calls)
    return matcher_of(
        WordMatcher, {**basis, **networks, **weighing}, bound, calls=len(calls), words=len(own), lines=lines
    )


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
    evidence: defaultdict[tuple[str, bool], list[tuple[float, ...]]] = defaultdict(list)
    truth: defaultdict[tuple[str, bool], list[float]] = defaultdict(list)
    for one in told:
        columns = columns_of(one.call, words)
        for piece in pieces(one.call.chunks, *_unweighed(one, words)):
            true = one.call.told[piece.place, *columns[piece.label]] if piece.label in columns else np.nan
            if not np.isnan(true):
                evidence[piece.verb, piece.own].append(piece.evidence)
                truth[piece.verb, piece.own].append(float(true))
    return {
        key: Weighed(np.array(some, np.float32), np.array(truth[key], np.float32)) for key, some in evidence.items()
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
                line[own.label] = _chance(scores[row, column, verb])
                if own.answered and answers is not None:
                    line[own.answered] = _chance(answers[row, call.answered.index(column), verb])
    return lines, labels


def _chance(odds: float) -> float:
    """As exact as recorded answers are."""
    return round(probability_of(float(odds)), 4)
