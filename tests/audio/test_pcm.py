"""Any part of any recording as samples: the same that decoding the whole gives."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from evals.lab.spoken.writing import WavCodec, write_audio
from numpy.typing import NDArray
from tests.audio.sounds import tone

from ausweis.audio import pcm as module
from ausweis.audio.decode import Recording
from ausweis.audio.pcm import DecodedPcm, Pcm, open_pcm
from ausweis.audio.wav import PlainPcm
from ausweis.errors import InputError


def of(pcm: Pcm, first: int = 0) -> NDArray[np.int16]:
    return np.concatenate([np.empty((0, pcm.channels), np.int16), *pcm.read(first)])


def adpcm(path: Path, seconds: int = 20) -> Path:
    """A coding that no browser plays: IMA ADPCM, as old dictation machines write it."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("adpcm_ima_wav", rate=8000)
        stream.layout = "mono"
        samples = (tone(seconds, 8000, 300) * 32767).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = 8000
        resampler = av.AudioResampler(format="s16p", layout="mono", rate=8000, frame_size=stream.frame_size)
        for part in (*resampler.resample(frame), *resampler.resample(None), None):
            container.mux(stream.encode(part))
    return path


@pytest.mark.parametrize("codec", ["pcm_alaw", "pcm_mulaw", "pcm_s16le"])
def test_telephone_codings_are_what_a_decoder_says_they_are(tmp_path: Path, codec: WavCodec) -> None:
    path = tmp_path / "a.wav"
    two = np.stack([tone(2.0, 8000, 300), np.linspace(-1, 1, 16_000, dtype=np.float32)])
    write_audio(path, two, 8000, codec)
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray().reshape(-1, 2) for frame in container.decode(audio=0)]
    found = open_pcm(path)
    assert isinstance(found, PlainPcm)
    assert (found.channels, found.rate, found.length) == (2, 8000, 16_000)
    assert (of(found) == np.concatenate(frames)).all()
    assert (of(found, 9000) == of(found)[9000:]).all()
    assert len(of(found, 16_000)) == 0


@pytest.mark.parametrize(("name", "rate"), [("a.mp3", 16000), ("a.flac", 16000), ("a.opus", 48000), ("a.m4a", 16000)])
def test_all_else_is_decoded_from_the_place_asked_for(tmp_path: Path, name: str, rate: int) -> None:
    write_audio(tmp_path / name, tone(20.0, rate, 300)[None], rate)
    found = open_pcm(tmp_path / name)
    assert isinstance(found, DecodedPcm)
    whole = of(found)
    assert len(whole) == found.length
    assert abs(found.length / found.rate - 20) < 0.15
    place = 15 * found.rate
    part = of(found, place)
    assert len(part) == found.length - place
    assert np.abs(part[:rate].astype(int) - whole[place : place + rate]).max() < 100


def test_what_a_browser_cannot_play(tmp_path: Path) -> None:
    found = open_pcm(adpcm(tmp_path / "a.wav"))
    samples = of(found)
    assert (found.channels, found.rate, len(samples)) == (1, 8000, found.length)
    spectrum = np.abs(np.fft.rfft(samples[8000:16_000, 0]))
    assert spectrum.argmax() == 300


def test_only_what_is_asked_for_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = adpcm(tmp_path / "a.wav", 120)
    decoded: list[int] = []
    frames = Recording.frames

    def counted(self: Recording, container: Any) -> Iterator[Any]:
        for frame in frames(self, container):
            decoded.append(frame.samples)
            yield frame

    monkeypatch.setattr(Recording, "frames", counted)
    found = open_pcm(path)
    assert decoded == []
    next(found.read(110 * 8000))
    assert sum(decoded) < 10 * 8000


def test_a_file_that_is_shorter_than_it_says_ends_in_silence(tmp_path: Path) -> None:
    found = DecodedPcm.open(adpcm(tmp_path / "a.wav", 2))
    longer = DecodedPcm(found.path, 1, 8000, found.length + 100_000)
    samples = of(longer)
    assert len(samples) == longer.length
    assert not samples[found.length :].any()
    assert len(of(DecodedPcm(found.path, 1, 8000, 5))) == 5


def test_what_is_no_recording(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"these are words and no sound" * 50)
    for name in ("a.wav", "elsewhere.wav"):
        with pytest.raises(InputError):
            open_pcm(tmp_path / name)


def test_without_the_extra_telephone_recordings_can_be_read_and_others_are_said_to_need_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "can_decode", lambda: False)
    write_audio(tmp_path / "a.wav", tone(1.0, 8000)[None], 8000, "pcm_alaw")
    write_audio(tmp_path / "a.mp3", tone(1.0, 16_000)[None], 16_000)
    assert open_pcm(tmp_path / "a.wav").length == 8000
    with pytest.raises(InputError, match=r"ausweis\[audio\]"):
        open_pcm(tmp_path / "a.mp3")
