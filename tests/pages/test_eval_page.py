"""The page of an eval run, in a real browser. The rule: words of a call are shown, and do nothing."""

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser import Opened, opened
from tests.judging.own_policies import marina
from tests.pages.eval_runs import HOSTILE, case, findings, labelled, manifest, source

from ausweis.evals.folder import Calibrated, EvalSource
from ausweis.evals.metrics import summarise
from ausweis.evals.metrics.calibration import Curve, bins_of
from ausweis.pages.eval_page import eval_page, marks_of_case
from ausweis.vocabulary import KNOWN_WORDS, Vocabulary

HOSTILE_ID = "<b>'\"|</b>"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = source()
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(eval_page(found), encoding="utf-8")
    return path


def assert_calls(page: Page, wanted: list[str]) -> None:
    """Waits for the page to show these calls, in this order: it follows its address a moment later."""
    calls = page.locator("details.call:visible")
    expect(calls).to_have_count(len(wanted))
    for place, call_id in enumerate(wanted):
        expect(calls.nth(place)).to_have_attribute("data-id", call_id)


@pytest.mark.journey
def test_wrong_calls_come_first_then_the_riskiest(page: Page) -> None:
    assert_calls(page, ["failed-1", "missed-1", HOSTILE_ID, "right-1"])


def test_a_tag_hides_the_other_calls_and_stands_in_the_address(page: Page) -> None:
    page.get_by_label("Policy").select_option("bank-en")
    assert_calls(page, ["failed-1", "right-1"])
    expect(page.locator("#shown")).to_have_text("2 of 4 calls")
    assert page.url.endswith("#tag=policy%3Abank-en")
    page.reload()
    assert_calls(page, ["failed-1", "right-1"])
    page.get_by_role("button", name="Show all").click()
    expect(page.locator("#shown")).to_have_text("4 of 4 calls")
    assert "#" not in page.url


def test_a_tag_of_the_table_leads_to_its_calls(page: Page) -> None:
    page.locator("table.tags a", has_text="telecom-de").click()
    assert_calls(page, ["missed-1", HOSTILE_ID])


def test_a_cell_of_the_confusion_leads_to_its_calls(page: Page) -> None:
    page.locator(".heat a[href='#label=violation&verdict=compliant']").click()
    assert_calls(page, ["missed-1"])
    expect(page.locator("select[name=verdict]")).to_have_value("compliant")


@pytest.mark.parametrize(
    ("mark", "wanted"),
    [("no verdict", ["failed-1"]), ("right", [HOSTILE_ID, "right-1"]), ("flipped", ["failed-1", HOSTILE_ID])],
)
def test_results_are_told_apart(page: Page, mark: str, wanted: list[str]) -> None:
    page.get_by_label("Result").select_option(mark)
    assert_calls(page, wanted)


def test_ids_and_titles_are_searched(page: Page) -> None:
    page.get_by_label("Call", exact=True).fill("TITLE OF right")
    assert_calls(page, ["right-1"])
    page.get_by_label("Call", exact=True).fill("nobody")
    assert_calls(page, [])
    expect(page.locator("#none")).to_be_visible()


@pytest.mark.journey
def test_an_opened_call_shows_turns_with_marks(page: Page) -> None:
    call = page.locator("details.call[data-id='missed-1']")
    assert not call.locator("ol").is_visible()
    call.locator("summary").click()
    turns = call.locator("ol > li")
    assert turns.locator("> b").all_inner_texts() == ["agent 0:00", "caller 1:05"]
    assert turns.locator("> p").all_inner_texts() == [
        "Ihr Vertrag läuft bis Mai.",
        "Meine PIN ist eins zwei drei vier.",
    ]
    assert turns.nth(0).locator(".chip").all_inner_texts() == [
        "disclosure contract_data missed",
        "violation late_authentication missed",
    ]
    assert turns.nth(1).locator(".chip").all_inner_texts() == [
        "factor pin verified missed",
        "factor name verified invented",
    ]


def test_a_link_opens_its_call(browser: Browser, path: Path, found: Opened) -> None:
    found.page.goto(f"{path.as_uri()}#call=missed-1")
    turns = found.page.locator("details.call[data-id='missed-1'] ol")
    expect(turns).to_be_visible()
    assert turns.is_visible()


def test_own_words_have_a_part_of_their_own() -> None:
    found = source()
    assert 'id="own-words"' not in eval_page(found)
    cases = [one.model_copy(update={"own_words": {"berth_number": "factor"}}) for one in found.cases]
    text = eval_page(replace(found, cases=cases, summary=summarise(cases)))
    assert 'id="own-words"' in text
    assert all(word in text for word in ("given in the call", "read out", "F1 of own words (with turn)"))


@pytest.mark.journey
def test_hostile_words_are_shown_and_do_nothing(page: Page) -> None:
    call = page.locator("details.call").nth(2)
    assert call.locator("summary .name").inner_text() == f"{HOSTILE_ID} <i>{{{{ title }}}}</i>"
    call.locator("summary").click()
    texts = call.locator("ol > li > p").all_inner_texts()[2:]
    assert texts == [HOSTILE[0], HOSTILE[1], HOSTILE[2].replace("\u202e", "")]
    assert "</script>" in call.locator(".why").first.inner_text()
    assert page.locator("details.call").count() == 4
    assert page.locator("script").count() == 1
    assert page.locator("main img, main [onload], main [onerror], main [onmouseover], main script").count() == 0
    assert call.locator("li").nth(1).locator(".chip").inner_text() == "factor pin rejected label: verified"


def test_a_script_that_got_in_would_not_run(browser: Browser, path: Path, tmp_path: Path) -> None:
    worse = tmp_path / "worse.html"
    mark = "<script>document.title = 'ran'</script><p onclick='1' style='color:red'>"
    worse.write_text(path.read_text(encoding="utf-8").replace("<main>", f"<main>{mark}"), encoding="utf-8")
    with opened(browser, worse) as found:
        assert found.page.title() != "ran"
        assert any("Content Security Policy" in one for one in found.complaints)


@pytest.mark.parametrize("width", [360, 1200])
@pytest.mark.parametrize("dark", [False, True])
def test_the_page_fits_the_screen(browser: Browser, path: Path, width: int, dark: bool) -> None:
    with opened(browser, path, width=width, dark=dark) as found:
        found.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert found.page.evaluate("document.documentElement.scrollWidth") <= width
        light = found.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(253, 252, 250)"
        assert light != dark


def test_curves_have_words(page: Page) -> None:
    names = [one.get_attribute("aria-labelledby") for one in page.locator("svg[role=img]").all()]
    assert names == [f"{name}-title {name}-text" for name in ("risk", "trust", "risks", "events")]
    assert "violations among 4 calls" in page.locator("#risk-text").inner_html()
    assert "0% of 1 events so at a probability of 0.25" in page.locator("#events-text").inner_html()


def test_what_was_learned_stands_beside_what_was_judged(path: Path, page: Page) -> None:
    """Hollow dots beside full ones; a run of which nothing was learned has the latter alone."""
    assert page.locator("#probabilities .bin.before").count() > 0
    assert page.locator("#probabilities .bin.after").count() == 0
    learned = Calibrated(risk=Curve(brier=0.1, error=0.02, bins=tuple(bins_of([(0.3, True), (0.7, True)]))))
    text = eval_page(replace(source(), calibrated=learned))
    assert text.count('class="bin after"') == 2
    assert "with what eval calibrate learned: Brier score 0.1000, calibration error 0.0200." in text


def test_an_eval_without_violations_or_verdicts_has_a_page() -> None:
    one = labelled("only", outcome="compliant")
    for told in (None, findings("compliant")):
        cases = [case(one, told)]
        found = EvalSource(manifest([]), cases, summarise(cases), {"only": one})
        assert "No call is a violation by its label." in eval_page(found)


def test_two_hundred_calls_stay_below_two_megabytes() -> None:
    calls = [labelled(f"call-{number}") for number in range(200)]
    long = [
        one.model_copy(update={"call": one.call.model_copy(update={"turns": one.call.turns * 15})}) for one in calls
    ]
    found = source()
    cases = [case(one, findings("violation", factors=("pin@2:verified",))) for one in long]
    many = EvalSource(found.manifest, cases, found.summary, {one.call.id: one for one in long})
    assert len(eval_page(many).encode()) < 2_000_000


@pytest.mark.parametrize(
    ("word", "known", "kind"),
    [
        ("contact_change", KNOWN_WORDS, "change"),
        ("contact_data", KNOWN_WORDS, "disclosure"),
        ("key_change", marina().vocabulary, "change"),
        ("berth_data", marina().vocabulary, "disclosure"),
    ],
)
def test_an_action_is_marked_by_its_kind(word: str, known: Vocabulary, kind: str) -> None:
    told = findings("compliant", actions=[f"{word}@3"])
    (chip,) = marks_of_case(case(labelled("a"), told), known)[3]
    assert (chip.kind, chip.word, chip.state) == (kind, word, "invented")
