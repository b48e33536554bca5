"""A deleted call is gone from the store and from all that ausweis wrote about it; all others stay as they were."""

import json
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import pytest
from sqlalchemy import create_engine, inspect, text
from tests.store.conftest import Filled
from tests.store.runs import make_call, origin_of, write_run

from ausweis.calls import Call
from ausweis.calls.failure import Failure
from ausweis.errors import AusweisError, RunError, StoreError
from ausweis.journal import FolderLock, lock_file
from ausweis.store import CallFilter, Deleted, Key, Store
from ausweis.store.database import Database

SECRET = "Zwetschgendatschi mit Schlagsahne am Sonntagnachmittag"
NOTE = "die Dame rief wegen des Pflaumenkuchens noch einmal an"
TODAY = date(2026, 3, 2)


def remains(store: Store, folder: Path, *words: str) -> list[str]:
    """Files below a folder, and tables, that hold any of these words, as text or as JSON escapes."""
    needles = {form for word in words for form in (word, json.dumps(word)[1:-1])}
    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    found = [name for name, data in files.items() if any(one.encode() in data for one in needles)]
    with store._database.reading() as connection:
        for name in inspect(connection).get_table_names():
            if name == "found" or not name.startswith("found"):
                rows = str(connection.execute(text(f"SELECT * FROM {name}")).all())
                found += [name] if any(one in rows for one in needles) else []
    return sorted(found)


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


def decide(store: Store, call_id: str, **more: Any) -> None:
    key = store.find(call_id) or 0
    store.decide(key, reviewer="Mia", choice="confirm", verdict_key=store.record(key).verdict_key, **more)


def line_of(store: Store, call_id: str) -> str:
    """The verdict as `score --out` writes it."""
    return store.record(store.find(call_id) or 0).verdict.model_dump_json(by_alias=True) + "\n"


def page(store: Store, path: Path, *call_ids: str, words: str = SECRET) -> Path:
    """A page about these calls."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(words, "utf-8")
    store.register_report(path, [store.find(one) or 0 for one in call_ids])
    return path


@pytest.fixture
def calls() -> list[Call]:
    ordinary = [make_call(number, pin=number % 4 > 0) for number in range(1, 20)]
    return [*ordinary, make_call(77, words=f"{SECRET}, ", pin=False), make_call(777, pin=False)]


@pytest.fixture
def full(store: Store, tmp_path: Path, calls: list[Call]) -> Store:
    """A store and all that ausweis writes about a call."""
    copies = tmp_path / "recordings"
    copies.mkdir()
    for name in ("call-77.agent.wav", "call-77.caller.wav", "call-777.wav"):
        (copies / name).write_bytes(name.encode())
    store.register(copies, "recordings")
    mine = tmp_path / "mine.wav"
    mine.write_bytes(b"RIFF")
    run = write_run(store, calls, audio={"call-77": (mine, copies / "call-77.agent.wav")})
    write_run(store, calls[-2:], policy="energy-de", started="2026-03-03T00:00:00Z")
    run.add_failure(Failure(call_id="call-77", kind="engine", message="no answer"))
    for number in (77, 8):
        run.add_failure(Failure(place=f"calls/call-{number}.json:3", kind="format", message="no call"))
    store.register(tmp_path / "out.jsonl", "verdicts")
    (tmp_path / "out.jsonl").write_text("".join(line_of(store, call.id) for call in calls), "utf-8")
    told = ({"quote": SECRET}, SECRET, "gives pin", {"quote": "Guten Tag"}, {"quote": "ade"})
    store.register(record(tmp_path / "answers", *told), "answers")
    page(store, tmp_path / "with.html", "call-77", "call-8")
    page(store, tmp_path / "without.html", "call-8", words="nothing")
    decide(store, "call-77", note=NOTE)
    store.draw_sample(date(2026, 3, 1), date(2026, 3, 31), 5, seed=1)
    return store


def test_a_call_is_gone_everywhere(full: Store, tmp_path: Path) -> None:
    words = (SECRET, NOTE, "000000077", "call-77.", '"call-77"', "'call-77'")
    assert {"answers/answers.jsonl", "failures", "out.jsonl", "texts", "with.html"} <= set(
        remains(full, tmp_path, *words)
    )
    deleted = full.delete("call-77", by="Mia")
    assert deleted.calls == 1
    names = {str(Path(place).relative_to(tmp_path)) if place != "store" else place for place in deleted.removed}
    copies = {"recordings/call-77.agent.wav", "recordings/call-77.caller.wav"}
    assert names == {"store", "with.html", "out.jsonl", "answers/answers.jsonl", *copies}
    assert deleted.kept == (str(tmp_path / "mine.wav"),)
    assert remains(full, tmp_path, *words) == []
    assert full.find("call-77") is None
    assert full.count(CallFilter(text=SECRET)) == 0
    assert [entry.what for entry in full.chain(limit=1)] == ["deleted"]
    full.verify_chain()


def test_all_other_calls_are_as_they_were(full: Store, tmp_path: Path) -> None:
    before = {row.call_id: full.record(row.key) for row in full.calls()}
    lines = [line for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines() if '"call-77"' not in line]
    full.delete("call-77")
    del before["call-77"]
    assert {row.call_id: full.record(row.key) for row in full.calls()} == before
    assert (tmp_path / "out.jsonl").read_text("utf-8").splitlines() == lines
    assert (tmp_path / "recordings" / "call-777.wav").exists()
    assert (tmp_path / "without.html").exists()
    assert recorded(tmp_path / "answers") == ["gives pin", {"quote": "ade"}]
    assert remains(full, tmp_path, "calls/call-8.json") != []


def test_a_call_that_is_not_there(full: Store) -> None:
    with pytest.raises(StoreError, match="no call with this id"):
        full.delete("call-7777")
    full.delete("call-77")
    with pytest.raises(StoreError, match="no call with this id") as caught:
        full.delete("call-77")
    assert "77" not in str(caught.value)


def test_a_deleted_call_that_is_scored_again_comes_back_undecided(full: Store, calls: list[Call]) -> None:
    (call,) = (call for call in calls if call.id == "call-77")
    full.delete("call-77")
    assert full.begin(origin_of()).settled(call) is None
    write_run(full, [call], started="2026-03-09T00:00:00Z")
    came = full.record(full.find("call-77") or 0)
    assert (came.decisions, came.call.turns if came.call else ()) == ((), call.turns)
    full.verify_chain()


def test_calls_that_failed_go_too(store: Store, tmp_path: Path) -> None:
    run = store.begin(origin_of())
    run.add_failure(Failure(call_id="call-5", kind="engine", message="no answer"), make_call(5, words=SECRET))
    for place in ("calls/call-6.json:3", "sounds/call-6.agent.wav", "calls/call-6/text.json", "calls/call-66.json"):
        run.add_failure(Failure(place=place, kind="file", message="cannot be read"))
    store.register(record(tmp_path / "answers", {"quote": SECRET}), "answers")
    store.delete("call-5")
    assert (recorded(tmp_path / "answers"), remains(store, tmp_path, SECRET, "call-5")) == ([], [])
    # Of this one nothing but failures is known.
    store.delete("call-6")
    assert remains(store, tmp_path, "call-6.", "call-6/") == []
    assert remains(store, tmp_path, "call-66.json") != []
    assert [entry.what for entry in store.chain(limit=2)] == ["deleted"] * 2
    with pytest.raises(StoreError, match="no call with this id"):
        store.delete("call-6")
    store.verify_chain()


def test_an_old_text_and_its_verdict_go_with_the_new_one(store: Store, tmp_path: Path) -> None:
    write_run(store, [make_call(5, pin=False), make_call(1)])
    later = make_call(5, tells=False).model_copy(update={"turns": make_call(6, tells=False).turns})
    write_run(store, [later], started="2026-03-09T20:00:00Z")
    other = {"reasoning": "Old words of another."}
    answers = record(tmp_path / "asked", {"quote": "Vertrag mit der Nummer 000000005"}, other)
    store.register(answers, "answers")
    store.delete("call-5")
    assert recorded(answers) == [other]
    assert remains(store, tmp_path, "000000005") == []


def test_sentences_of_others_prove_nothing(store: Store, filled: Filled) -> None:
    # What agents say in every call; and quotes of an old text that another call had too.
    same = [make_call(number).model_copy(update={"turns": make_call(9).turns}) for number in (1, 2)]
    filled([*same, make_call(3), make_call(4)])
    for number in (1, 2):
        filled([make_call(number, tells=False)], started=f"2026-03-0{number + 2}T20:00:00Z")
    for number in (1, 3):
        store.delete(f"call-{number}")
    assert store.count() == 2


def test_the_id_in_a_note_on_another_call_is_named(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.sqlite") as store:
        write_run(store, [make_call(77), make_call(777), make_call(8)])
        decide(store, "call-777", note="so wie call-7777")
        decide(store, "call-8", note="so wie call-77")
        with pytest.raises(StoreError, match=r"words of the deleted call, or its id, are still in the store"):
            store.delete("call-77")
        assert store.find("call-77") is None
        store.delete("call-8")
        with pytest.raises(StoreError, match="no call with this id"):
            store.delete("call-77")


def test_names_that_users_give_are_no_trace(store: Store, filled: Filled, tmp_path: Path) -> None:
    folder = tmp_path / "call-77"
    folder.mkdir()
    filled([make_call(77), make_call(8)], audio={"call-8": (folder / "x.wav",)})
    store.register(folder / "call-77.jsonl", "verdicts")
    page(store, folder / "8.html", "call-8")
    store.delete("call-77")
    assert {row.call_id for row in store.calls()} == {"call-8"}
    assert (folder / "8.html").exists()


def test_calls_expire(store: Store, filled: Filled, tmp_path: Path) -> None:
    old = [make_call(100 + n, day="2026-01-01", words=f"{SECRET} {n}, ") for n in range(60)]
    filled([*old, make_call(1, day="2026-03-01"), make_call(2, day="2026-03-02")])
    earlier = store.begin(origin_of(), started="2025-01-01T08:00:00Z")
    earlier.add_text(make_call(3, day="2025-01-01", words=SECRET))
    for run in (earlier, store.begin(origin_of(), started="2026-03-02T08:00:00Z")):
        run.add_failure(Failure(place=f"{run.run.started[:4]}.json", kind="format", message="no call"))
    store.register(tmp_path / "out.jsonl", "verdicts")
    (tmp_path / "out.jsonl").write_text("".join(line_of(store, call.id) for call in (old[0], old[-1])), "utf-8")
    deleted = store.expire(1, today=TODAY)
    assert deleted.calls == 61
    assert {row.call_id for row in store.calls()} == {"call-1", "call-2"}
    assert remains(store, tmp_path, SECRET, "call-100", "call-159", "2025.json") == []
    assert remains(store, tmp_path, "2026.json") != []
    assert store.expire(1, today=TODAY).calls == 0
    assert [entry.what for entry in store.chain()].count("deleted") == 61
    store.verify_chain()


def test_no_call_is_older_than_all_days_that_there_are(store: Store, filled: Filled) -> None:
    filled([make_call(1, day="0001-01-02"), make_call(2)])
    for days in (10**6, 10**12):
        assert store.expire(days, today=TODAY).calls == 0
    assert store.expire(739000, today=TODAY).calls == 1


def test_files_that_are_being_written_keep_the_call(full: Store, tmp_path: Path) -> None:
    lock = FolderLock(tmp_path / "answers")
    with pytest.raises(RunError, match="another process is writing"):
        full.delete("call-77")
    lock.release()
    page(full, tmp_path / "later.html", "call-8")
    with (tmp_path / "out.jsonl").open("ab") as file:
        file.write(b'{"call_id":"call-8"}\n')
        lock_file(file)
        with pytest.raises(StoreError, match=r"out\.jsonl: another command is writing this file"):
            full.delete("call-8")
        # Nothing of this one is in it any more.
        full.delete("call-77")
    full.delete("call-8")
    assert remains(full, tmp_path, SECRET, "'call-8'", '"call-8"') == []


def test_what_killed_commands_left_goes_too(full: Store, tmp_path: Path) -> None:
    full.register(tmp_path / "cases.jsonl", "cases")
    (tmp_path / ".cases.jsonl.part").write_text(f'{{"call": {{"id": "field-1", "quote": "{SECRET}', "utf-8")
    (tmp_path / ".with.html.part").write_text(f"<p>{SECRET}", "utf-8")
    with (tmp_path / "out.jsonl").open("a", encoding="utf-8") as file:
        file.write(f'{{"call_id": "call-77", "quote": "{SECRET}')
    with (tmp_path / "answers" / "answers.jsonl").open("a", encoding="utf-8") as file:
        file.write(f'{{"key": "{SECRET}')
    (tmp_path / "recordings" / ".call-77.wav.part").write_bytes(b"RIFF")
    assert str(tmp_path / ".cases.jsonl.part") in full.delete("call-77").removed
    assert remains(full, tmp_path, SECRET) == []
    assert [path.name for path in (tmp_path / "recordings").iterdir()] == ["call-777.wav"]


def test_exported_cases_go_too(full: Store, tmp_path: Path) -> None:
    decide(full, "call-8")
    path = tmp_path / "cases.jsonl"
    cases = [case.line() for case in full.export_cases(mask=lambda call, _: [f"‹{call.id[-1]}›"] * len(call.turns))]
    assert len(cases) == 2
    # As an editor may leave it.
    path.write_text("\n".join(cases), "utf-8")
    full.register(path, "cases")
    full.delete("call-77")
    left = path.read_text("utf-8").splitlines()
    assert (len(left), "‹8›" in left[0]) == (1, True)
    full.delete("call-8")
    assert path.read_text("utf-8") == ""


def test_a_name_that_was_one_of_other_files_before(full: Store, tmp_path: Path) -> None:
    for kind in ("cases", "report"):
        path = tmp_path / f"was-{kind}.jsonl"
        full.register(path, "cases") if kind == "cases" else page(full, path, "call-8")
        full.register(path, "verdicts")
        path.write_text(line_of(full, "call-77"), "utf-8")
    full.delete("call-77")
    assert remains(full, tmp_path, "000000077") == []


def test_files_behind_links_are_cleaned_where_they_are(full: Store, tmp_path: Path) -> None:
    for name in ("march", "april"):
        (tmp_path / name).mkdir()
    link, folder = tmp_path / "latest.jsonl", tmp_path / "now"
    link.symlink_to(tmp_path / "march" / "out.jsonl")
    folder.symlink_to(tmp_path / "march")
    full.register(link, "verdicts")
    link.write_text(line_of(full, "call-77") + line_of(full, "call-8"), "utf-8")
    shown = page(full, folder / "day.html", "call-77").resolve()
    for one in (link, folder):
        one.unlink()
        one.symlink_to(tmp_path / "april")
    full.delete("call-77")
    assert not shown.exists()
    assert (tmp_path / "march" / "out.jsonl").read_text("utf-8") == line_of(full, "call-8")


@pytest.mark.parametrize("call_id", ["../../x", ".foo", "foo", ".."])
def test_copies_of_recordings_go_whatever_the_id_and_no_other_call_s_do(
    store: Store, filled: Filled, tmp_path: Path, call_id: str
) -> None:
    ids = ["../../x", ".foo", "foo", ".."]
    filled([make_call(number, id=one) for number, one in enumerate(ids)])
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    store.register(recordings, "recordings")
    names = {one: f"{quote(one, safe=' ')}.wav" for one in ids}
    for name in names.values():
        (recordings / name).touch()
        (recordings / f".{name}.part").touch()
    store.delete(call_id)
    left = [name for one, name in names.items() if one != call_id]
    assert {path.name for path in recordings.iterdir()} == {*left, *(f".{name}.part" for name in left)}


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


def test_an_old_page_is_found_as_long_as_the_new_one_is_not_written(full: Store, tmp_path: Path) -> None:
    old = page(full, tmp_path / "day.html", "call-77")
    for names in (("call-8", "call-9"), ("call-9", "call-10")):
        full.register_report(old, [full.find(one) or 0 for one in names], besides=True)
    full.delete("call-77")
    assert not old.exists()
    page(full, old, "call-10", words="new")
    full.delete("call-8")
    assert old.exists()
    full.delete("call-10")
    assert not old.exists()


Exported = Literal["answers", "cases", "recordings", "report", "verdicts"]


def export(store: Store, folder: Path, kind: Exported) -> Path:
    """Something about call-77 in a folder."""
    folder.mkdir(parents=True)
    path = folder / kind
    if kind == "report":
        return page(store, path, "call-77")
    if kind == "answers":
        record(path, {"quote": SECRET})
    elif kind == "recordings":
        path.mkdir()
        (path / "call-77.wav").write_text(SECRET)
    elif kind == "verdicts":
        path.write_text(line_of(store, "call-77"), "utf-8")
    else:
        cases = store.export_cases(mask=lambda call, _: [turn.text for turn in call.turns])
        path.write_text("".join(f"{case.line()}\n" for case in cases), "utf-8")
    store.register(path, kind)
    return path


@pytest.mark.parametrize("kind", ["answers", "cases", "recordings", "report", "verdicts"])
def test_a_folder_that_is_away_keeps_the_call_until_it_is_back_or_gone_for_good(
    full: Store, tmp_path: Path, kind: Exported
) -> None:
    disk, away = tmp_path / "disk", tmp_path / "away"
    path = export(full, disk / "deep", kind)
    before = remains(full, tmp_path, SECRET, "000000077", "call-77.wav")
    disk.rename(away)
    for gone in ((), (tmp_path / "other",), (tmp_path / "dis",)):
        with pytest.raises(StoreError, match=f"deep/{kind}: the folder that this was written to is not there"):
            full.delete("call-77", gone=gone)
    with pytest.raises(StoreError, match="say --gone"):
        full.expire(0, today=date(2026, 3, 3))
    away.rename(disk)
    # Nothing was removed.
    assert remains(full, tmp_path, SECRET, "000000077", "call-77.wav") == before
    removed = full.delete("call-77").removed
    assert any(one.startswith(str(path)) for one in removed)
    assert remains(full, tmp_path, SECRET, "000000077") == []
    disk.rename(away)
    if kind != "report":
        # All others may be in it as well.
        with pytest.raises(StoreError, match="say --gone"):
            full.delete("call-9")
    full.delete("call-9", gone=[disk])
    full.delete("call-10")


def test_exports_that_are_no_more_are_named_until_they_are_gone_for_good(full: Store, tmp_path: Path) -> None:
    kinds: tuple[Exported, ...] = ("answers", "cases", "recordings", "report", "verdicts")
    paths = {kind: export(full, tmp_path / f"disk-{kind}", kind) for kind in kinds}
    for kind, path in paths.items():
        path.rename(tmp_path / f"away-{kind}")
    # Their folders are there, as those of a disk that is not mounted are.
    deleted = full.delete("call-77")
    assert full.find("call-77") is None
    assert deleted.missing == tuple(sorted(map(str, paths.values())))
    assert not {*deleted.missing} & {*deleted.removed}
    # The page was about that call alone; all others may be about any.
    del paths["report"]
    assert full.delete("call-9").missing == tuple(sorted(map(str, paths.values())))
    assert full.delete("call-10", gone=list(paths.values())).missing == ()
    assert full.delete("call-11").missing == ()


def test_folders_that_cannot_be_read_keep_the_call(
    full: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("is_dir", "iterdir"):
        real = getattr(Path, name)

        def refused(path: Path, real: Any = real) -> Any:
            if path in (tmp_path, tmp_path / "recordings"):
                raise PermissionError(13, "Permission denied", str(path))
            return real(path)

        with monkeypatch.context() as patched:
            patched.setattr(Path, name, refused)
            with pytest.raises(StoreError, match=r"the folder cannot be read \(Permission denied\)"):
                full.delete("call-77")
        assert full.find("call-77") is not None


@pytest.mark.parametrize("again", ["the same", "another", "an expiry"])
def test_what_was_disturbed_is_finished_by_the_next(
    store: Store, filled: Filled, monkeypatch: pytest.MonkeyPatch, again: str
) -> None:
    def busy(*_: object, **__: object) -> None:
        raise StoreError("others are reading the store")

    filled([make_call(1), make_call(2), make_call(3)])
    with monkeypatch.context() as patched:
        patched.setattr(Database, "tidy", busy)
        for _ in range(2):
            with pytest.raises(StoreError, match="others are reading"):
                store.delete("call-1")
    tidied: list[bool] = []
    tidy = Database.tidy

    def tidying(database: Database, *, whole: bool) -> None:
        tidied.append(whole)
        tidy(database, whole=whole)

    monkeypatch.setattr(Database, "tidy", tidying)
    if again == "an expiry":
        assert store.expire(10000, today=TODAY) == Deleted(0, ("store",))
    else:
        store.delete("call-1" if again == "the same" else "call-2")
    # The words of the first are not known any more, so they cannot be searched for.
    assert tidied == [True]
    with pytest.raises(StoreError, match="no call with this id"):
        store.delete("call-1")
    assert [entry.what for entry in store.chain()].count("deleted") == 1 + (again == "another")


def test_while_others_read_nothing_is_told_to_be_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ausweis.store.database._WAIT_SECONDS", 0.1)
    path = tmp_path / "s.sqlite"
    with Store.open(path) as store, Store.open(path) as others:
        write_run(store, [make_call(1, words=SECRET), make_call(2)])
        with others._database.reading() as connection:
            assert connection.execute(text("SELECT count(*) FROM calls")).scalar() == 2
            with pytest.raises(StoreError, match=r"others are reading the store; end `ausweis serve`|locked"):
                store.delete("call-1")
        store.delete("call-1")
        assert others.count() == 1
        assert remains(store, tmp_path, SECRET, "000000001", "call-1") == []


def test_a_deletion_that_is_killed_is_taken_up_wherever_it_was(
    full: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(BaseException):
        pass

    def killed(*_: object, **__: object) -> None:
        raise KilledError

    for place in ("clean_answers", "_delete_rows", "index.settle", "audit_log.append", "_search"):
        with monkeypatch.context() as patched, suppress(KilledError):
            patched.setattr(f"ausweis.store.deleting.{place}", killed)
            full.delete("call-77")
        assert (full.find("call-77") is None) == (place == "_search")
    full.delete("call-77")
    assert remains(full, tmp_path, SECRET, NOTE, "000000077", '"call-77"') == []
    full.verify_chain()


def test_many_are_deleted_from_a_store_that_changed_much(store: Store, tmp_path: Path) -> None:
    """Short words too, which are not searched for: whatever pages of the file they were moved between."""
    for turn in range(3):
        words = [(number, f"wort{turn}x{number:03}") for number in range(1, 80, 1 + turn)]
        write_run(store, [make_call(number, id=str(number), words=word) for number, word in words])
    gone = list(range(1, 80, 7))
    for number in gone:
        store.delete(str(number))
    left = [f"wort{turn}x{number:03}" for turn in range(3) for number in gone]
    assert remains(store, tmp_path, *left) == []
    assert store.count() == 79 - len(gone)


def test_postgresql_keeps_no_samples_of_what_was_said(postgres: str, key: Key) -> None:
    engine = create_engine(postgres.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    with Store.open(postgres, key=key) as store, engine.connect() as connection:
        write_run(store, [make_call(77, words=SECRET), *(make_call(number) for number in range(20))])
        decide(store, "call-77", note=NOTE)
        connection.execute(text("ANALYZE"))
        kept = str(connection.execute(text("SELECT * FROM pg_stats WHERE schemaname = 'public'")).all())
        assert "billing" in kept
        assert not [word for word in (SECRET, NOTE, "call-77", "Krummbiegel", "call_id") if word in kept]
    engine.dispose()


def test_a_fault_says_what_it_is(full: Store, tmp_path: Path) -> None:
    (tmp_path / "with.html").unlink()
    (tmp_path / "with.html").mkdir()
    with pytest.raises(AusweisError, match=r"with\.html: the file cannot be removed"):
        full.delete("call-77")
    assert full.find("call-77") is not None
