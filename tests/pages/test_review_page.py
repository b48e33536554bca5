"""The daily review in a real browser. The rule: words of a call are shown, do nothing, and give nobody away."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from tests.axe import complaints
from tests.browser import opened
from tests.pages.review_days import DAY, filled
from tests.store.runs import make_call, write_run

from ausweis.pages.review import Review, Wanted, review_of
from ausweis.pages.review_page import review_markdown, review_page
from ausweis.store import Store

WANTED = Wanted(DAY, DAY, language="en", full=6)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with filled(tmp_path_factory.mktemp("days")) as store:
        yield store


@pytest.fixture(scope="module")
def review(store: Store) -> Review:
    return review_of(store, WANTED)


@pytest.fixture(scope="module")
def path(review: Review, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(review, tmp_path_factory.mktemp("page") / "review.html")


def written(review: Review, path: Path) -> Path:
    path.write_text(review_page(review), encoding="utf-8")
    return path


def test_counts_stand_against_the_days_before(page: Page) -> None:
    figures = page.locator(".figures li").all_inner_texts()
    assert [" ".join(one.split()) for one in figures] == [
        "20 calls usually 20",
        "6 with a violation 30%, usually 5% ▲ more 6 open",
        "1 with an incident 5%, usually 0% 1 open",
        "1 with an unsure outcome 5%, usually 0%",
        "0 inconclusive 0%, usually 0%",
    ]
    changes = page.locator(".changes li").all_inner_texts()
    assert any("with a violation: 30% (6 of 20), usually 5%" in one for one in changes)


@pytest.mark.journey
def test_the_worst_call_comes_first_and_is_open(page: Page) -> None:
    first = page.locator("details.call").first
    assert first.locator(".badge").first.inner_text() == "critical"
    assert "call-1" in first.locator(".facts").inner_text()
    assert first.locator(".said").is_visible()
    names = first.locator("h3").all_inner_texts()
    assert names == ["critical no authentication", "critical threatens with a lawyer or court"]


@pytest.mark.journey
def test_a_violation_tells_moment_quote_what_was_missing_and_what_to_do(page: Page) -> None:
    call = page.locator("details.call", has=page.locator(".id", has_text="call-2")).first
    if call.get_attribute("open") is None:
        call.locator("summary").click()
    text = call.inner_text()
    assert "Turn 4 · 0:06" in text
    assert "What was missing" in text
    assert "Authenticate the caller before the disclosure of contract data (level “standard”)" in text
    assert call.locator("mark").all_inner_texts() == ["Ihr Vertrag mit der Nummer ‹number› läuft bis Mai."]


def test_a_masked_page_names_no_recording_and_no_option_of_the_command(page: Page, review: Review) -> None:
    text = review_page(review)
    assert "file:" not in text
    assert "wav" not in text
    assert page.locator("a.listen").count() == 0
    assert "--" not in page.locator("body").inner_text()


def test_with_serve_a_moment_leads_to_its_second_there(store: Store) -> None:
    text = review_page(review_of(store, replace(WANTED, serve="http://127.0.0.1:8321")))
    key = store.find("call-2")
    assert f'class="listen" href="http://127.0.0.1:8321/calls/{key}#t=6">Listen from 0:06</a>' in text
    assert "wav" not in text


def test_an_unmasked_page_leads_into_the_file(store: Store) -> None:
    text = review_page(review_of(store, replace(WANTED, masked=False, serve="http://127.0.0.1:8321")))
    assert re.search(r'class="listen" href="file:///[^"]*/call%202%20%3Cb%3E\.wav#t=6">Listen from 0:06</a>', text)


def test_personal_data_is_masked(review: Review) -> None:
    text = review_page(review)
    assert "Krummbiegel" not in text
    assert "000000002" not in text
    assert "Lindenallee" not in text
    assert "Agent 1" not in text
    assert not re.search(r"agent-[0-9a-f]{8}", text)


def test_unless_asked_otherwise(store: Store) -> None:
    text = review_page(review_of(store, replace(WANTED, masked=False, agents=True)))
    assert "Krummbiegel" in text
    assert "shows personal data unmasked" in text
    assert re.search(r"agent-[0-9a-f]{8}", text)
    assert "Agent 1" not in text


def test_the_chart_names_the_days_at_its_edges_where_it_has_calls_of_none_too(review: Review) -> None:
    chart = review_page(review).partition('<figure class="total">')[2].partition("</figure>")[0]
    bars = [float(x) for x in re.findall(r'<rect class="bar(?: last)?" x="([\d.]+)"', chart)]
    # Calls are of the last four of fifteen days.
    assert [round((x - 2) / (268 / 14)) for x in bars] == [11, 12, 13, 14]
    assert re.findall(r'<text class="tick" x="(?:0|286)"[^>]*>([^<]+)</text>', chart) == ["16 February", "2 March"]


def test_an_unsure_call_says_why_it_is_there(page: Page) -> None:
    assert page.locator("details.call, table.rest tr", has_text="call-12").count() == 1


def test_calls_beyond_the_limit_are_a_table(page: Page) -> None:
    assert page.locator("details.call").count() == 6
    assert page.locator("table.rest tbody tr").count() == 1


@pytest.mark.journey
def test_hostile_words_are_shown_and_do_nothing(page: Page) -> None:
    call = page.locator("details.call").first
    said = " ".join(call.locator(".turns p").all_inner_texts())
    # The digits in it are masked.
    assert "<script>document.title='ran'</script><img src=x onerror=alert(" in said
    assert "\u202e" not in said
    assert page.title() == "Ausweis, daily review: Monday, 2 March 2026"
    assert page.locator("script, img, b.evil, [onerror], [style]").count() == 0
    assert "<b>moving</b>" in page.locator("#trends").inner_text()


def test_a_script_that_got_in_would_not_run(browser: Browser, path: Path, tmp_path: Path) -> None:
    worse = tmp_path / "worse.html"
    mark = "<script>document.title = 'ran'</script><p onclick='1' style='color:red'>"
    worse.write_text(path.read_text(encoding="utf-8").replace("<main>", f"<main>{mark}"), encoding="utf-8")
    with opened(browser, worse) as found:
        assert found.page.title() != "ran"
        assert any("Content Security Policy" in one for one in found.complaints)


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize(("width", "dark"), [(390, False), (390, True), (1280, False), (1280, True)])
def test_accessible_and_as_wide_as_the_screen(
    browser: Browser, store: Store, tmp_path: Path, language: str, width: int, dark: bool
) -> None:
    wanted = replace(WANTED, language="de" if language == "de" else "en", serve="http://127.0.0.1:8321")
    path = written(review_of(store, wanted), tmp_path / "review.html")
    with opened(browser, path, width=width, dark=dark) as found:
        found.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert found.page.evaluate("document.documentElement.scrollWidth") <= width
        assert complaints(found.page) == []
        assert found.page.locator("html").get_attribute("lang") == language


@pytest.mark.journey
def test_it_prints(browser: Browser, path: Path, tmp_path: Path) -> None:
    with opened(browser, path) as found:
        found.page.emulate_media(media="print")
        assert not found.page.locator("nav").is_visible()
        printed = found.page.pdf(path=tmp_path / "review.pdf", format="A4")
        assert printed.startswith(b"%PDF")


def test_several_days_and_filters(store: Store) -> None:
    days = replace(WANTED, first=DAY - timedelta(days=2), queues=("billing",))
    found = review_of(store, days)
    assert found.now.calls == 30
    assert {one.row.queue for one in found.calls} == {"billing"}
    assert "Saturday, 28 February 2026 – Monday, 2 March 2026" in review_page(found)


def test_a_day_without_calls_says_which_days_there_are(store: Store) -> None:
    day = DAY + timedelta(days=7)
    text = review_page(review_of(store, Wanted(day, day, language="en")))
    assert "No calls of this period are stored. There are calls from Friday, 27 February 2026" in text


def test_a_queue_without_calls_on_a_day_says_on_which_days_it_has_some(tmp_path: Path) -> None:
    calls = [make_call(1, queue="billing", day="2026-02-27"), make_call(2, queue="moving", day=str(DAY))]
    with Store.open(tmp_path / "ausweis.sqlite") as store:
        write_run(store, calls)
        found = review_of(store, Wanted(DAY, DAY, language="en", queues=("billing",)))
        nowhere = review_of(store, Wanted(DAY, DAY, language="en", queues=("biling",)))
    told = "No calls of this period and choice are stored."
    more = "There are some of this choice from Friday, 27 February 2026 to Friday, 27 February 2026."
    assert f"{told} {more}</p>" in review_page(found)
    assert f"{told}</p>" in review_page(nowhere)
    assert f"{told} {more}" in review_markdown(found)


@pytest.mark.parametrize(("masked", "serve"), [(False, None), (True, "http://127.0.0.1:8321"), (True, None)])
def test_a_recording_that_is_gone_has_no_link(tmp_path: Path, masked: bool, serve: str | None) -> None:
    wanted = Wanted(DAY, DAY, masked=masked, serve=serve)
    linked = not masked or serve is not None
    with filled(tmp_path, before=0, calls=4) as store:
        there = review_page(review_of(store, wanted))
        (tmp_path / "call 2 <b>.wav").unlink()
        gone = review_page(review_of(store, wanted))
    assert ('class="listen"' in there, 'class="listen"' in gone) == (linked, False)


def test_the_first_day_has_nothing_to_be_compared_with(tmp_path: Path) -> None:
    with filled(tmp_path, before=0, calls=3) as store:
        text = review_page(review_of(store, Wanted(DAY, DAY)))
    assert "kein Vergleich" in text


def test_a_turn_of_a_megabyte_makes_no_page_of_a_megabyte(tmp_path: Path) -> None:
    long = make_call(1, pin=False, words="<b>wort</b> eins zwei " * 50_000)
    with Store.open(tmp_path / "ausweis.sqlite") as store:
        write_run(store, [long])
        text = review_page(review_of(store, Wanted(DAY, DAY)))
    assert "keine Authentifizierung" in text
    assert len(text) < 50_000


def test_in_print_every_call_tells_id_time_and_reason_and_nothing_is_folded(
    browser: Browser, store: Store, tmp_path: Path
) -> None:
    wanted = replace(WANTED, full=5, serve="http://127.0.0.1:8321")
    review = review_of(store, wanted)
    with opened(browser, written(review, tmp_path / "review.html")) as found:
        page = found.page
        assert not page.locator("#call-4 .said").is_visible()
        page.emulate_media(media="print")
        for call in review.calls:
            printed = page.locator(f"#call-{call.row.key}")
            line = " ".join(printed.locator("summary").inner_text().split())
            assert f"{call.row.call_id} 09:14" in line
            assert all(finding.why in printed.locator(".findings").inner_text() for finding in call.findings)
            assert printed.locator(".said").is_visible()
            assert printed.evaluate("call => getComputedStyle(call).breakInside") == "avoid"
        for row in review.rest:
            printed = page.locator(f"#call-{row.key}")
            assert row.call_id in printed.inner_text()
            assert review.reasons[row.key] in printed.inner_text()
        for control in ("nav", ".listen", ".facts a"):
            assert not any(one.is_visible() for one in page.locator(control).all()), control
        pages = re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))
        assert len(pages) == 3


def test_calls_in_short_tell_why(review: Review) -> None:
    assert [review.reasons[row.key] for row in review.rest if row.violations] == [
        call.worst.why for call in review.calls[-1:] if call.worst
    ] * sum(bool(row.violations) for row in review.rest)


@pytest.fixture(scope="module")
def german(store: Store) -> Review:
    return review_of(store, replace(WANTED, language="de"))


def test_markdown_tells_counts_moments_and_quotes(german: Review) -> None:
    text = review_markdown(german)
    assert "- **6 mit Verstoß** (30\u00a0%, sonst 5\u00a0%): 6 offen" in text
    assert "### kritisch: keine Authentifizierung, Anruf `call-1`" in text
    assert "> 4 Agent: Ihr Vertrag mit der Nummer ‹Nummer› läuft bis Mai. ◀" in text
    assert "Krummbiegel" not in text


def test_markdown_lets_no_markup_in(german: Review) -> None:
    text = review_markdown(german)
    assert "<script" not in text
    assert "<img" not in text
    assert "&#60;script&#62;" in text
    assert "\u202e" not in text
