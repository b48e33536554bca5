import pytest
from sqlalchemy import text
from tests.store.conftest import Filled
from tests.store.runs import make_call

from ausweis.errors import StoreError
from ausweis.store import Key, Store


@pytest.fixture
def decided(store: Store, filled: Filled) -> Store:
    filled([make_call(1), make_call(2, pin=False), make_call(3)])
    for name in ("call-1", "call-2"):
        record = store.record(store.find(name) or 0)
        store.decide(record.row.key, reviewer="Mia", choice="confirm", note="so", verdict_key=record.verdict_key)
    store.log("unmasked", who="Mia", key=store.find("call-1"))
    return store


def change(store: Store, *statements: str) -> None:
    """As somebody who owns the database, and can take the triggers away."""
    with store._database.writing() as connection:
        if connection.dialect.name == "sqlite":
            for name in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER IF EXISTS chain_no_{name}"))
        else:
            connection.execute(text("ALTER TABLE chain DISABLE TRIGGER USER"))
        for statement in statements:
            connection.execute(text(statement))


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
