"""The queue as an Excel file: what the filter shows, masked; only for leads; and the chain keeps who took it."""

import io
from datetime import date

import pytest
from openpyxl import Workbook, load_workbook
from tests.serve.serving import Visitor, desk_of, visitor

from ausweis.serve import download
from ausweis.store import CallFilter, Store

TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def taken(anna: Visitor, query: str = "") -> Workbook:
    answer = anna.http.post(f"/calls.xlsx{query}", data={"csrf": anna.csrf})
    assert (answer.status_code, answer.headers["content-type"]) == (200, TYPE)
    assert answer.headers["content-disposition"].startswith('attachment; filename="ausweis-')
    assert answer.headers["cache-control"] == "no-store"
    return load_workbook(io.BytesIO(answer.content))


def column(book: Workbook, sheet: str, name: str) -> list[object]:
    head = [cell.value for cell in book[sheet][1]]
    return [row[head.index(name)] for row in book[sheet].iter_rows(min_row=2, values_only=True)]


def test_it_holds_the_calls_of_the_filter_in_their_order(store: Store) -> None:
    book = taken(visitor(store), "?show=all&queue=Hotline&order=time")
    keys = store.keys(CallFilter(queues=("Hotline",)), order="time")
    assert column(book, "Calls", "Call") == [store.record(key).row.call_id for key in keys]
    assert set(column(book, "Calls", "Queue")) == {"Hotline"}
    assert book["Calls"]["A2"].hyperlink.target == f"http://127.0.0.1:8321/calls/{keys[0]}"


def test_it_is_masked_and_names_no_agent(store: Store) -> None:
    anna = visitor(store)
    key = store.keys(CallFilter(to_review=True))[0]
    anna.send(f"/calls/{key}/unmask")
    book = taken(anna)
    cells = [str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row]
    said = store.record(key).verdict.violations[0].evidence[0].quote
    assert not [cell for cell in cells if said in cell or "agent-" in cell]
    assert [cell for cell in cells if "agent-" in cell] == []
    assert column(taken(visitor(store, agents=True)), "Calls", "Agent")[0] == store.record(key).row.agent


def test_the_chain_keeps_who_took_it(store: Store) -> None:
    taken(visitor(store))
    (last,) = store.chain(limit=1)
    assert (last.what, last.who) == ("exported", "Anna")
    store.verify_chain()


def test_what_others_decided_stays_hidden(store: Store) -> None:
    key = store.keys(CallFilter(to_review=True))[0]
    record = store.record(key)
    store.decide(key, reviewer="Ben", choice="confirm", note="Erst fragen.", verdict_key=record.verdict_key)
    book = taken(visitor(store), "?show=decided")
    assert (column(book, "Calls", "State"), column(book, "Calls", "Note")) == (["Decided"], [None])
    book = taken(visitor(store, "Ben"), "?show=decided")
    assert (column(book, "Calls", "State"), column(book, "Calls", "Note")) == (["Confirmed"], ["Erst fragen."])


def test_it_stops_at_the_limit_and_says_so(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "MOST", 3)
    book = taken(visitor(store))
    assert book["Calls"].max_row == 4
    assert any("no more than 3." in str(cell.value) for (cell,) in book["About this file"].iter_rows())


def test_only_forms_of_our_own_get_it(store: Store) -> None:
    anna = visitor(store)
    assert anna.http.post("/calls.xlsx", data={"csrf": "wrong"}).status_code == 403
    assert anna.http.get("/calls.xlsx").status_code == 405
    assert not [one for one in store.chain() if one.what == "exported"]


def test_only_a_lead_gets_it(store: Store) -> None:
    desk = desk_of(store)
    petra = Visitor(desk, "", store.invite("Petra", by="Anna").own_key)
    assert petra.http.post("/calls.xlsx", data={"csrf": petra.csrf}).status_code == 403
    assert "/calls.xlsx" not in petra.page("/")
    assert 'action="/calls.xlsx"' in Visitor(desk, "Anna").page("/")
    assert not [one for one in store.chain() if one.what == "exported"]


def test_calls_that_are_to_be_heard_blind_are_left_out(store: Store) -> None:
    first, last = store.days() or (date.min, date.max)
    drawn = store.draw_sample(first, last, 5, seed=1)
    book = taken(visitor(store), "?show=all")
    ids = {store.record(key).row.call_id for key in drawn}
    assert ids.isdisjoint(column(book, "Calls", "Call"))
    book = taken(visitor(store), "?show=sample")
    assert book["Calls"].max_row == 1
    told = [str(cell.value) for (cell,) in book["About this file"].iter_rows()]
    assert f"Left out, since you hear them without the verdict first: {len(drawn)}." in told
