"""How loud a call is from its beginning to its end: what is drawn of it, and what makes both sides equally loud.

The power of 20 ms at a time is all that is kept while the files are read: 6 MB for four hours of two channels.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ausweis.audio.pcm import Pcm
from ausweis.calls.call import Turn
from ausweis.vocabulary import Side

Powers = NDArray[np.float32]
"""The mean square of 20 ms at a time, 1 for the loudest that there is."""

BARS = 800
WINDOWS = 50
"""A second."""
LOUD = -20.0
"""dB: how loud speech is to be."""
LEAST, MOST = -12.0, 30.0
"""dB of gain. More would make noise of a line on which nobody speaks."""
SILENCE = 1e-6
"""Power: -60 dB."""
PAUSE = 0.1
"""Of the mean power: what is fainter is no speech (EBU R 128)."""
APART = 4.0
"""How many times the power of a side must be greater on its own channel, as against the other side on the other."""
FAINTEST = 0.004
"""Amplitude that fills a row at most: below it there is nothing but noise, which stays flat."""


@dataclass(frozen=True)
class Row:
    """One channel of a file, or all that is in it where `channel` is None. `file`: its name among the files.

    `side`: whose it is; empty where it is both's, or unknown. `levels`: how loud it is in equal parts of `seconds`, 0
    to 255. `gain`: the factor that makes it as loud as speech should be; `gains`: the same for each side, where both
    are on it and their turns have times.
    """

    file: int
    channel: int | None
    side: Side | Literal[""]
    seconds: float
    levels: bytes
    gain: float
    gains: tuple[tuple[Side, float], ...] = ()


@dataclass(frozen=True)
class _Channel:
    """`step`: seconds of one window."""

    file: int
    channel: int | None
    powers: Powers
    step: float

    def during(self, turns: Sequence[Turn]) -> Powers:
        """The windows in which these turns are said."""
        times = [(turn.start, turn.end) for turn in turns if turn.start is not None and turn.end is not None]
        parts = [self.powers[round(start / self.step) : round(end / self.step)] for start, end in times]
        return np.concatenate([self.powers[:0], *parts])


def wave_form(files: Mapping[int, Pcm], turns: Sequence[Turn] = (), *, within: float = 60.0) -> list[Row]:
    """The rows of a call: the agent's above the caller's where each has a channel or a file for itself.

    `within`: seconds after which what has been read by then is all, so that nobody waits for a recording of days.

    Raises:
        InputError, OSError: a file cannot be read.
    """
    until = monotonic() + within
    agent, caller = ([turn for turn in turns if turn.speaker == side] for side in ("agent", "caller"))
    channels = [one for place, pcm in files.items() for one in _channels(place, pcm, until)]
    if len(channels) == 2:
        first, second = channels
        ours = _louder(first, second, agent) * _louder(second, first, caller)
        if ours > APART:
            return [_row(first, "agent"), _row(second, "caller")]
        if ours < 1 / APART:
            return [_row(second, "agent"), _row(first, "caller")]
        if first.file != second.file or not _same(first, second):
            return [_row(first), _row(second)]
    return [_both(place, [one for one in channels if one.file == place], agent, caller) for place in files]


def _channels(place: int, pcm: Pcm, until: float) -> list[_Channel]:
    width = max(1, round(pcm.rate / WINDOWS))
    found, rest = [], np.empty((0, pcm.channels), np.float32)
    for block in pcm.read():
        samples = np.concatenate([rest, block.astype(np.float32) / 32768])
        whole = len(samples) // width * width
        found.append(np.square(samples[:whole]).reshape(-1, width, pcm.channels).mean(axis=1))
        rest = samples[whole:]
        if monotonic() > until:
            break
    powers = np.concatenate([np.empty((0, pcm.channels), np.float32), *found])
    return [_Channel(place, at, powers[:, at], width / pcm.rate) for at in range(pcm.channels)]


def _louder(this: _Channel, other: _Channel, turns: Sequence[Turn]) -> float:
    """How many times louder these turns are on this channel than on the other; 1 where nothing tells."""
    here, there = this.during(turns), other.during(turns)
    return (float(here.mean()) + SILENCE) / (float(there.mean()) + SILENCE) if len(here) and len(there) else 1.0


def _same(first: _Channel, second: _Channel) -> bool:
    """Whether both channels hold the same sound."""
    size = min(len(first.powers), len(second.powers))
    one, other = first.powers[:size], second.powers[:size]
    return float(np.abs(one - other).sum()) <= 0.1 * float((one + other).sum())


def _both(place: int, channels: Sequence[_Channel], agent: Sequence[Turn], caller: Sequence[Turn]) -> Row:
    mixed = _Channel(place, None, np.mean([one.powers for one in channels], axis=0), channels[0].step)
    sides: tuple[tuple[Side, Sequence[Turn]], ...] = (("agent", agent), ("caller", caller))
    said = [(side, mixed.during(turns)) for side, turns in sides]
    gains = tuple((side, _gain(powers)) for side, powers in said if len(powers) >= WINDOWS)
    return _row(mixed, gains=gains)


def _row(one: _Channel, side: Side | Literal[""] = "", gains: tuple[tuple[Side, float], ...] = ()) -> Row:
    seconds = round(len(one.powers) * one.step, 3)
    return Row(one.file, one.channel, side, seconds, _levels(one.powers), _gain(one.powers), gains)


def _gain(powers: Powers) -> float:
    heard = powers[powers > SILENCE]
    if not len(heard):
        return 1.0
    speech = heard[heard > PAUSE * heard.mean()].mean()
    return round(float(10 ** (np.clip(LOUD - 10 * np.log10(speech), LEAST, MOST) / 20)), 3)


def _levels(powers: Powers) -> bytes:
    if not len(powers):
        return b""
    edges = np.linspace(0, len(powers), min(BARS, len(powers)), endpoint=False).astype(int)
    bars = np.sqrt(np.maximum.reduceat(powers, edges))
    full = max(float(np.percentile(bars, 98)), FAINTEST)
    return np.clip(bars / full * 255, 0, 255).astype(np.uint8).tobytes()
