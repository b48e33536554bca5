"""What a line makes of a stretch of speech: band, noise, loudness, coding and loss, drawn anew each time.

Most lines are telephones; some have the full band, so that the model goes on hearing that, too.
"""

from collections.abc import Callable

import numpy as np
from evals.lab.adapting.windows import RATE
from evals.lab.spoken import Law, companded, dropped
from evals.lab.spoken.telephone import RATE as LINE_RATE
from evals.lab.spoken.telephone import band, noise_level
from evals.lab.spoken.voices import Mono
from numpy.typing import NDArray
from scipy.signal import resample_poly

__all__ = ["Talk", "over_a_line"]

Talk = Callable[[], Mono]
"""Gives what somebody else says, at `RATE`: what a room is filled with."""

TELEPHONES, QUIET, CODED, LOSSY = 0.85, 0.15, 0.85, 0.25
"""How many lines are telephones, have no noise, are coded in eight bits, lose packets."""
SNR = (8, 10, 12, 15, 15, 18, 20, 20, 20, 22, 25, 30, 35)
LOUDNESS = (0.3, 0.5, 1, 1, 1.5, 3)
EDGE = (0.05, 0.4)
"""Seconds of the line before and behind the speech."""
PEOPLE = (3, 14)
LOSS = (0.5, 4.0)
LAWS: tuple[Law, Law] = ("alaw", "mulaw")


def over_a_line(samples: Mono, talk: Talk, chance: np.random.Generator) -> Mono:
    """The samples, at `RATE`, as they come out of some line."""
    edges = [np.zeros(round(chance.uniform(*EDGE) * RATE), np.float32) for _ in range(2)]
    sound = np.concatenate([edges[0], samples, edges[1]])
    telephone = chance.random() < TELEPHONES
    if telephone:
        sound = band(resample_poly(sound, LINE_RATE, RATE)[None])[0]
    if chance.random() >= QUIET:
        sound = sound + _noise(sound, telephone, talk, chance)
    sound = (sound * chance.choice(LOUDNESS)).clip(-1, 1).astype(np.float32)
    if not telephone:
        return np.asarray(sound, np.float32)
    if chance.random() < CODED:
        sound = companded(sound[None], LAWS[int(chance.integers(2))])[0]
    if chance.random() < LOSSY:
        sound = dropped(sound[None], float(chance.uniform(*LOSS)), int(chance.integers(2**31)))[0]
    heard: Mono = resample_poly(sound, RATE, LINE_RATE).astype(np.float32)
    return heard


def _noise(sound: Mono, telephone: bool, talk: Talk, chance: np.random.Generator) -> NDArray[np.float64]:
    """White, pink, a hum, or people; so many dB below the speech."""
    count, rate = len(sound), LINE_RATE if telephone else RATE
    white = chance.standard_normal(count)
    kind = chance.choice(["white", "pink", "hum", "people", "people"])
    if kind == "pink":
        spectrum = np.fft.rfft(white)
        white = np.fft.irfft(spectrum / np.sqrt(np.maximum(np.arange(len(spectrum)), 20)), count)
    elif kind == "hum":
        time = 2 * np.pi * np.arange(count) / rate
        white = np.sin(50 * time) + 0.5 * np.sin(150 * time) + 0.5 * white
    elif kind == "people":
        people = [_somebody(talk(), count, rate, chance) for _ in range(int(chance.integers(*PEOPLE)))]
        white = np.sum(people, axis=0)
    noise = band(white[None].astype(np.float32))[0] if telephone else white
    return np.asarray(noise * noise_level(noise, sound, chance.choice(SNR)), np.float64)


def _somebody(said: Mono, count: int, rate: int, chance: np.random.Generator) -> NDArray[np.float64]:
    """So many samples of what somebody says over and over, from anywhere on."""
    heard = resample_poly(said, rate, RATE) if rate != RATE else said
    begin = int(chance.integers(len(heard)))
    return np.asarray(np.resize(np.roll(heard, begin), count) * chance.uniform(0.3, 1.0), np.float64)
