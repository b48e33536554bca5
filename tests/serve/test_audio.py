import re
from pathlib import Path

import pytest
from tests.serve.filled import call_of, fill, judged, tone
from tests.serve.serving import Visitor, visitor

from ausweis.facts import Event, Facts
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
