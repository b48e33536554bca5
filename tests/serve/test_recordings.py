"""Recordings: in parts, decoded where a browser needs that, and their wave form."""

import re
import wave
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from evals.lab.spoken.writing import write_audio
from tests.audio.sounds import talk
from tests.audio.sounds import tone as samples
from tests.audio.test_pcm import adpcm
from tests.serve.filled import call_of, fill, judged, tone
from tests.serve.serving import Visitor, visitor

from ausweis.audio import pcm
from ausweis.audio.wave_form import Row, wave_form
from ausweis.facts import Event, Facts
from ausweis.serve import recordings as module
from ausweis.store import Store

ADDRESS = "/calls/1/audio/0"


def test_a_recording_comes_whole_or_in_parts(store: Store) -> None:
    http = visitor(store).http
    whole = http.get(ADDRESS)
    assert (whole.status_code, whole.headers["content-type"]) == (200, "audio/wav")
    assert whole.headers["accept-ranges"] == "bytes"
    part = http.get(ADDRESS, headers={"Range": "bytes=44-143"})
    assert (part.status_code, part.content) == (206, whole.content[44:144])
    assert part.headers["content-range"] == f"bytes 44-143/{len(whole.content)}"
    assert http.get(ADDRESS, headers={"Range": "bytes=-10"}).content == whole.content[-10:]
    assert http.get(ADDRESS, headers={"Range": f"bytes={len(whole.content)}-"}).status_code == 416


def test_no_cache_keeps_it_and_no_name_is_told(store: Store) -> None:
    headers = visitor(store).http.get(ADDRESS).headers
    assert headers["cache-control"] == "no-store"
    assert headers["content-disposition"] == "inline"
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("place", ["1", "99", "-1", "x", "..%2F..%2Fetc%2Fpasswd"])
def test_only_recordings_of_the_call_are_there(store: Store, place: str) -> None:
    assert visitor(store).http.get(f"/calls/1/audio/{place}").status_code == 404


def test_a_call_without_recording_has_none(store: Store) -> None:
    assert visitor(store).http.get("/calls/2/audio/0").status_code == 404
    assert "<audio" not in visitor(store).page("/calls/2")
    assert f'src="{ADDRESS}#t=' in visitor(store).page("/calls/1")


def test_a_turn_without_a_time_promises_no_sound(store: Store, tmp_path: Path) -> None:
    assert 'class="play"' in visitor(store).page("/calls/1")
    call, told = (
        call_of("c", ["Er endet im Mai."]),
        Event(kind="discloses", subject="contract_data", turn=1, quote="Er"),
    )
    call = call.model_copy(update={"turns": tuple(turn.model_copy(update={"start": None}) for turn in call.turns)})
    one, files = judged(call, Facts(call_id="c", turns=1, events=(told,))), (tone(tmp_path / "c.wav", 1),)
    with fill(tmp_path / "s.sqlite", [one], audio={"c": files}) as untimed:
        page = visitor(untimed).page("/calls/1")
    assert 'href="#t1"' in page
    assert 'class="play"' not in page


def test_only_recordings_are_given_away(tmp_path: Path) -> None:
    page, gone = tmp_path / "page.html", tone(tmp_path / "gone.wav", 1)
    page.write_text("<script>alert(1)</script>")
    one = judged(call_of("c", ["Hallo"]), Facts(call_id="c", turns=1))
    with fill(tmp_path / "s.sqlite", [one], audio={"c": (gone, page)}) as store:
        gone.unlink()
        http = visitor(store).http
        assert {http.get(f"/calls/1/audio/{place}").status_code for place in range(3)} == {404}


GONE = "A recording of this call is not there any more."


def test_a_recording_that_is_gone_has_no_player_and_is_said_to_be_gone_once(tmp_path: Path) -> None:
    files = tuple(tone(tmp_path / name, 1) for name in ("agent.wav", "caller.wav"))
    one = judged(call_of("c", ["Hallo"]), Facts(call_id="c", turns=1))
    with fill(tmp_path / "s.sqlite", [one], audio={"c": files}) as store:
        anna = visitor(store)
        assert (players(anna), anna.page("/calls/1").count(GONE)) == (["0", "1"], 0)
        files[0].unlink()
        assert (players(anna), anna.page("/calls/1").count(GONE)) == (["1"], 1)
        files[1].unlink()
        page = anna.page("/calls/1")
        german = anna.http.get("/calls/1", headers={"Accept-Language": "de"}).text
    assert (page.count(GONE), page.count("<audio"), page.count('class="play"')) == (1, 0, 0)
    assert "Eine Aufnahme dieses Anrufs ist nicht mehr vorhanden." in german


def test_a_file_that_nobody_knows_has_no_player(tmp_path: Path) -> None:
    file = tone(tmp_path / "call.ra", 1)
    one = judged(call_of("c", ["Hallo"]), Facts(call_id="c", turns=1))
    with fill(tmp_path / "s.sqlite", [one], audio={"c": (file,)}) as store:
        anna = visitor(store)
        assert players(anna) == []
        assert GONE not in anna.page("/calls/1")


def players(who: Visitor) -> list[str]:
    return re.findall(r'<audio[^>]*src="/calls/1/audio/(\d)#?', who.page("/calls/1"))


CALL = call_of("c", ["Guten Tag."] * 6)


def test_both_sides_are_told_and_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "c.wav"
    write_audio(path, talk(CALL.turns, 8000, caller=0.03), 8000, "pcm_alaw")
    one = judged(CALL, Facts(call_id="c", turns=6))
    made: list[int] = []

    def counted(*of: Any) -> list[Row]:
        made.append(1)
        return wave_form(*of)

    monkeypatch.setattr("ausweis.serve.recordings.wave_form", counted)
    with fill(tmp_path / "s.sqlite", [one], audio={"c": (path,)}) as store:
        http = visitor(store).http
        answer = http.get("/calls/1/wave")
        assert http.get("/calls/1/wave").json() == answer.json()
        assert len(made) == 1
        # A recording that changed is read anew; one that is gone is not told of any more.
        path.write_bytes(path.read_bytes()[:-8000])
        assert http.get("/calls/1/wave").json() != answer.json()
        assert len(made) == 2
        path.unlink()
        assert http.get("/calls/1/wave").status_code == 404
    agent, caller = answer.json()
    assert [(row["side"], row["place"], row["channel"]) for row in (agent, caller)] == [
        ("agent", 0, 0),
        ("caller", 0, 1),
    ]
    assert caller["gain"] / agent["gain"] == pytest.approx(10, rel=0.1)
    assert len(agent["levels"]) == 800
    assert answer.headers["cache-control"] == "no-store"
    assert "c.wav" not in answer.text


def test_who_may_not_see_the_call_gets_none(store: Store) -> None:
    http = visitor(store).http
    assert [http.get(f"/calls/{key}/wave").status_code for key in (1, 2, 999)] == [200, 404, 404]
    http.cookies.clear()
    assert http.get("/calls/1/wave").status_code == 303


def test_what_cannot_be_decoded_has_none_and_the_rest_has(tmp_path: Path) -> None:
    broken, whole = tmp_path / "a.mp3", tmp_path / "b.wav"
    broken.write_bytes(b"no sound at all" * 100)
    write_audio(whole, talk(CALL.turns, 8000)[:1], 8000)
    one = judged(CALL, Facts(call_id="c", turns=6))
    with fill(tmp_path / "s.sqlite", [one], audio={"c": (broken, whole)}) as store:
        assert [row["place"] for row in visitor(store).http.get("/calls/1/wave").json()] == [1]
        whole.write_bytes(b"no sound at all" * 100)
        assert visitor(store).http.get("/calls/1/wave").json() == []


def test_a_busy_server_says_so(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ausweis.serve.desk.KeptWaves.get", lambda *_: None)
    answer = visitor(store).http.get("/calls/1/wave")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")


ONE = judged(call_of("c", ["Hallo"]), Facts(call_id="c", turns=1))


def alaw(path: Path) -> Path:
    write_audio(path, samples(3.0, 8000)[None].repeat(2, axis=0), 8000, "pcm_alaw")
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
    write_audio(path, samples(1.0, 48_000)[None], 48_000)
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
