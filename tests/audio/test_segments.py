"""What is taken for invented text, and what people do say."""

import pytest

from ausweis.audio.segments import is_credit, is_loop, is_parroted, is_silence, is_sparse, once


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
