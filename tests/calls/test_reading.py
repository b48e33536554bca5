import io
import json
import os
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from ausweis.calls import Call, UnreadableCall, find_call, find_sources, read_calls
from ausweis.errors import InputError

TURNS = [{"speaker": "agent", "text": "Guten Tag."}, {"speaker": "caller", "text": "Hallo."}]
PLAIN = "AGENT: Guten Tag.\nKUNDE: Hallo.\n"


def line(call_id: str) -> str:
    return json.dumps({"id": call_id, "turns": TURNS}) + "\n"


def test_folder_with_every_format(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(PLAIN)
    (tmp_path / "b.json").write_text(line("b"))
    (tmp_path / "c.csv").write_text("speaker;text\nagent;Guten Tag.\nkunde;Hallo.\n")
    (tmp_path / "d.jsonl").write_text(line("d1") + line("d2"))
    (tmp_path / "e.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nAGENT: Guten Tag.\nKUNDE: Hallo.\n")
    (tmp_path / "f.vtt").write_text("WEBVTT\n\n00:01.000 --> 00:02.000\n<v Agent>Guten Tag.</v><v Kunde>Hallo.</v>\n")
    (tmp_path / "g.md").write_text("about")
    calls = [call for call in read_calls([tmp_path]) if isinstance(call, Call)]
    assert [call.id for call in calls] == ["a", "b", "c", "d1", "d2", "e", "f"]
    assert {tuple(turn.text for turn in call.turns) for call in calls} == {("Guten Tag.", "Hallo.")}


def test_second_call_with_an_id_is_unreadable_and_says_where_the_first_is(tmp_path: Path) -> None:
    (tmp_path / "1.jsonl").write_text(line("a") + line("b") + line("a"))
    (tmp_path / "2.json").write_text(line("b"))
    found = list(read_calls([tmp_path]))
    faults = [fault for fault in found if isinstance(fault, UnreadableCall)]
    assert [(f.kind, f.call_id, Path(f.place).name) for f in faults] == [
        ("duplicate", "a", "1.jsonl:3"),
        ("duplicate", "b", "2.json"),
    ]
    assert "1.jsonl:1" in faults[0].message
    assert "1.jsonl:2" in faults[1].message


@pytest.mark.parametrize(
    "content", [line("a") + line("b"), f"[{line('a')},{line('b')}]", line("a") + '{"id": "c"\n' + line("b")]
)
def test_standard_input_finds_its_format(monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content.encode())))
    found = list(read_calls(["-"]))
    assert [call.id for call in found if isinstance(call, Call)] == ["a", "b"]


@pytest.mark.parametrize(
    "content",
    [
        PLAIN,
        "[00:01] " + PLAIN,
        "speaker,text\nagent,a\ncaller,b\n",
        "WEBVTT\n\n00:01.000 --> 00:02.000\nAGENT: a\nKUNDE: b",
        "\n1\n00:00:01,000 --> 00:00:02,000\nAGENT: a\nKUNDE: b",
        json.dumps({"turns": TURNS}, indent=2),
    ],
)
def test_content_tells_the_format_where_no_extension_does(monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content.encode())))
    [call] = read_calls(["-"])
    assert isinstance(call, Call), str(call)
    assert call.id == "stdin"
    assert [turn.speaker for turn in call.turns] == ["agent", "caller"]


def test_unknown_extension_and_a_forced_format(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(PLAIN)
    [fault] = read_calls([tmp_path / "a.log"])
    assert isinstance(fault, UnreadableCall)
    assert "--format" in fault.message
    [call] = read_calls([tmp_path], format="plain")
    assert isinstance(call, Call)


def test_mistakes_are_raised_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        read_calls([tmp_path / "none.json"])
    with pytest.raises(InputError, match="json, jsonl, vtt"):
        read_calls(["-"], format="docx")
    with pytest.raises(InputError, match="agent, caller"):
        read_calls(["-"], speakers={"x": "y"})


def test_file_that_goes_away_or_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(PLAIN)
    (tmp_path / "b.txt").write_text(PLAIN)
    sources = find_sources([tmp_path])
    (tmp_path / "a.txt").unlink()
    fault, call = read_calls(sources)
    assert isinstance(fault, UnreadableCall)
    assert fault.kind == "file"
    assert isinstance(call, Call)


def test_named_pipe_is_read_like_a_file(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, (line("a") + line("b")).encode())
    os.close(writing)
    try:
        found = list(read_calls([f"/dev/fd/{reading}"]))
    finally:
        os.close(reading)
    assert [call.id for call in found if isinstance(call, Call)] == ["a", "b"]


def test_json_lines_are_never_held_whole(tmp_path: Path) -> None:
    path = tmp_path / "many.jsonl"
    long = json.dumps({"turns": [TURNS[0], {"speaker": "caller", "text": "x" * 20_000}]}) + "\n"
    with path.open("w") as file:
        file.writelines(long for _ in range(1000))

    def count(calls: Iterator[Call | UnreadableCall]) -> int:
        return sum(isinstance(call, Call) for call in calls)

    tracemalloc.start()
    try:
        assert count(read_calls([path])) == 1000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert path.stat().st_size > 20_000_000
    assert peak < 2_000_000


def test_one_call_by_its_file_and_id(tmp_path: Path) -> None:
    """Without an id the first; a file whose own name has the sign is that file."""
    path = tmp_path / "1.jsonl"
    path.write_text("".join(map(line, "abcdefg")))
    (tmp_path / "x#b").write_text(line("other"))
    assert [find_call(str(name)).id for name in (path, f"{path}#b", tmp_path / "x#b")] == ["a", "b", "other"]
    with pytest.raises(InputError, match=r"1\.jsonl: there is no call z here \(there are: a, b, c, d, e and 2 more\)"):
        find_call(f"{path}#z")
    with pytest.raises(InputError, match="no such file"):
        find_call(str(tmp_path / "none.json#b"))
    path.write_text("{}\n" + line("b"))
    with pytest.raises(InputError, match=r"1\.jsonl:1: "):
        find_call(str(path))
    assert find_call(f"{path}#b").id == "b"
