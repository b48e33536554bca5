"""Who reviews, and whom calls are assigned to: a key is told once, and opens one person's door until it is renewed."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, delete, insert, select, update
from tests.store.conftest import Filled
from tests.store.runs import make_call

from ausweis.errors import NameRefusedError, StoreError
from ausweis.store import CallFilter, Store
from ausweis.store.schema import calls, reviewers


def test_a_key_opens_until_it_is_renewed_or_withdrawn(store: Store) -> None:
    invited = store.invite(" Petra  Berg ", by="Anna")
    assert (invited.reviewer.name, invited.reviewer.role) == ("Petra Berg", "reviewer")
    assert invited.own_key is not None
    assert len(invited.own_key) >= 43
    assert store.reviewer_by_key(invited.own_key) == store.reviewer("petra berg") == invited.reviewer
    renewed = store.renew_key("PETRA BERG", by="Anna")
    assert store.reviewer_by_key(invited.own_key) is None
    assert renewed.own_key is not None
    assert renewed.reviewer.mark != invited.reviewer.mark
    withdrawn = store.withdraw_key("Petra Berg", by="Anna")
    assert withdrawn.withdrawn
    assert store.reviewer_by_key(renewed.own_key) is None
    again = store.renew_key("Petra Berg", by="Anna")
    assert again.own_key is not None
    assert store.reviewer_by_key(again.own_key) == again.reviewer
    assert [entry.what for entry in store.chain()] == [
        *("reviewer_renewed", "reviewer_withdrawn", "reviewer_renewed", "reviewer_invited"),
    ]
    assert {entry.who for entry in store.chain()} == {"Anna"}
    assert store.verify_chain() == 4


def test_the_store_keeps_no_key(store: Store) -> None:
    own = store.invite("Petra", by="Anna").own_key
    assert own is not None
    with store._database.reading() as connection:
        assert own not in str(connection.execute(select(reviewers)).all())


def test_nobody_is_invited_twice_or_as_what_is_none(store: Store) -> None:
    store.invite("Petra", "lead", by="Anna")
    for name, code in (("petra", "known"), ("Pеtra", "mixed"), ("Рета", None)):
        if code is None:
            assert store.invite(name, by="Anna").reviewer.name == name
            continue
        with pytest.raises(NameRefusedError) as refused:
            store.invite(name, by="Anna")
        assert refused.value.code == code
    for name, role in (("", "reviewer"), ("x" * 61, "reviewer"), ("a\x00", "reviewer"), ("Ben", "owner")):
        with pytest.raises(StoreError):
            store.invite(name, role, by="Anna")  # type: ignore[arg-type]
    with pytest.raises(StoreError, match="no reviewer"):
        store.renew_key("Ben", by="Anna")


def test_who_has_decided_is_invited_under_the_name_as_it_stands_there(store: Store, filled: Filled) -> None:
    filled([make_call(1)])
    key = store.find("call-1") or 0
    store.decide(key, reviewer="Petra", choice="confirm", verdict_key=store.record(key).verdict_key)
    assert store.invite("PETRA", by="Anna").reviewer.name == "Petra"
    assert store.known_names() == ["Petra", "Petra"]
    assert store.spellings("petra") == ("Petra",)
    now = datetime.now(UTC)
    assert store.decided_since(now - timedelta(hours=1), "PETRA") == (1, 1)
    assert store.decided_since(now - timedelta(hours=1), "Anna") == (0, 1)
    assert store.decided_since(now + timedelta(hours=1), "Petra") == (0, 0)


def _promoted(connection: Connection) -> None:
    connection.execute(update(reviewers).values(role="lead"))


def _removed(connection: Connection) -> None:
    connection.execute(delete(reviewers))


def _added(connection: Connection) -> None:
    row = {"name": "M", "person": "m", "role": "lead", "key_hash": "0" * 64, "made": "2026-01-01T00:00:00Z"}
    connection.execute(insert(reviewers), row)


@pytest.mark.parametrize("change", [_promoted, _removed, _added])
def test_what_is_changed_behind_the_stores_back_shows(store: Store, change: object) -> None:
    store.invite("Petra", by="Anna")
    with store._database.writing() as connection:
        change(connection)  # type: ignore[operator]
    with pytest.raises(StoreError, match="the reviewer"):
        store.verify_chain()


@pytest.fixture
def keys(store: Store, filled: Filled) -> list[int]:
    run = filled([make_call(1), make_call(2, pin=False), make_call(3)])
    run.add_text(make_call(4))
    return [store.find(f"call-{number}") or 0 for number in (1, 2, 3)]


def test_calls_are_assigned_and_given_back(store: Store, keys: list[int]) -> None:
    first, second, other = keys
    unjudged = max(keys) + 1
    assert store.assign([first, second, first, unjudged, 999], to="  Mia   Kern ", by="Lea") == 2
    assert sorted(store.keys(CallFilter(assigned_to=("Mia Kern",)))) == [first, second]
    assert store.keys(CallFilter(assigned_to=("",))) == [other]
    # Only what changes is written down.
    assert store.assign([first, second], to="Mia Kern", by="Lea") == 0
    assert store.assign([second], to=" ", by="Ben") == 1
    assert [store.record(key).row.assigned for key in keys] == ["Mia Kern", None, None]
    told = [(entry.who, entry.what, entry.detail) for entry in store.chain(limit=3)]
    assert told == [("Ben", "assigned", {"to": ""}), *[("Lea", "assigned", {"to": "Mia Kern"})] * 2]
    assert all(entry.call for entry in store.chain(limit=3))
    assert store.verify_chain() > 0


def test_another_call_under_the_same_id_is_nobodys(store: Store, filled: Filled, keys: list[int]) -> None:
    store.assign(keys, to="Mia", by="Lea")
    filled([make_call(1), make_call(2, words="ganz anders, ")])
    assert [store.record(key).row.assigned for key in keys] == ["Mia", None, "Mia"]


@pytest.mark.parametrize(
    ("some", "to", "code"),
    [([], "Mia", "assign_nothing"), ([1], "x" * 101, "name_wrong"), ([1], "M\x07ia", "name_wrong")],
)
def test_what_cannot_be_assigned(store: Store, keys: list[int], some: list[int], to: str, code: str) -> None:
    with pytest.raises(StoreError) as refused:
        store.assign(some, to=to, by="Lea")
    assert refused.value.code == code
    assert store.record(keys[0]).row.assigned is None


def test_a_call_that_was_changed_behind_the_back_is_not_assigned(store: Store, keys: list[int]) -> None:
    with store._database.writing() as connection:
        connection.execute(update(calls).where(calls.c.key == keys[0]).values(assigned="Ben"))
    with pytest.raises(StoreError):
        store.assign(keys, to="Mia", by="Lea")
    assert store.record(keys[1]).row.assigned is None
