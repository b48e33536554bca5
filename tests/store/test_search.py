"""The rule: the index has of each call what its page shows, and of a deleted call nothing."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.store.conftest import Filled
from tests.store.runs import make_call, write_run

from ausweis.calls import Call
from ausweis.errors import StoreError
from ausweis.facts import Event
from ausweis.store import CallFilter, Key, Store, index
from ausweis.store.database import Database


def found(store: Store, words: str) -> set[str]:
    return {row.call_id for row in store.calls(CallFilter(text=words))}


def kept(store: Store, words: str) -> int:
    """How many calls the index has that say so, in the store or not."""
    with store._database.reading() as connection:
        return len(connection.execute(index.saying(words, connection.dialect.name)).all())


def test_a_call_without_a_verdict_is_not_found(store: Store, filled: Filled) -> None:
    filled([]).add_text(make_call(1))
    assert (found(store, "weiterhelfen"), store.unindexed()) == (set(), 0)
    filled([make_call(1)])
    assert found(store, "weiterhelfen") == {"call-1"}
    assert found(store, "krummbiegel") == set()


def test_another_text_or_verdict_takes_the_place_of_the_one_before(store: Store, filled: Filled) -> None:
    filled([make_call(1, words="vom Apfelbaum, "), make_call(2)])
    assert found(store, "apfelbaum") == {"call-1"}
    other = make_call(1, words="vom Birnbaum, ", pin=False)
    filled([]).add_text(other)
    assert (found(store, "apfelbaum"), kept(store, "apfelbaum"), found(store, "birnbaum")) == (set(), 0, set())
    filled([other, make_call(2)])
    assert found(store, "birnbaum") == {"call-1"}
    assert found(store, "frage") == {"call-1"}
    assert kept(store, "weiterhelfen") == 2
    assert (store.unindexed(), store.verify_chain() > 0) == (0, True)


def test_other_facts_mask_otherwise_and_the_same_leave_the_index_as_it_is(store: Store, filled: Filled) -> None:
    words = "mein Passwort ist Apfelbaum, "
    filled([make_call(1, words=words)])
    ((_, judged),) = store.judged(store.keys())
    told = Event(kind="gives", subject="password", turn=1, quote=words)
    assert found(store, "apfelbaum") == {"call-1"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "remove", lambda _, words: pytest.fail("was taken out") if words else None)
        filled([]).judge_anew([judged])
    filled([]).judge_anew([judged._replace(facts=judged.facts.model_copy(update={"events": (told,)}))])
    assert (found(store, "apfelbaum"), kept(store, "apfelbaum"), kept(store, "weiterhelfen")) == (set(), 0, 1)


def test_of_a_deleted_call_nothing_is_in_the_index(store: Store, filled: Filled) -> None:
    filled([make_call(1, words="vom Apfelbaum, "), make_call(2), make_call(3)])
    store.delete("call-1")
    assert (kept(store, "apfelbaum"), kept(store, "weiterhelfen"), found(store, "weiterhelfen")) == (
        0,
        2,
        {"call-2", "call-3"},
    )
    with store._database.reading() as connection:
        assert index.orphans(connection) == 0


def test_of_many_deleted_calls_nothing_is_in_the_file(tmp_path: Path) -> None:
    def calls(words: str) -> list[Call]:
        days = ("2026-03-03", "2026-03-01")
        return [make_call(number, day=days[number % 2], words=words) for number in range(1, 221)]

    apples = [make_call(number, day="2026-03-01", words="vom Apfelbaum, ") for number in range(301, 311)]
    with Store.open(tmp_path / "s.sqlite") as store:
        write_run(store, [*calls(""), *apples])
        # Another text for many: what the index had of the one before stays until something is deleted.
        write_run(store, calls("vom Pflaumenbaum, "))
        assert store.expire(1, today=date(2026, 3, 3)).calls == 120
        assert (kept(store, "apfelbaum"), kept(store, "pflaumenbaum"), kept(store, "weiterhelfen")) == (0, 110, 110)
        with store._database.reading() as connection:
            assert index.orphans(connection) == 0
            assert connection.exec_driver_sql("SELECT count(*) FROM settings WHERE name = 'index'").scalar() == 0
            connection.exec_driver_sql("CREATE VIRTUAL TABLE temp.terms USING fts5vocab (main, found, row)")
            terms = set(connection.exec_driver_sql("SELECT term FROM terms").scalars())
    assert {"pfl", "wei"} <= terms
    assert not {"apf", "pfe", "elb"} & terms


def test_a_call_of_which_the_index_does_not_know_what_to_take_out_takes_all_with_it(
    store: Store, filled: Filled
) -> None:
    if not store._database.is_sqlite:
        pytest.skip("PostgreSQL removes it with the call")
    filled([make_call(1), make_call(2)])
    with store._database.writing() as connection:
        connection.execute(text("DELETE FROM masks"))
    store.delete("call-1")
    assert kept(store, "weiterhelfen") == 0
    with store._database.reading() as connection:
        assert index.orphans(connection) == 0
    assert (store.unindexed(), list(store.index())) == (1, [1, 0])
    assert found(store, "weiterhelfen") == {"call-2"}


def test_a_store_of_other_rules_is_indexed_step_by_step(address: str, key: Key) -> None:
    with Store.open(address, key=key) as store:
        write_run(store, [make_call(number) for number in range(1, 8)])
    database = Database.open(address)
    with database.writing() as connection:
        index.clear(connection)
        connection.execute(text("UPDATE masks SET rules = 0"))
        # A row that nobody can read keeps the others from nothing.
        connection.execute(text("UPDATE verdicts SET facts = 'x' WHERE key = 3"))
    database.close()
    with Store.open(address, key=key) as store:
        assert (store.unindexed(), found(store, "weiterhelfen")) == (7, set())
        assert list(store.index(at_once=3)) == [3, 3, 1, 0]
        assert (store.unindexed(), len(found(store, "weiterhelfen"))) == (1, 6)
        assert sum(store.index()) == 1


def test_a_search_behind_the_mask_is_an_entry_that_tells_no_word(store: Store, filled: Filled, key: Key) -> None:
    filled([make_call(1), make_call(2, team="Süd")])
    assert found(store, "Krummbiegel") == set()
    assert len(store.search_unmasked("KRUMMBIEGEL ilse", who="Mia")) == 2
    assert len(store.search_unmasked("000002", who="Jan")) == 1
    last, before = store.chain(limit=2)
    assert (before.who, before.what, before.detail) == ("Mia", "searched", {"found": 2, "kinds": ["words"]})
    assert (last.who, last.detail) == ("Jan", {"found": 1, "kinds": ["number"]})
    assert before.content != key.content("KRUMMBIEGEL ilse")
    assert store.verify_chain() == last.seq
    for words in ("", "ab", "x\0yz", "abc" * 100):
        with pytest.raises(StoreError, match="3 letters"):
            store.search_unmasked(words, who="Mia")


def test_what_an_entry_tells_cannot_be_changed(store: Store, filled: Filled) -> None:
    filled([make_call(1)])
    store.search_unmasked("Krummbiegel", who="Mia")
    with store._database.writing() as connection:
        if store._database.is_sqlite:
            connection.execute(text("DROP TRIGGER audit_log_no_update"))
        else:
            connection.execute(text("ALTER TABLE audit_log DISABLE TRIGGER USER"))
        connection.execute(text("UPDATE audit_log SET detail = NULL"))
    with pytest.raises(StoreError, match="the audit log is broken"):
        store.verify_chain()


@pytest.mark.parametrize(
    ("words", "turn", "shown"),
    [
        ("GRÜẞ", 1, "aus der , »grüß« Gott."),
        ("nummer läuft", 4, "Ihr Vertrag mit der »Nummer« "),
        ("Denn heute", 2, "Wie kann ich Ihnen »denn« heute weiterhelfen"),
        ('"denn heute"', 2, "Wie kann ich Ihnen »denn heute« weiterhelfen"),
        ("hier spricht ‹Name›", 1, "Guten Tag, »hier« spricht "),
        ("niemand", 0, ""),
    ],
)
def test_a_hit_shows_where_it_is_and_nothing_masked(
    store: Store, filled: Filled, words: str, turn: int, shown: str
) -> None:
    filled([make_call(1)])
    hit = store.hits(store.keys(), words).get(1)
    if hit is None:
        assert turn == 0
        return
    said = "".join(f"»{piece.text}«" if piece.marked else piece.text for piece in hit.pieces)
    assert (hit.turn, shown in said) == (turn, True), said
    assert all(piece.text == "" for piece in hit.pieces if piece.kind)
    assert "Krummbiegel" not in said


def test_a_hit_in_a_long_turn_is_cut_between_words(store: Store, filled: Filled) -> None:
    filled([make_call(1, words=f"{'blabla ' * 100}Zwetschge {'dideldum ' * 100}, ")])
    (hit,) = store.hits(store.keys(), "zwetschge").values()
    said = "".join(piece.text for piece in hit.pieces)
    assert hit.cut == (True, True)
    assert 100 < len(said) < 220
    assert set(said.split()) == {"blabla", "Zwetschge", "dideldum"}


def test_a_row_of_a_list_shows_a_masked_quote_and_a_number_that_is_no_name(store: Store, filled: Filled) -> None:
    named = {"Ticket-ID": "T-17/4", "case": "Krummbiegel"}
    other = {"CRM": "Ilse Krummbiegel", "contact": "01713920012", "Case_Number": 88}
    filled([make_call(1, metadata=named), make_call(2, metadata=other, words=f"{'bla ' * 60}, "), make_call(3)])
    wanted = {key: (1, store.record(key).call.turn(1).text) for key in (1, 2)}
    shown = store.previews({**wanted, 3: (9, "x"), 999: None})
    assert {key: number for key, (_, number) in shown.items()} == {1: "T-17/4", 2: "88", 3: ""}
    assert shown[3][0] is None
    hits = [shown[key][0] for key in (1, 2)]
    said = ["".join(f"‹{piece.kind}›" if piece.kind else piece.text for piece in hit.pieces) for hit in hits if hit]
    assert said[0] == "Guten Tag, hier spricht ‹name› aus der ‹address›, grüß Gott."
    assert [hit.cut for hit in hits if hit] == [(False, False), (False, True)]
    assert 100 < len(said[1]) < 220
    # A call whose words are not masked by these rules yet shows none.
    with store._database.writing() as connection:
        connection.execute(text("UPDATE masks SET rules = 0"))
    assert store.previews(wanted) == {1: (None, "T-17/4"), 2: (None, "88")}


def test_postgresql_looks_into_its_index(store: Store, filled: Filled) -> None:
    if store._database.is_sqlite:
        pytest.skip("SQLite's index is all that there is")
    filled([make_call(number) for number in range(1, 4)])
    with store._database.reading() as connection:
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        asked = index.saying("weiter%helfen", "postgresql").compile(connection)
        plan = connection.exec_driver_sql(f"EXPLAIN {asked}", asked.params).scalars().all()
    assert "found_by_words" in "\n".join(plan)
