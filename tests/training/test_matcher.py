"""A matcher learns what a description says, whatever it is: lines and descriptions are made up."""

import json

import numpy as np
import pytest

from ausweis.engines.probe import LineFeatures
from ausweis.prompts import default_library
from ausweis.training.learning import Bound
from ausweis.training.matcher import LeftOut, learn_matcher
from ausweis.training.matcher_data import AskedCall, Described
from ausweis.training.matcher_network import MatchPlan

pytestmark = pytest.mark.training
WIDTH = 24
TEMPLATE = default_library().get("incidents")
BOUND = Bound(TEMPLATE, "1" * 64, (10, 20), "made up")
SMALL = MatchPlan(
    token_dimensions=16, line_dimensions=16, compared=16, compared_lines=8, rounds=10, decay=1e-4, dropout=0.1
)


def line(chance: np.random.Generator, *topics: int) -> LineFeatures:
    """Tokens by chance, one of them for each topic."""
    tokens = chance.normal(scale=0.3, size=(6, WIDTH))
    for place, topic in enumerate(topics):
        tokens[place, topic] += 3
    return LineFeatures(tokens.astype(np.float32), np.tile(tokens.mean(axis=0), 2).astype(np.float32))


def made(calls: int, seed: int = 1) -> tuple[list[AskedCall], list[Described]]:
    """Calls in which one line is of two topics, as their description; of near twins none is of both."""
    chance = np.random.default_rng(seed)
    pairs = [(one, other) for one in range(WIDTH) for other in range(one)]
    pairs = [pairs[place] for place in chance.permutation(len(pairs))[: calls // 2]]
    described = [Described(str(pair), line(chance, *pair)) for pair in pairs]
    found = []
    for place, (one, other) in enumerate(pairs):
        for happens in (True, False):
            lines = [line(chance, int(topic)) for topic in chance.integers(0, WIDTH, 5)]
            lines[2] = line(chance, one, other if happens else int(chance.integers(0, WIDTH)))
            truth = np.array([0, 0, happens, 0, np.nan], np.float32)
            away = (place + 1) % len(pairs)
            found.append(AskedCall(lines, {place: truth, away: np.zeros(5, np.float32)}, place))
    return found, described


def test_it_tells_descriptions_that_it_has_not_seen() -> None:
    told: list[LeftOut] = []
    calls, described = made(160)
    matcher = learn_matcher(calls, described, BOUND, SMALL, told.extend)
    assert (matcher.template, matcher.model_sha256, matcher.layers) == (TEMPLATE.name, "1" * 64, (10, 20))
    assert json.loads(matcher.notes) == {"about": "made up", "calls": 160, "descriptions": 80, "lines": 800}
    assert len(told) == 320
    happens = [one.scores[2] for one in told if calls[one.call].asked[one.description][2] == 1]
    others = [one.scores[2] for one in told if calls[one.call].asked[one.description][2] == 0]
    assert np.mean(np.array(happens)[:, None] > np.array(others)) > 0.85
    more, unseen = made(80, seed=9)
    scores = {
        happens: [
            matcher.score(one.seen[2], unseen[place].seen)
            for one in more
            for place, truth in one.asked.items()
            if (truth[2] == 1) == happens
        ]
        for happens in (True, False)
    }
    assert np.mean(np.array(scores[True])[:, None] > np.array(scores[False])) > 0.85


def test_the_same_calls_give_the_same_matcher() -> None:
    one, other = (learn_matcher(*made(20), BOUND, SMALL) for _ in range(2))
    assert all((one.parts[name] == other.parts[name]).all() for name in one.parts)
