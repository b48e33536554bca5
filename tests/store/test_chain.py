from datetime import date

import pytest
from sqlalchemy import Connection, Text, inspect, text
from tests.store.conftest import Filled
from tests.store.runs import make_call

from ausweis.errors import StoreError
from ausweis.store import Key, Store, chain, sealing
from ausweis.store.migrations import verify_schema


@pytest.fixture
def decided(store: Store, filled: Filled) -> Store:
    filled([make_call(1), make_call(2, pin=False), make_call(3)])
    for name in ("call-1", "call-2"):
        record = store.record(store.find(name) or 0)
        store.decide(record.row.key, reviewer="Mia", choice="confirm", note="so", verdict_key=record.verdict_key)
    store.log("unmasked", who="Mia", key=store.find("call-1"))
    return store


def change(store: Store, *statements: str) -> None:
    with store._database.writing() as connection:
        change_in(connection, *statements)


def change_in(connection: Connection, *statements: str) -> None:
    """As somebody who owns the database, can take the triggers away, and puts them back."""
    away, back = ["ALTER TABLE chain DISABLE TRIGGER USER"], ["ALTER TABLE chain ENABLE TRIGGER USER"]
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
        chain.verify(connection, store._key, None)
        verify_schema(connection)


def test_entries_say_who_did_what_on_which_versions(decided: Store, key: Key) -> None:
    entries = decided.chain()
    assert [(entry.seq, entry.what, entry.who) for entry in entries] == [
        (6, "unmasked", "Mia"),
        (5, "decided", "Mia"),
        (4, "decided", "Mia"),
        (3, "imported", "ausweis"),
        (2, "imported", "ausweis"),
        (1, "imported", "ausweis"),
    ]
    assert [entry.call for entry in entries[:3]] == [key.call("call-1"), key.call("call-2"), key.call("call-1")]
    assert {entry.call for entry in entries[3:]} == {None}
    # Texts are of no run.
    for entry in (*entries[:4], entries[5]):
        assert entry.policy is not None
        assert entry.model is not None
        assert (entry.policy.id, entry.model.id, entry.prompts[0].id) == ("telecom-de", "tiny", "agent-turn")
        assert entry.at.endswith("Z")
    assert [entry.previous for entry in entries[:-1]] == [entry.hash for entry in entries[1:]]
    assert entries[-1].previous == ""
    assert decided.verify_chain() == 6
    assert len(decided.chain(limit=2)) == 2


@pytest.mark.parametrize("statement", ["UPDATE chain SET who = 'x' WHERE seq = 4", "DELETE FROM chain WHERE seq = 6"])
def test_the_database_itself_refuses_changes(decided: Store, statement: str) -> None:
    with pytest.raises(StoreError), decided._database.writing() as connection:
        connection.execute(text(statement))
    assert decided.verify_chain() == 6


def test_truncating_is_refused_too(decided: Store) -> None:
    if decided._database.is_sqlite:
        pytest.skip("SQLite has no TRUNCATE")
    with pytest.raises(StoreError), decided._database.writing() as connection:
        connection.execute(text("TRUNCATE chain"))


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE chain SET who = 'x' WHERE seq = 4", "broken at entry 4"),
        ("UPDATE chain SET content = NULL WHERE seq = 5", "broken at entry 5"),
        ("UPDATE chain SET policy = NULL WHERE seq = 3", "broken at entry 3"),
        ("DELETE FROM chain WHERE seq = 4", "broken at entry 4"),
        ("DELETE FROM chain WHERE seq = 1", "broken at entry 1"),
        ("UPDATE decisions SET note = 'nicht so' WHERE seq = 4", "not the one of entry 4"),
        ("UPDATE decisions SET choice = 'overrule' WHERE seq = 5", "not the one of entry 5"),
        ("UPDATE decisions SET seq = 3 WHERE seq = 5", "not the one of entry 3"),
        ("DELETE FROM decisions WHERE seq = 5", "the decision of entry 5 of the chain is missing"),
        ("UPDATE calls SET call_id = 'call-4' WHERE call_id = 'call-2'", "entry 5 of the chain is not with its call"),
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
    change(decided, statement)
    with pytest.raises(StoreError, match=message):
        decided.verify_chain()


@pytest.fixture
def whole(decided: Store) -> Store:
    """A store with a row in each table that is vouched for."""
    decided.draw_sample(date(2026, 3, 1), date(2026, 3, 31), 1, seed=1)
    decided.prepare_calibration("March", by="Mia")
    decided.invite("Ben", by="Mia")
    decided.raise_objection(1, side="agent", reason="So war es nicht.", by="Mia")
    decided.save_filter("Mia", "Violations", "?outcome=violation")
    with decided._database.writing() as connection:
        connection.execute(text("INSERT INTO audio VALUES (1, 'call-1.wav')"))
        sealing.seal(connection, decided._key, "call", [1])
    decided.log("unmasked", who="Mia", key=1)
    assert decided.verify_chain()
    return decided


def test_rows_of_each_table_are_held_against_entries_or_seals_or_the_table_is_named(whole: Store) -> None:
    with whole._database.reading() as connection:
        seen = inspect(connection)
        tables = {name: seen.get_columns(name) for name in seen.get_table_names() if not name.startswith("found_")}
    named = whole.unvouched()
    assert named == [
        *("ausweis_store", "calibration_calls", "calibration_reviewers", "found", "masks", "place_calls", "places"),
        *("saved_filters", "settings"),
    ]
    assert set(named) < set(tables)
    for table in tables.keys() - set(named):
        column = next(one["name"] for one in tables[table] if isinstance(one["type"], Text))
        with pytest.raises(StoreError, match=r"behind the store's back|of the chain|broken at entry"):
            verify_changed(whole, f"UPDATE {table} SET {column} = 'x' || {column}")


def test_tables_indexes_and_triggers_are_as_the_program_makes_them(whole: Store) -> None:
    is_sqlite = whole._database.is_sqlite
    body = "BEGIN SELECT 1; END" if is_sqlite else "FOR EACH ROW EXECUTE FUNCTION chain_refuses()"
    harmless = (
        "CREATE OR REPLACE FUNCTION chain_refuses() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$"
    )
    changes = {
        f"DROP TRIGGER chain_no_update{'' if is_sqlite else ' ON chain'}": "the trigger chain_no_update is missing",
        f"CREATE TRIGGER more AFTER INSERT ON calls {body}": "the trigger more was added",
        "DROP INDEX calls_by_day": "the index calls_by_day is missing",
        "CREATE INDEX more ON calls (team)": "the index more was added",
        "DROP TABLE saved_filters": "the table saved_filters is missing",
        "CREATE TABLE more (key INTEGER)": "the table more was added",
        "ALTER TABLE saved_filters ADD COLUMN more TEXT": "the table saved_filters was changed",
        "CREATE VIEW more AS SELECT 1": "the view more was added",
    }
    if is_sqlite:
        changes |= {"DROP TRIGGER chain_no_delete": "the trigger chain_no_delete is missing"}
    else:
        changes |= {
            "DROP TRIGGER chain_no_truncate ON chain": "the trigger chain_no_truncate is missing",
            "ALTER TABLE chain DISABLE TRIGGER USER": "the trigger chain_no_truncate was changed",
            harmless: "the trigger chain_no_truncate was changed",
        }
    for statement, message in changes.items():
        with pytest.raises(StoreError, match=f"{message} behind the store's back"):
            verify_changed(whole, statement)


def test_calls_whose_decisions_were_exchanged_show(decided: Store) -> None:
    renamed = "UPDATE calls SET call_id = '{}' WHERE call_id = '{}'"
    names = (("away", "call-1"), ("call-1", "call-2"), ("call-2", "away"))
    change(decided, *(renamed.format(*one) for one in names))
    with pytest.raises(StoreError, match="entry 4 of the chain is not with its call"):
        decided.verify_chain()


def test_only_what_was_decided_before_a_deletion_may_be_missing(decided: Store, filled: Filled) -> None:
    decided.delete("call-1")
    filled([make_call(1)], "again")
    assert decided.verify_chain() == 10
    record = decided.record(decided.find("call-1") or 0)
    decided.decide(record.row.key, reviewer="Mia", choice="confirm", verdict_key=record.verdict_key)
    assert decided.verify_chain() == 11
    change(decided, "DELETE FROM decisions WHERE seq = 11")
    with pytest.raises(StoreError, match="entry 11 of the chain is missing, and its call was not deleted since"):
        decided.verify_chain()


def test_a_tail_that_was_cut_off_shows_by_its_head(decided: Store) -> None:
    head = decided.chain()[0].hash
    assert decided.verify_chain(head) == 6
    change(decided, "DELETE FROM chain WHERE seq = 6")
    assert decided.verify_chain() == 5
    with pytest.raises(StoreError, match="it was cut off"):
        decided.verify_chain(head)


def test_an_empty_chain(store: Store) -> None:
    assert store.verify_chain() == 0
    assert store.chain() == []
    with pytest.raises(StoreError, match="cut off"):
        store.verify_chain("0" * 64)
