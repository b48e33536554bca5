"""Of a folder, each file is read or told to be passed over; what Ausweis wrote is known by content, never by a name."""

import json
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ausweis.calls import Sources, find_sources
from ausweis.errors import InputError

NAMES = (
    "transcripts.jsonl",
    "failures.jsonl",
    "verdicts.jsonl",
    "a.json",
    "b.wav",
    "b.json",
    "b.txt",
    "c.docx",
    ".d",
)
FOLDERS = ("", "day", "day/recordings", "a.json.d", ".git", "day/sub")
CONTENTS = (
    "x",
    "[]",
    '{"turns": []}',
    '{"schema": "ausweis/verdict@2"}\n',
    '{"schema": "ausweis/failure@1"}\n',
    '{"id": "b", "turns": [], "metadata": {"recording": {"key": "1"}}}\n',
)
FILES = st.dictionaries(st.tuples(st.sampled_from(FOLDERS), st.sampled_from(NAMES)), st.sampled_from(CONTENTS))


def found_in(folder: Path, *, recordings_only: bool = False) -> tuple[Sources, list[Path]]:
    """The sources, and the paths that are told to be passed over."""
    found = find_sources([folder], recordings_only=recordings_only)
    return found, [Path(path) for one in found.passed_over for path in one.paths]


@given(FILES, st.booleans())
def test_each_file_is_read_or_told(files: dict[tuple[str, str], str], recordings_only: bool) -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(os.path.realpath(name))
        for (folder, file), content in files.items():
            (root / folder).mkdir(parents=True, exist_ok=True)
            (root / folder / file).write_text(content)
        try:
            found, passed = found_in(root, recordings_only=recordings_only)
        except InputError as error:
            assert error.message.startswith("the folder has no calls")  # noqa: PT017
            return
        read = [path for source in found.files for path in source.files]
        beside = [source.sidecar for source in found.files if source.sidecar and source.sidecar.is_file()]
        for path in (root / folder / file for folder, file in files):
            ways = [path in read, path in beside, any(path.is_relative_to(one) for one in passed)]
            assert sum(ways) == 1, path
        assert found.count == len(read)


def call_in(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('{"turns": []}')
    return path


@pytest.mark.parametrize("name", ["transcripts.jsonl", "failures.jsonl", "verdicts.jsonl"])
def test_a_name_hides_no_call(tmp_path: Path, name: str) -> None:
    wanted = {call_in(tmp_path / name), call_in(tmp_path / "b.json"), call_in(tmp_path / "recordings" / "c.json")}
    found, passed = found_in(tmp_path)
    assert ({source.path for source in found.files}, passed) == (wanted, [])


@pytest.mark.parametrize("schema", ["ausweis/verdict@2", "ausweis/verdict@99", "ausweis/failure@1"])
def test_what_ausweis_wrote_is_told_by_its_first_line(tmp_path: Path, schema: str) -> None:
    call_in(tmp_path / "a.json")
    written = tmp_path / "judged" / "of march.jsonl"
    call_in(written).write_text(f'{{"schema": "{schema}", "call_id": "a"}}\n{{"turns": []}}\n')
    found, passed = found_in(tmp_path)
    assert ([source.path for source in found.files], passed) == ([tmp_path / "a.json"], [written])
    with pytest.raises(InputError, match=r"no calls \(passed over: 1 written by ausweis"):
        find_sources([tmp_path / "judged"])


@pytest.mark.parametrize(
    "first", ["", "[1]", '{"schema": 2}', '{"schema": "ausweis/verdict', '{"schema": "verdict@2"}']
)
def test_another_first_line_hides_no_call(tmp_path: Path, first: str) -> None:
    path = tmp_path / "verdicts.jsonl"
    path.write_text(f'{first}\n{{"schema": "ausweis/verdict@2"}}\n')
    found, passed = found_in(tmp_path)
    assert ([source.path for source in found.files], passed) == ([path], [])


def test_a_recording_that_was_kept_is_not_heard_again_and_a_new_one_is(tmp_path: Path) -> None:
    kept = tmp_path / "recordings"
    kept.mkdir()
    for name in ("C%2F1.agent.wav", "C%2F1.caller.wav", "new.wav"):
        (kept / name).write_text("x")
    heard = {"id": "C/1", "turns": [], "metadata": {"recording": {"key": "1"}}}
    (tmp_path / "transcripts.jsonl").write_text(json.dumps(heard) + "\n")
    for recordings_only, read in ((False, ["new.wav", "transcripts.jsonl"]), (True, ["new.wav"])):
        found, passed = found_in(tmp_path, recordings_only=recordings_only)
        assert sorted(source.path.name for source in found.files if source.path) == read
        assert kept / "C%2F1.agent.wav" in passed


def test_a_linked_folder_is_told(tmp_path: Path) -> None:
    call_in(tmp_path / "far" / "a.json")
    call_in(tmp_path / "near" / "b.json")
    (tmp_path / "near" / "link").symlink_to(tmp_path / "far")
    found, passed = found_in(tmp_path / "near")
    assert (len(found.files), passed) == (1, [tmp_path / "near" / "link"])


def test_a_file_has_one_place_and_one_id_however_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    call_in(tmp_path / "1" / "a.json")
    call_in(tmp_path / "2" / "a.json")
    (tmp_path / "link").symlink_to(tmp_path)
    monkeypatch.chdir(tmp_path / "1")
    ways: list[tuple[str | Path, ...]] = [
        ("a.json", "../2/a.json"),
        (tmp_path / "1/a.json", tmp_path / "link" / "2/a.json"),
        ("../link/1", "../2"),
    ]
    found = [[(one.place, one.default_id) for one in find_sources(way).files] for way in ways]
    assert found[0] == found[1] == found[2] == [(f"{tmp_path}/{n}/a.json", f"{n}/a.json") for n in (1, 2)]
