"""Files of lines lose calls for good, and nothing else; copies of recordings are known by their names.

Recorded answers hold words of a call where they quote it, or have twelve letters in a row of it.
"""

import json
import os
from pathlib import Path

import pytest

from ausweis.audio.hearing import _copy
from ausweis.errors import StoreError
from ausweis.store import Store
from ausweis.store.exports import Quotable, clean_lines, ids_of, of_kind

LINES = b'{"call_id": "call-1"}\n{"call_id": "call-2"}\n'
FIRST = frozenset({"call-1"})


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


@pytest.fixture
def whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of two lines; at no time may somebody else read what is put in its place."""
    path = tmp_path / "lines.jsonl"
    path.write_bytes(LINES)
    path.chmod(0o600)
    put = Path.replace

    def replaced(part: Path, target: Path) -> Path:
        assert part.stat().st_mode & 0o777 == 0o600
        return put(part, target)

    monkeypatch.setattr(Path, "replace", replaced)
    return path


def test_lines_are_taken_out_for_good(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []
    monkeypatch.setattr("ausweis.journal._sync_folder", synced.append)
    assert clean_lines(whole, FIRST) == [whole]
    assert (whole.read_bytes(), whole.stat().st_mode & 0o777) == (LINES.splitlines(keepends=True)[1], 0o600)
    assert synced == [whole.parent]


@pytest.mark.parametrize("rest", [b"", b"notes\r\n\n", b"no end", b'{"call_id": "call-3"}', b'{"torn": 1}\n{\n'])
def test_what_is_of_no_such_call_stays_as_it_is(whole: Path, rest: bytes) -> None:
    whole.write_bytes(LINES + rest)
    before = whole.stat().st_ino
    assert clean_lines(whole, frozenset({"call-9"})) == []
    assert (whole.stat().st_ino, whole.read_bytes()) == (before, LINES + rest)
    clean_lines(whole, FIRST)
    assert whole.read_bytes() == LINES.splitlines(keepends=True)[1] + rest


def test_a_line_that_was_torn_goes_though_nobody_knows_whose_it_is(whole: Path) -> None:
    whole.write_bytes(LINES + b'{"call_id": "call-1", "quote": "Mei')
    assert clean_lines(whole, frozenset({"call-9"})) == [whole]
    assert whole.read_bytes() == LINES


def test_a_file_that_is_not_there_leaves_only_what_a_killed_command_did(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    assert clean_lines(path, FIRST) == []
    part = tmp_path / ".lines.jsonl.part"
    part.write_bytes(LINES)
    assert (clean_lines(path, FIRST), part.exists()) == ([part], False)


def test_a_file_that_cannot_be_rewritten_stays_and_is_told(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match=r"lines\.jsonl: the file cannot be rewritten; .* and delete again"):
        clean_lines(whole, FIRST)
    assert [one.name for one in whole.parent.iterdir()] == [whole.name]
    assert whole.read_bytes() == LINES


def test_a_name_is_of_the_last_kind_and_a_stream_of_none(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    with Store.open(tmp_path / "s.sqlite") as store:
        store.register(tmp_path / "x", "cases")
        store.register(tmp_path / "x", "verdicts")
        store.register(Path(f"/dev/fd/{writing}"), "verdicts")
        with store._database.reading() as connection:
            assert (of_kind(connection, "cases"), of_kind(connection, "verdicts")) == (set(), {tmp_path / "x"})
    os.close(reading)
    os.close(writing)


WORDS = "Guten Tag, hier spricht Ilse Krummbiegel.\nMeine PIN ist 000077, ja?"


def line(answer: object, **more: object) -> bytes:
    text = answer if isinstance(answer, str) else json.dumps(answer)
    return json.dumps({"key": "0" * 64, "result": {"text": text, **more}}).encode()


@pytest.mark.parametrize(
    "answer",
    [
        {"quote": "Meine PIN ist 000077"},
        {"quote": "meine  PIN\nist 000077 ,"},
        {"quote": "hier spricht Ilse Krummbiegel aus Köln"},
        {"violations": [{"turn": 2, "quote": "ja"}]},
        {"quote": "tag.\nHIER"},
        {"reasoning": "Der Anrufer sagt „meine PIN ist 000077“, das genügt."},
        {"reasoning": "Frau Krummbiegel ruft an. Meine Güte.", "quote": "Ilse"},
        "Meine PIN ist 000077, ja?",
        "spricht Ilse Krumm",
    ],
)
def test_words_of_the_call(answer: object) -> None:
    assert Quotable([WORDS]).is_in(line(answer))


@pytest.mark.parametrize(
    "answer",
    [
        {"quote": "Mei"},
        {"quote": ""},
        {"quote": "Ihre PIN stimmt, Herr Zwetschge"},
        {"reasoning": "ja", "outcome": "compliant"},
        {"reasoning": "Ilse und PIN und Tag, sonst nichts davon."},
        {"caller": "account_holder", "violations": []},
        "gives pin",
        "ja",
        ["ja", 7, None],
    ],
)
def test_no_words_of_the_call(answer: object) -> None:
    assert not Quotable([WORDS]).is_in(line(answer))


def test_a_choice_holds_no_word_of_a_call() -> None:
    said = Quotable(["She asks date of birth and all."])
    assert said.is_in(line("asks date of birth"))
    assert not said.is_in(line("asks date of birth", probabilities=[0.9, 0.1]))


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"result": 7}', b'{"result": []}', b'{"result": {"text": 7}}'])
def test_what_is_no_answer_is_left(data: bytes) -> None:
    assert not Quotable([WORDS]).is_in(data)


def test_many_calls_are_compared_a_portion_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ausweis.store.exports._AT_ONCE", 100)
    calls = [f"der Satz mit der Nummer {number} und mehr" for number in range(20)]
    portions = list(Quotable.portions(calls))
    assert 5 < len(portions) < 20
    for answer in ("Nummer 0 und mehr", "nummer 19 und mehr"):
        assert any(said.is_in(line(answer)) for said in portions)
    assert len(list(Quotable.portions([]))) == 1
