"""Each window is encoded once while it is kept, and decoded from the numbers that are its own."""

from typing import Any

import numpy as np
import pytest

from ausweis.audio.encoded import KEPT, Features, OnceEncoded

ctranslate2 = pytest.importorskip("ctranslate2")


class Encoder:
    """Doubles; notes how many windows it was given."""

    def __init__(self) -> None:
        self.windows = 0

    def __call__(self, features: Features) -> Any:
        self.windows += len(features)
        return ctranslate2.StorageView.from_array(np.ascontiguousarray(2 * features))


def window(number: int) -> Features:
    return np.full((3, 4), number, np.float32)


def test_a_window_heard_after_it_was_asked_for_its_language_is_encoded_once() -> None:
    encoder = Encoder()
    once = OnceEncoded(encoder)
    assert np.array(once(window(1))).tolist() == [(2 * window(1)).tolist()]
    batch = np.stack([window(2), window(1), window(3)])
    assert np.array(once(batch)).tolist() == (2 * batch).tolist()
    assert encoder.windows == 3
    assert np.array(once(window(3))).tolist() == [(2 * window(3)).tolist()]
    assert encoder.windows == 3


def test_the_latest_are_kept_and_no_more() -> None:
    encoder = Encoder()
    once = OnceEncoded(encoder)
    for number in range(KEPT):
        once(window(number))
    once(window(0))
    once(window(KEPT))
    assert encoder.windows == KEPT + 1
    once(window(0))
    assert encoder.windows == KEPT + 1
    once(window(1))
    assert encoder.windows == KEPT + 2


def test_a_batch_of_more_windows_than_are_kept() -> None:
    encoder = Encoder()
    batch = np.stack([window(number) for number in range(KEPT + 3)])
    assert np.array(OnceEncoded(encoder)(batch)).tolist() == (2 * batch).tolist()
    assert encoder.windows == KEPT + 3
