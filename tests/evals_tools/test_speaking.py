"""A call as speech: two voices, their channels, and the truth of what is heard."""

from itertools import pairwise

import numpy as np
import pytest
from evals.tools.speak_calls import choose
from evals.tools.spoken import JoeVoice, Spoken, speak_call, truth_of, voices, words_of
from evals.tools.spoken.voices import RATE, Mono
from scipy.signal import welch

from ausweis.calls.call import Call, Turn
from ausweis.errors import InputError, ModelError
from ausweis.evals import LabelledCall
from ausweis.evals.labelled import Gold
from ausweis.vocabulary import Outcome, Speaker


def labelled(
    *turns: tuple[Speaker, str], name: str = "x-1", policy: str = "bank-en", outcome: Outcome = "not_applicable"
) -> LabelledCall:
    call = Call(id=name, language="en", turns=tuple(Turn(speaker=who, text=text) for who, text in turns))
    return LabelledCall(call=call, gold=Gold(policy=policy, outcome=outcome))


class Beeper:
    """A voice of a quarter of a second a word, constant and never zero."""

    def speak(self, text: str, pitch: float = 1.0) -> Mono:
        return np.full(len(text.split()) * RATE // 4, 0.1, np.float32)


def beeped(*turns: tuple[Speaker, str], seed: int = 0) -> Spoken:
    return speak_call(labelled(*turns), Beeper(), seed)


SAID = "Good morning, may I have your account number?"


@pytest.fixture(scope="module")
def spoken() -> Spoken:
    return speak_call(labelled(("agent", SAID), ("caller", "(sighs) " + SAID)), JoeVoice.load(1), seed=1)


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


def test_the_second_voice_is_higher_and_as_fast(spoken: Spoken) -> None:
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
    assert words_of("Well (laughs), it is [pause] 4 4 1 7.") == "Well , it is 4 4 1 7."
    silent = beeped(("agent", "Hello there."), ("caller", "(silence)"), ("caller", "Hello."))
    assert [turn.turn for turn in silent.turns] == [1, 3]


def test_turns_are_apart_and_sometimes_overlap_but_never_on_one_channel() -> None:
    turns: list[tuple[Speaker, str]] = [("agent", "six words are what I say"), ("caller", "yes")] * 60
    heard = beeped(*turns, seed=4).turns
    gaps = [after.start - before.end for before, after in pairwise(heard)]
    overlaps = [gap for gap in gaps if gap < 0]
    assert 2 <= len(overlaps) <= 20
    assert min(overlaps) >= -0.41
    assert all(gap >= 0.299 for gap in gaps if gap >= 0)
    for speaker in ("agent", "caller"):
        own = [turn for turn in heard if turn.speaker == speaker]
        assert all(before.end < after.start for before, after in pairwise(own))


def test_the_seed_decides_on_the_pauses() -> None:
    turns: list[tuple[Speaker, str]] = [("agent", "hello"), ("caller", "hello")]
    assert beeped(*turns, seed=1).turns == beeped(*turns, seed=1).turns
    assert beeped(*turns, seed=1).turns != beeped(*turns, seed=2).turns


def test_the_truth_tells_the_length(spoken: Spoken) -> None:
    truth = truth_of(spoken)
    assert truth.call_id == "x-1"
    assert truth.seconds == pytest.approx(spoken.turns[-1].end + 0.5, abs=0.01)


def test_what_cannot_be_spoken_is_refused() -> None:
    with pytest.raises(InputError, match="unknown speaker"):
        beeped(("unknown", "Hello."))
    german = LabelledCall(call=Call(id="d-1", turns=()), gold=Gold(policy="bank-en", outcome="not_applicable"))
    with pytest.raises(InputError, match="English only"):
        speak_call(german, Beeper())


def test_calls_are_chosen_from_each_policy_and_outcome() -> None:
    eight: list[tuple[Speaker, str]] = [("agent", "a"), ("caller", "b")] * 4
    many = [labelled(*eight, name=f"b-{n}", outcome="compliant") for n in range(9)]
    other = labelled(*eight, name="t-1", policy="telecom-de", outcome="compliant")
    short = labelled(*eight[:7], name="s-1", policy="energy-de", outcome="compliant")
    nothing = labelled(*eight, name="n-1", policy="energy-de")
    chosen = [one.call.id for one in choose([*many, other, short, nothing], 3)]
    assert len(chosen) == 3
    assert chosen[-1] == "t-1"
    assert chosen == [one.call.id for one in choose([nothing, short, other, *reversed(many)], 3)]
