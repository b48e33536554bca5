"""Who reviews. The rule: a key is told once, opens one person's door, and none after it was withdrawn or renewed."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, delete, insert, select, update
from tests.store.conftest import Filled
from tests.store.runs import make_call

from ausweis.errors import NameRefusedError, StoreError
from ausweis.store import Store
from ausweis.store.schema import reviewers


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
