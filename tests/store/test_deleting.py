"""Deleting a call is proven: no file that ausweis wrote holds a word of it, and what cannot be cleaned is named."""

import base64
import bz2
import errno
import gzip
import html
import io
import json
import lzma
import os
import random
import re
import sqlite3
import tarfile
import unicodedata
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import pytest
from ausweis.batch.manifest import read_manifest
from tests.store.conftest import Filled
from tests.store.runs import make_call, make_run

from ausweis.batch import RunFolder
from ausweis.calls import Call
from ausweis.calls.failure import Failure
from ausweis.errors import RunError, StoreError
from ausweis.store import CallFilter, Deleted, Store
from ausweis.store.database import Database
from ausweis.store.traces import Traces, sentences

SECRET = "Zwetschgendatschi mit Schlagsahne am Sonntagnachmittag"
NOTE = "die Dame rief wegen des Pflaumenkuchens noch einmal an"


def files_with(folder: Path, *words: str) -> list[str]:
    """The names of all files below a folder that hold any of these words, as text or as JSON escapes."""
    needles = [one.encode() for word in words for one in (word, json.dumps(word)[1:-1])]
    files = (path for path in folder.rglob("*") if path.is_file())
    return sorted(str(path.relative_to(folder)) for path in files if any(one in path.read_bytes() for one in needles))


@pytest.fixture
def calls() -> list[Call]:
    ordinary = [make_call(number, pin=number % 4 > 0) for number in range(1, 40)]
    return [*ordinary, make_call(77, words=f"{SECRET}, ", pin=False), make_call(777, pin=False)]


@pytest.fixture
def full(store: Store, tmp_path: Path, calls: list[Call]) -> Store:
    """A store and all that ausweis writes about a call."""
    run = make_run(tmp_path / "run", calls, inputs=["calls/call-77.json", "calls/call-8.json"])
    again = make_run(tmp_path / "again", calls[-2:], started="2026-03-03T00:00:00Z")
    (run / "transcripts.jsonl").write_text("".join(call.model_dump_json() + "\n" for call in calls), "utf-8")
    with (run / "failures.jsonl").open("a", encoding="utf-8") as file:
        for name, place in (("call-77", None), (None, "calls/call-77.json:3"), ("call-8", "calls/call-8.json")):
            file.write(Failure(call_id=name, place=place, kind="format", message="no call").line + "\n")
    manifest = read_manifest(run)
    assert manifest is not None
    with RunFolder.open(run, resume=True) as counted:
        counted.begin(manifest)
        counted.finish(complete=True)
    (run / "recordings").mkdir()
    for name in ("call-77.agent.wav", "call-77.caller.wav", "call-777.wav"):
        (run / "recordings" / name).write_bytes(name.encode())
    (tmp_path / "mine.wav").write_bytes(b"RIFF")
    store.import_run(run, audio={"call-77": (tmp_path / "mine.wav",)})
    store.import_run(again)
    answers = tmp_path / "answers"
    answers.mkdir()
    (answers / "engine.json").write_text("{}")
    told = [
        json.dumps({"quote": SECRET}),
        SECRET,
        "gives pin",
        json.dumps({"quote": "Guten Tag"}),
        json.dumps({"quote": "ade"}),
    ]
    lines = [json.dumps({"key": f"{n:064}", "result": {"text": text}}) for n, text in enumerate(told)]
    (answers / "answers.jsonl").write_text("".join(f"{line}\n" for line in lines))
    store.register(answers, "answers")
    for name, shown in (("with.html", ("call-77", "call-8")), ("without.html", ("call-8",))):
        page = tmp_path / name
        page.write_text(SECRET if "call-77" in shown else "nothing", "utf-8")
        store.register_report(page, [store.find(one) or 0 for one in shown])
    record = store.record(store.find("call-77") or 0)
    store.decide(record.row.key, reviewer="Mia", choice="confirm", note=NOTE, verdict_key=record.verdict_key)
    store.draw_sample(date(2026, 3, 1), date(2026, 3, 31), 5, seed=1)
    return store


def test_a_call_is_gone_everywhere(full: Store, tmp_path: Path) -> None:
    assert len(files_with(tmp_path, SECRET)) >= 3
    deleted = full.delete("call-77", by="Mia")
    assert deleted.calls == 1
    names = {str(Path(place).relative_to(tmp_path)) if place != "store" else place for place in deleted.removed}
    assert names == {
        "store",
        "with.html",
        "answers/answers.jsonl",
        *(f"again/{name}" for name in ("facts.jsonl", "verdicts.jsonl", "run.json")),
        *(
            f"run/{name}"
            for name in ("facts.jsonl", "verdicts.jsonl", "transcripts.jsonl", "failures.jsonl", "run.json")
        ),
        "run/recordings/call-77.agent.wav",
        "run/recordings/call-77.caller.wav",
    }
    assert deleted.kept == (str(tmp_path / "mine.wav"),)
    assert files_with(tmp_path, SECRET, NOTE, "000000077", "call-77.", '"call-77"') == []
    assert full.find("call-77") is None
    assert full.count(CallFilter(text=SECRET)) == 0
    assert [entry.what for entry in full.chain(limit=1)] == ["deleted"]
    full.verify_chain()


def test_all_other_calls_are_as_they_were(full: Store, tmp_path: Path, calls: list[Call]) -> None:
    before = {row.call_id: full.record(row.key) for row in full.calls()}
    lines = {
        path: [
            line for line in path.read_text("utf-8").splitlines() if '"call-77"' not in line and "call-77." not in line
        ]
        for path in (*tmp_path.glob("run/*.jsonl"), *tmp_path.glob("again/*.jsonl"))
    }
    full.delete("call-77")
    del before["call-77"]
    assert {row.call_id: full.record(row.key) for row in full.calls()} == before
    assert {path: path.read_text("utf-8").splitlines() for path in lines} == lines
    assert (tmp_path / "run" / "recordings" / "call-777.wav").exists()
    assert (tmp_path / "without.html").exists()
    left = (tmp_path / "answers" / "answers.jsonl").read_text().splitlines()
    assert [json.loads(line)["result"]["text"] for line in left] == ["gives pin", '{"quote": "ade"}']
    manifest = read_manifest(tmp_path / "run")
    assert manifest is not None
    assert (manifest.counts.verdicts, manifest.counts.failures, manifest.complete) == (
        len(calls) - 1,
        {"format": 1},
        True,
    )
    assert manifest.inputs.paths == ("calls/call-8.json",)
    with RunFolder.open(tmp_path / "run", resume=True) as run:
        run.begin(manifest)
        assert run.is_settled("call-777")
        assert not run.is_settled("call-77")


def test_a_call_that_is_not_there(full: Store) -> None:
    with pytest.raises(StoreError, match="no call with this id"):
        full.delete("call-7777")
    full.delete("call-77")
    with pytest.raises(StoreError, match="no call with this id") as caught:
        full.delete("call-77")
    assert "77" not in str(caught.value)


def test_a_call_that_only_a_run_has(full: Store, tmp_path: Path) -> None:
    make_run(tmp_path / "other", [make_call(5000, words=SECRET), make_call(5001)])
    full.delete("call-5000", roots=[tmp_path / "other"])
    assert files_with(tmp_path, "000005000", "call-5000") == []
    assert [entry.what for entry in full.chain(limit=1)] == ["deleted"]


def test_a_run_that_is_being_written_keeps_the_call_in_the_store(full: Store, tmp_path: Path) -> None:
    with RunFolder.open(tmp_path / "again", resume=True), pytest.raises(RunError, match="another process is writing"):
        full.delete("call-77")
    assert full.find("call-77") is not None
    full.delete("call-77")
    assert files_with(tmp_path, SECRET) == []


def test_runs_and_answers_that_the_store_does_not_know(full: Store, tmp_path: Path, calls: list[Call]) -> None:
    make_run(tmp_path / "more" / "deep" / "run", calls[-2:])
    full.delete("call-77", roots=[tmp_path / "more"])
    assert files_with(tmp_path, SECRET) == []


@pytest.mark.parametrize("escaped", [False, True])
def test_what_is_left_is_named(full: Store, tmp_path: Path, escaped: bool) -> None:
    text = f"grüß Gott, {SECRET}, aus der Lindenallee Nummer 77"
    text = full.record(full.find("call-77") or 0).call.turn(1).text  # type: ignore[union-attr]
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "copy.txt").write_text(json.dumps(text) if escaped else text, "utf-8")
    with pytest.raises(StoreError, match=r"words of the deleted call, or its id, are still in .*copy\.txt") as caught:
        full.delete("call-77", roots=[tmp_path / "notes"])
    assert SECRET not in str(caught.value)
    assert full.find("call-77") is None


def test_a_note_that_is_left_is_named(full: Store, tmp_path: Path) -> None:
    (tmp_path / "minutes.txt").write_text(f"Mia: {NOTE}", "utf-8")
    with pytest.raises(StoreError, match=r"minutes\.txt"):
        full.delete("call-77", roots=[tmp_path / "minutes.txt"])


def test_an_id_that_is_left_is_named_and_a_longer_one_is_not(full: Store, tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    path = tmp_path / "notes" / "list.csv"
    path.write_text("call-777;call-77\n")
    with pytest.raises(StoreError, match=r"list\.csv"):
        full.delete("call-77", roots=[tmp_path / "notes"])
    path.write_text("call-777\n")
    full.delete("call-8", roots=[tmp_path / "notes"])


def test_sentences_that_every_agent_says_prove_nothing(store: Store, filled: Filled) -> None:
    filled([make_call(1), make_call(2)])
    store.delete("call-1")
    assert store.count() == 1


def test_a_call_without_text_is_known_by_its_quotes(store: Store, tmp_path: Path) -> None:
    long = "Ihr Vertrag mit der Nummer 000000005 läuft bis Mai."
    folder = make_run(tmp_path / "run", [make_call(5), make_call(6)])
    store.import_run(folder)
    copy = tmp_path / "copy.txt"
    copy.write_text(long, "utf-8")
    with pytest.raises(StoreError, match=r"copy\.txt"):
        store.delete("call-5", roots=[copy])
    copy.unlink()
    store.delete("call-6")
    assert files_with(tmp_path, long) == []


def test_a_folder_that_is_gone_and_a_text_without_verdict(store: Store, filled: Filled, tmp_path: Path) -> None:
    filled([make_call(1)])
    store.add_calls([make_call(2)])
    (tmp_path / "run").rename(tmp_path / "elsewhere")
    store.delete("call-2")
    assert store.delete("call-1").missing == (str(tmp_path / "run"),)
    assert store.count() == 0
    assert files_with(tmp_path, "000000001") == ["elsewhere/facts.jsonl", "elsewhere/verdicts.jsonl"]


def test_calls_expire(store: Store, filled: Filled, tmp_path: Path) -> None:
    old = [make_call(100 + n, day="2026-01-01", words=f"{SECRET} {n}, ") for n in range(60)]
    filled([*old, make_call(1, day="2026-03-01"), make_call(2, day="2026-03-02")])
    store.add_calls([make_call(3, day="2025-01-01", words=SECRET)])
    deleted = store.expire(1, today=date(2026, 3, 2))
    assert deleted.calls == 61
    assert {row.call_id for row in store.calls()} == {"call-1", "call-2"}
    assert files_with(tmp_path, SECRET) == []
    assert store.expire(1, today=date(2026, 3, 2)) == Deleted(0)
    assert [entry.what for entry in store.chain()].count("deleted") == 61
    store.verify_chain()


def test_no_call_is_older_than_all_days_that_there_are(store: Store, filled: Filled) -> None:
    filled([make_call(1, day="0001-01-02"), make_call(2)])
    for days in (10**6, 10**12):
        assert store.expire(days, today=date(2026, 3, 2)) == Deleted(0)
    assert store.expire(739000, today=date(2026, 3, 2)).calls == 1


def test_sentences_are_long_and_plain() -> None:
    found = list(
        sentences(['Kurz. "Ein langer Satz, der etwas sagt", sagte er\nund noch einer, der länger ist als der davor'])
    )
    assert found == ["und noch einer, der länger ist als der davor", "Ein langer Satz, der etwas sagt"]


def test_a_line_that_says_to_be_of_another_call_is_no_trace(tmp_path: Path) -> None:
    traces = Traces(frozenset({"call-1"}), ("und noch einer, der länger ist",))
    path = tmp_path / "x.jsonl"
    path.write_text('{"call_id": "call-2", "quote": "und noch einer, der länger ist als call-1"}\n', "utf-8")
    assert not traces.in_file(path)
    path.write_text('{"call_id": "call-1"}\n', "utf-8")
    assert traces.in_file(path)
    path.write_text('{"quote": "und noch einer, der länger ist"}\n', "utf-8")
    assert traces.in_file(path)
    path.write_text("", "utf-8")
    assert not traces.in_file(path)


def test_a_stray_copy_of_many_calls_is_named(store: Store, filled: Filled, tmp_path: Path) -> None:
    filled([make_call(100 + n, day="2026-01-01", words=f"{SECRET} {n}, ") for n in range(60)])
    stray = tmp_path / "stray"
    stray.mkdir()
    # The last alone: its sentences are not among those that are searched for.
    line = (tmp_path / "run" / "verdicts.jsonl").read_text("utf-8").splitlines()[-1]
    (stray / "verdicts.jsonl").write_text(line + "\n", "utf-8")
    with pytest.raises(StoreError, match=r"stray/verdicts\.jsonl"):
        store.expire(1, today=date(2026, 3, 2), roots=[stray])


def test_a_copy_of_an_excel_file_is_searched_though_it_is_compressed(tmp_path: Path) -> None:
    path = tmp_path / "copy.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", f"<si><t>call-77123</t></si><si><t>{SECRET}</t></si>" * 20)
    assert not files_with(tmp_path, SECRET, "call-77123")
    assert Traces(frozenset({"call-77123"}), ()).in_file(path)
    assert Traces(frozenset(), (SECRET,)).in_file(path)
    assert not Traces(frozenset({"call-77"}), ("Apfelkuchen ohne alles dazu, bitte",)).in_file(path)


SAID = f"Guten Tag, hier spricht Ilse Krummbiegel aus der Lindenallee Nummer 77, {SECRET}, grüß Gott."
"""The sentence of the call that is searched for."""
BROKEN = SAID.replace("Nummer 77", "Nummer\n> 77").replace("Schlagsahne", "Schlag-\r\nsahne")


def packed(*members: tuple[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return file.getvalue()


def taped(mode: Literal["w", "w:gz", "w:xz"], *members: tuple[str, bytes]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return file.getvalue()


def nested(times: int) -> bytes:
    data = SAID.encode()
    for _ in range(times):
        data = packed(("inner", data))
    return data


def locked(*members: tuple[str, bytes]) -> bytes:
    """A zip that says to be encrypted."""
    data = bytearray(packed(*members))
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + flags] |= 1
    return bytes(data)


def database_of(*texts: str) -> bytes:
    with sqlite3.connect(":memory:") as connection:
        connection.execute("CREATE TABLE notes (words)")
        connection.executemany("INSERT INTO notes VALUES (?)", [(text,) for text in texts])
        connection.commit()
        return connection.serialize()


def the_call() -> Call:
    return make_call(77, id="Anruf-0815", words=f"{SECRET}, ", pin=False)


PLAIN = SAID.encode()
COPY = the_call().model_dump_json(indent=2).encode()
WORD = "<w:r><w:t>{}</w:t></w:r>"
LEFT: dict[str, bytes] = {
    "plain.txt": PLAIN,
    "copy.json": COPY,
    "escaped.json": json.dumps({"text": SAID}).encode(),
    "escaped-twice.json": json.dumps(json.dumps({"text": SAID})).encode(),
    "page.html": f"<p>{html.escape(SAID)}</p>".encode("ascii", "xmlcharrefreplace"),
    "marked.html": SAID.replace("mit", "<b>mit</b>").encode(),
    "nfd.txt": unicodedata.normalize("NFD", SAID).encode(),
    "latin-1.txt": SAID.encode("latin-1"),
    "mixed.txt": "„Grüße“\n".encode() + SAID.encode("latin-1"),
    "utf-8-bom.txt": SAID.encode("utf-8-sig"),
    "utf-16.txt": SAID.encode("utf-16"),
    "utf-16-le.txt": SAID.encode("utf-16-le"),
    "utf-16-be.txt": SAID.encode("utf-16-be"),
    "utf-32.txt": SAID.encode("utf-32"),
    "utf-32-be.txt": SAID.encode("utf-32-be"),
    "capitals.txt": SAID.upper().encode(),
    "broken.txt": BROKEN.encode(),
    "blanks.txt": SAID.replace(" ", "  \t").encode(),
    "late.txt": b"Nichts davon.\n" * 200000 + PLAIN,
    "one-line.txt": b"x" * ((1 << 20) - 40) + PLAIN,
    "lines.jsonl": b'{"call_id": "call-1", "quote": "Hallo"}\n' + json.dumps({"text": SAID}).encode() + b"\n",
    "a.json.gz": gzip.compress(COPY),
    "b.bz2": bz2.compress(COPY),
    "c.xz": lzma.compress(COPY),
    "c.lzma": lzma.compress(COPY, lzma.FORMAT_ALONE),
    "d.zip": packed(("a.json", COPY)),
    "d.tar": taped("w", ("a.json", COPY)),
    "two-of.tar": taped("w", ("a.json", b"{}")) + taped("w", ("b", SAID.encode("utf-16"))),
    "e.tar.gz": taped("w:gz", ("a.json", COPY)),
    "e.tar.xz": taped("w:xz", ("a.json", COPY)),
    "f-nested.zip": nested(3),
    "g.zip": packed(("late.tar.gz", taped("w:gz", ("first.txt", b"Nichts"), ("then.txt", SAID.encode("utf-16"))))),
    "closed-and.zip": packed(("a.7z", b"7z\xbc\xaf'\x1c\0"), ("b.txt", PLAIN)),
    "table.xlsx": packed(("xl/sharedStrings.xml", f"<si><t>{SAID}</t></si>".encode())),
    "letter.docx": packed(("word/document.xml", "".join(map(WORD.format, re.findall(".{1,7}", SAID))).encode())),
    "h-id.txt": b"Der Anruf-0815 wurde abgeh\xc3\xb6rt.",
    "h-id-capitals.txt": b"ANRUF-0815",
    "copy of Anruf-0815.txt": b"x",
    "Anruf%2D0815.txt": b"x",
    "id-in-name.zip": packed(("calls/Anruf-0815.json", b"{}")),
    "id-in-name.tgz": taped("w:gz", ("calls/Anruf-0815.wav", b"RIFF\0")),
    "other.sqlite": database_of(SAID),
}
"""Files that hold words or the id of the call, by their names."""
CLOSED: dict[str, bytes] = {
    "locked.zip": locked(("a.json", COPY)),
    "x.7z": b"7z\xbc\xaf'\x1c\0\x04" + bytes(range(200)),
    "x.rar": b"Rar!\x1a\x07\x01\0" + bytes(range(200)),
    "x.zst": b"(\xb5/\xfd" + bytes(range(200)),
    "x.pdf": b'%PDF-1.7\n1 0 obj\n<</Filter/ASCII85Decode>>stream\n87cURD]i,"Ebo80~>',
    "x.rtf": rb"{\rtf1 gr\'fc\'df Gott}",
    "x.doc": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100),
    "x.asc": b"-----BEGIN PGP MESSAGE-----\n\nhQEMA6\n",
    "mail.eml": b"Subject: x\nContent-Transfer-Encoding: base64\n\n" + base64.b64encode(PLAIN),
    "picture.png": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "sound.wav": b"RIFF\x24\0\0\0WAVEfmt " + bytes(100),
    "sound.ogg": b"OggS\0\x02" + bytes(100),
    "bare.sqlite": database_of("nothing"),
    "random.bin": random.Random(1).randbytes(5000),
    "torn.gz": gzip.compress(COPY)[:-20],
    "torn.zip": packed(("a.json", COPY))[:-10],
    "torn.tar": taped("w", ("a.json", random.Random(2).randbytes(3000)))[:2000],
    "no-archive.zip": b"PK\x03\x04",
    "deep.zip": nested(12),
    "bomb.gz": gzip.compress(bytes(1 << 20)),
    "with-picture.docx": packed(
        ("word/document.xml", b"<w:t>x</w:t>"), ("word/media/image1.png", b"\x89PNG\r\n\x1a\n\0")
    ),
}
"""Files that nobody can look into, so that they may hold the call."""
CLEAN: dict[str, bytes] = {
    "empty.txt": b"",
    "notes.txt": b"Nichts davon: Anruf-08155, Anruf-0815x, Pflaumenkuchen.",
    "call-1.wav": b"RIFF\x24\0\0\0WAVEfmt " + bytes(100),
    "recordings/anybody.agent.wav": b"RIFF\x24\0\0\0WAVEfmt " + bytes(100),
    "recordings/.anybody.caller.wav.part": b"RIFF\x24\0\0\0WAVEfmt " + bytes(100),
    "of-others.jsonl": json.dumps({"call_id": "call-1", "quote": SAID}).encode() + b"\n",
    "clean.tar.gz": taped("w:gz", ("a.txt", b"Nichts"), ("b.json", b"{}")),
    "clean.xlsx": packed(("xl/sharedStrings.xml", b"<si><t>Nichts</t></si>")),
    "clean-utf-16.txt": "Nichts davon".encode("utf-16-le"),
}


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a deletion says of each of the files above that it names."""
    folder = tmp_path_factory.mktemp("named")
    also = folder / "also"
    with Store.open(folder / "store.sqlite") as store, pytest.MonkeyPatch.context() as patched:
        patched.setattr("ausweis.store.traces._UNPACKED", 1 << 19)
        store.import_run(make_run(folder / "run", [make_call(1), the_call()]), [make_call(1), the_call()])
        for name, data in {**LEFT, **CLOSED, **CLEAN}.items():
            (also / name).parent.mkdir(parents=True, exist_ok=True)
            (also / name).write_bytes(data)
        with pytest.raises(StoreError) as caught:
            store.delete("Anruf-0815", roots=[also])
        *lines, to_do = caught.value.message.split("\n")
    assert "delete the call again" in to_do
    told: dict[str, str] = {}
    for line in lines:
        is_closed = line.startswith("not searched: ")
        name = line.partition(f"{also}/")[2]
        told[name.partition(" (")[0]] = "not searched" if is_closed else "left"
    return told


@pytest.mark.parametrize("name", LEFT)
def test_each_copy_of_a_call_below_also_is_named(named: dict[str, str], name: str) -> None:
    assert named.get(name) == "left"


@pytest.mark.parametrize("name", CLOSED)
def test_what_nobody_can_look_into_is_named_as_not_searched(named: dict[str, str], name: str) -> None:
    assert named.get(name) == "not searched"


@pytest.mark.parametrize("name", CLEAN)
def test_what_was_searched_and_holds_nothing_is_not_named(named: dict[str, str], name: str) -> None:
    assert name not in named


def test_a_packed_copy_in_a_run_folder_and_one_behind_a_link_are_named(full: Store, tmp_path: Path) -> None:
    (tmp_path / "run" / "copy.json.gz").write_bytes(gzip.compress(b"call-77"))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "notes.txt").write_text("call-77")
    (tmp_path / "more").mkdir()
    for number in (1, 2):
        (tmp_path / "more" / f"link-{number}").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "circle").symlink_to(tmp_path / "more")
    with pytest.raises(StoreError) as caught:
        full.delete("call-77", roots=[tmp_path / "more"])
    assert re.findall(r"still in (.*)", caught.value.message) == [
        str(tmp_path / "more" / "link-2" / "notes.txt"),
        str(tmp_path / "run" / "copy.json.gz"),
    ]


def test_a_file_that_may_not_be_read_is_named_with_all_others(
    full: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a-closed.txt", "b.txt"):
        (tmp_path / "more").mkdir(exist_ok=True)
        (tmp_path / "more" / name).write_text("call-77")
    opened = Path.open

    def refuse(path: Path, *more: Any, **options: Any) -> Any:
        if path.name == "a-closed.txt":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return opened(path, *more, **options)

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(
        StoreError, match=r"(?s)still in .*b\.txt\nnot searched: .*a-closed\.txt \(.*Permission denied\)"
    ):
        full.delete("call-77", roots=[tmp_path / "more"])


@pytest.mark.parametrize(
    ("call_id", "text", "found"),
    [
        ("w05", "call w05 was listened to", True),
        ("w05", "call w050 was listened to, not w055", False),
        ("ab", "see AB.", True),
        ("12", "at 12 o'clock", False),
        ("123456", "see 123456", True),
    ],
)
def test_an_id_of_any_length_is_found_as_a_word_but_a_short_number_is_not(
    store: Store, filled: Filled, tmp_path: Path, call_id: str, text: str, found: bool
) -> None:
    filled([make_call(1, id=call_id), *(make_call(number) for number in range(2, 15))])
    notes = tmp_path / "notes.txt"
    notes.write_text(text)
    if found:
        with pytest.raises(StoreError, match=r"still in .*notes\.txt"):
            store.delete(call_id, roots=[notes])
        notes.unlink()
    store.delete(call_id, roots=[notes])


@pytest.mark.parametrize(
    "text", [base64.b64encode(PLAIN).decode(), SAID[: len(SAID) // 2], SAID.replace("mit", "mit <18.5 s>\n24\n")]
)
def test_what_the_search_does_not_see_stands_in_the_docs(full: Store, tmp_path: Path, text: str) -> None:
    (tmp_path / "notes.txt").write_text(text)
    full.delete("call-77", roots=[tmp_path / "notes.txt"])
    docs = Path("docs/deletion.md").read_text("utf-8")
    assert "base64" in docs
    assert "a part of a sentence" in docs
    assert "other words between" in docs


def test_an_id_within_a_number_or_a_word_is_no_trace(tmp_path: Path) -> None:
    traces = Traces(frozenset({"384213"}), ())
    path = tmp_path / "x.txt"
    for text, found in (
        ("risk 0.1384213771", False),
        ("risk 0.384213771", False),
        ("a384213", False),
        ("ü384213", False),
        ("call 384213.", True),
        ("calls/384213.json", True),
        (json.dumps("see\n384213"), True),
        ("384213", True),
    ):
        path.write_text(text, "utf-8")
        assert traces.in_file(path) is found, text
        assert traces.in_database(path) is found, text


def test_a_row_or_an_index_of_the_database_that_holds_the_id_is_found(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    with Store.open(path) as store:
        store.add_calls([make_call(number, id=f"{number:06}") for number in range(384200, 384300)])
    everywhere, row = Traces(frozenset({"384213"}), ()), path.read_bytes()
    assert everywhere.in_database(path)
    # The row without its index, then the index without the row.
    day = b"3842132026-03-02"
    path.write_bytes(row.replace(day, b"x" * len(day)))
    assert everywhere.in_database(path)


def test_a_run_that_was_moved_is_not_missing_where_it_is_named(store: Store, filled: Filled, tmp_path: Path) -> None:
    filled([make_call(1), make_call(2)])
    (tmp_path / "run").rename(tmp_path / "elsewhere")
    assert store.delete("call-1", roots=[tmp_path / "elsewhere"]).missing == ()
    assert files_with(tmp_path, "000000001") == []


def test_a_run_that_was_moved_and_taken_up_again_is_not_missing(store: Store, filled: Filled, tmp_path: Path) -> None:
    filled([make_call(1), make_call(2)])
    (tmp_path / "run").rename(tmp_path / "elsewhere")
    store.import_run(tmp_path / "elsewhere")
    assert store.delete("call-1").missing == ()
    assert files_with(tmp_path, "000000001") == []


def test_another_run_of_the_same_second_is_not_the_one_that_was_moved(
    store: Store, filled: Filled, tmp_path: Path
) -> None:
    filled([make_call(1, day="2026-01-01")])
    filled([make_call(2, day="2026-01-01")], "beside")
    (tmp_path / "run").rename(tmp_path / "elsewhere")
    assert store.expire(1, today=date(2026, 3, 2)).missing == (str(tmp_path / "run"),)


def test_a_missing_run_is_asked_for_until_it_is_found(store: Store, filled: Filled, tmp_path: Path) -> None:
    run, elsewhere = tmp_path / "run", tmp_path / "elsewhere"
    filled([make_call(1, words=SECRET), make_call(2)])
    run.rename(elsewhere)
    assert store.delete("call-1").missing == (str(run),)
    assert store.delete("call-1").missing == (str(run),)
    assert store.expire(10000, today=date(2026, 3, 2)).missing == (str(run),)
    # What was said is still known, too.
    said = make_call(1, words=SECRET).turn(1).text
    (elsewhere / "copy.txt").write_text(said, "utf-8")
    with pytest.raises(StoreError, match=r"copy\.txt"):
        store.expire(10000, today=date(2026, 3, 2), roots=[elsewhere])
    (elsewhere / "copy.txt").unlink()
    assert store.expire(10000, today=date(2026, 3, 2), roots=[elsewhere]).missing == ()
    assert files_with(tmp_path, SECRET, "000000001") == []
    assert store.expire(10000, today=date(2026, 3, 2)) == Deleted(0)
    assert store.find("call-2") is not None


def test_runs_that_are_found_one_by_one(store: Store, tmp_path: Path) -> None:
    for number in (1, 2):
        store.import_run(make_run(tmp_path / f"run-{number}", [make_call(1)], started=f"2026-03-0{number}T20:00:00Z"))
        (tmp_path / f"run-{number}").rename(tmp_path / f"moved-{number}")
    assert len(store.delete("call-1").missing) == 2
    assert store.delete("call-1", roots=[tmp_path / "moved-1"]).missing == (str(tmp_path / "run-2"),)
    assert store.delete("call-1", roots=[tmp_path / "moved-2"]).missing == ()
    assert files_with(tmp_path, "000000001") == []


def test_a_run_that_is_no_more_is_not_asked_for(store: Store, filled: Filled, tmp_path: Path) -> None:
    filled([make_call(1), make_call(2)])
    (tmp_path / "run").rename(tmp_path / "elsewhere")
    assert store.delete("call-1", gone=[tmp_path / "runs"]).missing == (str(tmp_path / "run"),)
    assert store.expire(10000, today=date(2026, 3, 2), gone=[tmp_path]).missing == ()
    assert store.expire(10000, today=date(2026, 3, 2)) == Deleted(0)
    assert store.delete("call-2", gone=[tmp_path / "run"]).missing == ()


def test_only_calls_of_missing_runs_wait(store: Store, filled: Filled, tmp_path: Path) -> None:
    filled([make_call(1, day="2026-01-01")])
    filled([make_call(2, day="2026-01-01")], "beside", started="2026-03-03T00:00:00Z")
    (tmp_path / "run").rename(tmp_path / "elsewhere")
    assert store.expire(1, today=date(2026, 3, 2)).calls == 2
    with pytest.raises(StoreError, match="no call with this id"):
        store.delete("call-2")
    assert store.delete("call-1", roots=[tmp_path / "elsewhere"]).missing == ()


def test_a_call_that_came_back_stays_when_one_that_went_with_it_is_deleted_again(
    store: Store, filled: Filled, tmp_path: Path
) -> None:
    filled([make_call(number, day="2026-01-01") for number in (1, 2)])
    (tmp_path / "run").rename(tmp_path / "elsewhere")
    store.expire(1, today=date(2026, 3, 2))
    filled([make_call(1)], "anew", started="2026-03-03T00:00:00Z")
    assert store.delete("call-2", roots=[tmp_path / "elsewhere"]).missing == ()
    assert store.find("call-1") is not None
    assert len((tmp_path / "anew" / "verdicts.jsonl").read_text("utf-8").splitlines()) == 1
    assert files_with(tmp_path, "000000002") == []


def test_a_run_that_holds_nothing_of_the_call_may_be_written_meanwhile(
    store: Store, filled: Filled, tmp_path: Path
) -> None:
    filled([make_call(1)])
    filled([make_call(2)], "beside")
    before = (tmp_path / "beside" / "facts.jsonl").stat()
    with RunFolder.open(tmp_path / "beside", resume=True):
        store.delete("call-1")
    after = (tmp_path / "beside" / "facts.jsonl").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_torn_line_goes_though_nobody_knows_whose_it_is(store: Store, filled: Filled, tmp_path: Path) -> None:
    filled([make_call(1)])
    filled([make_call(2)], "beside")
    with (tmp_path / "beside" / "facts.jsonl").open("a", encoding="utf-8") as file:
        file.write(f'{{"call_id": "call-1", "quote": "{SECRET}')
    store.delete("call-1")
    assert files_with(tmp_path, SECRET) == []


def test_a_folder_that_cannot_be_read_is_told_and_the_call_stays(
    store: Store, filled: Filled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled([make_call(1)])
    (tmp_path / "more" / "closed").mkdir(parents=True)
    is_dir, scandir = Path.is_dir, os.scandir

    def refused(path: Path) -> bool:
        if path == tmp_path / "run":
            raise PermissionError(13, "Permission denied", str(path))
        return is_dir(path)

    def closed(path: str) -> Iterator[os.DirEntry[str]]:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "is_dir", refused)
        with pytest.raises(StoreError, match=r"run: cannot be searched \(Permission denied\)"):
            store.delete("call-1")
    with monkeypatch.context() as patched:
        patched.setattr(os, "scandir", closed)
        with pytest.raises(StoreError, match=r"closed: cannot be searched \(Permission denied\)"):
            store.delete("call-1", roots=[tmp_path / "more"])
    assert store.find("call-1") is not None


def test_what_killed_commands_left_of_pages_and_cases_goes_too(full: Store, tmp_path: Path) -> None:
    full.register(tmp_path / "cases.jsonl", "cases")
    (tmp_path / ".cases.jsonl.part").write_text(f'{{"call": {{"id": "field-1", "quote": "{SECRET}', "utf-8")
    (tmp_path / ".with.html.part").write_text(f"<p>{SECRET}", "utf-8")
    assert str(tmp_path / ".cases.jsonl.part") in full.delete("call-77").removed
    assert files_with(tmp_path, SECRET) == []


def test_a_deletion_that_was_not_proven_is_repeated_until_it_is(full: Store, tmp_path: Path) -> None:
    said = full.record(full.find("call-77") or 0).call
    assert said is not None
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "copy.txt").write_text(said.turn(1).text, "utf-8")
    for _ in range(2):
        with pytest.raises(StoreError, match=r"copy\.txt"):
            full.delete("call-77", roots=[notes])
    # A later expiry searches for it too.
    with pytest.raises(StoreError, match=r"copy\.txt"):
        full.expire(10000, today=date(2026, 3, 2), roots=[notes])
    (notes / "copy.txt").unlink()
    assert full.delete("call-77", roots=[notes]).calls == 1
    assert [entry.what for entry in full.chain()].count("deleted") == 1
    with pytest.raises(StoreError, match="no call with this id"):
        full.delete("call-77", roots=[notes])
    assert files_with(tmp_path, SECRET, "call-77.", '"call-77"') == []
    assert full.expire(10000, today=date(2026, 3, 2)) == Deleted(0)


def test_an_expiry_that_others_disturbed_is_proven_by_the_next(
    store: Store, filled: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object, **__: object) -> None:
        raise StoreError("others are reading the store")

    filled([make_call(1, day="2026-01-01"), make_call(2, day="2026-01-01"), make_call(3)])
    with monkeypatch.context() as patched:
        patched.setattr(Database, "tidy", busy)
        with pytest.raises(StoreError, match="others are reading"):
            store.expire(1, today=date(2026, 3, 2))
    searched: list[frozenset[str]] = []

    def searching(self: Traces, *_: object, **__: object) -> bool:
        searched.append(self.ids)
        return False

    monkeypatch.setattr(Traces, "in_file", searching)
    assert store.expire(1, today=date(2026, 3, 2)).calls == 0
    assert searched
    assert all({"call-1", "call-2"} <= ids for ids in searched)
    searched.clear()
    store.expire(1, today=date(2026, 3, 2))
    assert searched == []


def test_what_waits_for_its_proof_and_came_back_does_not_stop_an_expiry(full: Store, tmp_path: Path) -> None:
    (tmp_path / "minutes.txt").write_text(NOTE, "utf-8")
    with pytest.raises(StoreError, match="minutes"):
        full.delete("call-77", roots=[tmp_path / "minutes.txt"])
    full.import_run(make_run(tmp_path / "anew", [make_call(77, pin=False)], started="2026-03-09T00:00:00Z"))
    assert full.expire(10000, today=date(2026, 3, 2)) == Deleted(0)
    assert full.find("call-77") is not None


def test_exported_cases_go_too(full: Store, tmp_path: Path) -> None:
    key = full.find("call-8") or 0
    full.decide(key, reviewer="Mia", choice="confirm", verdict_key=full.record(key).verdict_key)
    path = tmp_path / "cases.jsonl"
    cases = [case.line() for case in full.export_cases(mask=lambda call, _: [f"‹{call.id[-1]}›"] * len(call.turns))]
    assert len(cases) == 2
    # As an editor may leave it.
    path.write_text("\n".join(cases), "utf-8")
    full.register(path, "cases")
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "cases.jsonl").write_text(path.read_text("utf-8"), "utf-8")
    with pytest.raises(StoreError, match=r"copy/cases\.jsonl"):
        full.delete("call-77", roots=[copy])
    left = path.read_text("utf-8").splitlines()
    assert len(left) == 1
    assert "‹8›" in left[0]
    (copy / "cases.jsonl").write_text(path.read_text("utf-8"), "utf-8")
    full.delete("call-77", roots=[copy])
    full.delete("call-8")
    assert path.read_text("utf-8") == ""


@pytest.mark.parametrize("call_id", ["../../x", ".foo", "foo", ".."])
def test_copies_of_recordings_go_whatever_the_id_and_no_other_call_s_do(
    store: Store, filled: Filled, tmp_path: Path, call_id: str
) -> None:
    ids = ["../../x", ".foo", "foo", ".."]
    filled([make_call(number, id=one) for number, one in enumerate(ids)])
    recordings = tmp_path / "run" / "recordings"
    recordings.mkdir()
    names = {one: f"{quote(one, safe=' ')}.wav" for one in ids}
    for name in names.values():
        (recordings / name).touch()
        (recordings / f".{name}.part").touch()
    store.delete(call_id)
    left = [name for one, name in names.items() if one != call_id]
    assert {path.name for path in recordings.iterdir()} == {*left, *(f".{name}.part" for name in left)}


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("copy of call-77.wav", True),
        ("call%2D77.txt", True),
        ("recordings/call-77.agent.wav", True),
        ("recordings/.call-77.wav.part", True),
        ("recordings/call-77-b.wav", False),
        ("call-777.wav", False),
    ],
)
def test_a_file_that_has_the_id_in_its_name_is_named(full: Store, tmp_path: Path, name: str, found: bool) -> None:
    path = tmp_path / "more" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(b"RIFF")
    if found:
        with pytest.raises(StoreError, match=r"its id, are still in .*more/"):
            full.delete("call-77", roots=[tmp_path / "more"])
        path.unlink()
    full.delete("call-77", roots=[tmp_path / "more"])


def test_many_deleted_calls_are_looked_for_in_names_too(store: Store, filled: Filled, tmp_path: Path) -> None:
    filled([make_call(100 + n, day="2026-01-01") for n in range(60)])
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "call-159.caller.wav").touch()
    with pytest.raises(StoreError, match=r"call-159\.caller\.wav"):
        store.expire(1, today=date(2026, 3, 2), roots=[tmp_path / "more"])


def test_names_that_ausweis_gives_are_no_trace_of_a_call_that_is_named_so(
    store: Store, filled: Filled, tmp_path: Path
) -> None:
    calls = [make_call(1, id="transcripts"), make_call(2)]
    filled(calls)
    (tmp_path / "run" / "transcripts.jsonl").write_text("".join(f"{call.model_dump_json()}\n" for call in calls))
    store.delete("transcripts")
    assert store.find("call-2") is not None


def record(folder: Path, *answers: object) -> Path:
    """A folder of recorded answers."""
    folder.mkdir(parents=True)
    (folder / "engine.json").write_text("{}")
    lines = [{"key": f"{n:064}", "result": {"text": json.dumps(answer)}} for n, answer in enumerate(answers)]
    (folder / "answers.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return folder


def recorded(folder: Path) -> list[object]:
    """The answers that are there."""
    lines = (folder / "answers.jsonl").read_text().splitlines()
    return [json.loads(json.loads(line)["result"]["text"]) for line in lines]


def test_answers_that_mix_words_of_the_call_with_others_go(full: Store, tmp_path: Path) -> None:
    other = {"reasoning": "Nobody was told anything.", "violations": []}
    answers = record(
        tmp_path / "asked",
        {"reasoning": f"The caller speaks of {SECRET.upper()}, so it is fine.", "violations": []},
        {"reasoning": "See there.", "violations": [{"turn": 1, "quote": SECRET.replace(" ", "\n  ")}]},
        other,
    )
    full.register(answers, "answers")
    full.delete("call-77")
    assert recorded(answers) == [other]


def test_answers_about_a_text_that_was_replaced_since_go_too(store: Store, tmp_path: Path) -> None:
    call = make_call(5, pin=False)
    run = make_run(tmp_path / "run", [call])
    store.import_run(run, [call])
    later = make_call(5, tells=False).model_copy(update={"turns": make_call(6, tells=False).turns})
    store.import_run(make_run(tmp_path / "later", [later], started="2026-03-09T20:00:00Z"), [later])
    other = {"reasoning": "Old words of another."}
    quoting = {"quote": "Vertrag mit der Nummer 000000005"}
    answers = record(tmp_path / "asked", quoting, other)
    store.register(answers, "answers")
    store.delete("call-5")
    assert recorded(answers) == [other]


def test_quotes_of_an_old_text_that_another_call_has_prove_nothing(store: Store, tmp_path: Path) -> None:
    said = [make_call(number).model_copy(update={"turns": make_call(9).turns}) for number in (1, 2)]
    store.import_run(make_run(tmp_path / "run", said), said)
    for number in (1, 2):
        now = make_call(number, tells=False)
        started = f"2026-03-0{number + 2}T20:00:00Z"
        store.import_run(make_run(tmp_path / f"later-{number}", [now], started=started), [now])
    store.delete("call-1")
    assert store.find("call-2") is not None


def test_a_page_or_cases_on_a_disk_that_is_not_there_are_asked_for_until_they_are_back(
    full: Store, tmp_path: Path
) -> None:
    disk, away = tmp_path / "disk", tmp_path / "away"
    (disk / "pages").mkdir(parents=True)
    page, cases = disk / "pages" / "day.html", disk / "cases.jsonl"
    page.write_text(SECRET, "utf-8")
    full.register_report(page, [full.find(one) or 0 for one in ("call-77", "call-8")])
    full.register(cases, "cases")
    cases.write_text("".join(f"{case.line()}\n" for case in full.export_cases(mask=as_it_is)), "utf-8")
    disk.rename(away)
    missing = (str(cases), str(page))
    assert full.delete("call-77").missing == missing
    assert full.find("call-77") is None
    assert full.expire(10000, today=date(2026, 3, 2)).missing == missing
    # Nobody exported it.
    assert full.delete("call-1").missing == ()
    away.rename(disk)
    found = full.delete("call-77")
    assert (found.missing, {str(page), str(cases)} <= set(found.removed)) == ((), True)
    assert files_with(tmp_path, SECRET, "000000077") == []
    assert full.expire(10000, today=date(2026, 3, 2)) == Deleted(0)


def as_it_is(call: Call, _: object) -> list[str]:
    """Masks nothing."""
    return [turn.text for turn in call.turns]


def test_pages_cases_and_answers_that_are_no_more_are_not_asked_for(full: Store, tmp_path: Path) -> None:
    for name in ("page.html", "answers/answers.jsonl"):
        (tmp_path / "disk" / "deep" / name).parent.mkdir(parents=True, exist_ok=True)
    full.register_report(tmp_path / "disk" / "deep" / "page.html", [full.find("call-77") or 0])
    full.register(tmp_path / "disk" / "deep" / "cases.jsonl", "cases")
    full.register(tmp_path / "disk" / "deep" / "answers", "answers")
    # The folder is there: what is not in it is gone.
    (tmp_path / "disk" / "deep" / "answers").rmdir()
    assert full.delete("call-8").missing == ()
    (tmp_path / "disk").rename(tmp_path / "away")
    assert full.delete("call-77", gone=[tmp_path / "disk"]).missing == ()
    assert full.delete("call-9").missing == ()


def test_answers_on_a_disk_that_is_not_there_keep_the_calls_until_they_are_back(full: Store, tmp_path: Path) -> None:
    answers = record(tmp_path / "disk" / "deep" / "answers", {"quote": SECRET})
    full.register(answers, "answers")
    (tmp_path / "disk").rename(tmp_path / "away")
    with pytest.raises(StoreError, match=r"deep/answers: this folder of recorded answers is not where it was"):
        full.delete("call-77")
    assert full.find("call-77") is not None
    assert full.expire(10000, today=date(2026, 3, 2)) == Deleted(0)
    (tmp_path / "away").rename(tmp_path / "disk")
    full.delete("call-77")
    assert recorded(answers) == []


def test_an_old_page_is_found_as_long_as_the_new_one_is_not_written(full: Store, tmp_path: Path) -> None:
    page = tmp_path / "day.html"
    page.write_text(SECRET, "utf-8")
    full.register_report(page, [full.find("call-77") or 0])
    full.register_report(page, [full.find(one) or 0 for one in ("call-8", "call-9")], besides=True)
    full.register_report(page, [full.find(one) or 0 for one in ("call-9", "call-10")], besides=True)
    full.delete("call-77")
    assert not page.exists()
    full.register_report(page, [full.find("call-10") or 0])
    page.write_text("new", "utf-8")
    full.delete("call-8")
    assert page.exists()
    full.delete("call-10")
    assert not page.exists()


def test_what_was_kept_for_the_search_is_gone_while_others_have_the_store_open(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    with Store.open(path) as store, Store.open(path) as others:
        run = make_run(tmp_path / "run", [make_call(1, words=SECRET), make_call(2)])
        store.import_run(run, [make_call(1, words=SECRET), make_call(2)])
        assert others.count() == 2
        store.delete("call-1")
        begins = base64.b64encode(b'[{"call-1"')[:12]
        data = {one: one.read_bytes() for one in tmp_path.glob("store.sqlite*")}
        assert [one.name for one, found in data.items() if begins in found] == []
        assert others.count() == 1


def test_what_was_kept_for_the_search_stays_known_when_it_cannot_be_removed(
    store: Store, filled: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> None:
        raise StoreError("others are reading the store")

    filled([make_call(1), make_call(2)])
    with monkeypatch.context() as patched:
        patched.setattr(Database, "forget_settings", busy)
        with pytest.raises(StoreError, match="others are reading"):
            store.delete("call-1")
    assert store.delete("call-1").calls == 1
    with pytest.raises(StoreError, match="no call with this id"):
        store.delete("call-1")
