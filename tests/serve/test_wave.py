"""The wave form of a call, as JSON."""

from pathlib import Path
from typing import Any

import pytest
from evals.lab.spoken.writing import write_audio
from tests.audio.sounds import talk
from tests.serve.filled import call_of, fill, judged
from tests.serve.serving import visitor

from ausweis.audio.wave_form import Row, wave_form
from ausweis.facts import Facts
from ausweis.store import Store

CALL = call_of("c", ["Guten Tag."] * 6)


def test_both_sides_are_told_and_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "c.wav"
    write_audio(path, talk(CALL.turns, 8000, caller=0.03), 8000, "pcm_alaw")
    one = judged(CALL, Facts(call_id="c", turns=6))
    made: list[int] = []

    def counted(*of: Any) -> list[Row]:
        made.append(1)
        return wave_form(*of)

    monkeypatch.setattr("ausweis.serve.wave.wave_form", counted)
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
    monkeypatch.setattr("ausweis.serve.kept_waves.KeptWaves.get", lambda *_: None)
    answer = visitor(store).http.get("/calls/1/wave")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")
