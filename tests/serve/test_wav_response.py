"""Recordings that are decoded while they are sent: each range is what the whole has there."""

import wave
from io import BytesIO
from pathlib import Path

import pytest
from evals.lab.spoken.writing import write_audio
from tests.audio.sounds import tone
from tests.audio.test_pcm import adpcm
from tests.serve.filled import call_of, fill, judged
from tests.serve.serving import visitor

from ausweis.audio import pcm
from ausweis.facts import Facts
from ausweis.serve import audio as module

ADDRESS = "/calls/1/audio/0"
ONE = judged(call_of("c", ["Hallo"]), Facts(call_id="c", turns=1))


def alaw(path: Path) -> Path:
    write_audio(path, tone(3.0, 8000)[None].repeat(2, axis=0), 8000, "pcm_alaw")
    return path


@pytest.mark.parametrize("make", [alaw, lambda path: adpcm(path, 3)])
def test_any_range_of_what_browsers_do_not_play(tmp_path: Path, make: object) -> None:
    path = make(tmp_path / "c.wav")  # type: ignore[operator]
    with fill(tmp_path / "s.sqlite", [ONE], audio={"c": (path,)}) as store:
        http = visitor(store).http
        whole = http.get(ADDRESS)
        assert (whole.status_code, whole.headers["content-type"]) == (200, "audio/wav")
        assert whole.headers["accept-ranges"] == "bytes"
        assert whole.headers["content-disposition"] == "inline"
        with wave.open(BytesIO(whole.content)) as found:
            assert (found.getframerate(), found.getsampwidth()) == (8000, 2)
            assert found.getnframes() == (len(whole.content) - 44) // (2 * found.getnchannels())
            assert found.getnframes() == pytest.approx(24_000, rel=0.05)
        size = len(whole.content)
        for first, last in ((0, 0), (0, 43), (10, 100), (44, 45), (1001, 20_000), (size - 3, size + 99)):
            part = http.get(ADDRESS, headers={"Range": f"bytes={first}-{last}"})
            assert (part.status_code, part.content) == (206, whole.content[first : last + 1])
            assert part.headers["content-range"] == f"bytes {first}-{min(last, size - 1)}/{size}"
        assert http.get(ADDRESS, headers={"Range": "bytes=30001-"}).content == whole.content[30_001:]
        assert http.get(ADDRESS, headers={"Range": "bytes=-7"}).content == whole.content[-7:]
        assert http.get(ADDRESS, headers={"Range": "bytes=0-"}).content == whole.content
        for asked in ("bytes=1-2,4-5", "bytes=-", "lines=1-2"):
            assert http.get(ADDRESS, headers={"Range": asked}).status_code == 200
        for asked in (f"bytes={size}-", "bytes=9-2", "bytes=-0"):
            refused = http.get(ADDRESS, headers={"Range": asked})
            assert (refused.status_code, refused.headers["content-range"]) == (416, f"bytes */{size}")
        head = http.head(ADDRESS)
        assert (head.content, head.headers["content-length"]) == (b"", str(size))


def test_what_browsers_play_comes_as_it_is_unless_one_could_not(tmp_path: Path) -> None:
    path = tmp_path / "c.ogg"
    write_audio(path, tone(1.0, 48_000)[None], 48_000)
    with fill(tmp_path / "s.sqlite", [ONE], audio={"c": (path,)}) as store:
        http = visitor(store).http
        assert http.get(ADDRESS).content == path.read_bytes()
        decoded = http.get(f"{ADDRESS}?as=wav")
        assert (decoded.headers["content-type"], decoded.content[:4]) == ("audio/wav", b"RIFF")
        path.write_bytes(b"no sound at all" * 100)
        assert http.get(f"{ADDRESS}?as=wav").status_code == 404


def test_without_the_extra_files_are_sent_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pcm, "can_decode", lambda: False)
    monkeypatch.setattr(module, "can_decode", lambda: False)
    path = adpcm(tmp_path / "c.wav", 1)
    other = tmp_path / "d.amr"
    other.write_bytes(b"#!AMR\n")
    with fill(tmp_path / "s.sqlite", [ONE], audio={"c": (path, other)}) as store:
        anna = visitor(store)
        assert anna.http.get(ADDRESS).content == path.read_bytes()
        assert anna.http.get(f"{ADDRESS}?as=wav").status_code == 404
        assert anna.http.get("/calls/1/audio/1").status_code == 404
        assert anna.page("/calls/1").count("<audio") == 1
        alaw(path)
        assert anna.http.get(ADDRESS).content[:4] == b"RIFF"
        assert len(anna.http.get(ADDRESS).content) == 44 + 3 * 8000 * 4
