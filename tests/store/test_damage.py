"""A store that is damaged, locked, read-only or none at all: one sentence, with where and what to do, no word of it."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from tests.store.runs import make_call, origin_of, write_run

from ausweis.calls.failure import Failure
from ausweis.errors import StoreError
from ausweis.store import CallFilter, Store, database

JUNK = ("{", '"Krummbiegel"', "[" * 100_000, "\udcff")
COLUMNS = {
    "runs": ("policy", "prompts", "model", "started"),
    "calls": ("day", "violations", "incidents", "weight", "severity", "risk", "seconds", "turns"),
    "texts": ("body", "words", "recording"),
    "verdicts": ("body", "facts", "made_of"),
    "failures": ("call_id", "place", "kind"),
    "decisions": ("violations", "incidents", "note"),
    "audit_log": ("policy", "prompts"),
    "samples": ("first", "at"),
    "settings": ("value",),
}
DAYS = (date(2026, 3, 1), date(2026, 3, 31))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    calls = [make_call(number, pin=number != 2) for number in range(1, 5)]
    with Store.open(folder / "s.sqlite") as store:
        run = write_run(store, calls)
        run.add_failure(Failure(place="calls/9.json:3", kind="format", message="no call"))
        record = store.record(store.find("call-2") or 0)
        store.decide(record.row.key, reviewer="Mia", choice="confirm", verdict_key=record.verdict_key)
        store.draw_sample(*DAYS, 1, seed=1)
    return folder


@pytest.fixture
def path(made: Path, tmp_path: Path) -> Path:
    for name in ("s.sqlite", "s.sqlite.key"):
        shutil.copy(made / name, tmp_path)
    return tmp_path / "s.sqlite"


def asked() -> Iterator[Callable[[Store], object]]:
    """All that commands and pages ask of a store."""
    yield lambda store: store.calls()
    yield lambda store: [store.record(key) for key in list(store.keys())]
    yield lambda store: store.found(store.keys())
    yield lambda store: store.day_counts(*DAYS)
    yield lambda store: (store.count(CallFilter(teams=("Nord",))), store.teams(), store.days())
    yield lambda store: store.agreement()
    yield lambda store: (store.field_recall(), store.field_recall(of="incidents"))
    yield lambda store: store.chain()
    yield lambda store: store.verify_chain()
    yield lambda store: list(store.export_cases(mask=lambda call, _: [""] * len(call.turns)))
    yield lambda store: store.decide(2, reviewer="Jan", choice="confirm", verdict_key=2)
    yield lambda store: store.log("unmasked", who="Mia", key=2)
    yield lambda store: store.draw_sample(*DAYS, 1)
    yield lambda store: store.begin(origin_of()).settled(make_call(1))
    yield lambda store: store.begin(origin_of()).heard("x")
    yield lambda store: store.begin(origin_of()).forget_failures(["calls/9.json"])
    yield lambda store: store.begin(origin_of()).add_text(make_call(2, words="anders, "))
    yield lambda store: store.begin(origin_of()).judge_anew([one for _, one in store.judged(store.keys())])
    yield lambda store: write_run(store, [make_call(3), make_call(9)])
    yield lambda store: store.delete("call-2")
    yield lambda store: store.expire(1, today=date(2026, 3, 3))


def tried(path: Path, question: Callable[[Store], object]) -> str | None:
    try:
        with Store.open(path) as store:
            question(store)
    except StoreError as error:
        return str(error)
    return None


@pytest.mark.slow
@pytest.mark.parametrize(("table", "column"), [(table, name) for table, some in COLUMNS.items() for name in some])
def test_a_damaged_row_is_told_in_one_sentence(path: Path, made: Path, table: str, column: str) -> None:
    for junk in JUNK:
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("DROP TRIGGER audit_log_no_update")
            value = f"CAST(x'{junk.encode('utf-8', 'surrogateescape').hex()}' AS TEXT)"
            connection.execute(f"UPDATE {table} SET {column} = {value}")
        # Each of them works, or says what is wrong, and of which row or store.
        for told in filter(None, (tried(path, one) for one in [lambda _: None, *asked()])):
            assert str(path) in told or "(row " in told
            assert not any(word in told for word in ("Krummbiegel", "[[", "PIN"))
        shutil.copy(made / "s.sqlite", path)


def test_a_call_whose_rows_are_damaged_can_be_deleted(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE verdicts SET body = '{', facts = ? WHERE call_key = 2", ("[" * 100_000,))
        connection.execute("UPDATE calls SET violations = 'x' WHERE key = 2")
    with Store.open(path) as store:
        assert store.delete("call-2").calls == 1
        store.verify_chain()


def test_a_locked_store_says_so(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_WAIT_SECONDS", 0.1)
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA journal_mode = DELETE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match=r"s\.sqlite: .*locked; another process is writing to it; wait"):
            Store.open(path)


def test_a_store_that_is_read_only_says_so(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_SETTINGS", (*database._SETTINGS, "PRAGMA query_only = ON"))
    with pytest.raises(StoreError, match=r"s\.sqlite: .*readonly .*; allow this user to write"):
        Store.open(path)


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.9])
def test_a_file_that_is_cut_off_or_overwritten_says_so(path: Path, cut: float) -> None:
    data = path.read_bytes()
    for damaged in (data[: int(len(data) * cut)], data[:200] + b"x" * (len(data) - 200), b"x" * len(data)):
        path.write_bytes(damaged)
        with pytest.raises(StoreError, match=r"s\.sqlite: ") as caught, Store.open(path) as store:
            store.verify_chain()
        assert "; " in str(caught.value)


def test_a_name_that_cannot_be_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot be written \(File name too long\); name another file"):
        Store.open(tmp_path / ("x" * 300))
