"""What is taken for invented text, and what people do say."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ausweis.audio.heard import Word
from ausweis.audio.segments import heard_in, is_credit, is_loop, is_parroted, is_silence, is_sparse, once
from ausweis.audio.speech import Span, Window


@pytest.mark.parametrize(
    ("no_speech", "logprob", "silent"), [(0.9, -1.5, True), (0.9, -0.3, False), (0.2, -1.5, False)]
)
def test_silence_needs_both_signs(no_speech: float, logprob: float, silent: bool) -> None:
    assert is_silence(no_speech, logprob) is silent


@pytest.mark.parametrize(
    "text",
    [
        "Untertitel im Auftrag des ZDF für funk, 2017",
        " Untertitelung des ZDF, 2020.",
        "Vielen Dank fürs Zuschauen!",
        "Untertitel der Amara.org-Community",
        "Thanks for watching!",
        "Thank you for watching.",
        "Subtitles by the Amara.org community",
    ],
)
def test_credits_of_subtitles(text: str) -> None:
    assert is_credit(text)


@pytest.mark.parametrize(
    "text",
    [
        "Vielen Dank.",
        "Thank you.",
        "Thanks for your help",
        "Danke fürs Warten.",
        "Bis zum nächsten Mal, Frau Kern, und",
        "",
    ],
)
def test_what_people_say_is_no_credit(text: str) -> None:
    assert not is_credit(text)


def test_a_text_that_repeats_itself_is_a_loop() -> None:
    assert is_loop("I'm going to the next one. " * 20)
    assert not is_loop("Could you tell me your customer number and the first line of your address, please?")
    assert not is_loop("")


def test_long_speech_has_words() -> None:
    assert is_sparse("IMEI IMEI IMEI", 24.0)
    assert not is_sparse("One moment please.", 3.0)
    assert not is_sparse("", 0.0)


def test_words_that_the_model_was_told_are_no_talk() -> None:
    told = frozenset({"pin", "iban", "imei"})
    assert is_parroted("IMEI, IMEI, PIN.", told)
    assert not is_parroted("Your PIN please, or the IBAN?", told)
    assert not is_parroted("PIN? IBAN?", told)


def test_a_phrase_said_again_and_again_is_kept_once() -> None:
    words = ["so", *(["the", "meter"] * 8), "is", "here"]
    assert [words[place] for place in once(words)] == ["so", "the", "meter", "is", "here"]


def test_words_that_are_said_a_few_times_stay() -> None:
    words = "ja ja ja ja genau genau and five five five five seven".split()
    assert once(words) == list(range(len(words)))
    assert once([]) == []


def test_words_of_a_segment() -> None:
    window = Window(np.zeros(80_000, dtype=np.float32), [Span(16_000, 64_000)], offset=10.0)
    words = [(" Die", 0.0, 0.2, 0.9), (" 7", 0.4, 0.6, 0.8), (",7", 0.6, 1.0, 0.5), (",1.", 1.0, 1.5, 0.7)]
    segment: Any = SimpleNamespace(
        text=" Die 7,7,1.",
        no_speech_prob=0.1,
        avg_logprob=-0.3,
        words=[SimpleNamespace(word=word, start=start, end=end, probability=sure) for word, start, end, sure in words],
    )
    assert heard_in(segment, window).words == [Word("Die", 11.0, 11.2, 0.9), Word("771.", 11.4, 12.5, 0.5)]
