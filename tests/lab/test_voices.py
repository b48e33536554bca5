"""Which voices speak a call, and how they read."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from evals.lab.spoken import voices
from evals.lab.spoken.speaking import speak_call
from evals.lab.spoken.telephone import on_the_telephone
from evals.lab.spoken.voices import CAST, RATE, Manner, Mono, Part, Voice, cast, check_voices, respelled

from ausweis.calls.call import Call, Turn
from ausweis.errors import ModelError
from ausweis.labelled import Gold, LabelledCall
from ausweis.vocabulary import LANGUAGES, Language


def there(language: Language) -> bool:
    try:
        check_voices([language])
    except ModelError:
        return False
    return True


SINGLE: dict[Language, set[tuple[str, str]]] = {"de": {("male", "male")}, "en": {("female", "female")}}
"""Of this sex there is but one voice among those of test calls."""

needs_german = pytest.mark.skipif(not there("de"), reason="voices of Debian's non-free are not installed")
needs_english = pytest.mark.skipif(not there("en"), reason="voices of Debian's non-free are not installed")


@pytest.mark.parametrize("language", LANGUAGES)
def test_two_different_voices_of_both_sexes_on_both_sides(language: Language, monkeypatch: pytest.MonkeyPatch) -> None:
    sexes = {part.name: part.sex for part in CAST[language]}

    class Named:
        def __init__(self, name: str) -> None:
            self.name = name

        def speak(self, text: str) -> Mono:
            raise AssertionError(text)

    def named(part: Part) -> Part:
        return replace(part, load=lambda *_: Named(part.name))

    monkeypatch.setitem(CAST, language, tuple(map(named, CAST[language])))
    pairs = [tuple(voice.name for voice in cast(language, seed).values()) for seed in range(200)]
    assert all(agent != caller for agent, caller in pairs)
    assert {name for pair in pairs for name in pair} == set(sexes)
    assert {(sexes[agent], sexes[caller]) for agent, caller in pairs} >= {
        (one, other)
        for one in ("female", "male")
        for other in ("female", "male")
        if (one, other) not in SINGLE[language]
    }


def test_what_is_missing_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(voices, "MBROLA_FILES", tmp_path)
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(ModelError, match=r"non-free: apt install espeak-ng mbrola mbrola-de1"):
        check_voices(["de"])


@needs_german
@pytest.mark.parametrize("part", CAST["de"], ids=lambda part: part.name)
def test_every_german_voice_speaks(part: Part) -> None:
    voice: Voice = part.load(Manner(), 0)
    sound = voice.speak("Meine Kundennummer ist neun, elf, vierzig, null sechs.")
    assert 2 < sound.size / RATE < 8
    assert np.sqrt(np.mean(sound**2)) == pytest.approx(0.08, rel=0.1)
    assert not voice.speak("").size


@needs_german
@needs_english
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_seed_gives_the_same_call_whatever_came_before(language: Language) -> None:
    turns = (Turn(speaker="agent", text="Hallo, 4711?"), Turn(speaker="caller", text="Ja … 3.3.1983."))
    call = LabelledCall(
        call=Call(id="x-1", language=language, turns=turns), gold=Gold(policy="bank-en", outcome="not_applicable")
    )

    def spoken(seed: int) -> tuple[bytes, float]:
        one = speak_call(call, cast(language, seed), seed)
        line = on_the_telephone(one, snr=20, noise="floor", seed=seed)
        return line.samples.tobytes(), line.seconds

    first = spoken(3)
    assert spoken(4) != first
    assert spoken(3) == first


@needs_german
def test_a_voice_that_fails_is_an_error_and_no_silence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    voice = next(part for part in CAST["de"] if part.name == "mbrola-de1").load(Manner(), 0)
    monkeypatch.setattr(voices, "MBROLA_FILES", tmp_path)
    with pytest.raises(ModelError, match="mbrola failed"):
        voice.speak("Guten Tag.")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Ihre Service-PIN, bitte.", "Ihre Sörwis Pinn, bitte."),
        ("PIN-Code und TAN", "Pinn Code und Tann"),
        ("Kundenservice", "KundenSörwis"),
        ("zehn Gigabyte, mhm", "zehn Gigabeit, hm hm"),
        ("Tante Simone spinnt", "Tante Simone spinnt"),
    ],
)
def test_only_those_words(written: str, read: str) -> None:
    assert respelled(written) == read
