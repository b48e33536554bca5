"""Echoes of one side on the channel of the other."""

import numpy as np
from tests.audio.sounds import tone

from ausweis.audio.decode import RATE
from ausweis.audio.heard import Heard, Word
from ausweis.audio.listening import Levels, without_echo


def levels(agent: float, caller: float) -> Levels:
    """Two seconds of the same tone on both, in pieces of odd lengths."""
    found = Levels()
    sound = np.stack([agent * tone(2, RATE), caller * tone(2, RATE, 700)])
    for piece in np.array_split(sound, 7, axis=1):
        found.feed(piece)
    return found


def heard(*words: tuple[str, float]) -> Heard:
    return Heard([Word(text, start, start + 0.4, 0.9) for text, start in words])


def texts(one: Heard) -> list[str]:
    return [word.text for word in one.words]


def test_a_faint_word_that_is_said_on_the_other_channel_is_cut() -> None:
    agent, caller = heard(("Berlin,", 0.2), ("right?", 0.7)), heard(("berlin", 0.3), ("yes", 0.8))
    without_echo([agent, caller], levels(1.0, 0.1))
    assert (texts(agent), texts(caller)) == (["Berlin,", "right?"], ["yes"])
    assert [cut.reason for cut in caller.cuts] == ["other channel"]


def test_a_word_that_is_as_loud_is_said_by_both() -> None:
    agent, caller = heard(("yes", 0.2)), heard(("yes", 0.3))
    without_echo([agent, caller], levels(1.0, 0.6))
    assert (texts(agent), texts(caller)) == (["yes"], ["yes"])


def test_a_faint_word_at_another_time_stays() -> None:
    agent, caller = heard(("Berlin", 0.1)), heard(("Berlin", 1.2))
    without_echo([agent, caller], levels(1.0, 0.1))
    assert texts(caller) == ["Berlin"]


def test_channels_that_are_alike() -> None:
    one = levels(1.0, 1.0)
    assert not one.alike
    same = Levels()
    same.feed(np.stack([tone(1, RATE), 0.5 * tone(1, RATE)]))
    assert same.alike
    silent = Levels()
    silent.feed(np.stack([tone(1, RATE), 0 * tone(1, RATE)]))
    assert not silent.alike
