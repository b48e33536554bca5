import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.store.runs import make_call, origin_of

from ausweis.errors import StoreError
from ausweis.store import Key, Store
from ausweis.store.database import Database


def test_opening_again_keeps_what_is_there(address: str, key: Key) -> None:
    with Store.open(address, key=key) as store:
        store.log("exported", who="x")
    with Store.open(address, key=key) as store:
        assert len(store.chain()) == 1


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE settings SET value = '1' WHERE name = 'schema'", "another version of ausweis made this store"),
        ("DELETE FROM settings WHERE name = 'schema'", "another version of ausweis made this store"),
        ("CREATE TABLE ausweis_store (number INTEGER)", "an earlier version of ausweis made this store"),
    ],
)
def test_a_store_of_another_version_is_refused(address: str, key: Key, statement: str, message: str) -> None:
    Store.open(address, key=key).close()
    database = Database.open(address)
    with database.writing() as connection:
        connection.execute(text(statement))
    database.close()
    with pytest.raises(StoreError, match=message):
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
            store.begin(origin_of()).add_text(make_call(1))
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
    run = store.begin(origin_of())
    with database.reading() as connection:
        assert connection.execute(counted).scalar() == 0
        run.add_text(make_call(1))
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
