"""Speech in which no word is heard is heard again, and noted where that finds none. The rest needs a model: `e2e`."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from evals.lab.spoken.voices import RATE as VOICE_RATE
from evals.lab.spoken.voices import JoeVoice
from scipy.signal import resample_poly

from ausweis.audio.asr_model import KEPT, AsrModel, Features, OnceEncoded
from ausweis.audio.decode import RATE
from ausweis.audio.heard import Cut, Heard, Word
from ausweis.audio.speech import Stretch, Window
from ausweis.engines.weights import locate_folder
from ausweis.vocabulary import Language


class Deaf(AsrModel):
    """Gives what it is told to, first for all windows, then for those that are heard again."""

    def __init__(self, *heard: Heard) -> None:
        self._told_to_hear = list(heard)

    def _heard(self, windows: Sequence[Window], language: Language) -> Heard:
        return self._told_to_hear.pop(0)


SPANS = [Stretch(0, 2 * RATE), Stretch(4 * RATE, 7 * RATE), Stretch(8 * RATE, 8 * RATE + RATE // 2)]
FIRST = Word("Ja.", 0.5, 1.0, 0.9)


@pytest.mark.parametrize(
    ("again", "cuts", "words"),
    [
        (Heard(), [Cut(14.0, 17.0, "no words")], 1),
        (Heard([Word("Rausch", 15.0, 16.0, 0.2)]), [Cut(14.0, 17.0, "no words")], 1),
        (Heard([Word("vier", 15.0, 16.0, 0.8)]), [], 2),
    ],
)
def test_speech_without_a_word_is_noted(again: Heard, cuts: list[Cut], words: int) -> None:
    first = Heard([Word(FIRST.text, 10.5, 11.0, 0.9)])
    heard = Deaf(first, again).hear(np.zeros(9 * RATE, np.float32), SPANS, "de", 10.0)
    assert (heard.cuts, len(heard.words)) == (cuts, words)


def test_what_was_cut_there_is_not_noted_twice() -> None:
    cut = Cut(4.5, 6.0, "silence")
    heard = Deaf(Heard([FIRST], [cut]), Heard()).hear(np.zeros(9 * RATE, np.float32), SPANS, "de")
    assert heard.cuts == [cut]


@pytest.mark.model
def test_a_mail_address_has_its_sign() -> None:
    said = JoeVoice.load(1).speak("I think my email address is susan dot miller at example dot com.")
    samples = resample_poly(said, RATE, VOICE_RATE).astype(np.float32)
    model = AsrModel.load(locate_folder("whisper-base-telephone").path)
    heard = model.hear(samples, [Stretch(0, len(samples))], "en")
    assert "@example.com" in "".join(word.text for word in heard.words)


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
