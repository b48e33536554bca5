"""Audio files of a spoken call."""

import json
from pathlib import Path

import av
import numpy as np
import pytest
from evals.lab.spoken.speaking import Sound, Spoken, SpokenTurn
from evals.lab.spoken.writing import (
    CODECS,
    WavCodec,
    write_audio,
    write_mono,
    write_stereo,
    write_truth,
)

from ausweis.calls.call import Call
from ausweis.errors import InputError

RATE = 8_000


@pytest.fixture
def spoken() -> Spoken:
    time = np.arange(RATE) / RATE
    samples = np.stack([0.3 * np.sin(2 * np.pi * tone * time) for tone in (440, 660)]).astype(np.float32)
    turn = SpokenTurn(turn=1, speaker="agent", start=0, end=1, text="Grüezi.", written="Grüezi.")
    return Spoken(Call(id="x-1", language="en", turns=()), samples, RATE, (turn,))


def read(path: Path) -> tuple[Sound, int, str]:
    """Samples, (channels, samples), the rate and the codec of a file."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler(format="s16p", layout=stream.layout, rate=stream.rate)
        frames = [one for frame in container.decode(stream) for one in resampler.resample(frame)]
        samples = np.concatenate([frame.to_ndarray() for frame in frames], axis=1)
        return (samples / 32_768).astype(np.float32), stream.rate, stream.codec_context.name


@pytest.mark.parametrize(("wav", "error"), [("pcm_s16le", 1e-4), ("pcm_mulaw", 0.02), ("pcm_alaw", 0.02)])
def test_wav_holds_the_samples(spoken: Spoken, tmp_path: Path, wav: WavCodec, error: float) -> None:
    write_stereo(spoken, tmp_path / "x.wav", wav)
    samples, rate, codec = read(tmp_path / "x.wav")
    assert (rate, codec) == (RATE, wav)
    assert samples.shape == (2, RATE)
    assert np.max(np.abs(samples - spoken.samples)) <= error


@pytest.mark.parametrize("suffix", sorted(CODECS))
def test_the_extension_tells_the_format(spoken: Spoken, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    write_stereo(spoken, path)
    samples, rate, _ = read(path)
    assert samples.shape[0] == 2
    assert samples.shape[1] / rate == pytest.approx(1, abs=0.3)
    for channel, tone in zip(samples, (440, 660), strict=True):
        strongest = np.argmax(np.abs(np.fft.rfft(channel))) * rate / channel.size
        assert strongest == pytest.approx(tone, abs=5)


def test_another_rate_is_resampled_where_the_format_has_to(spoken: Spoken, tmp_path: Path) -> None:
    write_audio(tmp_path / "x.opus", np.repeat(spoken.samples, 3, axis=1)[:, :22_050], 22_050)
    samples, rate, _ = read(tmp_path / "x.opus")
    assert samples.shape[1] / rate == pytest.approx(1, abs=0.1)


def test_mono_is_both_speakers_each_as_loud(spoken: Spoken, tmp_path: Path) -> None:
    write_mono(spoken, tmp_path / "x.wav", "pcm_s16le")
    mix, _, _ = read(tmp_path / "x.wav")
    assert mix.shape[0] == 1
    assert np.max(np.abs(mix[0] - spoken.samples.sum(axis=0))) < 1e-4


def test_the_truth_is_written(spoken: Spoken, tmp_path: Path) -> None:
    write_truth(spoken, tmp_path / "x.truth.json")
    written = json.loads((tmp_path / "x.truth.json").read_text(encoding="utf-8"))
    assert written["call_id"] == "x-1"
    assert written["turns"] == [
        {"turn": 1, "speaker": "agent", "start": 0.0, "end": 1.0, "text": "Grüezi.", "written": "Grüezi."}
    ]


def test_an_unknown_extension_is_refused(spoken: Spoken, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="written as one of"):
        write_stereo(spoken, tmp_path / "x.txt")
