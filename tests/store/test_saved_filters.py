"""Saved filters. The rule: they are a person's own, under whatever spelling of the name."""

import pytest

from ausweis.errors import StoreError
from ausweis.store import Store


def test_a_filter_is_its_makers_alone(store: Store) -> None:
    store.save_filter("Petra", "Nord gestern", "?queue=Nord&period=yesterday")
    store.save_filter("petra", "  Sperren ", "?violation=no_authentication")
    store.save_filter("Ben", "Nord gestern", "?queue=Nord")
    assert [(one.name, one.query) for one in store.saved_by("PETRA")] == [
        ("Nord gestern", "?queue=Nord&period=yesterday"),
        ("Sperren", "?violation=no_authentication"),
    ]
    (bens,) = store.saved_by("Ben")
    store.forget_filter("Petra", bens.key)
    assert store.saved_by("Ben") == [bens]
    store.forget_filter("Ben", bens.key)
    assert store.saved_by("Ben") == []
    assert len(store.saved_by("Petra")) == 2


def test_the_same_name_takes_the_place_of_the_one_before(store: Store) -> None:
    store.save_filter("Petra", "Nord", "?queue=Nord")
    store.save_filter("Petra", "Nord", "?queue=Nord&queue=Nordwest")
    assert [one.query for one in store.saved_by("Petra")] == ["?queue=Nord&queue=Nordwest"]


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\x00b"])
def test_a_filter_needs_a_name(store: Store, name: str) -> None:
    with pytest.raises(StoreError, match="needs a name"):
        store.save_filter("Petra", name, "?queue=Nord")


def test_nobody_saves_without_end(store: Store) -> None:
    for number in range(30):
        store.save_filter("Petra", str(number), "?queue=Nord")
    with pytest.raises(StoreError, match="take one away"):
        store.save_filter("Petra", "one more", "?queue=Nord")
    store.save_filter("Petra", "7", "?queue=Süd")
    assert len(store.saved_by("Petra")) == 30
