"""The queue, where it is empty, and as an Excel file."""

import io
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from sqlalchemy import text
from tests.serve.filled import LAST_DAY, call_of, fill, incident, judged, threats
from tests.serve.serving import Visitor, desk_of, visitor

from ausweis.facts import Facts
from ausweis.pages.review import Wanted, review_of
from ausweis.serve import exporting as module
from ausweis.serve.question import SHOWN
from ausweis.serve.today import PAGE
from ausweis.store import CallFilter, Store

HOSTILE = "<script>alert(1)</script>\u202e'\""


def ids(page: str) -> list[str]:
    return re.findall(r'<bdi class="id">(.*?)</bdi>', page)


def test_the_worst_open_calls_come_first_in_the_order_of_the_daily_review(store: Store) -> None:
    days = store.days()
    assert days is not None
    review = review_of(store, Wanted(*days))
    assert [one.row.call_id for one in review.calls][:PAGE] == ids(visitor(store).page("/"))


def test_a_critical_incident_in_a_compliant_call_comes_first(incidents: Store) -> None:
    anna = visitor(incidents)
    assert ids(anna.page("/")) == ["critical", "leaked", "medium"]
    assert ids(anna.page("/?order=risk")) == ["leaked", "critical", "medium"]
    worst, risk = anna.page("/calls/3"), anna.page("/calls/3?order=risk")
    assert 'rel="prev"' not in worst
    assert 'href="/calls/2" rel="next"' in worst
    assert 'href="/calls/2?order=risk" rel="prev"' in risk
    assert 'href="/calls/1?order=risk" rel="next"' in risk


def test_a_row_names_incidents_with_the_turn_in_which_each_kind_first_happens(incidents: Store) -> None:
    anna = visitor(incidents)
    told = re.sub(r"<[^>]*>", "", anna.page("/"))
    # The turn of the gravest stands at its quote, where there is one.
    assert re.search(r"press or the public \(2 ×\), rude to the caller turn 1\s+Turn 2 Ich gehe zum Anwalt\.", told)
    assert "Leaked factor turn 3, threatens with a lawyer or court turn 2" in told
    german = anna.http.get("/", headers={"Accept-Language": "de"}).text
    assert "Nachweis verraten Redebeitrag 3, droht mit Anwalt oder Gericht Redebeitrag 2" in re.sub(
        r"<[^>]*>", "", german
    )


def test_a_row_quotes_what_was_said_without_personal_data(store: Store) -> None:
    page = visitor(store).page("/")
    quotes = re.findall(r'<span class="found-at".*?</span>\n', page, re.DOTALL)
    assert len(quotes) > PAGE / 3
    assert any("‹" in quote for quote in quotes)
    words = set()
    for record in map(store.record, store.keys(CallFilter(to_review=True))):
        for turn, spans in (record.masks or {}).items():
            words |= {record.call.turns[turn - 1].text[span.start : span.end] for span in spans if span.kind == "name"}
    assert words
    assert not [word for word in words for quote in quotes if re.search(rf"\b{re.escape(word)}\b", quote)]


def test_what_waits_stands_in_one_line_and_leads_there(store: Store) -> None:
    desk = desk_of(store)
    anna, petra = Visitor(desk, "Anna"), Visitor(desk, "", store.invite("Petra", by="Anna").own_key)
    first, last = store.days() or (date.min, date.max)
    drawn = store.draw_sample(first, last, 3, seed=1)
    (one, two, *others) = store.keys(CallFilter(to_review=True, states=("open",)))
    store.hear(one, reviewer="Ben", is_sure=False, verdict_key=store.record(one).verdict_key)
    store.raise_objection(two, side="Team", reason="Vollmacht lag vor.", by="Anna")
    waits = re.compile(r'<div class="waits">.*?</div>', re.DOTALL)
    (lead,), (reviewer,) = waits.findall(anna.page("/")), waits.findall(petra.page("/"))
    told = {
        f'<a href="/">{1 + len(others)} to review</a>',
        '<a href="/?show=again">1 to hear once more</a>',
        f'<a href="/?show=sample">sample: {len(drawn)} left</a>',
    }
    assert all(one in lead and one in reviewer for one in told)
    assert re.search(r'<a href="/settings\?open=objections#objections">1 objection until \d+ \w+</a>', lead)
    assert "objection" not in reviewer


@pytest.mark.parametrize(("hours", "is_late"), [(0, False), (30, True)])
def test_a_day_without_calls_is_told_as_long_as_none_come_in(tmp_path: Path, hours: int, *, is_late: bool) -> None:
    with fill(tmp_path / "s.sqlite", threats()) as store:
        started = (datetime.now(UTC) - timedelta(hours=hours)).isoformat(timespec="seconds")
        with store._database.writing() as connection:
            connection.execute(text("UPDATE runs SET started = :started"), {"started": started})
        page = visitor(store).page("/")
    assert ("Did the import run?" in page) == is_late
    assert ("Calls last came in" in page) != is_late


def test_what_is_not_sure_is_grey_and_below_what_is(store: Store) -> None:
    tones = re.findall(r'<a class="row (\w+)"', visitor(store).page("/"))
    assert "unsure" in tones
    assert set(tones[tones.index("unsure") :]) == {"unsure"}


def test_calls_are_assigned_by_a_lead_and_are_mine(store: Store) -> None:
    desk = desk_of(store)
    anna, petra = Visitor(desk, "Anna"), Visitor(desk, "", store.invite("Petra", by="Anna").own_key)
    assert 'action="/assign' not in petra.page("/")
    assert petra.send("/assign", to="Petra", n="2")[0] == 403
    assert "assigned=mine" not in petra.page("/")
    keys = store.keys(CallFilter(to_review=True, states=("open",)))
    assert anna.send("/assign", to="Petra", n="2") == (303, "/?assigned_now=2&to=Petra")
    assert anna.send("/assign?order=time", to="Anna", n="1") == (303, "/?order=time&assigned_now=1&to=Anna")
    assert [store.record(key).row.assigned for key in keys[:2]] == ["Petra", "Petra"]
    mine = petra.page("/?assigned=mine")
    assert ids(mine) == [store.record(key).row.call_id for key in keys[:2]]
    assert '<a href="/?assigned=mine">Mine <span class="tally">2</span></a>' in petra.page("/")
    # The way through one's own, and whoever has them named in the row.
    assert f'href="/calls/{keys[1]}?assigned=mine" rel="next"' in petra.page(f"/calls/{keys[0]}?assigned=mine")
    assert anna.page("/").count("→ <bdi>Petra</bdi>") == 2
    assert anna.send("/assign?assigned=nobody", to="Petra", n="0")[0] == 409
    # Back from everybody.
    assert anna.send("/assign", to="", n="99")[0] == 303
    assert not [key for key in keys if store.record(key).row.assigned]
    store.verify_chain()


def test_what_was_assigned_to_whom_is_said_and_nobody_is_chosen_before(store: Store) -> None:
    desk = desk_of(store)
    anna, petra = Visitor(desk, "Anna"), Visitor(desk, "", store.invite("Petra", by="Anna").own_key)
    (choice,) = re.findall(r'<select name="to" required>.*?</select>', anna.page("/"), re.DOTALL)
    assert re.search(r'<option value="" disabled selected>[^<]+</option><option>Anna<', choice)
    status, page = anna.send("/assign", n="99")
    assert (status, "Please choose to whom" in page, store.count(CallFilter(assigned_to=("Anna",)))) == (409, True, 0)
    for to, n, told in (
        ("Petra", "3", "3 calls are Petra&#39;s now."),
        ("Anna", "1", "1 call is Anna&#39;s now."),
        ("", "4", "4 calls are nobody&#39;s now."),
        ("", "4", "These calls were assigned like that already."),
    ):
        _, onward = anna.send("/assign", to=to, n=n)
        assert f'<p class="said" role="status">{told}</p>' in anna.page(onward)
    # Whoever makes an address says nothing by it.
    assert 'class="said"' not in anna.page("/?assigned_now=3&to=Mallory") + petra.page("/?assigned_now=3&to=Petra")


def test_mine_is_one_list_whatever_list_is_open_and_counts_what_it_shows(store: Store) -> None:
    keys = store.keys(CallFilter(to_review=True, states=("open",)))
    store.assign(keys[:3], to="Anna", by="Ben")
    anna = visitor(store)
    anna.decide(keys[0])

    def chips(address: str) -> dict[str, str]:
        return dict(re.findall(r'<a href="([^"]*)"[^>]*>[^<]+<span class="tally">(\d+)</span>', anna.page(address)))

    views = chips("/")
    assert (views["/?assigned=mine"], len(ids(anna.page("/?assigned=mine")))) == ("2", 2)
    for address in views:
        assert chips(address.replace("&amp;", "&")) == views
    assert f'<a href="/">{views["/"]} to review</a>' in anna.page("/?assigned=mine")
    # All of a filter are narrowed by it, its own chip too.
    queue = store.record(keys[1]).row.queue
    address = f"/?queue={queue}&assigned=mine"
    assert chips(f"/?show=all&queue={queue}")[address.replace("&", "&amp;")] == str(len(ids(anna.page(address))))


def test_all_says_what_of_it_is_in_the_sample_or_in_no_list(store: Store) -> None:
    desk = desk_of(store)
    anna, ben = Visitor(desk, "Anna"), Visitor(desk, "Ben")
    assert "Calls altogether" not in anna.page("/?show=all")
    first, last = store.days() or (date.min, date.max)
    one, *others = store.draw_sample(first, last, 5, seed=1)
    told = '<a href="/?show=sample">5 of them in the sample</a>'
    page = anna.page("/?show=all")
    assert "Calls altogether: 66, " + told in page
    assert ">61 calls<" in page
    ben.decide(one, blind="1")
    page = anna.page("/?show=all")
    assert told.replace("5", "4") in page
    assert "1 call is in no list of yours" in page
    assert told not in anna.page("/?show=todo") + anna.page("/?show=all&outcome=violation")
    for key in (one, *others):
        anna.decide(key, blind="1")
    assert "Calls altogether" not in anna.page("/?show=all")


def test_pages_follow_each_other_without_gap(store: Store) -> None:
    anna = visitor(store)
    for order in ("", "&order=risk", "&order=time"):
        first = anna.page(f"/?show=all{order}")
        more = re.search(r'<a href="([^"]*)" rel="next">', first)
        assert more
        second = anna.page(more[1].replace("&amp;", "&"))
        assert 'rel="next"' not in second
        assert len(ids(first)) == PAGE
        assert len(set(ids(first) + ids(second))) == 66


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("outcome=compliant", CallFilter(outcomes=("compliant",))),
        ("violation=factor_leaked", CallFilter(violations=("factor_leaked",))),
        ("incident=cancel_threat", CallFilter(incidents=("cancel_threat",))),
        ("queue=Technik&team=Nord", CallFilter(queues=("Technik",), teams=("Nord",))),
        ("q=Rechnung", CallFilter(text="Rechnung")),
        ("first=2026-03-01&last=2026-03-01", CallFilter()),
    ],
)
def test_filters_narrow(store: Store, query: str, wanted: CallFilter) -> None:
    shown = ids(visitor(store).page(f"/?show=all&{query}"))
    assert 0 < len(shown) < PAGE
    if wanted != CallFilter():
        assert shown == [row.call_id for row in store.calls(wanted)]


def test_what_others_decided_is_not_told_before_ones_own_decision(store: Store) -> None:
    key = store.keys(CallFilter(to_review=True, states=("open",)))[0]
    fields = {"choice": "not_sure", "verdict_key": str(store.record(key).verdict_key)}
    desk = desk_of(store)
    anna, ben = Visitor(desk, "Anna"), Visitor(desk, "Ben")
    anna.send(f"/calls/{key}/decisions", **fields)
    badge = '<span class="badge state not_sure">'
    assert badge in anna.page("/?show=all")
    # It waits for somebody else; a lead sees what is not settled yet.
    petra = Visitor(desk, "", store.invite("Petra", by="Anna").own_key)
    page = petra.page("/?show=again")
    assert badge not in page
    assert '<span class="badge state decided">decided</span>' in page
    petra.send(f"/calls/{key}/decisions", **fields)
    assert f"/calls/{key}?" not in petra.page("/?show=again")
    ben.send(f"/calls/{key}/decisions", **fields)
    assert badge in ben.page("/?show=again")


def test_no_team_is_shown_alone_that_is_too_small(tmp_path: Path) -> None:
    calls = [
        call_of(f"{team}-{number}", ["Guten Tag"], team=team, agent=f"A{number}")
        for team, calls in (("Nord", 6), ("Ost", 5), ("Solo", 4))
        for number in range(calls)
    ]
    some = [judged(call, Facts(call_id=call.id, turns=1)) for call in calls]
    named = [one._replace(verdict=one.verdict.model_copy(update={"call_id": one.call.id})) for one in some]
    with fill(tmp_path / "s.sqlite", named) as filled:
        anna = visitor(filled)
        nord, ost, solo = (anna.page(f"/?show=all&team={team}") for team in ("Nord", "Ost", "Solo"))
        assert "the team is too small" in anna.http.get("/?team=Solo", headers={"HX-Request": "true"}).text
        narrow = anna.page("/?show=all&team=Nord&first=2026-03-03")
    assert (len(ids(nord)), len(ids(ost)), len(ids(solo)), len(ids(narrow))) == (6, 15, 15, 0)
    for page, told in ((nord, False), (ost, True), (solo, True), (narrow, True)):
        assert ("the team is too small" in page) == told


def test_htmx_gets_the_rows_alone(store: Store) -> None:
    anna = visitor(store)
    rows = anna.http.get("/?show=all", headers={"HX-Request": "true"}).text
    assert ids(rows) == ids(anna.page("/?show=all"))
    assert "<html" not in rows
    whole = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    assert "<html" in anna.http.get("/?show=all", headers=whole).text


def test_a_row_keeps_the_question_for_the_next_call(store: Store) -> None:
    page = visitor(store).page("/?show=all&queue=Technik")
    assert re.search(r'href="/calls/\d+\?show=all&amp;queue=Technik"', page)


def test_agents_are_shown_only_where_asked_for(store: Store) -> None:
    assert "agent-" not in visitor(store).page("/?show=all")
    assert re.search(r"<bdi>agent-[0-9a-f]{6,}</bdi>", visitor(store, agents=True).page("/?show=all"))


def test_hostile_words_are_text(tmp_path_factory: pytest.TempPathFactory) -> None:
    call = call_of(HOSTILE, ["Guten Tag", "Hallo"], queue=HOSTILE, team=HOSTILE)
    one = judged(call, Facts(call_id=HOSTILE, turns=2), incidents=(incident(call, kind=HOSTILE),))
    with fill(tmp_path_factory.mktemp("hostile") / "s.sqlite", [one]) as store:
        for address in ("/?show=all", "/?show=all&q=" + "%3Cscript%3E", "/calls/1", f"/calls/1?queue={HOSTILE}"):
            page = visitor(store).page(address)
            assert "<script>alert" not in page
            assert "\u202e" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;&#39;&#34;" in visitor(store).page("/?show=all")


@pytest.mark.parametrize(
    "query",
    ["?after=x&key=1", f"?after={'9' * 99}&key=1", "?q=%00", "?" + "a=1&" * 2000, "?show=%F0%9F", "?first=0000-00-00"],
)
def test_odd_addresses_give_a_page(store: Store, query: str) -> None:
    assert "<h1>" in visitor(store).page(f"/{query}")


def test_an_empty_store_has_a_queue(tmp_path_factory: pytest.TempPathFactory) -> None:
    with Store.open(tmp_path_factory.mktemp("empty") / "s.sqlite") as store:
        anna = visitor(store)
        assert "No calls fit." in anna.page("/")
        assert "No sample has been drawn yet." in anna.page("/settings")
        assert "only a sample that has been decided tells" in anna.page("/figures")


def test_who_has_decided_all_is_told_what_was_done_and_where_to_go_on(store: Store) -> None:
    desk = desk_of(store)
    anna, ben = Visitor(desk, "Anna"), Visitor(desk, "Ben")
    keys = store.keys(CallFilter(to_review=True, states=("open",)))
    for place, key in enumerate(keys):
        choice = "not_sure" if place == 0 else "done"
        verdict = str(store.record(key).verdict_key)
        who = ben if place == 1 else anna
        _, onward = who.send(f"/calls/{key}/decisions", choice=choice, verdict_key=verdict)
    page = anna.page(onward)
    assert "All reviewed." in page
    assert f"Decided today: {len(keys)}, {len(keys) - 1} of them by you." in page
    assert '<a href="/?show=again">1 to hear once more</a>' in page
    assert '<a href="/?show=again">1 to hear once more</a>' in ben.page("/")
    assert "All reviewed." in anna.http.get("/", headers={"HX-Request": "true"}).text


def test_no_sample_is_called_decided_before_one_was_drawn(store: Store) -> None:
    anna = visitor(store)

    def told() -> str:
        return anna.http.get("/?show=sample", headers={"Accept-Language": "de"}).text

    assert "Bisher ist keine Stichprobe gezogen." in told()
    assert "Die Stichprobe ist entschieden." not in told()
    first, last = store.days() or (date.min, date.max)
    (key,) = store.draw_sample(first, last, 1, seed=1)
    assert f"/calls/{key}?" in told()
    anna.send(f"/calls/{key}/decisions", choice="done", blind="1", verdict_key=str(store.record(key).verdict_key))
    assert "Die Stichprobe ist entschieden." in told()


@pytest.mark.parametrize("show", SHOWN)
@pytest.mark.parametrize(
    "asked",
    ["q=xyzzy", "q=ab", "found=gone", "period=yesterday", "first=2030-01-01", "queue=Nowhere", "outcome=inconclusive"],
)
def test_all_done_is_said_of_the_whole_queue_alone(store: Store, show: str, asked: str) -> None:
    page = visitor(store).page(f"/?show={show}&{asked}")
    for done in (
        "All reviewed.",
        "No call waits to be heard once more",
        "sample is decided",
        "No sample has been drawn",
    ):
        assert done not in page


@pytest.mark.parametrize(
    ("asked", "language", "said"),
    [
        ("period=yesterday", "de", "Von gestern sind keine Anrufe da. Lief der Import?"),
        ("period=yesterday", "en", "There are no calls of yesterday. Did the import run?"),
        ("period=today&outcome=violation", "de", "Von heute sind keine Anrufe da. Lief der Import?"),
        ("first=2030-01-01", "en", "There are no calls of these days. Did the import run?"),
        ("first=2030-01-01&q=xyzzy", "en", "There are no calls of these days. Did the import run?"),
    ],
)
@pytest.mark.parametrize("show", ["todo", "decided", "all", "sample"])
def test_days_without_calls_say_so(store: Store, show: str, asked: str, language: str, said: str) -> None:
    page = visitor(store).http.get(f"/?show={show}&{asked}", headers={"Accept-Language": language}).text
    assert said in page


def test_nothing_found_is_not_a_day_without_calls(store: Store) -> None:
    anna = visitor(store)
    for query in ("?q=xyzzy", "?show=decided", f"?first={LAST_DAY}&show=decided"):
        page = anna.page(f"/{query}")
        assert "No calls fit." in page
        assert "There are no calls of" not in page


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
    assert (column(book, "Calls", "Decision"), column(book, "Calls", "Note")) == (["Decided"], [None])
    book = taken(visitor(store, "Ben"), "?show=decided")
    assert (column(book, "Calls", "Decision"), column(book, "Calls", "Note")) == (["Confirmed"], ["Erst fragen."])


def test_it_stops_at_the_limit_and_says_so(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 3)
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
    assert f"Left out until you have decided them yourself: {len(drawn)}. Figures count them." in told
