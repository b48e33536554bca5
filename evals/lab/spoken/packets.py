"""A line that drops packets: bursts of them after Gilbert's model, and what a receiver plays in their place.

In place of what is lost, the last pitch period is heard again and again, as loud for 10 ms, then fading to silence at
60 ms: ITU-T G.711 Appendix I, without its longer periods and its crossfading at the start.
"""

import numpy as np
from evals.lab.spoken.speaking import Sound
from evals.lab.spoken.voices import Mono

__all__ = ["PACKET", "dropped", "lost_packets"]

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
