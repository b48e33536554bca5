"""What a run passed over has no name of a call that was deleted."""

import os
from pathlib import Path

import pytest
from tests.store.runs import make_call, make_run

from ausweis.audio.hearing import _copy
from ausweis.batch.manifest import MANIFEST_FILE, read_manifest
from ausweis.calls import PassedOver
from ausweis.errors import StoreError
from ausweis.store.run_files import clean_cases, clean_run, ids_of, is_half, is_wanting, rewrite


def test_a_deleted_call_is_not_among_what_was_passed_over(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", [make_call(8)])
    made = read_manifest(folder)
    assert made is not None
    passed = PassedOver("transcript", 102, ("/calls/call-77.wav", "/calls/call-777.wav", "/calls/call-77.agent.wav"))
    hidden = PassedOver("hidden", 1, ("/calls/call-77.json",))
    text = made.model_copy(update={"passed_over": (passed, hidden)}).model_dump_json(by_alias=True)
    (folder / MANIFEST_FILE).write_text(text)
    assert clean_run(folder, frozenset({"call-77"})) == [folder / MANIFEST_FILE]
    cleaned = read_manifest(folder)
    assert cleaned is not None
    assert cleaned.passed_over == (PassedOver("transcript", 100, ("/calls/call-777.wav",)),)
    assert clean_run(folder, frozenset({"call-77"})) == []


LINES = b'{"call_id": "call-1"}\n{"call_id": "call-2"}\n'


@pytest.mark.parametrize("call_id", ["call-77", "../../x", ".foo", "foo", "..", "a b/ü%2F", "a.b", "x.agent.caller"])
@pytest.mark.parametrize("sides", [1, 2])
def test_copies_are_known_as_they_are_named(tmp_path: Path, call_id: str, sides: int) -> None:
    files = [tmp_path / f"{number}.wav" for number in range(sides)]
    for file in files:
        file.touch()
    folder = tmp_path / "recordings"
    _copy(files, folder, call_id)
    names = [path.name for path in folder.iterdir()]
    assert len(names) == sides
    for name in (*names, *(f".{name}.part" for name in names)):
        assert call_id in ids_of(name)


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("call-77.wav", {"call-77"}),
        ("call-77.agent.wav", {"call-77", "call-77.agent"}),
        (".call-77.wav.part", {"call-77"}),
        (".foo.wav", {".foo"}),
        ("..foo.wav.part", {".foo"}),
        ("..%2F..%2Fx.wav", {"../../x"}),
        ("x.agent.caller.wav", {"x.agent.caller", "x.agent"}),
    ],
)
def test_no_other_call_has_such_a_copy(name: str, ids: set[str]) -> None:
    assert ids_of(name) == ids
    assert is_half(name) == name.endswith(".part")


@pytest.fixture
def whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of two lines; at no time may somebody else read what is put in its place, and its folder is synced."""
    path = tmp_path / "lines.jsonl"
    path.write_bytes(LINES)
    path.chmod(0o600)
    put = Path.replace

    def replaced(part: Path, target: Path) -> Path:
        assert part.stat().st_mode & 0o777 == 0o600
        return put(part, target)

    monkeypatch.setattr(Path, "replace", replaced)
    return path


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders that were put on the disk."""
    found: list[Path] = []
    monkeypatch.setattr("ausweis.journal._sync_folder", found.append)
    return found


def test_lines_are_taken_out_for_good(whole: Path, synced: list[Path]) -> None:
    gone, kept = LINES.splitlines(keepends=True)
    assert rewrite(whole, lambda line: b"call-1" in line) == [gone.rstrip()]
    assert (whole.read_bytes(), whole.stat().st_mode & 0o777, synced) == (kept, 0o600, [whole.parent])


def test_cases_are_taken_out_for_good(whole: Path, synced: list[Path]) -> None:
    assert clean_cases(whole, frozenset({"call-2"})) == [whole]
    assert (whole.read_bytes(), whole.stat().st_mode & 0o777) == (LINES.splitlines(keepends=True)[0], 0o600)
    assert synced == [whole.parent]


def test_a_torn_line_is_cut_off_and_what_is_whole_stays_untouched(whole: Path, synced: list[Path]) -> None:
    assert (is_wanting(whole, lambda _: False), rewrite(whole, lambda _: False), synced) == (False, [], [])
    whole.write_bytes(LINES + b"torn")
    assert (rewrite(whole, lambda _: False), whole.read_bytes()) == ([], LINES)
    assert rewrite(whole.with_name("none.jsonl"), lambda _: True) == []


def test_a_file_that_cannot_be_rewritten_stays_and_is_told(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match=r"lines\.jsonl: the file cannot be rewritten; .* and delete again"):
        rewrite(whole, lambda _: True)
    assert [one.name for one in whole.parent.iterdir()] == [whole.name]
    assert whole.read_bytes() == LINES
