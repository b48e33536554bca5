"""Words of two sides to turns."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ausweis.audio.heard import (
    Word,
    as_digits,
    heard_in,
    is_credit,
    is_loop,
    is_parroted,
    is_sparse,
    once,
    turns_of,
)
from ausweis.audio.speech import Stretch, Window


def said(text: str, start: float, each: float = 0.3, probability: float = 0.9) -> list[Word]:
    return [
        Word(word, round(start + place * each, 2), round(start + (place + 1) * each, 2), probability)
        for place, word in enumerate(text.split())
    ]


def shown(agent: list[Word], caller: list[Word]) -> list[tuple[str, str]]:
    return [(turn.speaker, turn.text) for turn in turns_of({"agent": agent, "caller": caller})]


def test_one_after_the_other() -> None:
    agent = said("Your PIN please?", 0) + said("Thank you.", 3)
    caller = said("Four four one.", 1.5)
    assert shown(agent, caller) == [
        ("agent", "Your PIN please?"),
        ("caller", "Four four one."),
        ("agent", "Thank you."),
    ]


def test_a_pause_without_an_answer_stays_in_the_turn() -> None:
    assert shown(said("One moment", 0) + said("here it is", 6), []) == [("agent", "One moment here it is")]


def test_a_short_word_in_a_short_pause_parts_the_turn() -> None:
    agent = said("the first line", 0) + said("of your address", 1.3)
    assert shown(agent, said("yes", 0.95)) == [
        ("agent", "the first line"),
        ("caller", "yes"),
        ("agent", "of your address"),
    ]


def test_a_word_into_the_others_speech_cuts_nothing_and_overlaps() -> None:
    turns = turns_of({"agent": said("it is all in the letter we sent", 0), "caller": said("right", 1.0)})
    assert [turn.text for turn in turns] == ["it is all in the letter we sent", "right"]
    assert turns[0].end == 2.4
    assert turns[1].start == 1.0


def test_words_keep_their_times_and_tell_when_a_part_was_said() -> None:
    (turn,) = turns_of({"agent": said("Thank you.", 0) + said("Your balance is ten pounds.", 4), "caller": []})
    assert [(word.text, word.start) for word in turn.words][1:3] == [("you.", 0.3), ("Your", 4)]
    assert turn.text == "Thank you. Your balance is ten pounds."
    assert turn.times(11, 26) == (4, 4.9)
    assert turn.times(13, 26) == (4, 4.9)
    assert turn.times(16, 38) == (4.3, 5.5)
    assert turn.times(0, 38) == (0, 5.5)
    assert turn.times(10, 11) == turn.times(5, 5) == (0, 5.5)


def test_what_is_said_twice_in_a_turn_has_the_times_of_its_place() -> None:
    (turn,) = turns_of({"agent": said("Yes. No. Yes.", 0), "caller": []})
    assert (turn.times(0, 4), turn.times(9, 13)) == ((0, 0.3), (0.6, 0.9))


def test_confidence_is_the_mean_of_the_words() -> None:
    (turn,) = turns_of({"agent": said("yes", 0, probability=0.2) + said("indeed", 0.3, probability=0.6), "caller": []})
    assert turn.confidence == 0.4


def texts(said: str) -> list[str]:
    words = [Word(text, place, place + 0.5, 0.9) for place, text in enumerate(said.split())]
    found = as_digits(words)
    assert [(word.start, word.end, word.probability) for word in found] == [
        (word.start, word.end, word.probability) for word in words
    ]
    return [word.text for word in found]


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        ("Nummer 7,7,1.", "Nummer 771."),
        ("8,2,2,8,9,0", "822890"),
        ("1.05619.", "105619."),
        ("1,20089 bitte", "120089 bitte"),
        ("7.7.1", "771"),
        ("steht 7, 0, 4, 3. Ja", "steht 7 0 4 3. Ja"),
    ],
)
def test_digits_one_by_one(heard: str, written: str) -> None:
    assert texts(heard) == written.split()


@pytest.mark.parametrize(
    "heard",
    [
        "19,99 Euro",
        "27.49",
        "14.200 Kilowattstunden",
        "1,250,000.50",
        "am 5.5.61",
        "am 30.12.1972.",
        "um 8.30",
        "2, 3 Tage",
        "4711, 4712, 4713",
        "Nein, ja.",
        "",
    ],
)
def test_numbers_by_right(heard: str) -> None:
    assert texts(heard) == heard.split()


@pytest.mark.parametrize(
    ("no_speech", "logprob", "reasons"), [(0.9, -1.5, ["silence"]), (0.9, -0.3, []), (0.2, -1.5, [])]
)
def test_silence_needs_both_signs(no_speech: float, logprob: float, reasons: list[str]) -> None:
    window = Window(np.zeros(16_000, np.float32), [Stretch(0, 16_000)], 0.0)
    signs = {"no_speech_prob": no_speech, "avg_logprob": logprob}
    segment: Any = SimpleNamespace(text="Ja.", start=0.0, end=1.0, words=[], **signs)
    assert [cut.reason for cut in heard_in(segment, window).cuts] == reasons


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
    window = Window(np.zeros(80_000, dtype=np.float32), [Stretch(16_000, 64_000)], offset=10.0)
    words = [(" Die", 0.0, 0.2, 0.9), (" 7", 0.4, 0.6, 0.8), (",7", 0.6, 1.0, 0.5), (",1.", 1.0, 1.5, 0.7)]
    segment: Any = SimpleNamespace(
        text=" Die 7,7,1.",
        no_speech_prob=0.1,
        avg_logprob=-0.3,
        words=[SimpleNamespace(word=word, start=start, end=end, probability=sure) for word, start, end, sure in words],
    )
    assert heard_in(segment, window).words == [Word("Die", 11.0, 11.2, 0.9), Word("771.", 11.4, 12.5, 0.5)]
