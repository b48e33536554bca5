"""When turns start."""

from itertools import pairwise

import numpy as np
from evals.lab.spoken.timing import Utterance, starts

from ausweis.vocabulary import Speaker


def timed(turns: list[tuple[Speaker, str, float]], seed: int = 4) -> list[tuple[Utterance, float, float]]:
    said = [Utterance(number, *turn) for number, turn in enumerate(turns, start=1)]
    begun = starts(said, np.random.default_rng(seed))
    return [(one, start, start + one.seconds) for one, start in zip(said, begun, strict=True)]


def test_turns_are_apart_and_sometimes_overlap() -> None:
    heard = timed([("agent", "six words are what I say", 1.5), ("caller", "no never", 0.5)] * 60)
    gaps = [after[1] - before[2] for before, after in pairwise(heard)]
    overlaps = [gap for gap in gaps if gap < 0]
    assert 2 <= len(overlaps) <= 20
    assert min(overlaps) >= -0.41


def test_a_back_channel_lies_over_the_words_of_one_who_goes_on() -> None:
    heard = timed([("agent", "I tell a long story", 4.0), ("caller", "Mhm.", 0.4)] * 60)
    covered = [after[2] < before[2] for before, after in pairwise(heard) if after[0].speaker == "caller"]
    assert 0.5 < sum(covered) / len(covered) < 0.9


def test_who_is_asked_for_a_moment_waits() -> None:
    heard = timed([("agent", "Einen Moment bitte, ich schaue nach.", 2.0), ("agent", "So.", 0.4)] * 40)
    waits = [after[1] - before[2] for before, after in pairwise(heard) if after[0].text == "So."]
    assert max(waits) > 3
    assert min(waits) < 0.9


def test_nobody_speaks_over_himself() -> None:
    turns: list[tuple[Speaker, str, float]] = [
        ("agent", "I tell a long story", 4.0),
        ("caller", "Mhm.", 0.4),
        ("caller", "no never", 0.5),
    ]
    heard = timed(turns * 40)
    for speaker in ("agent", "caller"):
        own = [(start, end) for one, start, end in heard if one.speaker == speaker]
        assert all(before[1] < after[0] for before, after in pairwise(own))
