"""Adapting an ASR model: which calls are spoken, what lines do to them, and that learning changes what is heard."""

import re
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from evals.lab.adapt_asr import chosen, written_by_people
from evals.lab.adapter_file import save_adapter
from evals.lab.adapting import Course, Stretches, learn, scripts_of, speak_stretches, value_scripts
from evals.lab.adapting.lines import over_a_line
from evals.lab.adapting.variation import varied
from evals.lab.adapting.windows import RATE
from evals.lab.spoken import JoeVoice, check_voices
from evals.lab.spoken.casting import TRAINING
from evals.lab.spoken.voices import RATE as VOICE_RATE
from scipy.signal import resample_poly

from ausweis.calls.call import Call, Turn
from ausweis.engines.weights import locate_folder
from ausweis.engines.weights.adapter import adapted
from ausweis.errors import ModelError
from ausweis.evals import LabelledCall
from ausweis.evals.labelled import Gold, Tags
from ausweis.vocabulary import Language


def labelled(name: str, language: Language, turns: Iterable[tuple[str, str]], surface: str = "clean") -> LabelledCall:
    said = tuple(Turn.model_validate({"speaker": speaker, "text": text}) for speaker, text in turns)
    tags = Tags.model_validate({"surface": surface})
    return LabelledCall(
        call=Call(id=name, language=language, turns=said),
        gold=Gold(policy="bank-en", outcome="not_applicable", tags=tags),
    )


def spoken_voices() -> bool:
    try:
        check_voices(["de"], TRAINING)
    except ModelError:
        return False
    return True


def tone(seconds: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return (0.1 * np.sin(2 * np.pi * 700 * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)


def test_four_of_five_calls_are_german_and_none_looks_like_an_asr_model_wrote_it() -> None:
    calls = [labelled(f"de-{n}", "de", [("agent", "Hallo")], "asr" if n % 2 else "clean") for n in range(40)]
    calls += [labelled(f"en-{n}", "en", [("agent", "Hello")]) for n in range(40)]
    calls = written_by_people(calls)
    found = chosen(calls, 10, seed=1)
    assert sorted(one.call.language for one in found) == ["de"] * 8 + ["en"] * 2
    assert all(one.gold.tags.surface == "clean" for one in found)
    assert found == chosen(calls, 10, seed=1) != chosen(calls, 10, seed=2)


@pytest.mark.parametrize(
    ("language", "text", "kept"),
    [
        ("de", "Die Kundennummer ist 4711 0815, ja.", r"Die Kundennummer ist \d[\d ]{7,}, ja\."),
        ("de", "Geboren am 3.4.1978, Frau Overbeck.", r"Geboren am \d{1,2}\.\d{1,2}\.(19|20)\d\d, Frau [^\d]+\."),
        ("de", "Das steht im Vertrag AB 20711.", r"Das steht im Vertrag [A-Z]{2} \d[\d ]{4,}\."),
        ("de", "Meine PIN ist 0713.", r"Meine PIN ist 0[\d ]{3,}\."),
        ("de", "Ich wohne im Amselweg 12.", r"Ich wohne im \D+ \d\d\."),
        ("de", "Mit S-C-H-M-I-T-T.", r"Mit \w(-\w)+\."),
        ("en", "It's jo.bell@example.com, this is Jo Bell.", r"It's \S+@example\.com, this is \D+ \D+\."),
        ("en", "Since the 21st I have paid £12.50.", r"Since the 21st I have paid £12\.50\."),
    ],
)
def test_values_are_drawn_anew_and_what_surrounds_them_stays(language: Language, text: str, kept: str) -> None:
    found = [varied(text, language, np.random.default_rng(seed)) for seed in range(20)]
    assert all(re.fullmatch(kept, other) for other in found), found
    assert varied(text, language, np.random.default_rng(7)) == found[7]
    assert len(set(found)) > 10 or set(found) == {text}


def test_two_digits_alike_follow_each_other_more_often_than_by_chance() -> None:
    chance = np.random.default_rng(2)
    digits = [re.sub(r"\D", "", varied("5831470296", "de", chance)) for _ in range(200)]
    alike = np.mean([one == other for number in digits for one, other in pairwise(number)])
    assert 0.27 < alike < 0.38


def test_scripts_of_values_hold_turns_with_values_alone_in_both_languages() -> None:
    turns = [("agent", "Die Nummer bitte."), ("caller", "Das ist die 4711 0815.")]
    calls = [labelled("a", "de", turns), labelled("b", "en", [("caller", "It's 33917."), ("agent", "Thanks.")])]
    scripts = value_scripts(calls, {"de": 60, "en": 3}, seed=4)
    said = {
        language: [text for script in scripts if script.language == language for side in script.sides for text in side]
        for language in ("de", "en")
    }
    assert (len(said["de"]), len(said["en"])) == (60, 3)
    assert all(re.fullmatch(r"Das ist die [\d ]+\.", text) for text in said["de"])
    assert len(set(said["de"])) > 50
    assert len({script.name for script in scripts}) == len(scripts)
    assert value_scripts([labelled("c", "de", [("agent", "Guten Tag.")])], {"de": 5, "en": 0}, seed=4) == []


def test_a_line_is_drawn_by_the_seed_and_keeps_what_is_said() -> None:
    lines = [over_a_line(tone(1.0), lambda: tone(0.7), np.random.default_rng(seed)) for seed in range(12)]
    again = over_a_line(tone(1.0), lambda: tone(0.7), np.random.default_rng(5))
    np.testing.assert_array_equal(again, lines[5])
    assert len({line.tobytes() for line in lines}) == len(lines)
    for line in lines:
        assert 1.0 < len(line) / RATE < 1.9
        spectrum = np.abs(np.fft.rfft(line))
        assert abs(np.argmax(spectrum) * RATE / len(line) - 700) < 5


@pytest.mark.skipif(not spoken_voices(), reason="voices of Debian's non-free are not installed")
def test_stretches_hold_turns_of_one_side_and_write_numbers_in_digits(tmp_path: Path) -> None:
    call = labelled(
        "a",
        "de",
        [
            ("agent", "Die Kundennummer bitte."),
            ("caller", "(lacht) Vier vier null eins … 78 23."),
            ("agent", "Danke."),
        ],
    )
    made = speak_stretches(scripts_of([call]), seed=3)
    texts = {text for _, text in made.said}
    assert texts <= {"Die Kundennummer bitte. Danke.", "Die Kundennummer bitte.", "Danke.", "4401... 78 23."}
    assert "4401... 78 23." in texts
    made.save(tmp_path / "stretches.npz")
    read = Stretches.load(tmp_path / "stretches.npz")
    assert (list(read.said), len(read)) == (list(made.said), len(made))
    np.testing.assert_array_equal(read[len(read) - 1].samples, made[len(made) - 1].samples)
    assert all(0.2 < made[place].samples.size / RATE < 28 for place in range(len(made)))


@pytest.mark.model
def test_a_step_of_learning_changes_what_the_weights_of_the_product_are(tmp_path: Path) -> None:
    said = resample_poly(JoeVoice.load(1).speak("Good morning, my name is Jordan Miller."), RATE, VOICE_RATE)
    whole = (said * 32_767).astype(np.int16)
    stretches = Stretches(whole, np.array([len(whole)]), [("en", "Good morning, my name is Jordan Miller.")])
    folder = locate_folder("whisper-base").path
    losses: list[float] = []
    model = learn(
        folder, stretches, Course(rounds=2, batch=2, together=1), tmp_path / "c", lambda *a: losses.append(a[2])
    )
    # Whisper knows the sentence: torch reads the same weights as CTranslate2. A guess among all tokens has ten.
    assert 0 < losses[0] < 4
    assert (tmp_path / "c").is_file()
    save_adapter(tmp_path / "adapter.safetensors", model.adapter(), "a test")
    before = (folder / "model.bin").read_bytes()
    after = adapted(before, tmp_path / "adapter.safetensors")
    assert len(after) == len(before)
    assert after != before
