"""Learns a matcher from calls that were asked by descriptions: what a description says, whatever it is.

A description and the calls that were written for it are left out together, so what is weighed, and measured, are
descriptions that nobody has learned from.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np
from evals.lab.training.learning import Bound
from evals.lab.training.matcher import LeftOut, learn_networks, left_out_of, matcher_of
from evals.lab.training.matcher_data import MatchedCall
from evals.lab.training.matcher_network import MatchPlan
from evals.lab.training.weighing import Weighed, learn_weighing, together
from numpy.typing import NDArray

from ausweis.engines.heads import LineFeatures, probabilities_of
from ausweis.engines.matcher import Matcher, in_basis
from ausweis.reading.described import incident_evidence

__all__ = ["evidence_of", "learn_incidents", "unseen_of"]

Array = NDArray[np.float32]


def learn_incidents(
    calls: Sequence[MatchedCall],
    descriptions: Sequence[LineFeatures],
    basis: dict[str, Array],
    bound: Bound,
    plan: MatchPlan,
    on_left_out: Callable[[Sequence[LeftOut]], None] = lambda told: None,
) -> Matcher:
    """The matcher of incidents of a template. `descriptions`: what the model understood of each.

    `on_left_out` is told the scores of each call by networks that have not seen it.
    """
    described = [in_basis(basis, [seen], "described") for seen in descriptions]
    every = range(len(described))
    left_out = left_out_of(calls, described, plan, _left_out_with(calls), every)
    on_left_out(left_out)
    seen = [evidence_of(told, column) for told in left_out for column in unseen_of(told)]
    weighing = learn_weighing([together(seen)])
    networks = learn_networks(calls, described, plan, every)
    lines = sum(len(call.chunks) for call in calls)
    parts = {**basis, **networks, **weighing}
    return matcher_of(Matcher, parts, bound, calls=len(calls), descriptions=len(descriptions), lines=lines)


def evidence_of(told: LeftOut, column: int) -> Weighed:
    """The evidence of the lines that may be what a question is about, as a reader would have it, and what is true."""
    if told.answers is None:
        raise ValueError("no question was asked after the call")
    place, chunks = told.call.answered[column], told.call.chunks
    truth = told.call.told[:, place, 0]
    # Of a line that was cut it is not known what is true; it is read all the same.
    sides = {chunk.speaker for chunk, true in zip(chunks, truth, strict=True) if not np.isnan(true)}
    lines = [line for line, chunk in enumerate(chunks) if chunk.speaker in sides]
    described, answered = (
        probabilities_of(scores[lines, place, 0]) for scores, place in ((told.scores, place), (told.answers, column))
    )
    evidence = incident_evidence([chunks[line].text for line in lines], described, answered)
    known = ~np.isnan(truth[lines])
    return Weighed(evidence[known], truth[lines][known])


def unseen_of(told: LeftOut) -> list[int]:
    """The questions of a call about descriptions that nothing was learned from, where a line may be it."""
    call = told.call
    unseen = [call.described[column] in told.unseen for column in call.answered]
    known = [not np.isnan(call.told[:, column, 0]).all() for column in call.answered]
    return [place for place, both in enumerate(zip(unseen, known, strict=True)) if all(both)]


def _left_out_with(calls: Sequence[MatchedCall]) -> dict[str, set[int]]:
    """By group, the descriptions that are left out with it.

    That is the one that its calls were written for, and of those that no call was, each with one group that has it.
    """
    group_of = {int(call.group): call.group for call in calls}
    for call in calls:
        for place, own in zip(call.described, call.own, strict=True):
            if own:
                group_of.setdefault(place, call.group)
    places: defaultdict[str, set[int]] = defaultdict(set)
    for place, group in group_of.items():
        places[group].add(place)
    return places
