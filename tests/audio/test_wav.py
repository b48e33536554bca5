"""Headers of WAV files: as recorders write them, and our own."""

import struct
from pathlib import Path

import pytest
from evals.lab.spoken.writing import write_audio
from tests.audio.sounds import tone

from ausweis.audio.wav import A_LAW, MU_LAW, PCM, Wav, header


@pytest.mark.parametrize(
    ("codec", "coding", "bits"), [("pcm_alaw", A_LAW, 8), ("pcm_mulaw", MU_LAW, 8), ("pcm_s16le", PCM, 16)]
)
def test_what_encoders_write(tmp_path: Path, codec: str, coding: int, bits: int) -> None:
    write_audio(tmp_path / "a.wav", tone(1.0, 8000)[None], 8000, codec)  # type: ignore[arg-type]
    found = Wav.read(tmp_path / "a.wav")
    assert found is not None
    assert (found.coding, found.bits, found.channels, found.rate, found.size) == (coding, bits, 1, 8000, 1000 * bits)
    assert found.plays == (coding == PCM)


def test_our_own_is_read_again(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(header(2, 16_000, 3) + bytes(12))
    assert Wav.read(tmp_path / "a.wav") == Wav(tmp_path / "a.wav", PCM, 2, 16_000, 16, 44, 12)


def test_an_extended_header_tells_the_coding_further_on(tmp_path: Path) -> None:
    about = struct.pack("<HHIIHHHHIH14x", 0xFFFE, 1, 8000, 8000, 1, 8, 22, 8, 4, A_LAW)
    name = b"RIFF\0\0\0\0WAVELIST\3\0\0\0abc\0fmt " + struct.pack("<I", len(about))
    (tmp_path / "a.wav").write_bytes(name + about + b"data\4\0\0\0abcd")
    found = Wav.read(tmp_path / "a.wav")
    assert found is not None
    assert (found.coding, found.size, found.plays) == (A_LAW, 4, False)


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
def test_a_size_that_was_never_written_is_that_of_the_file(tmp_path: Path, size: int) -> None:
    (tmp_path / "a.wav").write_bytes(header(1, 8000, 0)[:-4] + struct.pack("<I", size) + bytes(100))
    found = Wav.read(tmp_path / "a.wav")
    assert found is not None
    assert found.size == 100


@pytest.mark.parametrize(
    "content", [b"", b"RIFF", b"ID3 and so on", header(1, 8000, 0)[:20], b"RIFF\0\0\0\0WAVEdata\0\0\0\0"]
)
def test_what_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    assert Wav.read(tmp_path / "a.wav") is None
    assert Wav.read(tmp_path / "elsewhere.wav") is None
