"""What a telephone does to a call."""

import numpy as np
import pytest
from evals.lab.spoken.speaking import Sound, Spoken, SpokenTurn
from evals.lab.spoken.telephone import RATE, noisy, on_the_telephone

from ausweis.calls.call import Call


def tones(rate: int, *frequencies: float, seconds: float = 2.0) -> Sound:
    time = np.arange(round(seconds * rate)) / rate
    tone = np.sum([0.1 * np.sin(2 * np.pi * one * time) for one in frequencies], axis=0)
    return np.stack([tone, tone]).astype(np.float32)


def call_of(samples: Sound, rate: int, *turns: SpokenTurn) -> Spoken:
    return Spoken(Call(id="x-1", language="en", turns=()), samples, rate, turns)


def test_only_the_band_passes() -> None:
    line = on_the_telephone(call_of(tones(22_050, 100, 1_000, 3_800, 8_000), 22_050))
    assert line.rate == RATE
    assert line.seconds == pytest.approx(2.0)
    levels = np.abs(np.fft.rfft(line.samples[0])) / line.samples.shape[1] * 2
    heard = {frequency: levels[frequency * 2] for frequency in (100, 1_000, 3_800)}
    assert heard[1_000] == pytest.approx(0.1, rel=0.05)
    assert heard[100] < 0.005
    assert heard[3_800] < 0.02


def test_noise_is_as_far_below_the_speech_as_asked() -> None:
    speech = np.concatenate([tones(RATE, 700, 1_100), np.zeros((2, RATE * 4), np.float32)], axis=1)
    added = noisy(speech, 10, seed=1) - speech
    spoken = np.mean(speech[:, : RATE * 2] ** 2)
    assert 10 * np.log10(spoken / np.mean(added**2)) == pytest.approx(10, abs=0.2)
    assert np.array_equal(noisy(speech, 10, seed=1), noisy(speech, 10, seed=1))
