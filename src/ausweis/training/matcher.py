"""Learns a matcher from calls that were asked by descriptions: what a description says, whatever it is.

A line is compared with the descriptions that its call is labelled for, and with others by chance, which it is hardly
ever. The calls of a description are left out together, so what is measured, and calibrated by (Platt 1999), are
descriptions that nobody has learned from.
"""

import json
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ausweis.engines.matcher import Matcher
from ausweis.training.learning import Bound
from ausweis.training.matcher_data import (
    AskedCall,
    CallInBasis,
    Described,
    Descriptions,
    basis_of,
    described_in,
    in_basis,
)
from ausweis.training.matcher_network import MatchPlan, learn_network, scores_of

__all__ = ["LeftOut", "learn_matcher"]

Array = NDArray[np.float32]

FOLDS = 4
NETWORKS = 2
"""Their scores are averaged."""
_SCALED = ("nearness", "hidden_out", "line", "bias")
"""What the score is linear in."""


class LeftOut(NamedTuple):
    """A call and a description of its own, with the log-odds of each line by networks that have seen neither."""

    call: int
    description: int
    scores: Array


def learn_matcher(
    calls: Sequence[AskedCall],
    descriptions: Sequence[Described],
    bound: Bound,
    plan: MatchPlan,
    on_left_out: Callable[[Sequence[LeftOut]], None] = lambda told: None,
) -> Matcher:
    """The matcher of a template. `on_left_out` is told the scores of each call by networks that have not seen it."""
    basis = basis_of(calls, descriptions, plan.token_dimensions, plan.line_dimensions)
    told = [in_basis(call, basis) for call in calls]
    asked = described_in(basis, descriptions)
    left_out = _left_out(told, asked, plan)
    on_left_out(left_out)
    slope, offset = _calibration(calls, left_out)
    every = range(len(asked.lines))
    networks = [learn_network(told, every, asked, plan, seed) for seed in range(NETWORKS)]
    parts = {name: np.stack([network[name] for network in networks]) for name in networks[0]}
    parts |= {name: parts[name] * slope for name in _SCALED}
    parts["bias"] = parts["bias"] + offset
    lines = sum(len(call.lines) for call in told)
    about = {"about": bound.notes, "calls": len(calls), "descriptions": len(descriptions), "lines": lines}
    return Matcher(
        layers=bound.layers,
        parts={name: part.astype(np.float32) for name, part in {**basis, **parts}.items()},
        template=bound.template.name,
        template_sha256=bound.template.sha256,
        model_sha256=bound.model_sha256,
        notes=json.dumps(about),
    )


def _left_out(calls: Sequence[CallInBasis], asked: Descriptions, plan: MatchPlan) -> list[LeftOut]:
    """Each call by a network that has seen neither it nor its first description."""
    left_out: list[LeftOut] = []
    for fold in range(FOLDS):
        held = {place for place in range(len(asked.lines)) if place % FOLDS == fold}
        seen = [call for call in calls if call.first not in held]
        if not seen:
            continue
        network = learn_network(seen, [place for place in range(len(asked.lines)) if place not in held], asked, plan, 0)
        for number, call in enumerate(calls):
            if call.first in held:
                places = list(call.asked)
                scores = scores_of(network, call, places, asked)
                left_out += [LeftOut(number, place, scores[:, column]) for column, place in enumerate(places)]
    return left_out


def _calibration(calls: Sequence[AskedCall], left_out: Sequence[LeftOut]) -> tuple[float, float]:
    from sklearn.linear_model import LogisticRegression

    truth = np.concatenate([calls[answer.call].asked[answer.description] for answer in left_out])
    score = np.concatenate([answer.scores for answer in left_out])
    known = ~np.isnan(truth)
    model = LogisticRegression(C=1.0).fit(score[known][:, None], truth[known] > 0)
    return max(float(model.coef_[0][0]), 0.1), float(model.intercept_[0])
