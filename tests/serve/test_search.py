"""The rule: nothing is found by a search that the reader could not read on the page, unless the record says so."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from tests.serve.filled import call_of, fill, judged
from tests.serve.serving import Visitor, desk_of, visitor

from ausweis.errors import StoreError
from ausweis.facts import Event, Facts
from ausweis.serve.desk import Searched
from ausweis.serve.indexer import indexing
from ausweis.store import Store

SECRETS = ("Krummbiegel", "rummb", "biegel", "4711", "471", "klabautermann")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Two calls of Ilse Krummbiegel, who gives her number and password, and one of somebody else."""
    texts = [
        "Guten Tag, wie kann ich helfen?",
        "Hier spricht Ilse Krummbiegel, meine Kundennummer ist 471188, das Kennwort Klabautermann.",
        "Danke, Frau Krummbiegel. Ihr Mobilfunkvertrag läuft bis Mai.",
        "Und wenn ich zu spät kündige?",
    ]
    events = (
        Event(kind="gives", subject="name", turn=2, quote="Ilse Krummbiegel"),
        Event(kind="gives", subject="customer_number", turn=2, quote="471188"),
        Event(kind="gives", subject="password", turn=2, quote="Klabautermann"),
        Event(kind="discloses", subject="contract_data", turn=3, quote="läuft bis Mai"),
    )
    calls = [
        judged(call_of(name, texts), Facts(call_id=name, turns=4, events=events), call_id=name)
        for name in ("first-call", "second-call")
    ]
    other = call_of("third-call", ["Guten Tag.", "Ich habe eine Frage zur Straßenlampe."])
    calls.append(judged(other, Facts(call_id="third-call", turns=2)))
    with fill(tmp_path / "s.sqlite", calls) as filled:
        yield filled


def ids(page: str) -> set[str]:
    return set(re.findall(r'<bdi class="id">(.*?)</bdi>', page))


@pytest.mark.parametrize("words", SECRETS)
def test_what_is_masked_is_not_found(store: Store, words: str) -> None:
    assert ids(visitor(store).page(f"/?show=all&q={words}")) == set()


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("vertrag", {"first-call", "second-call"}),
        ("kündige vertrag", {"first-call", "second-call"}),
        ("zu spät", {"first-call", "second-call"}),
        ('"wenn ich zu"', {"first-call", "second-call"}),
        ('"zu ich wenn"', set()),
        ("vertrag strassenlampe", set()),
        ("STRASSEN", {"third-call"}),
        ("second", {"second-call"}),
        ("Frau ‹Name›", {"first-call", "second-call"}),
    ],
)
def test_what_can_be_read_is_found_within_words_too(store: Store, words: str, found: set[str]) -> None:
    assert ids(visitor(store).page(f"/?show=all&q={words}")) == found


def test_a_row_shows_where_it_is_and_leads_there(store: Store) -> None:
    page = visitor(store).page("/?show=all&q=vertrag")
    (text, *_) = re.findall(r'<span class="found-at".*?</span>\s*</?span|<span class="found-at".*?\n', page, re.DOTALL)
    assert "Turn 3" in text
    assert 'Mobilfunk<mark class="hit">vertrag</mark> läuft bis Mai.' in page
    assert '<span class="masked">‹name›</span>' in page
    assert "Krummbiegel" not in page
    assert re.search(r'href="/calls/\d+\?show=all&amp;q=vertrag#t3"', page)


def test_short_words_are_said_not_to_be_searched_for(store: Store) -> None:
    page = visitor(store).page("/?show=all&q=zu")
    assert "from three letters on" in page
    assert ids(page) == set()


def test_notes_of_others_are_found_once_one_has_decided(store: Store) -> None:
    desk = desk_of(store)
    anna, ben = Visitor(desk, "Anna"), Visitor(desk, "Ben")
    key = str(store.record(1).verdict_key)
    anna.send("/calls/1/decisions", choice="confirm", verdict_key=key, note="Zwetschge angerufen")
    assert ids(anna.page("/?show=all&q=zwetschge")) == {"first-call"}
    assert ids(ben.page("/?show=all&q=zwetschge")) == set()
    ben.send("/calls/1/decisions", choice="confirm", verdict_key=key)
    assert ids(ben.page("/?show=all&q=zwetschge")) == {"first-call"}
    store.withdraw(1, reviewer="Ben", decision_key=store.record(1).decisions[-1].key)
    assert ids(ben.page("/?show=all&q=zwetschge")) == set()
    ben.send("/calls/1/decisions", choice="confirm", verdict_key=key)
    store.withdraw(1, reviewer="Anna", decision_key=store.record(1).decisions[0].key)
    assert ids(ben.page("/?show=all&q=zwetschge")) == set()


def test_an_unmasked_search_is_recorded_and_its_words_stand_in_no_address(store: Store) -> None:
    desk = desk_of(store)
    anna, ben = Visitor(desk, "Anna"), Visitor(desk, "Ben")
    before = len(store.chain())
    status, where = anna.send("/search", show="all", q="krummbiegel")
    assert status == 303
    assert re.fullmatch(r"/\?show=all&found=[\w-]{12}", where)
    page = anna.page(where)
    assert ids(page) == {"first-call", "second-call"}
    assert "Searched in masked data for “krummbiegel”, found: 2." in page
    assert '<mark class="hit"><span class="masked">‹name›</span></mark>' in page
    assert "Krummbiegel" not in page
    (entry,) = store.chain()[: len(store.chain()) - before]
    assert (entry.what, entry.who, entry.detail) == ("searched", "Anna", {"found": 2, "kinds": ["words"]})
    assert store.verify_chain() == entry.seq
    # The way through what was found, and for nobody else.
    (one, two) = re.findall(r'href="(/calls/\d+\?[^"]*)#t2"', page)
    assert f'{two}" data-after' in anna.page(one.replace("&amp;", "&"))
    assert ids(ben.page(where)) == set()
    assert "Search once more." in ben.page(where)
    anna.http.post("/signout", data={"csrf": anna.csrf})
    assert desk.searches == {}


def test_who_signs_out_takes_nothing_from_who_searches_meanwhile(store: Store) -> None:
    class Meanwhile(dict[Any, Any]):
        def copy(self) -> dict[Any, Any]:
            seen = super().copy()
            self["another session", "name"] = value
            return seen

    desk, value = desk_of(store), Searched("krummbiegel", (1,))
    anna = Visitor(desk, "Anna")
    anna.send("/search", show="all", q="krummbiegel")
    anna.send("/calls/1/unmask")
    desk.searches, desk.unmasked = Meanwhile(desk.searches), Meanwhile(desk.unmasked)
    anna.send("/signout")
    assert desk.searches == desk.unmasked == {("another session", "name"): value}


def test_an_unmasked_search_needs_the_form_and_words(store: Store) -> None:
    anna = visitor(store)
    before = len(store.chain())
    assert anna.http.post("/search", data={"q": "krummbiegel"}).status_code == 403
    assert anna.http.get("/search?q=krummbiegel").status_code == 405
    for words in ("", "ab", "ab ab", '"'):
        assert anna.send("/search", q=words)[0] == 409
    assert len(store.chain()) == before


def test_an_unmasked_search_stays_within_the_question(store: Store) -> None:
    anna = visitor(store)
    _, where = anna.send("/search", show="all", q="krummbiegel", outcome="inconclusive")
    assert ids(anna.page(where)) == set()
    entry = store.chain(limit=1)[0]
    assert entry.detail == {"found": 0, "kinds": ["words"]}


def test_a_call_that_would_be_masked_otherwise_now_is_put_in_again(store: Store) -> None:
    with store._database.writing() as connection:
        connection.execute(text("UPDATE masks SET rules = 0"))
    assert store.unindexed() == 3
    assert store.record(1).masks is None
    assert "‹name›" in visitor(store).page("/calls/1")
    index = store.index(at_once=2)
    assert next(index) == 2
    assert (store.unindexed(), len(ids(visitor(store).page("/?show=all&q=vertrag")))) == (1, 2)
    assert sum(index) == 1
    assert store.unindexed() == 0
    assert store.record(1).masks is not None
    assert ids(visitor(store).page("/?show=all&q=vertrag")) == {"first-call", "second-call"}


def test_an_older_store_is_made_searchable_while_it_is_served(store: Store) -> None:
    with store._database.writing() as connection:
        connection.execute(text("UPDATE masks SET rules = 0"))
    desk = desk_of(store)
    anna = Visitor(desk, "Anna")
    desk.unindexed = 3
    assert "3 calls cannot be searched yet." in anna.page("/?show=all&q=vertrag")
    with indexing(desk):
        until = time.monotonic() + 60
        while store.unindexed() and time.monotonic() < until:
            time.sleep(0.02)
    assert (desk.unindexed, store.unindexed()) == (0, 0)
    page = anna.page("/?show=all&q=vertrag")
    assert ids(page) == {"first-call", "second-call"}
    assert "cannot be searched yet" not in page


def test_what_a_fault_of_the_store_left_out_is_still_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Store, **__: int) -> Iterator[int]:
        yield 1
        raise StoreError("the disk is full")

    with store._database.writing() as connection:
        connection.execute(text("UPDATE masks SET rules = 0"))
    monkeypatch.setattr(Store, "index", broken)
    desk = desk_of(store)
    with indexing(desk):
        until = time.monotonic() + 60
        while desk.unindexed != 2 and time.monotonic() < until:
            time.sleep(0.02)
        # Until after the pause, in which it would be stopped.
        time.sleep(0.2)
    assert desk.unindexed == 2
    assert "2 calls cannot be searched yet." in Visitor(desk, "Anna").page("/?show=all&q=vertrag")
