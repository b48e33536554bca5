"""A line that drops packets."""

from itertools import groupby

import numpy as np
import pytest
from evals.lab.spoken import dropped
from evals.lab.spoken.packets import PACKET, lost_packets


def test_so_many_are_lost_and_in_bursts() -> None:
    lost = lost_packets(200_000, 3, np.random.default_rng(1))
    assert sum(lost) / len(lost) == pytest.approx(0.03, rel=0.1)
    bursts = [len(list(run)) for missing, run in groupby(lost) if missing]
    assert np.mean(bursts) == pytest.approx(2.5, rel=0.1)


def test_no_loss_is_no_change() -> None:
    sound = np.random.default_rng(0).standard_normal((2, 4_000)).astype(np.float32)
    assert np.array_equal(dropped(sound, 0), sound)


def test_a_tone_goes_on_for_a_while_and_fades() -> None:
    tone = np.sin(2 * np.pi * 100 * np.arange(80_000) / 8_000).astype(np.float32)[np.newaxis]
    lost = lost_packets(500, 20, np.random.default_rng([3, PACKET]))
    heard = dropped(tone, 20, seed=3)
    first = lost.index(True)
    run = next(len(list(run)) for missing, run in groupby(lost) if missing)
    begin = slice(first * PACKET, first * PACKET + 80)
    # 10 ms of the gap sound as if nothing was lost, since a tone repeats itself.
    assert heard[0, begin] == pytest.approx(tone[0, begin], abs=0.05)
    longest = max(len(list(each)) for missing, each in groupby(lost) if missing)
    assert run >= 1
    assert longest >= 4
    assert np.mean(heard**2) < 0.95 * np.mean(tone**2)


def test_the_same_seed_loses_the_same() -> None:
    sound = np.random.default_rng(0).standard_normal((2, 40_000)).astype(np.float32)
    assert np.array_equal(dropped(sound, 5, seed=1), dropped(sound, 5, seed=1))
    assert not np.array_equal(dropped(sound, 5, seed=1), dropped(sound, 5, seed=2))
    assert not np.array_equal(dropped(sound, 5, seed=1)[0] == sound[0], dropped(sound, 5, seed=1)[1] == sound[1])
