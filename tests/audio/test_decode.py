"""Files of all codings to samples."""

from pathlib import Path

import numpy as np
import pytest
from evals.lab.spoken.writing import WavCodec, write_audio
from tests.audio.sounds import three_channels, tone

from ausweis.audio.decode import RATE, Recording
from ausweis.errors import InputError


@pytest.mark.parametrize(
    ("name", "rate", "wav"),
    [
        ("a.wav", 8000, "pcm_alaw"),
        ("a.wav", 8000, "pcm_mulaw"),
        ("a.wav", 44100, "pcm_s16le"),
        ("a.wav", 48000, "pcm_s16le"),
        ("a.mp3", 22050, "pcm_s16le"),
        ("a.flac", 16000, "pcm_s16le"),
        ("a.ogg", 48000, "pcm_s16le"),
        ("a.opus", 48000, "pcm_s16le"),
        ("a.m4a", 44100, "pcm_s16le"),
    ],
)
def test_codings(tmp_path: Path, name: str, rate: int, wav: WavCodec) -> None:
    two = np.stack([tone(1.0, rate, 300), tone(1.0, rate, 900)])
    write_audio(tmp_path / name, two, rate, wav)
    found = Recording.open(tmp_path / name)
    assert found.channels == 2
    assert found.seconds == pytest.approx(1.0, abs=0.1)
    samples = np.concatenate(list(found.chunks(0.4)), axis=1)
    assert abs(samples.shape[1] / RATE - 1.0) < 0.1
    middle = samples[:, RATE // 4 : 3 * RATE // 4]
    spectrum = np.abs(np.fft.rfft(middle, axis=1))
    assert [round(float(one.argmax()) * RATE / middle.shape[1] / 20) * 20 for one in spectrum] == [300, 900]


def test_chunks_are_of_one_length_and_the_last_is_the_rest(tmp_path: Path) -> None:
    write_audio(tmp_path / "a.wav", tone(1.0, RATE)[None], RATE)
    found = Recording.open(tmp_path / "a.wav")
    assert [chunk.shape for chunk in found.chunks(0.4)] == [(1, 6400), (1, 6400), (1, 3200)]


def test_a_file_cut_short_gives_what_is_there(tmp_path: Path) -> None:
    write_audio(tmp_path / "a.wav", tone(2.0, RATE)[None], RATE)
    whole = (tmp_path / "a.wav").read_bytes()
    (tmp_path / "b.wav").write_bytes(whole[: len(whole) // 2])
    samples = np.concatenate(list(Recording.open(tmp_path / "b.wav").chunks(9)), axis=1)
    assert 0.9 < samples.shape[1] / RATE < 1.1


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "is empty"), (b"these are words and no sound" * 50, "no audio"), (b"RIFF\0\0\0\0WAVE", "no audio|no sound")],
)
def test_what_is_no_audio(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(InputError, match=words) as caught:
        Recording.open(tmp_path / "a.wav")
    assert caught.value.place == str(tmp_path / "a.wav")


def test_three_channels_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="3 channels"):
        Recording.open(three_channels(tmp_path / "a.wav"))


def test_the_extension_does_not_matter(tmp_path: Path) -> None:
    write_audio(tmp_path / "a.flac", tone(0.5, RATE)[None], RATE)
    (tmp_path / "a.flac").rename(tmp_path / "a.mp3")
    assert Recording.open(tmp_path / "a.mp3").codec == "flac"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        Recording.open(tmp_path / "none.wav")


def test_damaged_places_are_passed_over_and_counted(tmp_path: Path) -> None:
    write_audio(tmp_path / "a.m4a", tone(10.0, 44100)[None], 44100)
    data = bytearray((tmp_path / "a.m4a").read_bytes())
    middle = len(data) // 3
    data[middle : middle + 2000] = bytes(range(250)) * 8
    (tmp_path / "b.m4a").write_bytes(data)
    found = Recording.open(tmp_path / "b.m4a")
    seconds = sum(chunk.shape[1] for chunk in found.chunks(60)) / RATE
    assert seconds > 8
    assert found.damaged > 0


def test_a_name_with_a_colon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_audio(tmp_path / "a.wav", tone(0.5, RATE)[None], RATE)
    (tmp_path / "a.wav").rename("2026-03-02T09:14.wav")
    assert Recording.open(Path("2026-03-02T09:14.wav")).channels == 1
