"""Whatever a report rests on is held against the chain: rows changed, removed, added or put back are noticed."""

import shutil
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.store.older import as_before
from tests.store.runs import make_call, make_run

from ausweis.errors import StoreError
from ausweis.store import Key, Store, sealing
from ausweis.store.holding import NOTHING_DECIDED
from ausweis.store.key import canonical
from ausweis.store.tables import calls, runs, samples, texts, verdicts

SEALED = (runs, calls, texts, verdicts, samples)


def make(folder: Path) -> Path:
    """A folder with a store of two runs over eight calls, some decided, some drawn."""
    calls = [make_call(number, pin=number != 2) for number in range(1, 9)]
    with Store.open(folder / "s.sqlite") as store:
        audio = {"call-1": (folder / "mine.wav",)}
        store.import_run(make_run(folder / "run", calls), calls, audio=audio)
        store.import_run(make_run(folder / "again", calls[:4], started="2026-03-03T20:00:00Z"))
        record = store.record(store.find("call-3") or 0)
        store.decide(record.row.key, reviewer="Mia", choice="confirm", verdict_key=record.verdict_key)
        assert store.draw_sample(date(2026, 3, 1), date(2026, 3, 31), 3, seed=1)
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("made"))


@pytest.fixture
def path(made: Path, tmp_path: Path) -> Path:
    """A store of its own: the same."""
    for name in ("s.sqlite", "s.sqlite.key"):
        shutil.copy(made / name, tmp_path)
    return tmp_path / "s.sqlite"


def change(path: Path, *statements: str) -> None:
    """As somebody who owns the file, and has no key."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def verify(path: Path) -> None:
    with Store.open(path) as store:
        store.verify_chain()


def of_row(what: str) -> str:
    return rf"{what} behind the store's back; put a backup in its place"


COPIED = "INSERT INTO verdicts SELECT 99, 1, call_key + 4, digest, says, body, facts FROM verdicts WHERE key = {}"
SWAPPED = "UPDATE {0} SET {1} = (SELECT {1} FROM {0} AS other WHERE other.{2} = 3 - {0}.{2}) WHERE {2} IN (1, 2)"


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE calls SET outcome = 'compliant' WHERE key = 2", r"the call call-2 \(row 2 of calls\) was changed"),
        ("UPDATE calls SET risk = 0.5 WHERE key = 5", r"the call call-5 \(row 5 of calls\) was changed"),
        ("UPDATE calls SET confidence = NULL WHERE key = 5", "call-5 .*was changed"),
        ("UPDATE calls SET day = '2026-03-01' WHERE key = 6", "call-6 .*was changed"),
        ("UPDATE calls SET day = 'never' WHERE key = 6", "call-6 .*was changed"),
        ("UPDATE calls SET agent = 'agent-00000000' WHERE key = 1", "call-1 .*was changed"),
        ("UPDATE calls SET team = 'Süd', queue = NULL WHERE key = 1", "call-1 .*was changed"),
        ("UPDATE calls SET needs_review = 1 - needs_review WHERE key = 1", "call-1 .*was changed"),
        ("UPDATE calls SET flagged = 0 WHERE key = 2", "call-2 .*was changed"),
        ("UPDATE calls SET severity = 'low', violations = '[]', incidents = '[' WHERE key = 2", "call-2 .*was changed"),
        ("UPDATE calls SET weight = 1 WHERE key = 2", "call-2 .*was changed"),
        ("UPDATE calls SET call_id = 'call-9' WHERE key = 5", r"the call call-9 \(row 5 of calls\) was changed"),
        ("UPDATE calls SET verdict_key = 1 WHERE key = 1", "call-1 .*was changed"),
        ("UPDATE calls SET run_key = 1, says = 'x' WHERE key = 1", "call-1 .*was changed"),
        ("UPDATE calls SET sample_key = 1 WHERE sample_key IS NULL", "the call .*was changed"),
        ("UPDATE calls SET sample_key = NULL", "the call .*was changed"),
        (SWAPPED.format("calls", "risk", "key"), "call-1 .*was changed"),
        ("DELETE FROM calls WHERE key = 8", r"the call \(row 8 of calls\) is missing"),
        (
            "INSERT INTO calls (call_id, day, at, language, turns, state)"
            " VALUES ('x', '2026-03-02', '', 'de', 1, 'open')",
            r"the call x \(row 9 of calls\) was added",
        ),
        ("UPDATE texts SET words = replace(words, 'Gut', 'Arg') WHERE call_key = 5", "text of call-5 .*was changed"),
        ("UPDATE texts SET body = replace(body, 'agent', 'caller') WHERE call_key = 5", "text of call-5 .*was changed"),
        ("DELETE FROM texts WHERE call_key = 7", r"the text of call-7 \(row 7 of texts\) is missing"),
        (SWAPPED.format("texts", "words", "call_key"), r"the text of call-1 \(row 1 of texts\) was changed"),
        ("UPDATE texts SET call_key = 77 WHERE call_key = 7", "the text of call-7 .*is missing"),
        (
            "UPDATE verdicts SET body = replace(body, 'violation', 'compliant') WHERE call_key = 2",
            r"the verdict with its facts of call-2 \(row 2 of verdicts\) was changed",
        ),
        ("UPDATE verdicts SET body = '{' WHERE key = 6", "the verdict with its facts of call-6 .*was changed"),
        ("UPDATE verdicts SET facts = NULL WHERE key = 12", "the verdict with its facts of call-4 .*was changed"),
        ("UPDATE verdicts SET digest = 'x' WHERE key = 6", "the verdict with its facts of call-6 .*was changed"),
        ("UPDATE verdicts SET says = 'x' WHERE key = 6", "the verdict with its facts of call-6 .*was changed"),
        (SWAPPED.format("verdicts", "facts", "key"), "the verdict with its facts of call-1 .*was changed"),
        ("DELETE FROM verdicts WHERE key = 5", r"its facts of call-5 \(row 5 of verdicts\) is missing"),
        (COPIED.format("9").replace("1, call_key", "2, call_key"), r"of call-5 \(row 99 of verdicts\) was added"),
        ("UPDATE runs SET policy = replace(policy, 'telecom-de', 'lax')", r"the run \(row 1 of runs\) was changed"),
        ("UPDATE runs SET model = '{}', started = '2026' WHERE key = 2", r"the run \(row 2 of runs\) was changed"),
        ("INSERT INTO runs SELECT 9, 'x', started, policy, policy_title, prompts, model, ausweis, strategy FROM runs"
         " WHERE key = 1", r"the run \(row 9 of runs\) was added"),
        ("DELETE FROM runs WHERE key = 1", r"the run \(row 1 of runs\) is missing"),
        ("UPDATE samples SET drawn = 7", r"the sample \(row 1 of samples\) was changed"),
        ("UPDATE samples SET first = '2026-02-01'", r"the sample \(row 1 of samples\) was changed"),
        ("DELETE FROM samples", r"the sample \(row 1 of samples\) is missing"),
        ("UPDATE audio SET path = '/other.wav'", "the call call-1 .*was changed"),
        ("INSERT INTO audio VALUES (4, '/other.wav')", "the call call-4 .*was changed"),
        ("UPDATE seals SET hash = 'x' WHERE kind = 'text' AND level = 0 AND number = 4", "text of call-4 .*changed"),
        ("UPDATE seals SET hash = 'x' WHERE kind = 'text' AND level = 1", "among rows 0 to 255 of texts"),
        ("DELETE FROM seals WHERE kind = 'text' AND level = 3", "among rows 0 to 16777215 of texts"),
        ("DELETE FROM seals", "the run .*was added"),
    ],
)  # fmt: skip
def test_a_row_that_was_changed_removed_added_or_swapped_is_named(path: Path, statement: str, message: str) -> None:
    change(path, statement)
    with pytest.raises(StoreError, match=message) as caught:
        verify(path)
    assert "Krummbiegel" not in str(caught.value)


def test_no_column_that_a_report_rests_on_is_left_out(path: Path, made: Path) -> None:
    verify(path)
    for table in SEALED:
        number = table.primary_key.columns.values()[0].name
        for name in [column.name for column in table.columns if column.name not in {*NOTHING_DECIDED, number}]:
            last = f"{number} = (SELECT max({number}) FROM {table.name})"
            change(path, f"UPDATE {table.name} SET {name} = 99 WHERE {last}")
            with Store.open(path) as store, pytest.raises(StoreError, match="was changed behind"):
                store.verify_chain()
            shutil.copy(made / "s.sqlite", path)
    verify(path)


ROWS = {"texts": "call_key = 7", "verdicts": "call_key = 7", "calls": "key = 7"}
OF_SEALS = {"texts": "kind = 'text' AND number = 7", "verdicts": "kind = 'verdict' AND number = 7"}


@pytest.mark.parametrize("levels", [1, 2, 3, 4])
@pytest.mark.parametrize("table", list(OF_SEALS))
def test_a_row_that_is_missing_with_its_seal_is_noticed(path: Path, table: str, levels: int) -> None:
    above = f"DELETE FROM seals WHERE kind = '{table[:-1]}' AND level > 0 AND level < {levels}"
    change(path, f"DELETE FROM {table} WHERE {ROWS[table]}", f"DELETE FROM seals WHERE {OF_SEALS[table]}", above)
    with pytest.raises(StoreError, match=f"among rows 0 to .* of {table}, some are missing with their seals"):
        verify(path)


def test_rows_that_are_put_back_with_all_their_seals_are_noticed(path: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.sqlite"
    shutil.copy(path, old)
    with Store.open(path) as store:
        store.add_calls([make_call(5, words="ganz anders, ")])
        store.add_calls([make_call(9)])
    verify(path)
    tables = ("calls", "texts", "seals")
    both = [f"DELETE FROM {name}; INSERT INTO {name} SELECT * FROM old.{name}" for name in tables]
    change(path, f"ATTACH '{old}' AS old", *(part for one in both for part in one.split("; ")))
    with pytest.raises(StoreError, match="not those of the last entry of the chain: some were put back"):
        verify(path)


def test_a_row_that_was_changed_is_not_sealed_by_what_comes_after(path: Path, made: Path) -> None:
    change(path, "UPDATE calls SET risk = 0.5, flagged = 0")
    other = [make_call(number, words="ganz anders, ") for number in range(1, 9)]
    later = make_run(path.parent / "later", other, started="2026-03-05T20:00:00Z")
    with Store.open(path) as store:
        for attempt in (
            lambda: store.add_calls(other),
            lambda: store.import_run(later),
            lambda: store.import_run(made / "run", audio={"call-5": (made / "other.wav",)}),
            lambda: store.draw_sample(date(2026, 3, 1), date(2026, 3, 31), 3),
        ):
            with pytest.raises(StoreError, match="was changed behind the store's back"):
                attempt()
    with pytest.raises(StoreError, match=r"the call call-1 .*was changed"):
        verify(path)


def test_a_changed_call_can_be_deleted_and_taken_up_again(tmp_path: Path) -> None:
    path = make(tmp_path) / "s.sqlite"
    shutil.copytree(tmp_path / "run", tmp_path / "copy")
    change(path, "UPDATE texts SET words = 'x', body = '{' WHERE call_key = 5")
    change(path, "UPDATE verdicts SET body = '[', facts = '{' WHERE call_key = 5")
    with pytest.raises(StoreError, match="call-5"):
        verify(path)
    with Store.open(path) as store:
        store.delete("call-5")
        store.verify_chain()
        store.import_run(tmp_path / "copy")
        store.verify_chain()
        assert store.find("call-5") is not None


def test_what_was_deleted_leaves_no_hash_of_its_own(tmp_path: Path) -> None:
    path = make(tmp_path) / "s.sqlite"

    def hashes() -> set[str]:
        with closing(sqlite3.connect(path)) as connection:
            return {one for (one,) in connection.execute("SELECT hash FROM seals WHERE level = 0")}

    before = hashes()
    with Store.open(path) as store:
        store.delete("call-5")
        store.verify_chain()
    gone = before - hashes()
    assert len(gone) == 3
    assert not [one for one in gone for file in tmp_path.glob("s.sqlite*") if one.encode() in file.read_bytes()]


def test_more_rows_than_are_held_at_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "BATCH", 2)
    verify(path)
    change(path, "DELETE FROM texts WHERE call_key > 5")
    with pytest.raises(StoreError, match=r"the text of call-6 \(row 6 of texts\) is missing"):
        verify(path)


@pytest.fixture
def older(path: Path) -> Path:
    """A store as the version before seals left it; its chain only as long as what it holds."""
    with Store.open(path) as store, store._database.writing() as connection:
        key = store._key
        rows = connection.execute(text("SELECT * FROM chain ORDER BY seq")).mappings().all()
        triggers = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
        for trigger in triggers:
            connection.execute(text(f"DROP TRIGGER {trigger.name}"))
        previous = ""
        for row in rows:
            linked = {name: row[name] for name in row if name not in ("hash", "sealed", "detail")} | {
                "previous": previous
            }
            values = {"previous": previous, "hash": key.link(canonical(linked)), "seq": row["seq"]}
            previous = values["hash"]
            connection.execute(text("UPDATE chain SET previous = :previous, hash = :hash WHERE seq = :seq"), values)
        connection.execute(text("ALTER TABLE chain DROP COLUMN sealed"))
        connection.execute(text("DROP TABLE seals"))
        for statement in (*as_before(5), *(trigger.sql for trigger in triggers)):
            connection.execute(text(statement))
    return path


def test_an_older_store_is_covered_as_it_stands_when_it_is_opened(older: Path) -> None:
    with Store.open(older) as store:
        covered = store.covered()
        assert covered is not None
        assert (store.chain(limit=1), covered.what) == ([covered], "covered")
        assert store.verify_chain() == covered.seq
    change(older, "UPDATE texts SET words = 'x' WHERE call_key = 4")
    with pytest.raises(StoreError, match=r"the text of call-4 .*was changed"):
        verify(older)
    # Once.
    with Store.open(older) as store:
        assert store.chain(limit=1) == [covered]


def test_a_store_cannot_be_made_an_older_one(path: Path) -> None:
    change(path, "UPDATE calls SET risk = 0.5", "DROP TABLE seals", *as_before(5))
    with pytest.raises(StoreError):
        verify(path)
    change(path, "ALTER TABLE chain DROP COLUMN sealed")
    with pytest.raises(StoreError, match="the chain is broken at entry 1"):
        verify(path)


def test_a_key_of_another_store_seals_otherwise(path: Path, tmp_path: Path) -> None:
    other = Key(tmp_path / "other.key")
    other.make()
    with Store.open(path) as store, store._database.reading() as connection, pytest.raises(StoreError):
        sealing.verify(connection, other, None)
