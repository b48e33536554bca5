"""What a telephone does to speech: 300 to 3,400 Hz, 8,000 samples a second, noise. Files are coded when written."""

from dataclasses import replace
from functools import lru_cache
from typing import Literal

import numpy as np
from evals.lab.spoken.speaking import Sound, Spoken
from evals.lab.spoken.voices import CAST, Manner, Mono
from evals.lab.spoken.voices import RATE as VOICE_RATE
from numpy.typing import NDArray
from scipy.signal import butter, resample_poly, sosfilt, sosfiltfilt

from ausweis.vocabulary import Language

Noise = Literal["white", "floor"]

RATE = 8_000
"""Samples a second on the line."""

BAND = (300, 3_400)
FRAME = 160
"""Samples in 20 ms."""
ACTIVE = 0.01
"""Of the loudest frame's power: a frame above it is speech."""

COLLEAGUES = 10
CLICKS = 6.0
"""Keys struck a second, on the whole floor."""
CLICK_LOUDNESS = 0.5
AIR_LOUDNESS = 0.3
"""Of the colleagues' root mean square."""
FAR = (0.25, 1.0)
"""How loud a colleague is, by where the desk stands."""

MURMUR: dict[Language, tuple[str, ...]] = {
    "de": (
        "Guten Tag, mein Name ist Vogel, was kann ich für Sie tun?",
        "Da muss ich einmal nachsehen, einen kleinen Augenblick bitte.",
        "Das tut mir leid, die Leitung ist seit heute früh gestört, der Techniker ist schon unterwegs.",
        "Haben Sie das Gerät denn schon einmal aus- und wieder eingeschaltet?",
        "Ich verbinde Sie gern mit der Kollegin, bleiben Sie bitte in der Leitung.",
        "Die Bestätigung kommt in den nächsten Tagen mit der Post.",
        "Nein, das ist leider nicht möglich, da kann ich Ihnen nur das andere Angebot machen.",
        "Sehr gern, und Ihnen noch einen schönen Nachmittag. Auf Wiederhören.",
    ),
    "en": (
        "Good afternoon, you're speaking to Morgan, how may I help?",
        "Let me just have a look at that for you, one moment please.",
        "I'm sorry about that, the line has been down since this morning and the engineer is on the way.",
        "Have you tried switching it off and on again at the wall?",
        "I can put you through to my colleague, please stay on the line.",
        "You will get the confirmation by post in the next few days.",
        "No, I'm afraid that isn't possible, but there is another offer that might suit you.",
        "You're very welcome, have a lovely afternoon. Goodbye now.",
    ),
}


def on_the_telephone(spoken: Spoken, *, snr: float | None = None, noise: Noise = "white", seed: int = 0) -> Spoken:
    """The call as it comes out of a telephone line. `snr` in dB adds noise of the line's band to each channel."""
    line = band(resample_poly(spoken.samples, RATE, spoken.rate, axis=1))
    if snr is not None:
        line = noisy(line, snr, noise, seed, spoken.call.language)
    return replace(spoken, samples=line, rate=RATE)


def noisy(samples: Sound, snr: float, noise: Noise = "white", seed: int = 0, language: Language = "en") -> Sound:
    """The samples of a line with noise `snr` dB below the power of the speech, pauses not counted.

    The floor is a call centre's, where that language is spoken. A channel on which nobody speaks stays silent.
    """
    chance = np.random.default_rng(seed)
    length = samples.shape[1]
    each = (
        chance.standard_normal((length,), np.float32) if noise == "white" else floor(language, length, chance)
        for _ in samples
    )
    added = band(np.stack(list(each)))
    for channel, sound in zip(added, samples, strict=True):
        power = np.mean(sound[: sound.size // FRAME * FRAME].reshape(-1, FRAME) ** 2, axis=1)
        # The frames in which somebody speaks; none of a silent channel.
        spoken = power[power > ACTIVE * np.max(power, initial=0)]
        loud = float(spoken.mean()) if spoken.size else 0.0
        channel *= np.float64(np.sqrt(loud / (float(np.mean(channel**2)) or 1.0) / 10 ** (snr / 10)))
    heard: Sound = np.clip(samples + added, -1, 1).astype(np.float32)
    return heard


def band(samples: NDArray[np.floating]) -> Sound:
    """What a telephone lets through of samples at its rate, (channels, samples)."""
    # Forwards and backwards: nothing is delayed, so that the times of the turns stay true.
    band = butter(4, BAND, "bandpass", fs=RATE, output="sos")
    passed: Sound = sosfiltfilt(band, samples, axis=1).astype(np.float32)
    return passed


def floor(language: Language, length: int, chance: np.random.Generator) -> Mono:
    """So many samples of a floor where the language is spoken."""
    noise = np.zeros(length)
    for number in range(COLLEAGUES):
        talk = _colleague(language, number)
        # Each begins elsewhere in what is said over and over.
        heard = talk[(np.arange(length) + int(chance.integers(talk.size))) % talk.size]
        noise += float(chance.uniform(*FAR)) * heard
    level = float(np.sqrt(np.mean(noise**2))) if length else 0.0
    noise += AIR_LOUDNESS * level * _air(length, chance) + CLICK_LOUDNESS * level * _keys(length, chance)
    return noise.astype(np.float32)


@lru_cache(maxsize=2 * COLLEAGUES)
def _colleague(language: Language, number: int) -> Mono:
    """All sentences by one voice, in an order of its own, with pauses in which the customer speaks."""
    chance = np.random.default_rng(number)
    # A voice that plays dice would make the floor depend on what was spoken before it.
    parts = [part for part in CAST[language] if part.packages]
    manner = Manner(float(chance.uniform(0.9, 1.15)), float(chance.uniform(0.9, 1.15)))
    voice = parts[number % len(parts)].load(manner, number)
    pieces: list[Mono] = []
    for sentence in chance.permutation(len(MURMUR[language])):
        pieces += [
            voice.speak(MURMUR[language][sentence]),
            np.zeros(round(chance.uniform(0.2, 2.5) * VOICE_RATE), np.float32),
        ]
    slow: Mono = resample_poly(np.concatenate(pieces), RATE, VOICE_RATE).astype(np.float32)
    return slow


def _air(length: int, chance: np.random.Generator) -> Mono:
    """Noise below 600 Hz, of root mean square 1."""
    low = sosfilt(butter(1, 600, fs=RATE, output="sos"), chance.standard_normal(length))
    air: Mono = (low / (np.sqrt(np.mean(low**2)) or 1.0)).astype(np.float32) if length else np.zeros(0, np.float32)
    return air


def _keys(length: int, chance: np.random.Generator) -> Mono:
    """Clicks of 8 ms, each of another loudness, of peak about 1 and more."""
    clicks = np.zeros(length + RATE, np.float32)
    decay = np.exp(-np.arange(round(0.008 * RATE)) / (0.002 * RATE))
    for at in chance.integers(length, size=round(CLICKS * length / RATE)) if length else ():
        struck = chance.uniform(0.5, 3.0) * decay * chance.standard_normal(decay.size)
        clicks[at : at + decay.size] += struck
    return clicks[:length]
