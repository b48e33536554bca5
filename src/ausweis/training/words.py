"""Learns a matcher of words: what a line does with a company's own factors and categories, whatever they are.

Networks that have not seen the writing pass of a call tell its lines; from their scores it is learned how the evidence
of other lines is weighed. So a weighing knows how far scores can be trusted on companies that nobody has learned from.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ausweis.engines.probe import LineFeatures
from ausweis.engines.word_matcher import DescribedWords, WordMatcher
from ausweis.reading.own_labels import own_labels
from ausweis.reading.word_evidence import pieces
from ausweis.training.learning import Bound
from ausweis.training.matcher_data import Described as Seen
from ausweis.training.matcher_data import described_in
from ausweis.training.word_calls import AskedWord, WordCall
from ausweis.training.word_network import WordPlan, learn_network, word_scores
from ausweis.training.word_weighing import Weighed, learn_weighing

__all__ = ["Alike", "learn_words", "left_out_scores", "weighed_alike"]

Array = NDArray[np.float32]
Alike = dict[tuple[str, bool], Weighed]
"""Evidence and truth by verb, and whether it is one of own words."""

FOLDS = 6
NETWORKS = 2
"""Their scores are averaged."""


def learn_words(
    calls: Sequence[WordCall],
    words: Sequence[AskedWord],
    seen: Mapping[str, LineFeatures],
    basis: dict[str, Array],
    bound: Bound,
    plan: WordPlan,
    on_left_out: Callable[[Alike, Alike], None] = lambda learned, measured: None,
) -> WordMatcher:
    """The matcher of words of a template. `seen`: by text, what the model understood of each wording.

    `on_left_out` is told the evidence of half of the writing passes, and that of the other half.
    """
    described = [_described(basis, word, seen) for word in words]
    own = [word.policy is not None for word in words]
    scores = left_out_scores(calls, described, own, plan)
    asked = [number for number, call in enumerate(calls) if any(own[place] for place in call.words)]
    passes = sorted({calls[number].group for number in asked})
    halves = [[number for number in asked if passes.index(calls[number].group) % 2 == half] for half in (0, 1)]
    told = [weighed_alike([(calls[number], scores[number]) for number in half], words) for half in halves]
    on_left_out(*told)
    weighing = learn_weighing(_together(*told))
    networks = [learn_network(calls, described, own, plan, seed) for seed in range(NETWORKS)]
    parts = {name: np.stack([network[name] for network in networks]) for name in networks[0]}
    about = {"about": bound.notes, "calls": len(calls), "words": sum(own), "lines": sum(len(c.chunks) for c in calls)}
    return WordMatcher(
        layers=bound.layers,
        parts={name: part.astype(np.float32) for name, part in {**basis, **parts, **weighing}.items()},
        template=bound.template.name,
        template_sha256=bound.template.sha256,
        model_sha256=bound.model_sha256,
        notes=json.dumps(about),
    )


def _described(basis: dict[str, Array], word: AskedWord, seen: Mapping[str, LineFeatures]) -> DescribedWords:
    tokens, there, lines = described_in(basis, [Seen(text, seen[text]) for text in word.texts])
    return DescribedWords(tokens, there > 0, lines)


def left_out_scores(
    calls: Sequence[WordCall], described: Sequence[DescribedWords], own: Sequence[bool], plan: WordPlan
) -> dict[int, Array]:
    """By the place of each call that has own words, its scores by a network that has not seen its writing pass."""
    groups = sorted({call.group for call in calls if any(own[place] for place in call.words)})
    scores: dict[int, Array] = {}
    for fold in range(min(FOLDS, len(groups))):
        held = set(groups[fold::FOLDS])
        network = learn_network([call for call in calls if call.group not in held], described, own, plan, 0)
        for number, call in enumerate(calls):
            if call.group in held:
                scores[number] = word_scores([network], call, described)
    return scores


def weighed_alike(told: Sequence[tuple[WordCall, Array]], words: Sequence[AskedWord]) -> Alike:
    """The evidence of calls with their scores, as a reader would have it."""
    evidence: defaultdict[tuple[str, bool], list[tuple[float, ...]]] = defaultdict(list)
    truth: defaultdict[tuple[str, bool], list[float]] = defaultdict(list)
    for call, scores in told:
        columns = call.columns(words)
        labels = own_labels([word for place in call.words if (word := words[place].own) is not None])
        answers = [dict(answer) for answer in call.answers]
        for row, answer in enumerate(answers):
            for own in labels:
                if own.speaker == call.chunks[row].speaker:
                    column, verb = columns[own.label]
                    odds = float(scores[row, column, verb])
                    answer[own.label] = round(1 / (1 + np.exp(-odds)), 4)
        for piece in pieces(call.chunks, answers, labels):
            true = call.told[piece.place, *columns[piece.label]] if piece.label in columns else np.nan
            if not np.isnan(true):
                evidence[piece.verb, piece.own].append(piece.evidence)
                truth[piece.verb, piece.own].append(float(true))
    return {
        key: Weighed(np.array(some, np.float32), np.array(truth[key], np.float32)) for key, some in evidence.items()
    }


def _together(one: Alike, other: Alike) -> Alike:
    return {
        key: Weighed(*(np.concatenate([part[key][n] for part in (one, other) if key in part]) for n in (0, 1)))
        for key in {**one, **other}
    }
