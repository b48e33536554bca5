"""What a telephone does to speech: 300 to 3,400 Hz, 8,000 samples a second, noise, coding, loss, music on hold."""

from dataclasses import replace
from itertools import accumulate
from typing import Literal

import numpy as np
from evals.lab.spoken.coding import Law, companded
from evals.lab.spoken.floor import floor
from evals.lab.spoken.packets import dropped
from evals.lab.spoken.speaking import CHANNELS, Sound, Spoken, SpokenTurn
from evals.lab.spoken.voices import Mono
from numpy.typing import NDArray
from scipy.signal import butter, resample_poly, sosfiltfilt

from ausweis.vocabulary import Language

__all__ = ["RATE", "Noise", "band", "held", "hold_music", "noise_level", "noisy", "on_the_telephone"]

Noise = Literal["white", "babble", "floor"]

RATE = 8_000
"""Samples a second on the line."""

BAND = (300, 3_400)
FRAME = 160
"""Samples in 20 ms."""
ACTIVE = 0.01
"""Of the loudest frame's power: a frame above it is speech."""
BABBLERS = 12
MUSIC_LOUDNESS = 0.05
CHORDS = ((261.6, 329.6, 392.0), (220.0, 261.6, 329.6), (349.2, 440.0, 523.3), (392.0, 493.9, 587.3))
"""C, a minor, F, G, in Hz."""
CHORD_SECONDS = 0.8


def on_the_telephone(
    spoken: Spoken,
    *,
    snr: float | None = None,
    noise: Noise = "white",
    seed: int = 0,
    law: Law = "mulaw",
    loss: float = 0.0,
) -> Spoken:
    """The call as it comes out of a telephone line.

    `snr` in dB adds noise of the line's band to each channel, `loss` is how many of a hundred packets do not arrive.
    """
    line = band(resample_poly(spoken.samples, RATE, spoken.rate, axis=1))
    if snr is not None:
        line = noisy(line, snr, noise, seed, spoken.call.language)
    coded = companded(line, law)
    return replace(spoken, samples=dropped(coded, loss, seed) if loss else coded, rate=RATE)


def noisy(samples: Sound, snr: float, noise: Noise = "white", seed: int = 0, language: Language = "en") -> Sound:
    """The samples of a line with noise `snr` dB below the power of the speech, pauses not counted.

    Babble is the call itself, backwards and a dozen times over each other: a room of people whom nobody understands.
    The floor is a call centre's, where that language is spoken.
    A channel on which nobody speaks stays silent.
    """
    chance = np.random.default_rng(seed)
    added = band(np.stack([_noise(samples, noise, chance, language) for _ in samples]))
    for channel, sound in zip(added, samples, strict=True):
        channel *= noise_level(channel, sound, snr)
    heard: Sound = np.clip(samples + added, -1, 1).astype(np.float32)
    return heard


def noise_level(noise: NDArray[np.floating], sound: Mono, snr: float) -> np.float64:
    """What puts noise `snr` dB below the frames in which somebody speaks, multiplied with it; 0 for silence."""
    whole = sound[: sound.size // FRAME * FRAME].reshape(-1, FRAME)
    power = np.mean(whole**2, axis=1)
    spoken = power[power > ACTIVE * np.max(power, initial=0)]
    loud = float(spoken.mean()) if spoken.size else 0.0
    return np.float64(np.sqrt(loud / (float(np.mean(noise**2)) or 1.0) / 10 ** (snr / 10)))


def hold_music(seconds: float, rate: int) -> Mono:
    """Chords of sine tones, one after the other, with soft edges."""
    time = np.arange(round(seconds * rate)) / rate
    music = np.zeros_like(time)
    for number, first in enumerate(np.arange(0, seconds, CHORD_SECONDS)):
        here = (time >= first) & (time < first + CHORD_SECONDS)
        within = (time[here] - first) / CHORD_SECONDS
        tones = np.sin(2 * np.pi * np.outer(CHORDS[number % len(CHORDS)], time[here])).sum(axis=0)
        music[here] = np.sin(np.pi * within) * tones
    level = float(np.sqrt(np.mean(music**2))) if music.size else 1.0
    quiet: Mono = (music * (MUSIC_LOUDNESS / (level or 1.0))).astype(np.float32)
    return quiet


def held(spoken: Spoken, seconds: float) -> Spoken:
    """The call with music on hold in the agent's channel, at the pause that is nearest to the middle of the call.

    A call without a pause between two turns stays as it is.
    """
    turns = spoken.turns
    ends = list(accumulate((turn.end for turn in turns), max))
    pauses = [(end + after.start) / 2 for end, after in zip(ends[:-1], turns[1:], strict=True) if after.start > end]
    if not pauses:
        return spoken
    cut = min(pauses, key=lambda pause: abs(pause - spoken.seconds / 2))
    at = round(cut * spoken.rate)
    music = hold_music(seconds, spoken.rate)
    inserted = np.zeros((len(CHANNELS), music.size), np.float32)
    inserted[CHANNELS.index("agent")] = music
    samples = np.concatenate([spoken.samples[:, :at], inserted, spoken.samples[:, at:]], axis=1)
    late = music.size / spoken.rate
    moved = tuple(turn if turn.start < cut else _later(turn, late) for turn in turns)
    return replace(spoken, samples=samples, turns=moved)


def _later(turn: SpokenTurn, seconds: float) -> SpokenTurn:
    times = {"start": round(turn.start + seconds, 3), "end": round(turn.end + seconds, 3)}
    return turn.model_copy(update=times)


def band(samples: NDArray[np.floating]) -> Sound:
    """What a telephone lets through of samples at its rate, (channels, samples)."""
    # Forwards and backwards: nothing is delayed, so that the times of the turns stay true.
    band = butter(4, BAND, "bandpass", fs=RATE, output="sos")
    passed: Sound = sosfiltfilt(band, samples, axis=1).astype(np.float32)
    return passed


def _noise(samples: Sound, noise: Noise, chance: np.random.Generator, language: Language) -> Mono:
    length = samples.shape[1]
    if noise == "white":
        return chance.standard_normal((length,), np.float32)
    if noise == "floor":
        return floor(language, length, RATE, chance)
    backwards = samples.sum(axis=0)[::-1]
    voices = np.stack([np.roll(backwards, int(chance.integers(length))) for _ in range(BABBLERS)])
    babble: Mono = voices.sum(axis=0)
    return babble
