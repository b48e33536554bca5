"""Calls that a lead assigns: who is named stands at each, in the audit log too, and nothing else changes."""

import pytest
from sqlalchemy import update
from tests.store.conftest import Filled
from tests.store.runs import make_call

from ausweis.errors import StoreError
from ausweis.store import CallFilter, Store
from ausweis.store.schema import calls


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
def test_what_is_refused(store: Store, keys: list[int], some: list[int], to: str, code: str) -> None:
    with pytest.raises(StoreError) as refused:
        store.assign(some, to=to, by="Lea")
    assert refused.value.code == code
    assert store.record(keys[0]).row.assigned is None


def test_a_row_that_was_changed_behind_the_back_is_not_vouched_for(store: Store, keys: list[int]) -> None:
    with store._database.writing() as connection:
        connection.execute(update(calls).where(calls.c.key == keys[0]).values(assigned="Ben"))
    with pytest.raises(StoreError):
        store.assign(keys, to="Mia", by="Lea")
    assert store.record(keys[1]).row.assigned is None
