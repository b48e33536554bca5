"""The rule: whatever one file is, it is one failed call with one sentence, and the calls beside it are read.

The sentence holds no word of the file: whoever speaks, and each key, column and value, is told by place and shape.
"""

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ausweis.calls import Call, UnreadableCall, find_sources, formats, read_calls
from ausweis.errors import InputError
from ausweis.opening import LARGEST

GOOD = "AGENT: Guten Tag.\nKUNDE: Hallo.\n"
WORD = "Ilsebill Zwergpinguin"
TOO_LARGE = 10**400
LENS = {"Content": WORD, "ParticipantRole": "AGENT", "EndOffsetMillis": 1}


def offsets(number: Any) -> str:
    return json.dumps({"transcription": [{"offsets": {"from": number, "to": number}, "text": WORD}]})


def lens(number: Any) -> str:
    return json.dumps({"Transcript": [LENS | {"BeginOffsetMillis": number}]})


def contract(**more: Any) -> str:
    return json.dumps({"turns": [{"speaker": "agent", "text": WORD} | more, {"speaker": "caller", "text": WORD}]})


def whole(**more: Any) -> str:
    return json.dumps(json.loads(contract()) | more)


NUMBERS = (TOO_LARGE, -1, f"{TOO_LARGE}", 1e999, float("nan"), -(10**20), 10**20, WORD)
BAD = [
    *[("x.json", make(number)) for number in NUMBERS for make in (offsets, lens)],
    *[("x.json", contract(**{key: number})) for number in NUMBERS for key in ("start", "end", "confidence")],
    *[("x.json", whole(metadata={"a": number})) for number in (TOO_LARGE, 1e999, float("nan"))],
    ("x.json", '{"id": ' + "9" * 5000 + "}"),
    ("x.json", "[" * 100_000 + "]" * 100_000),
    ("x.json", '{"turns": [' + '{"a":' * 100_000),
    ("x.json", contract(**{WORD: 1})),
    ("x.json", whole(**{WORD: 1})),
    ("x.json", contract(speaker=WORD)),
    ("x.json", whole(language=WORD)),
    ("x.json", json.dumps({"results": {"language_code": WORD, "items": [{"type": WORD, "start_time": WORD}]}})),
    ("x.json", json.dumps({"segments": [{"text": WORD, "speaker": WORD, "start": WORD}]})),
    ("x.csv", f"speaker,text,{WORD}\nagent,{WORD}\n"),
    ("x.csv", f"{WORD},text\nagent,{WORD}\n"),
    ("x.csv", f"speaker,text,direction\nagent,{WORD},{WORD}\ncaller,{WORD},\n"),
    ("x.csv", f'sep="\nspeaker"text\nagent"{WORD}\n'),
    ("x.csv", f"speaker,text,start\nagent,{WORD},{WORD}\n"),
    ("x.txt", f"{WORD}: Guten Tag\nKUNDE: {WORD}\n"),
    ("x.txt", f"[٠٠:٠٠] {WORD}: Guten Tag\n"),
    ("x.txt", f"[9999:999:99] AGENT: {WORD}\n"),
    ("x.vtt", f"WEBVTT\n\n00:01.000 --> 00:02.000\n<v {WORD}>ja</v>\n"),
    ("x.vtt", f"WEBVTT\n\n00:01.000 --> 00:02.000\n<v Agent>&#{'9' * 5000}; {WORD}\n"),
    ("x.vtt", f"WEBVTT {WORD}\n\n٠٠:٠١.٠٠٠ --> 00:02.000\n<v Agent>{WORD}\n"),
    ("x.srt", f"1\n00:00:01,000 --> 00:00:02,000\n<v {WORD}>ja</v>\n"),
    ("x.srt", f"1\n٠٠:٠٠:٠١,000 --> 00:00:02,000\nAGENT: {WORD}\n"),
]

Beside = Callable[[], UnreadableCall]


@pytest.fixture
def beside(tmp_path: Path) -> Beside:
    """Reads the folder, where a good file stands before the bad one and another one behind it: the one failed call."""
    (tmp_path / "a.txt").write_text(GOOD)
    (tmp_path / "z.txt").write_text(GOOD)

    def read() -> UnreadableCall:
        found = list(read_calls([tmp_path]))
        assert sorted(one.id for one in found if isinstance(one, Call)) == ["a", "z"]
        (fault,) = (one for one in found if isinstance(one, UnreadableCall))
        assert str(fault).isprintable()
        assert "unforeseen" not in fault.message
        for word in WORD.split():
            assert word.lower() not in str(fault).lower()
        return fault

    return read


@pytest.mark.parametrize(("name", "content"), BAD, ids=range(len(BAD)))
def test_content(tmp_path: Path, beside: Beside, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    assert str(tmp_path / name) in beside().place


def test_pipe_device_and_socket_are_not_waited_for(tmp_path: Path, beside: Beside, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe.json")
    assert "it is a pipe, a socket or a device" in beside().message
    Path("pipe.json").unlink()
    Path("device.json").symlink_to("/dev/zero")
    assert "it is a pipe, a socket or a device" in beside().message
    Path("device.json").unlink()
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("socket.json")
        assert beside().kind == "file"


def test_pipe_beside_a_recording_or_as_one_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.wav")
    (tmp_path / "b.wav").write_bytes(b"x")
    os.mkfifo(tmp_path / "b.json")
    heard = []

    def hear(source: Any) -> UnreadableCall:
        heard.append(source.default_id)
        return UnreadableCall(source.place, source.default_id, "x", "recording")

    found = list(read_calls([tmp_path], hear=hear))
    assert [(one.call_id, one.kind) for one in found if isinstance(one, UnreadableCall)] == [
        ("a", "file"),
        ("b", "recording"),
    ]
    assert heard == ["b"]


@pytest.mark.parametrize("name", ["x.json", "x.jsonl", "x.txt", "x.csv", "x.vtt", "x.srt", "x.tsv"])
def test_file_that_is_too_large_to_be_held(tmp_path: Path, beside: Beside, name: str) -> None:
    with (tmp_path / name).open("wb") as file:
        file.write(b"WEBVTT\n")
        # A hole of a terabyte takes no room on the disk.
        file.truncate(1 << 40)
    assert f"more than the {LARGEST >> 20} MiB" in beside().message


def test_a_call_in_a_table_may_not_be_too_large_and_the_table_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ausweis.calls.csv_format.LARGEST", 1000)
    rows = [f"{number},agent,ja\n{number},caller,nein\n" for number in range(200)]
    path = tmp_path / "x.csv"
    path.write_text("call_id,speaker,text\n" + "".join(rows) + "200,agent,ja\n" * 100 + "201,agent,ja\n")
    *calls, fault = read_calls([path])
    assert len(calls) == 200
    assert all(isinstance(call, Call) for call in calls)
    assert isinstance(fault, UnreadableCall)
    assert "read at once" in fault.message
    assert fault.place.startswith(f"{path}:4")


def refuse(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if this user might not list the folder (whoever runs the tests as root may)."""
    listed = os.scandir

    def scandir(folder: Any = ".") -> Any:
        if os.fspath(folder) == str(path):
            raise PermissionError(13, "Permission denied", str(path))
        return listed(folder)

    monkeypatch.setattr(os, "scandir", scandir)


@pytest.mark.parametrize("name", ["sub", "a", "m.wav"])
def test_folder_that_cannot_be_entered(
    tmp_path: Path, beside: Beside, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Its name takes nothing from files that are named so: neither their id nor their place."""
    (tmp_path / name).mkdir()
    refuse(tmp_path / name, monkeypatch)
    fault = beside()
    assert (fault.kind, fault.place) == ("file", str(tmp_path / name))
    assert "leave it out" in fault.message


def test_folder_that_cannot_be_entered_is_wrong_use_where_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(tmp_path, monkeypatch)
    with pytest.raises(InputError, match="the folder cannot be read"):
        find_sources([tmp_path])


def test_file_that_may_not_be_read(tmp_path: Path, beside: Beside, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "b.json"
    path.write_text("{}")
    stat = Path.stat

    def denied(one: Path, **options: Any) -> os.stat_result:
        if one == path:
            raise PermissionError(13, "Permission denied", str(path))
        return stat(one, **options)

    monkeypatch.setattr(Path, "stat", denied)
    assert "Permission denied" in beside().message


def test_a_fault_of_the_program_stops_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(text: str, *_: Any) -> Any:
        raise LookupError(text)

    monkeypatch.setitem(formats._TEXTS, "vtt", broken)
    (tmp_path / "a.vtt").write_text(f"WEBVTT {WORD}")
    (tmp_path / "b.txt").write_text(GOOD)
    fault, call = read_calls([tmp_path])
    assert isinstance(fault, UnreadableCall)
    assert "LookupError" in fault.message
    assert "Ilsebill" not in fault.message
    assert isinstance(call, Call)
