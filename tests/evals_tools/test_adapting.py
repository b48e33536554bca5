"""Adapting an ASR model: which calls are spoken, what lines do to them, and that learning changes what is heard."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from evals.tools.adapt_asr import chosen
from evals.tools.adapting import Course, Stretches, learn, speak_stretches
from evals.tools.adapting.lines import over_a_line
from evals.tools.adapting.windows import RATE
from evals.tools.spoken import JoeVoice, check_voices
from evals.tools.spoken.casting import TRAINING
from evals.tools.spoken.voices import RATE as VOICE_RATE
from scipy.signal import resample_poly

from ausweis.calls.call import Call, Turn
from ausweis.engines.weights import locate_folder
from ausweis.engines.weights.adapter import adapted, save_adapter
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
    found = chosen(calls, 10, seed=1)
    assert sorted(one.call.language for one in found) == ["de"] * 8 + ["en"] * 2
    assert all(one.gold.tags.surface == "clean" for one in found)
    assert found == chosen(calls, 10, seed=1) != chosen(calls, 10, seed=2)


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
    made = speak_stretches([call], seed=3)
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
