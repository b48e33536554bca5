"""The noise of a call-centre floor: colleagues at other calls, keyboards, and the ventilation."""

from functools import lru_cache

import numpy as np
from evals.lab.spoken.casting import CAST
from evals.lab.spoken.voices import RATE, Manner, Mono
from scipy.signal import butter, resample_poly, sosfilt

from ausweis.vocabulary import Language

__all__ = ["floor"]

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


def floor(language: Language, length: int, rate: int, chance: np.random.Generator) -> Mono:
    """So many samples of a floor where the language is spoken."""
    noise = np.zeros(length)
    for number in range(COLLEAGUES):
        talk = _colleague(language, number, rate)
        # Each begins elsewhere in what is said over and over.
        heard = talk[(np.arange(length) + int(chance.integers(talk.size))) % talk.size]
        noise += float(chance.uniform(*FAR)) * heard
    level = float(np.sqrt(np.mean(noise**2))) if length else 0.0
    noise += AIR_LOUDNESS * level * _air(length, rate, chance) + CLICK_LOUDNESS * level * _keys(length, rate, chance)
    return noise.astype(np.float32)


@lru_cache(maxsize=2 * COLLEAGUES)
def _colleague(language: Language, number: int, rate: int) -> Mono:
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
            np.zeros(round(chance.uniform(0.2, 2.5) * RATE), np.float32),
        ]
    slow: Mono = resample_poly(np.concatenate(pieces), rate, RATE).astype(np.float32)
    return slow


def _air(length: int, rate: int, chance: np.random.Generator) -> Mono:
    """Noise below 600 Hz, of root mean square 1."""
    low = sosfilt(butter(1, 600, fs=rate, output="sos"), chance.standard_normal(length))
    air: Mono = (low / (np.sqrt(np.mean(low**2)) or 1.0)).astype(np.float32) if length else np.zeros(0, np.float32)
    return air


def _keys(length: int, rate: int, chance: np.random.Generator) -> Mono:
    """Clicks of 8 ms, each of another loudness, of peak about 1 and more."""
    clicks = np.zeros(length + rate, np.float32)
    decay = np.exp(-np.arange(round(0.008 * rate)) / (0.002 * rate))
    for at in chance.integers(length, size=round(CLICKS * length / rate)) if length else ():
        struck = chance.uniform(0.5, 3.0) * decay * chance.standard_normal(decay.size)
        clicks[at : at + decay.size] += struck
    return clicks[:length]
