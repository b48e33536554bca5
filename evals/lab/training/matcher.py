"""What matchers of all kinds learn alike: networks that compare, and what they say of calls that they have not seen.

Groups of calls are left out together, with the descriptions that are theirs. So what is weighed, and measured, is how
far scores can be trusted on descriptions that nobody has learned from.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeVar

import numpy as np
from evals.lab.training.learning import Bound
from evals.lab.training.matcher_data import MatchedCall
from evals.lab.training.matcher_network import (
    MatchPlan,
    by_description,
    by_question,
    learn_network,
    match_scores,
)
from numpy.typing import NDArray

from ausweis.engines.matcher import NETWORK_PARTS, QUESTION, Descriptions, Matcher

__all__ = ["LeftOut", "learn_networks", "left_out_of", "matcher_of"]

Array = NDArray[np.float32]
Parts = dict[str, Array]
Kind = TypeVar("Kind", bound=Matcher)

FOLDS = 6
NETWORKS = 2
"""Their scores are averaged."""


class LeftOut(NamedTuple):
    """A call with the scores of its lines and descriptions, and of its questions, by networks that have not seen it.

    `scores`, `answers`: shape (lines, descriptions or questions, outputs). `unseen`: the descriptions that they have
    not seen either.
    """

    call: MatchedCall
    scores: Array
    answers: Array | None
    unseen: frozenset[int] = frozenset()


def left_out_of(
    calls: Sequence[MatchedCall],
    described: Sequence[Descriptions],
    plan: MatchPlan,
    places: Mapping[str, Collection[int]],
    others: Sequence[int] = (),
) -> list[LeftOut]:
    """Each call that has descriptions of its own, by networks that have not seen its group.

    `described`: as in `by_description`. `places`: by group, the descriptions that are left out with it. `others`: as in
    `learn_networks`.
    """
    asked = {call.group for call in calls if call.questions}
    # Those with questions first: so that there are some in what every fold is learned from.
    groups = sorted({call.group for call in calls if any(call.own)}, key=lambda group: (group not in asked, group))
    left_out: list[LeftOut] = []
    for fold in range(min(FOLDS, len(groups))):
        held = set(groups[fold::FOLDS])
        unseen = frozenset(place for group in held for place in places.get(group, ()))
        seen = [call.without(unseen) for call in calls if call.group not in held]
        by_words, by_questions = _learned(seen, described, plan, [one for one in others if one not in unseen], seed=0)
        for call in calls:
            if call.group in held and any(call.own):
                scores = match_scores([by_words], call, by_description(described))
                answers = match_scores([by_questions], call.of_questions, by_question) if call.questions else None
                left_out.append(LeftOut(call, scores, answers, unseen))
    return left_out


def learn_networks(
    calls: Sequence[MatchedCall], described: Sequence[Descriptions], plan: MatchPlan, others: Sequence[int] = ()
) -> Parts:
    """The parts of a `Matcher` that compare with descriptions, and with questions.

    `others`: the places of descriptions that happen in no call but those that are asked about them. Some of them are
    drawn for each call, each time anew.
    """
    both = [_learned(calls, described, plan, others, seed) for seed in range(NETWORKS)]
    return {
        begins + name: np.stack([networks[kind][name] for networks in both])
        for kind, begins in enumerate(("", QUESTION))
        for name in NETWORK_PARTS
    }


def matcher_of(form: type[Kind], parts: Mapping[str, Array], bound: Bound, **about: int) -> Kind:
    """What was learned, as a file keeps it. `about`: how much it was learned from, for its notes."""
    return form(parts={name: part.astype(np.float32) for name, part in parts.items()}, **bound.fields(**about))


def _learned(
    calls: Sequence[MatchedCall], described: Sequence[Descriptions], plan: MatchPlan, others: Sequence[int], seed: int
) -> tuple[Parts, Parts]:
    asked = [call.of_questions for call in calls if call.questions]
    by_words = learn_network(calls, by_description(described), plan, seed, others)
    return by_words, learn_network(asked, by_question, replace(plan, rounds=plan.question_rounds), seed)
