"""How loud a call is: whose side is where, and how much louder each must be."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.audio.sounds import talk
from tests.serve.filled import call_of

from ausweis.audio.wave_form import BARS, Row, wave_form
from ausweis.calls.call import Turn

RATE = 8000
TURNS = call_of("c", ["Guten Tag."] * 8).turns
UNTIMED = [turn.model_copy(update={"start": None, "end": None}) for turn in TURNS]


@dataclass
class Samples:
    """Samples as a recording, ten blocks or so; `read` counts them."""

    sound: NDArray[np.float32]
    rate: int = RATE
    read_blocks: int = 0

    @property
    def channels(self) -> int:
        return len(self.sound)

    @property
    def length(self) -> int:
        return int(self.sound.shape[1])

    def read(self, first: int = 0) -> Iterator[NDArray[np.int16]]:
        for block in np.array_split((self.sound.T[first:] * 32767).astype(np.int16), 11):
            self.read_blocks += 1
            yield block


def rows(*sounds: NDArray[np.float32], turns: Sequence[Turn] = TURNS) -> list[Row]:
    files: dict[int, Any] = {place: Samples(sound) for place, sound in enumerate(sounds)}
    return wave_form(files, turns)


def test_the_agent_stands_above_whichever_channel_it_is() -> None:
    sound = talk(TURNS, RATE, agent=0.3, caller=0.02)
    for first, channels in ((sound, [0, 1]), (sound[::-1], [1, 0])):
        found = rows(first)
        assert [(row.side, row.channel) for row in found] == [("agent", channels[0]), ("caller", channels[1])]
    files = rows(sound[1:], sound[:1])
    assert [(row.side, row.file, row.channel) for row in files] == [("agent", 1, 0), ("caller", 0, 0)]


def test_a_faint_side_is_raised_until_both_are_equally_loud() -> None:
    agent, caller = rows(talk(TURNS, RATE, agent=0.3, caller=0.03))
    assert caller.gain / agent.gain == pytest.approx(10, rel=0.05)
    # Noise between -0.3 and 0.3 has -15.2 dB.
    assert agent.gain == pytest.approx(10 ** (-4.8 / 20), rel=0.05)


def test_silence_is_not_raised_and_noise_not_without_end() -> None:
    turns = TURNS[:2]
    silent = rows(talk(turns, RATE, caller=0), turns=turns)[1]
    faint = rows(talk(turns, RATE, caller=0.003), turns=turns)[1]
    assert (silent.gain, set(silent.levels)) == (1.0, {0})
    assert faint.gain == pytest.approx(10**1.5, abs=0.01)


def test_both_on_one_channel_are_raised_each_for_themselves() -> None:
    sound = talk(TURNS, RATE, agent=0.3, caller=0.03)
    mixed = sound.sum(axis=0, keepdims=True)
    for one in (mixed, np.concatenate([mixed, mixed])):
        (row,) = rows(one)
        gains = dict(row.gains)
        assert (row.side, row.channel) == ("", None)
        assert gains["caller"] / gains["agent"] == pytest.approx(10, rel=0.05)
        (row,) = rows(one, turns=UNTIMED)
        assert row.gains == ()


def test_without_times_channels_are_nobodys() -> None:
    found = rows(talk(TURNS, RATE), turns=UNTIMED)
    assert [(row.side, row.channel) for row in found] == [("", 0), ("", 1)]


def test_what_is_drawn_is_loud_where_somebody_speaks() -> None:
    agent, caller = rows(talk(TURNS, RATE, caller=0.01))
    assert (len(agent.levels), len(caller.levels), agent.seconds) == (BARS, BARS, 39.5)
    at = [int(place / 39.5 * BARS) for place in (2, 7, 12)]
    assert [agent.levels[place] > 200 for place in at] == [True, False, True]
    assert [caller.levels[place] > 200 for place in at] == [False, True, False]


def test_short_and_empty_ones() -> None:
    (short,) = rows(np.full((1, RATE // 10), 0.5, np.float32), turns=())
    assert (len(short.levels), short.seconds) == (5, 0.1)
    (empty,) = rows(np.zeros((1, 0), np.float32), turns=())
    assert (empty.levels, empty.seconds, empty.gain) == (b"", 0, 1.0)
    assert wave_form({}) == []


def test_a_recording_of_days_ends_when_the_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = chain([0.0, 10.0, 20.0, 30.0], repeat(99.0))
    monkeypatch.setattr("ausweis.audio.wave_form.monotonic", lambda: next(seconds))
    sound: Any = Samples(talk(TURNS, RATE)[:1])
    (row,) = wave_form({0: sound}, within=25)
    assert sound.read_blocks == 3
    assert row.seconds == pytest.approx(39.5 * 3 / 11, abs=0.1)
