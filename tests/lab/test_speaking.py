"""A call as speech: two voices, their channels, and the truth of what is heard."""

from itertools import pairwise

import numpy as np
import pytest
from evals.lab.spoken import voices
from evals.lab.spoken.numbers import words_of
from evals.lab.spoken.speaking import Spoken, Utterance, speak_call, starts
from evals.lab.spoken.voices import RATE, JoeVoice, Manner, Mono, Voice
from scipy.signal import welch

from ausweis.calls.call import Call, Turn
from ausweis.errors import InputError, ModelError
from ausweis.labelled import Gold, LabelledCall
from ausweis.vocabulary import Language, Outcome, Speaker


def labelled(
    *turns: tuple[Speaker, str],
    name: str = "x-1",
    policy: str = "bank-en",
    outcome: Outcome = "not_applicable",
    language: Language = "en",
) -> LabelledCall:
    call = Call(id=name, language=language, turns=tuple(Turn(speaker=who, text=text) for who, text in turns))
    return LabelledCall(call=call, gold=Gold(policy=policy, outcome=outcome))


class Beeper:
    """A voice of a quarter of a second a word, constant and never zero."""

    name = "beeper"

    def speak(self, text: str) -> Mono:
        return np.full(len(text.split()) * RATE // 4, 0.1, np.float32)


def beeped(*turns: tuple[Speaker, str], seed: int = 0, language: Language = "en") -> Spoken:
    return speak_call(labelled(*turns, language=language), {"agent": Beeper(), "caller": Beeper()}, seed)


SAID = "Good morning, may I have your account number?"


@pytest.fixture(scope="module")
def spoken() -> Spoken:
    both: dict[Speaker, Voice] = {"agent": JoeVoice.load(1), "caller": JoeVoice.load(1, Manner(pitch=1.25))}
    return speak_call(labelled(("agent", SAID), ("caller", "(sighs) " + SAID)), both, seed=2)


def test_each_speaker_is_heard_in_his_channel_at_his_times(spoken: Spoken) -> None:
    agent, caller = spoken.turns
    assert (agent.speaker, caller.speaker) == ("agent", "caller")
    for channel, (own, other) in enumerate([(agent, caller), (caller, agent)]):
        power = [
            float(np.mean(spoken.samples[channel, round(turn.start * RATE) : round(turn.end * RATE)] ** 2))
            for turn in (own, other)
        ]
        assert power[0] > 1e-3
        assert power[1] < 1e-9
    assert spoken.voices == {"agent": "joe", "caller": "joe"}


def test_another_pitch_is_higher_and_as_fast(spoken: Spoken) -> None:
    agent, caller = spoken.turns
    lengths = [turn.end - turn.start for turn in (agent, caller)]
    assert lengths[1] / lengths[0] == pytest.approx(1, abs=0.15)
    centres = []
    for channel in spoken.samples:
        frequency, power = welch(channel, RATE, nperseg=4096)
        low = (frequency > 60) & (frequency < 300)
        centres.append(np.sum(frequency[low] * power[low]) / np.sum(power[low]))
    assert centres[1] / centres[0] > 1.1


def test_the_same_seed_gives_the_same_sound() -> None:
    first, second = (JoeVoice.load(3).speak("Yes.") for _ in range(2))
    assert np.array_equal(first, second)


def test_a_voice_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voices, "PACKAGE", "no-such-voice-at-all")
    with pytest.raises(ModelError, match=r"pip install piper-tts no-such-voice-at-all==1\.0\.0"):
        JoeVoice.load()


def test_notes_are_neither_spoken_nor_true(spoken: Spoken) -> None:
    assert spoken.turns[1].text == SAID
    assert words_of("Well (laughs), it is [pause] 4 4 1 <unk> 7.") == "Well , it is 4 4 1 7."
    silent = beeped(("agent", "Hello there."), ("caller", "(silence)"), ("caller", "Hello."))
    assert [turn.turn for turn in silent.turns] == [1, 3]


def test_what_is_said_stands_beside_what_was_written() -> None:
    turn = beeped(("caller", "(seufzt) Norderstraße 14"), language="de").turns[0]
    assert (turn.text, turn.written) == ("Norderstraße vierzehn", "(seufzt) Norderstraße 14")


def test_a_hesitation_is_a_silence_in_the_turn() -> None:
    hesitant, fluent = (beeped(("agent", text)).turns[0] for text in ("well … yes", "well yes"))
    assert 0.4 <= (hesitant.end - hesitant.start) - (fluent.end - fluent.start) <= 1.2


def test_the_seed_decides_on_the_pauses() -> None:
    turns: list[tuple[Speaker, str]] = [("agent", "hello"), ("caller", "hello")]
    assert beeped(*turns, seed=1).turns == beeped(*turns, seed=1).turns
    assert beeped(*turns, seed=1).turns != beeped(*turns, seed=2).turns


def test_the_length_is_told(spoken: Spoken) -> None:
    assert spoken.call.id == "x-1"
    assert spoken.seconds == pytest.approx(spoken.turns[-1].end + 0.5, abs=0.01)


def test_what_cannot_be_spoken_is_refused() -> None:
    with pytest.raises(InputError, match="unknown speaker"):
        beeped(("unknown", "Hello."))


def timed(turns: list[tuple[Speaker, str, float]], seed: int = 4) -> list[tuple[Utterance, float, float]]:
    said = [Utterance(number, *turn) for number, turn in enumerate(turns, start=1)]
    begun = starts(said, np.random.default_rng(seed))
    return [(one, start, start + one.seconds) for one, start in zip(said, begun, strict=True)]


def test_turns_are_apart_and_sometimes_overlap() -> None:
    heard = timed([("agent", "six words are what I say", 1.5), ("caller", "no never", 0.5)] * 60)
    gaps = [after[1] - before[2] for before, after in pairwise(heard)]
    overlaps = [gap for gap in gaps if gap < 0]
    assert 2 <= len(overlaps) <= 20
    assert min(overlaps) >= -0.41


def test_a_back_channel_lies_over_the_words_of_one_who_goes_on() -> None:
    heard = timed([("agent", "I tell a long story", 4.0), ("caller", "Mhm.", 0.4)] * 60)
    covered = [after[2] < before[2] for before, after in pairwise(heard) if after[0].speaker == "caller"]
    assert 0.5 < sum(covered) / len(covered) < 0.9


def test_who_is_asked_for_a_moment_waits() -> None:
    heard = timed([("agent", "Einen Moment bitte, ich schaue nach.", 2.0), ("agent", "So.", 0.4)] * 40)
    waits = [after[1] - before[2] for before, after in pairwise(heard) if after[0].text == "So."]
    assert max(waits) > 3
    assert min(waits) < 0.9


def test_nobody_speaks_over_himself() -> None:
    turns: list[tuple[Speaker, str, float]] = [
        ("agent", "I tell a long story", 4.0),
        ("caller", "Mhm.", 0.4),
        ("caller", "no never", 0.5),
    ]
    heard = timed(turns * 40)
    for speaker in ("agent", "caller"):
        own = [(start, end) for one, start, end in heard if one.speaker == speaker]
        assert all(before[1] < after[0] for before, after in pairwise(own))
