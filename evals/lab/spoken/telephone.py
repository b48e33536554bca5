"""What a telephone does to speech: 300 to 3,400 Hz, 8,000 samples a second, noise, coding, loss, music on hold.

Coding is ITU-T G.711: eight bits a sample, µ-law as North America and Japan have it, A-law as everybody else. Packets
are lost in bursts after Gilbert's model; in their place the last pitch period is heard again and again, as loud for
10 ms, then fading to silence at 60 ms: G.711 Appendix I, without its longer periods and its crossfading at the start.
"""

from dataclasses import replace
from functools import lru_cache
from itertools import accumulate
from typing import Literal

import numpy as np
from evals.lab.spoken.speaking import Sound, Spoken, SpokenTurn
from evals.lab.spoken.voices import CAST, CHANNELS, Manner, Mono
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
MUSIC_LOUDNESS = 0.05
CHORDS = ((261.6, 329.6, 392.0), (220.0, 261.6, 329.6), (349.2, 440.0, 523.3), (392.0, 493.9, 587.3))
"""C, a minor, F, G, in Hz."""
CHORD_SECONDS = 0.8

Sizes = NDArray[np.int32]
Law = Literal["alaw", "mulaw"]
BIAS = 132
"""µ-law: added to a sample of 16 bits before its segment is found; `CLIP` is the largest that it codes."""
CLIP = 32_635

PACKET = 160
"""Samples of 20 ms at 8 kHz."""
BURST = 2.5
"""Packets lost together, on average."""
PERIODS = (40, 120)
"""Samples of a pitch period: 200 to 67 Hz."""
KEPT = 80
FADED = 480
BACK = 32
"""Samples in which the speech that comes back fades in."""

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

    The floor is a call centre's, where that language is spoken. A channel on which nobody speaks stays silent.
    """
    chance = np.random.default_rng(seed)
    length = samples.shape[1]
    added = band(
        np.stack(
            [
                chance.standard_normal((length,), np.float32) if noise == "white" else floor(language, length, chance)
                for _ in samples
            ]
        )
    )
    for channel, sound in zip(added, samples, strict=True):
        channel *= _level(channel, sound, snr)
    heard: Sound = np.clip(samples + added, -1, 1).astype(np.float32)
    return heard


def _level(noise: NDArray[np.floating], sound: Mono, snr: float) -> np.float64:
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


def companded(samples: Sound, law: Law = "mulaw") -> Sound:
    """What the coding leaves of the samples. Done twice, it changes no more."""
    rounded = np.round(samples * 32_768).astype(np.int32)
    size = (_alaw if law == "alaw" else _mulaw)(np.abs(rounded))
    # A-law has no zero: silence is the smallest step.
    sign = np.where(rounded < 0, -1, 1)
    coded: Sound = (sign * size / 32_768).astype(np.float32)
    return coded


def _mulaw(sizes: Sizes) -> Sizes:
    biased = np.minimum(sizes, CLIP) + BIAS
    segment = np.floor(np.log2(biased)).astype(np.int32) - 7
    mantissa = (biased >> (segment + 3)) & 15
    size: Sizes = (((mantissa << 3) + BIAS) << segment) - BIAS
    return size


def _alaw(sizes: Sizes) -> Sizes:
    held = np.minimum(sizes, 32_767)
    segment = np.maximum(np.floor(np.log2(np.maximum(held, 1))).astype(np.int32) - 7, 0)
    shift = np.maximum(segment, 1) + 3
    size: Sizes = ((held >> shift) << shift) + (1 << (shift - 1))
    return size


def lost_packets(count: int, percent: float, chance: np.random.Generator) -> list[bool]:
    """Which of so many packets are lost: a good and a bad state, each left with a fixed chance (Gilbert 1960)."""
    share = percent / 100
    leaves_bad = 1 / BURST
    leaves_good = leaves_bad * share / (1 - share)
    bad = chance.random() < share
    lost: list[bool] = []
    for draw in chance.random(count):
        lost.append(bool(bad))
        bad = draw >= leaves_bad if bad else draw < leaves_good
    return lost


def dropped(samples: Sound, percent: float, seed: int = 0) -> Sound:
    """The samples of a line, (channels, samples), after it lost so many of a hundred packets on each channel."""
    chance = np.random.default_rng([seed, PACKET])
    heard = [_concealed(channel, lost_packets(-(-channel.size // PACKET), percent, chance)) for channel in samples]
    return np.stack(heard)


def _concealed(sound: Mono, lost: list[bool]) -> Mono:
    heard = sound.copy()
    gap = 0
    period = heard[:0]
    for number, missing in enumerate(lost):
        here = slice(number * PACKET, min((number + 1) * PACKET, heard.size))
        length = here.stop - here.start
        if missing:
            if not gap:
                period = _last_period(heard[: here.start])
            heard[here] = _repeated(period, gap, length)
            gap += length
        elif gap:
            rise = np.linspace(0, 1, min(BACK, length), dtype=np.float32)
            back = slice(here.start, here.start + rise.size)
            heard[back] = rise * heard[back] + (1 - rise) * _repeated(period, gap, rise.size)
            gap = 0
    return heard


def _last_period(before: Mono) -> Mono:
    """The last pitch period of the sound: the lag at which its last 20 ms are most like what went before."""
    shortest, longest = PERIODS
    if before.size < PACKET + longest:
        return np.zeros(longest, np.float32)
    last = before[-PACKET:]

    def likeness(lag: int) -> float:
        earlier = before[-PACKET - lag : -lag]
        return float(last @ earlier) / (float(np.linalg.norm(earlier)) or 1.0)

    return before[-max(range(shortest, longest + 1), key=likeness) :].copy()


def _repeated(period: Mono, already: int, length: int) -> Mono:
    """So many samples of the period over and over, after it was heard for `already` samples."""
    at = np.arange(already, already + length)
    loud = np.clip((FADED - at) / (FADED - KEPT), 0, 1)
    played: Mono = (period[at % period.size] * loud).astype(np.float32)
    return played
