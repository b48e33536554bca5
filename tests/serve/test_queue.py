import re
from pathlib import Path

import pytest
from tests.serve.filled import call_of, fill, incident, judged
from tests.serve.serving import Visitor, desk_of, visitor

from ausweis.facts import Facts
from ausweis.pages.review import Wanted, review_of
from ausweis.serve.queue import PAGE
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
    assert "data-before" not in worst
    assert 'href="/calls/2" data-after' in worst
    assert 'href="/calls/2?order=risk" data-before' in risk
    assert 'href="/calls/1?order=risk" data-after' in risk


def test_a_row_names_incidents_with_the_turn_in_which_each_kind_first_happens(incidents: Store) -> None:
    anna = visitor(incidents)
    text = re.sub(r"<[^>]*>", "", anna.page("/"))
    assert "Threatens with the press or the public (2 ×) turn 2, rude to the caller turn 1" in text
    assert "Leaked factor turn 3, threatens with a lawyer or court turn 2" in text
    german = anna.http.get("/", headers={"Accept-Language": "de"}).text
    assert "Vorgesagtes Merkmal Redebeitrag 3, droht mit Anwalt oder Gericht Redebeitrag 2" in re.sub(
        r"<[^>]*>", "", german
    )


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
    # It waits for somebody else.
    assert badge not in anna.page("/?show=second")
    page = ben.page("/?show=second")
    assert badge not in page
    assert '<span class="badge state decided">decided</span>' in page
    ben.send(f"/calls/{key}/decisions", **fields)
    assert badge in ben.page("/?show=settle")


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
        assert "No sample has been drawn yet." in anna.page("/sample")
        assert "needs a sample" in anna.page("/figures")
