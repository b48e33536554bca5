import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import inspect, text
from tests.store.older import as_before
from tests.store.runs import add_incidents, incident_of, make_call, make_run

from ausweis.errors import StoreError
from ausweis.store import Key, Store
from ausweis.store.database import Database
from ausweis.store.migrations import MIGRATIONS
from ausweis.store.tables import metadata


def test_migrations_make_the_tables_that_queries_see(address: str, key: Key) -> None:
    Store.open(address, key=key).close()
    database = Database.open(address)
    with database.reading() as connection:
        seen = inspect(connection)
        for table in metadata.tables.values():
            columns = {column["name"]: column["nullable"] for column in seen.get_columns(table.name)}
            assert set(columns) == {column.name for column in table.columns}, table.name
            wanted = {column.name for column in table.columns if not column.nullable}
            assert {name for name, nullable in columns.items() if not nullable} | set(
                table.primary_key.columns.keys()
            ) == (wanted | set(table.primary_key.columns.keys())), table.name
        tables = {name for name in seen.get_table_names() if not name.startswith("found_")}
        assert tables == {*metadata.tables, "ausweis_store", "found"}
    database.close()


def test_opening_again_keeps_what_is_there(address: str, key: Key) -> None:
    with Store.open(address, key=key) as store:
        store.log("exported", who="x")
    with Store.open(address, key=key) as store:
        assert len(store.chain()) == 1
    database = Database.open(address)
    with database.reading() as connection:
        numbers = connection.execute(text("SELECT number FROM ausweis_store ORDER BY 1")).scalars().all()
    database.close()
    assert numbers == list(range(1, len(MIGRATIONS) + 1))


def test_calls_of_an_older_store_are_ordered_as_if_they_came_today(address: str, key: Key, tmp_path: Path) -> None:
    calls = [make_call(n, pin=n % 2 > 0) for n in range(1, 6)]
    folder = make_run(tmp_path / "run", calls)
    add_incidents(folder, "call-1", incident_of(2, 'own, "kind"'), incident_of(4, "rude_agent"))
    with Store.open(address, key=key) as store:
        store.import_run(folder, calls)
        store.add_calls([make_call(6)])
        found = store.calls()
    database = Database.open(address)
    with database.writing() as connection:
        connection.execute(text("DROP INDEX calls_by_weight"))
        connection.execute(text("ALTER TABLE calls DROP COLUMN weight"))
        connection.execute(text("DROP TABLE seals"))
        connection.execute(text("ALTER TABLE chain DROP COLUMN sealed"))
        for statement in as_before(4):
            connection.execute(text(statement))
    database.close()
    with Store.open(address, key=key) as store:
        assert store.calls() == found
    assert len({row.weight for row in found}) > 2


def test_calls_of_a_sealed_store_are_weighed_anew_and_sealed(
    address: str, key: Key, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = [make_call(n, pin=n % 2 > 0) for n in range(1, 6)]
    with monkeypatch.context() as before:
        before.setattr("ausweis.store.packing.harm", lambda *_, **__: 7)
        before.setattr("ausweis.store.verdict_rows.asked_for", lambda *_: None)
        with Store.open(address, key=key) as store:
            store.import_run(make_run(tmp_path / "run", calls), calls)
            assert {row.weight for row in store.calls()} == {7}
    database = Database.open(address)
    with database.writing() as connection:
        connection.execute(text("UPDATE calls SET risk = 0.001 WHERE key = 2"))
        for statement in as_before(6):
            connection.execute(text(statement))
    database.close()
    with Store.open(address, key=key) as store:
        # Weighed by the verdicts, whatever somebody wrote beside them.
        assert [row.call_id for row in store.calls()][:2] == ["call-2", "call-4"]
        assert store.chain(limit=1)[0].what == "renewed"
        # What somebody changed behind its back before is not sealed with it.
        with pytest.raises(StoreError, match=r"call-2 .*was changed"):
            store.verify_chain()


def test_a_newer_store_is_refused(address: str, key: Key) -> None:
    Store.open(address, key=key).close()
    database = Database.open(address)
    with database.writing() as connection:
        connection.execute(text("INSERT INTO ausweis_store VALUES (99, 'm99', '2030')"))
    database.close()
    with pytest.raises(StoreError, match="a newer version of ausweis"):
        Store.open(address, key=key)


def test_another_key_or_none_is_refused(address: str, key: Key, tmp_path: Path) -> None:
    Store.open(address, key=key).close()
    other = Key(tmp_path / "other.key")
    with pytest.raises(StoreError, match=r"other\.key: the key of the store is missing"):
        Store.open(address, key=other)
    assert not other.path.exists()
    other.make()
    with pytest.raises(StoreError, match="made with another key"):
        Store.open(address, key=Key(other.path))
    key.path.chmod(0o644)
    with pytest.raises(StoreError, match="others may read the key"):
        Store.open(address, key=Key(key.path))


def test_files_are_for_the_users_eyes_alone(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        with Store.open(tmp_path / "s.sqlite") as store:
            store.add_calls([make_call(1)])
            names = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    finally:
        os.umask(old)
    assert {"s.sqlite", "s.sqlite.key", "s.sqlite-wal"} <= set(names)
    assert set(names.values()) == {0o600}


def test_the_key_may_be_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUSWEIS_STORE_KEY_FILE", str(tmp_path / "keys" / "k"))
    Store.open(tmp_path / "s.sqlite").close()
    assert len((tmp_path / "keys" / "k").read_bytes()) == 32
    assert not (tmp_path / "s.sqlite.key").exists()


def test_what_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no database at all, but long enough to be taken for one" * 100)
    with pytest.raises(StoreError, match="text: the store cannot be used: file is not a database"):
        Store.open(tmp_path / "text")
    with sqlite3.connect(tmp_path / "other") as connection:
        connection.execute("CREATE TABLE cats (name TEXT)")
    connection.close()
    with pytest.raises(StoreError, match="other: this is a database of something else"):
        Store.open(tmp_path / "other")
    with pytest.raises(StoreError, match="cannot be written"):
        Store.open(tmp_path / "text" / "store")
    with pytest.raises(StoreError, match="cannot be written"):
        Store.open(tmp_path)
    for address in ("mysql://root@localhost/x", "postgresql+nodriver://x", "http://x", "://", ""):
        with pytest.raises(StoreError, match="the address of"):
            Store.open(address, key=Key(tmp_path / "k"))


def test_no_password_is_shown(tmp_path: Path) -> None:
    address = "postgresql://reader:geheim@localhost:1/calls"
    with pytest.raises(StoreError, match="the store cannot be used") as caught:
        Store.open(address, key=Key(tmp_path / "k"))
    assert "geheim" not in str(caught.value)
    with pytest.raises(StoreError, match="AUSWEIS_STORE_KEY_FILE"):
        Store.open(address)


def test_a_fault_quotes_nothing_of_a_call(store: Store) -> None:
    database = store._database
    with pytest.raises(StoreError) as caught, database.writing() as connection:
        connection.execute(text("INSERT INTO audio VALUES (:key, :path)"), {"key": 7, "path": "Krummbiegel"})
    assert "Krummbiegel" not in str(caught.value)


def test_who_reads_sees_one_moment_and_who_writes_sees_all(store: Store) -> None:
    database, counted = store._database, text("SELECT count(*) FROM calls")
    with database.reading() as connection:
        assert connection.execute(counted).scalar() == 0
        store.add_calls([make_call(1)])
        assert connection.execute(counted).scalar() == 0
        with database.writing() as writing:
            assert writing.execute(counted).scalar() == 1
    with database.reading() as connection:
        assert connection.execute(counted).scalar() == 1


def test_many_processes_may_open_a_new_store_at_once(address: str, key: Key) -> None:
    path = str(key.path)
    code = f"from pathlib import Path; from ausweis.store import *; Store.open({address!r}, key=Key(Path({path!r})))"
    source = str(Path(__file__).parents[2] / "src")
    started = [subprocess.Popen([sys.executable, "-c", code], env={"PYTHONPATH": source}) for _ in range(3)]
    assert [process.wait(60) for process in started] == [0] * 3
