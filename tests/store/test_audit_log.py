"""Whatever a report rests on is held against the audit log: rows changed, removed, added or put back are noticed."""

import shutil
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Connection, Text, inspect, text
from tests.store.conftest import Filled
from tests.store.runs import make_call, origin_of, write_run

from ausweis.errors import StoreError
from ausweis.store import Key, Store, audit_log
from ausweis.store.decisions import NOTHING_DECIDED
from ausweis.store.schema import calls, runs, samples, texts, verdicts, verify_schema

DIGESTED = (runs, calls, texts, verdicts, samples)


def make(folder: Path) -> Path:
    """A folder with a store of two runs over eight calls, some decided, some drawn."""
    calls = [make_call(number, pin=number != 2) for number in range(1, 9)]
    with Store.open(folder / "s.sqlite") as store:
        audio = {"call-1": (folder / "mine.wav",)}
        write_run(store, calls, audio=audio)
        write_run(store, calls[:4], started="2026-03-03T20:00:00Z")
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


COPIED = "INSERT INTO verdicts SELECT 99, 2, call_key + 4, says, body, facts, made_of FROM verdicts WHERE key = 9"
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
        ("UPDATE calls SET to_review = 0 WHERE key = 2", "call-2 .*was changed"),
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
        ("UPDATE verdicts SET facts = '{}' WHERE key = 12", "the verdict with its facts of call-4 .*was changed"),
        ("UPDATE verdicts SET made_of = 'x' WHERE key = 6", "the verdict with its facts of call-6 .*was changed"),
        ("UPDATE verdicts SET says = 'x' WHERE key = 6", "the verdict with its facts of call-6 .*was changed"),
        (SWAPPED.format("verdicts", "facts", "key"), "the verdict with its facts of call-1 .*was changed"),
        ("DELETE FROM verdicts WHERE key = 5", r"its facts of call-5 \(row 5 of verdicts\) is missing"),
        (COPIED, r"of call-5 \(row 99 of verdicts\) was added"),
        ("UPDATE runs SET policy = replace(policy, 'telecom-de', 'lax')", r"the run \(row 1 of runs\) was changed"),
        ("UPDATE runs SET model = '{}', started = '2026' WHERE key = 2", r"the run \(row 2 of runs\) was changed"),
        ("UPDATE runs SET system = '' WHERE key = 2", r"the run \(row 2 of runs\) was changed"),
        ("INSERT INTO runs SELECT 9, started, policy, policy_title, rules, prompts, model, ausweis, strategy, system,"
         " series FROM runs WHERE key = 1", r"the run \(row 9 of runs\) was added"),
        ("DELETE FROM runs WHERE key = 1", r"the run \(row 1 of runs\) is missing"),
        ("UPDATE samples SET drawn = 7", r"the sample \(row 1 of samples\) was changed"),
        ("UPDATE samples SET first = '2026-02-01'", r"the sample \(row 1 of samples\) was changed"),
        ("DELETE FROM samples", r"the sample \(row 1 of samples\) is missing"),
        ("UPDATE audio SET path = '/other.wav'", "the call call-1 .*was changed"),
        ("INSERT INTO audio VALUES (4, '/other.wav')", "the call call-4 .*was changed"),
        ("UPDATE row_digests SET digest = 'x' WHERE kind = 'text' AND number = 4", "text of call-4 .*changed"),
        ("DELETE FROM row_digests", "the run .*was added"),
        ("UPDATE decisions SET note = 'x'", r"the decision of call-3 \(row 1 of decisions\) was changed"),
        ("UPDATE decisions SET call_key = 4", "the decision of call-4 .*was changed"),
        ("DELETE FROM decisions", r"the decision \(row 1 of decisions\) is missing"),
    ],
)  # fmt: skip
def test_a_row_that_was_changed_removed_added_or_swapped_is_named(path: Path, statement: str, message: str) -> None:
    change(path, statement)
    with pytest.raises(StoreError, match=message) as caught:
        verify(path)
    assert "Krummbiegel" not in str(caught.value)


def test_no_column_that_a_report_rests_on_is_left_out(path: Path, made: Path) -> None:
    verify(path)
    for table in DIGESTED:
        number = table.primary_key.columns.values()[0].name
        for name in [column.name for column in table.columns if column.name not in {*NOTHING_DECIDED, number}]:
            last = f"{number} = (SELECT max({number}) FROM {table.name})"
            change(path, f"UPDATE {table.name} SET {name} = 99 WHERE {last}")
            with Store.open(path) as store, pytest.raises(StoreError, match="was changed behind"):
                store.verify_chain()
            shutil.copy(made / "s.sqlite", path)
    verify(path)


GONE = {
    "texts": ("text", "call_key = 7", 7),
    "verdicts": ("verdict", "call_key = 7", 7),
    "samples": ("sample", "key = 1", 1),
}


@pytest.mark.parametrize("table", list(GONE))
def test_a_row_that_is_missing_with_its_digest_is_noticed(path: Path, table: str) -> None:
    kind, row, number = GONE[table]
    of = f"DELETE FROM row_digests WHERE kind = '{kind}' AND number = {number}"
    change(path, f"DELETE FROM {table} WHERE {row}", of)
    with pytest.raises(StoreError, match="some are missing with their digests"):
        verify(path)


@pytest.mark.parametrize("what", ["one row", "all tables"])
def test_rows_that_are_put_back_with_their_digests_are_noticed(path: Path, tmp_path: Path, what: str) -> None:
    old = tmp_path / "old.sqlite"
    with Store.open(path) as store:
        store.close()
        shutil.copy(path, old)
    with Store.open(path) as store:
        for number in (5, 9):
            store.begin(origin_of()).add_text(make_call(number, words="ganz anders, "))
    verify(path)
    of = {"texts": "call_key = 5", "calls": "key = 5", "row_digests": "kind IN ('text', 'call') AND number = 5"}
    both = [
        f"DELETE FROM {name} WHERE {row}; INSERT INTO {name} SELECT * FROM old.{name} WHERE {row}"
        for name, row in of.items()
    ]
    if what == "all tables":
        both = [f"DELETE FROM {name}; INSERT INTO {name} SELECT * FROM old.{name}" for name in (*of, "runs")]
    change(path, f"ATTACH '{old}' AS old", *(part for one in both for part in one.split("; ")))
    # Nor does what is written later make them good.
    for _ in range(2):
        with pytest.raises(StoreError, match=r"not those of the last entry of the audit log: some .* were put back"):
            verify(path)
        with Store.open(path) as store:
            store.log("exported", who="Mia")


def test_a_row_that_was_changed_is_not_made_good_by_what_comes_after(path: Path) -> None:
    change(path, "UPDATE calls SET risk = 0.5, to_review = 0")
    other = [make_call(number, words="ganz anders, ") for number in range(1, 9)]
    same = [make_call(number, pin=number != 2) for number in range(1, 9)]
    with Store.open(path) as store:
        run = store.begin(origin_of())
        for attempt in (
            lambda: run.add_text(other[0]),
            lambda: write_run(store, other),
            lambda: write_run(store, same),
            lambda: write_run(store, same, audio={"call-5": (path.parent / "other.wav",)}),
            lambda: run.judge_anew([one for _, one in store.judged(store.keys())]),
            lambda: store.draw_sample(date(2026, 3, 1), date(2026, 3, 31), 3),
        ):
            with pytest.raises(StoreError, match="was changed behind the store's back"):
                attempt()
    with pytest.raises(StoreError, match=r"the call call-1 .*was changed"):
        verify(path)


def test_a_changed_call_can_be_deleted_and_taken_up_again(tmp_path: Path) -> None:
    path = make(tmp_path) / "s.sqlite"
    change(path, "UPDATE texts SET words = 'x', body = '{' WHERE call_key = 5")
    change(path, "UPDATE verdicts SET body = '[', facts = '{' WHERE call_key = 5")
    with pytest.raises(StoreError, match="call-5"):
        verify(path)
    with Store.open(path) as store:
        store.delete("call-5")
        store.verify_chain()
        write_run(store, [make_call(5)])
        store.verify_chain()
        assert store.find("call-5") is not None


def test_what_was_deleted_leaves_no_hash_of_its_own(tmp_path: Path) -> None:
    path = make(tmp_path) / "s.sqlite"

    def hashes() -> set[str]:
        with closing(sqlite3.connect(path)) as connection:
            return {one for (one,) in connection.execute("SELECT digest FROM row_digests")}

    before = hashes()
    with Store.open(path) as store:
        store.delete("call-5")
        store.verify_chain()
    gone = before - hashes()
    assert len(gone) == 3
    assert not [one for one in gone for file in tmp_path.glob("s.sqlite*") if one.encode() in file.read_bytes()]


def test_more_rows_than_are_held_at_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_log, "BATCH", 2)
    verify(path)
    change(path, "DELETE FROM texts WHERE call_key > 5")
    with pytest.raises(StoreError, match=r"the text of call-6 \(row 6 of texts\) is missing"):
        verify(path)


def test_a_key_of_another_store_makes_other_digests(path: Path, tmp_path: Path) -> None:
    other = Key(tmp_path / "other.key")
    other.make()
    with Store.open(path) as store, store._database.reading() as connection, pytest.raises(StoreError):
        audit_log.verify(connection, other, None)


@pytest.fixture
def decided(store: Store, filled: Filled) -> Store:
    filled([make_call(1), make_call(2, pin=False), make_call(3)])
    for name in ("call-1", "call-2"):
        record = store.record(store.find(name) or 0)
        store.decide(record.row.key, reviewer="Mia", choice="confirm", note="so", verdict_key=record.verdict_key)
    store.log("unmasked", who="Mia", key=store.find("call-1"))
    return store


def change_log(store: Store, *statements: str) -> None:
    with store._database.writing() as connection:
        change_in(connection, *statements)


def change_in(connection: Connection, *statements: str) -> None:
    """As somebody who owns the database, can take the triggers away, and puts them back."""
    away, back = ["ALTER TABLE audit_log DISABLE TRIGGER USER"], ["ALTER TABLE audit_log ENABLE TRIGGER USER"]
    if connection.dialect.name == "sqlite":
        triggers = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
        away, back = [f"DROP TRIGGER {row.name}" for row in triggers], [row.sql for row in triggers]
    for statement in (*away, *statements, *back):
        connection.execute(text(statement))


def verify_changed(store: Store, statement: str) -> None:
    """Verify what an owner changed, and take the change back where something is found."""
    with store._database.writing() as connection:
        if statement.startswith("UPDATE"):
            change_in(connection, statement)
        else:
            connection.execute(text(statement))
        audit_log.verify(connection, store._key, None)
        verify_schema(connection)


def test_entries_say_who_did_what_on_which_versions(decided: Store, key: Key) -> None:
    entries = decided.chain()
    assert [(entry.seq, entry.what, entry.who) for entry in entries] == [
        (5, "unmasked", "Mia"),
        (4, "decided", "Mia"),
        (3, "decided", "Mia"),
        (2, "scored", "ausweis"),
        (1, "scored", "ausweis"),
    ]
    assert [entry.call for entry in entries[:3]] == [key.call("call-1"), key.call("call-2"), key.call("call-1")]
    assert {entry.call for entry in entries[3:]} == {None}
    # The second tells of rows of the run that the first began.
    for entry in (*entries[:3], entries[4]):
        assert entry.policy is not None
        assert entry.model is not None
        assert (entry.policy.id, entry.model.id, entry.prompts[0].id) == ("telecom-de", "tiny", "agent-turn")
        assert entry.at.endswith("Z")
    assert [entry.previous for entry in entries[:-1]] == [entry.hash for entry in entries[1:]]
    assert entries[-1].previous == ""
    assert decided.verify_chain() == 5
    assert len(decided.chain(limit=2)) == 2


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_log SET who = 'x'", "DELETE FROM audit_log WHERE seq = 5", "TRUNCATE audit_log"]
)
def test_the_database_itself_refuses_changes(decided: Store, statement: str) -> None:
    # SQLite has no TRUNCATE, and refuses that too.
    with pytest.raises(StoreError), decided._database.writing() as connection:
        connection.execute(text(statement))
    assert decided.verify_chain() == 5


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE audit_log SET who = 'x' WHERE seq = 2", "broken at entry 2"),
        ("UPDATE audit_log SET content = NULL WHERE seq = 4", "broken at entry 4"),
        ("UPDATE audit_log SET policy = NULL WHERE seq = 3", "broken at entry 3"),
        ("DELETE FROM audit_log WHERE seq = 4", "broken at entry 4"),
        ("DELETE FROM audit_log WHERE seq = 1", "broken at entry 1"),
        ("UPDATE decisions SET note = 'nicht so' WHERE key = 1", r"of call-1 \(row 1 of decisions\) was changed"),
        ("UPDATE decisions SET choice = 'overrule' WHERE key = 2", "the decision of call-2 .*was changed"),
        ("UPDATE decisions SET key = 3 WHERE key = 2", r"the decision \(row 2 of decisions\) is missing"),
        ("DELETE FROM decisions WHERE key = 2", r"the decision \(row 2 of decisions\) is missing"),
        ("UPDATE calls SET call_id = 'call-4' WHERE call_id = 'call-2'", "the call call-4 .*was changed"),
        ("UPDATE calls SET state = 'open' WHERE call_id = 'call-1'", "the state of call 1 is not what was decided"),
        ("UPDATE calls SET state = 'overruled' WHERE call_id = 'call-2'", "the state of call 2 is not what"),
        ("UPDATE calls SET right_outcome = 'violation' WHERE call_id = 'call-3'", "the state of call 3 is not what"),
        (
            """UPDATE calls SET right_violations = '["factor_leaked"]' WHERE call_id = 'call-1'""",
            "the state of call 1 is not",
        ),
        ("UPDATE calls SET state = 'confirmed' WHERE call_id = 'call-3'", "the state of call 3 is not what"),
    ],
)
def test_whatever_was_changed_shows(decided: Store, statement: str, message: str) -> None:
    change_log(decided, statement)
    with pytest.raises(StoreError, match=message):
        decided.verify_chain()


@pytest.fixture
def whole(decided: Store) -> Store:
    """A store with a row in each table that is vouched for."""
    decided.draw_sample(date(2026, 3, 1), date(2026, 3, 31), 1, seed=1)
    decided.prepare_calibration("March", by="Mia")
    decided.invite("Ben", by="Mia")
    decided.raise_objection(2, side="agent", reason="So war es nicht.", by="Mia")
    with decided._database.writing() as connection:
        connection.execute(text("INSERT INTO audio VALUES (1, 'call-1.wav')"))
        audit_log.digest_rows(connection, decided._key, "call", [1])
        audit_log.append(connection, decided._key, "scored", "Mia")
    decided.log("unmasked", who="Mia", key=1)
    assert decided.verify_chain()
    return decided


def test_rows_of_each_table_are_held_against_digests_or_the_table_is_named(whole: Store) -> None:
    with whole._database.reading() as connection:
        seen = inspect(connection)
        tables = {name: seen.get_columns(name) for name in seen.get_table_names() if not name.startswith("found_")}
    named = whole.unvouched()
    assert named == [
        *("artefact_calls", "artefacts", "calibration_calls", "calibration_reviewers", "failures", "found", "masks"),
        "settings",
    ]
    assert set(named) < set(tables)
    for table in tables.keys() - set(named):
        column = next(one["name"] for one in tables[table] if isinstance(one["type"], Text))
        with pytest.raises(StoreError, match=r"behind the store's back|broken at entry"):
            verify_changed(whole, f"UPDATE {table} SET {column} = 'x' || {column}")


def test_tables_indexes_and_triggers_are_as_the_program_makes_them(whole: Store) -> None:
    is_sqlite = whole._database.is_sqlite
    body = "BEGIN SELECT 1; END" if is_sqlite else "FOR EACH ROW EXECUTE FUNCTION audit_log_refuses()"
    function = "FUNCTION audit_log_refuses() RETURNS trigger LANGUAGE plpgsql"
    harmless = f"CREATE OR REPLACE {function} AS $$ BEGIN RETURN NULL; END $$"
    of = "" if is_sqlite else " ON audit_log"
    changes = {
        f"DROP TRIGGER audit_log_no_update{of}": "the trigger audit_log_no_update is missing",
        f"CREATE TRIGGER more AFTER INSERT ON calls {body}": "the trigger more was added",
        "DROP INDEX calls_by_day": "the index calls_by_day is missing",
        "CREATE INDEX more ON calls (team)": "the index more was added",
        "DROP TABLE masks": "the table masks is missing",
        "CREATE TABLE more (key INTEGER)": "the table more was added",
        "ALTER TABLE masks ADD COLUMN more TEXT": "the table masks was changed",
        "CREATE VIEW more AS SELECT 1": "the view more was added",
    }
    if is_sqlite:
        changes |= {"DROP TRIGGER audit_log_no_delete": "the trigger audit_log_no_delete is missing"}
    else:
        changes |= {
            "DROP TRIGGER audit_log_no_truncate ON audit_log": "the trigger audit_log_no_truncate is missing",
            "ALTER TABLE audit_log DISABLE TRIGGER USER": "the trigger audit_log_no_truncate was changed",
            harmless: "the trigger audit_log_no_truncate was changed",
        }
    for statement, message in changes.items():
        with pytest.raises(StoreError, match=f"{message} behind the store's back"):
            verify_changed(whole, statement)


def test_calls_whose_decisions_were_exchanged_show(decided: Store) -> None:
    renamed = "UPDATE calls SET call_id = '{}' WHERE call_id = '{}'"
    names = (("away", "call-1"), ("call-1", "call-2"), ("call-2", "away"))
    change_log(decided, *(renamed.format(*one) for one in names))
    with pytest.raises(StoreError, match=r"the call call-2 .*was changed"):
        decided.verify_chain()


def test_only_what_was_decided_before_a_deletion_may_be_missing(decided: Store, filled: Filled) -> None:
    decided.delete("call-1")
    filled([make_call(1)])
    assert decided.verify_chain() == 8
    record = decided.record(decided.find("call-1") or 0)
    decided.decide(record.row.key, reviewer="Mia", choice="confirm", verdict_key=record.verdict_key)
    assert decided.verify_chain() == 9
    change_log(decided, "DELETE FROM decisions WHERE key = 3")
    with pytest.raises(StoreError, match=r"the decision .row 3 of decisions. is missing"):
        decided.verify_chain()


def test_a_tail_that_was_cut_off_shows_by_its_head(decided: Store) -> None:
    head = decided.chain()[0].hash
    assert decided.verify_chain(head) == 5
    change_log(decided, "DELETE FROM audit_log WHERE seq = 5")
    assert decided.verify_chain() == 4
    with pytest.raises(StoreError, match="it was cut off"):
        decided.verify_chain(head)


def test_an_empty_log(store: Store) -> None:
    assert store.verify_chain() == 0
    assert store.chain() == []
    with pytest.raises(StoreError, match="cut off"):
        store.verify_chain("0" * 64)
