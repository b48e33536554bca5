"""A recording that is not whole, or goes away, while it is heard; and whose channel something was cut on."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from evals.lab.spoken.writing import write_audio
from tests.audio.sounds import tone

from ausweis.audio import listening
from ausweis.audio.asr_model import AsrModel
from ausweis.audio.decode import RATE
from ausweis.audio.heard import Cut, Heard, Word
from ausweis.audio.sidecar import Sidecar
from ausweis.audio.speech import Channel, Stretch
from ausweis.audio.transcriber import Transcriber
from ausweis.errors import InputError
from ausweis.vocabulary import Language


class Ears(AsrModel):
    """Hears one word in each stretch of speech, and calls `meanwhile` at each."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        self.meanwhile = meanwhile
        self.heard = 0

    def hear(self, samples: Channel, spans: Sequence[Stretch], language: Language, offset: float = 0.0) -> Heard:
        self.heard += 1
        self.meanwhile()
        return Heard([Word("yes", span.start / RATE + offset, span.end / RATE + offset, 0.9) for span in spans])


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Ten seconds of two tones, on two channels, which count as speech; they are heard second by second."""
    monkeypatch.setattr(listening, "CHUNK", 1.0)
    monkeypatch.setattr("ausweis.audio.speech.spans_of", lambda samples: [Stretch(0, len(samples))])
    two = np.stack([tone(10.0, 8000, 300), tone(10.0, 8000, 900)])
    write_audio(tmp_path / "a.wav", two, 8000, "pcm_alaw")
    return tmp_path / "a.wav"


def transcribed(
    path: Path,
    ears: Ears,
    progress: Callable[[float, float], None] = lambda *told: None,
    agent: Literal["left", "right"] = "left",
) -> Any:
    def nobody() -> Any:
        raise AssertionError

    heard = Transcriber(ears, nobody, lambda turns, language: 1.0, language="en", agent_channel=agent)
    return heard.transcribe([path], Sidecar(), None, progress)


def test_progress_tells_how_long_the_recording_is(path: Path) -> None:
    told: list[tuple[float, float]] = []
    document = transcribed(path, Ears(lambda: None), lambda *seconds: told.append(seconds))
    assert told[0] == (0.0, 10.0)
    assert told[-1][0] == pytest.approx(10.0, abs=0.1)
    assert told[-1][1] == 10.0
    assert len(told) == 11
    assert document["metadata"]["recording"]["seconds"] == pytest.approx(10.0, abs=0.1)


def test_one_that_is_still_recorded_is_refused_at_once(path: Path) -> None:
    def grow() -> None:
        with path.open("ab") as file:
            file.write(bytes(16_000))

    ears = Ears(grow)
    with pytest.raises(InputError, match="is it still being recorded") as caught:
        transcribed(path, ears)
    assert caught.value.place == str(path)
    assert ears.heard <= 2


def test_one_that_vanishes_is_refused(path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        transcribed(path, Ears(lambda: path.unlink(missing_ok=True)))


class HalfDeaf(Ears):
    """Passes over the second half of each stretch."""

    def hear(self, samples: Channel, spans: Sequence[Stretch], language: Language, offset: float = 0.0) -> Heard:
        heard = super().hear(samples, spans, language, offset)
        heard.cuts += [Cut(word.start + 0.5, word.end, "no words") for word in heard.words]
        return heard


@pytest.mark.parametrize(("agent", "sides"), [("left", ["agent", "caller"]), ("right", ["caller", "agent"])])
def test_a_cut_says_whose_channel_it_is_on(path: Path, agent: Literal["left", "right"], sides: list[str]) -> None:
    document = transcribed(path, HalfDeaf(lambda: None), agent=agent)
    cuts = document["metadata"]["recording"]["cuts"]
    assert [(cut["start"], cut["reason"], cut["speaker"]) for cut in cuts[:2]] == [
        (0.5, "no words", sides[0]),
        (0.5, "no words", sides[1]),
    ]
