"""The rule: nothing is found by a search that the reader could not read on the page, unless the record says so."""

import re
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from tests.serve.filled import call_of, fill, judged
from tests.serve.serving import Visitor, desk_of, visitor

from ausweis.errors import StoreError
from ausweis.facts import Event, Facts
from ausweis.serve.desk import Searched
from ausweis.serve.question import SHOWN
from ausweis.serve.running import indexing
from ausweis.store import CallFilter, Store

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
    assert re.search(r'href="/calls/\d+\?q=vertrag#t3"', page)


def test_short_words_are_said_not_to_be_searched_for(store: Store) -> None:
    page = visitor(store).page("/?show=all&q=zu")
    assert "from three letters on" in page
    assert ids(page) == set()


def test_notes_of_others_are_found_once_one_has_decided(store: Store) -> None:
    desk = desk_of(store)
    anna, ben = Visitor(desk, "Anna"), Visitor(desk, "Ben")
    key = str(store.record(1).verdict_key)
    anna.send("/calls/1/decisions", choice="done", verdict_key=key, note="Zwetschge angerufen")
    assert ids(anna.page("/?show=all&q=zwetschge")) == {"first-call"}
    assert ids(ben.page("/?show=all&q=zwetschge")) == set()
    ben.send("/calls/1/decisions", choice="done", verdict_key=key)
    assert ids(ben.page("/?show=all&q=zwetschge")) == {"first-call"}
    store.withdraw(1, reviewer="Ben", decision_key=store.record(1).decisions[-1].key)
    assert ids(ben.page("/?show=all&q=zwetschge")) == set()
    ben.send("/calls/1/decisions", choice="done", verdict_key=key)
    store.withdraw(1, reviewer="Anna", decision_key=store.record(1).decisions[0].key)
    assert ids(ben.page("/?show=all&q=zwetschge")) == set()


def test_an_unmasked_search_is_recorded_and_its_words_stand_in_no_address(store: Store) -> None:
    desk = desk_of(store)
    anna, ben = Visitor(desk, "Anna"), Visitor(desk, "Ben")
    before = len(store.chain())
    status, where = anna.send("/search", show="all", q="krummbiegel")
    assert status == 303
    assert re.fullmatch(r"/\?found=[\w-]{12}", where)
    page = anna.page(where)
    assert ids(page) == {"first-call", "second-call"}
    assert "Searched in masked places for “krummbiegel”, found: 2." in page
    assert '<mark class="hit"><span class="masked">‹name›</span></mark>' in page
    assert "Krummbiegel" not in page
    (entry,) = store.chain()[: len(store.chain()) - before]
    assert (entry.what, entry.who, entry.detail) == ("searched", "Anna", {"found": 2, "kinds": ["words"]})
    assert store.verify_chain() == entry.seq
    # The way through what was found, and for nobody else.
    (one, two) = re.findall(r'href="(/calls/\d+\?[^"]*)#t2"', page)
    assert f'{two}" rel="next"' in anna.page(one.replace("&amp;", "&"))
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


NARROWED = ("", "period=yesterday", "outcome=inconclusive", "first=2030-01-01", "queue=Nowhere", "order=time")


@pytest.mark.parametrize("narrowed", NARROWED)
@pytest.mark.parametrize("show", SHOWN)
def test_a_search_is_over_all_calls_whatever_is_open(store: Store, show: str, narrowed: str) -> None:
    verdict = str(store.record(1).verdict_key)
    anna = visitor(store)
    anna.send("/calls/1/decisions", choice="done", **{"finding-1": "yes"}, verdict_key=verdict)
    (form,) = re.findall(r'<form id="search".*?</form>', anna.page(f"/?show={show}&{narrowed}"), re.DOTALL)
    assert re.findall(r'name="(\w+)"', form) == ["q"]
    _, where = anna.send("/search", show=show, q="krummbiegel", **dict([narrowed.split("=")] if narrowed else []))
    assert store.chain(limit=1)[0].detail == {"found": 2, "kinds": ["words"]}
    for searched in ("/?q=vertrag", where):
        assert ids(anna.page(searched)) == {"first-call", "second-call"}
        page = anna.page(f"{searched}&show={show}&{narrowed}")
        # What is chosen narrows what is shown, and says so; the way to all of it is there.
        assert "Found in all calls: 2" in page
        assert "All reviewed." not in page
        assert (f'<a href="{searched}">show all</a>' in page) == (show != "all" or bool(narrowed))
        assert ids(anna.page(f"{searched}&show=decided")) == {"first-call"}


def test_calls_that_the_reader_is_to_hear_first_are_counted_and_told(store: Store) -> None:
    desk = desk_of(store)
    anna, ben = Visitor(desk, "Anna"), Visitor(desk, "Ben")
    store.draw_sample(date(2026, 3, 2), date(2026, 3, 2), 9, seed=1)
    drawn = store.keys(CallFilter(unheard_by=("Anna",)))
    assert drawn
    kept = {store.record(key).row.call_id for key in drawn} & {"first-call", "second-call"}
    page = anna.page("/?show=all&q=vertrag")
    assert "Found in all calls: 2" in page
    assert f'<a href="/?show=sample&amp;q=vertrag">{len(kept)} of them in the sample</a>' in page
    assert ids(anna.page("/?show=sample&q=vertrag")) == kept
    for key in drawn:
        record = store.record(key)
        fields = {"verdict_key": str(record.verdict_key), "says": record.says, "blind": "1", "choice": "done"}
        assert ben.send(f"/calls/{key}/decisions", **fields)[0] == 303
    page = anna.page("/?show=all&q=vertrag")
    assert "Found in all calls: 2" in page
    assert f"{len(kept)} calls are in no list of yours" in page
    assert "in no list of yours" not in ben.page("/?show=all&q=vertrag")


def test_calls_that_a_search_does_not_look_into_are_told(store: Store) -> None:
    with store._database.writing() as connection:
        connection.execute(text("DELETE FROM masks WHERE call_key = 1"))
        connection.execute(text("UPDATE calls SET outcome = NULL WHERE key = 3"))
    anna = visitor(store)
    _, where = anna.send("/search", q="krummbiegel")
    for address in ("/?q=xyzzy", where):
        page = anna.page(address)
        assert "1 call was not searched: it has no verdict yet." in page
        # A search in masked data needs no index.
        assert ("1 call cannot be searched yet." in page) == ("xyzzy" in address)


def test_too_many_words_are_said_not_to_be_searched_for(store: Store) -> None:
    page = visitor(store).page("/?show=all&q=" + "+".join(f"word{number}" for number in range(11)))
    assert "Nothing was searched for: at most 10 words can be, at once." in page
    assert "Found in all calls" not in page


@pytest.mark.parametrize("words", ["STRASSENLAMPE", "straßenlampe", "Straßenlampe", "zur Strassen"])
def test_a_search_in_masked_data_finds_what_the_other_one_does(store: Store, words: str) -> None:
    anna = visitor(store)
    assert ids(anna.page(f"/?show=all&q={words}")) == {"third-call"}
    assert ids(anna.page(anna.send("/search", q=words)[1])) == {"third-call"}


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
    assert "3 calls cannot be searched yet." in anna.page("/?show=all&q=vertrag")
    with indexing(desk):
        until = time.monotonic() + 60
        while store.unindexed() and time.monotonic() < until:
            time.sleep(0.02)
    assert store.unindexed() == 0
    page = anna.page("/?show=all&q=vertrag")
    assert ids(page) == {"first-call", "second-call"}
    assert "cannot be searched yet" not in page


def test_what_a_fault_of_the_store_left_out_is_still_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    index = Store.index

    def broken(store: Store, **_: int) -> Iterator[int]:
        yield next(index(store, at_once=1))
        raise StoreError("the disk is full")

    with store._database.writing() as connection:
        connection.execute(text("UPDATE masks SET rules = 0"))
    monkeypatch.setattr(Store, "index", broken)
    desk = desk_of(store)
    with indexing(desk):
        until = time.monotonic() + 60
        while store.unindexed() != 2 and time.monotonic() < until:
            time.sleep(0.02)
    assert "2 calls cannot be searched yet." in Visitor(desk, "Anna").page("/?show=all&q=vertrag")
