"""A lead records an objection of the agent's side, sees it with its deadline, and rules on it."""

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect
from tests.serve.driven import signed_in
from tests.serve.serving import Visitor, desk_of, served, visitor

from ausweis.store import CallFilter, Objection, Store

Findings = Sequence[tuple[str, int]]
FIELDS = {"side": "Teamleitung Nord", "reason": "Sie kam <schon> geprüft aus dem Telefonmenü."}


def flagged(store: Store, place: int = 0) -> int:
    return store.keys(CallFilter(outcomes=("violation",)))[place]


def soon(days: int = 3) -> str:
    return str(date.today() + timedelta(days=days))


def raised(store: Store, key: int, days: int = 3, today: date | None = None, findings: Findings = ()) -> Objection:
    first = today or date.today()
    deadline, reason = first + timedelta(days=days), "So war es nicht."
    fields = {"findings": findings, "deadline": deadline, "today": first}
    return store.raise_objection(key, side="Team West", reason=reason, by="Lea", **fields)  # type: ignore[arg-type]


def found(store: Store, key: int) -> Findings:
    """What the verdict says of a call."""
    verdict = store.record(key).verdict
    return [*((one.type, one.turn) for one in verdict.violations), *((one.id, one.turn) for one in verdict.incidents)]


def ruled(store: Store, key: int, *withdrawn: tuple[str, int]) -> dict[str, str]:
    """The fields of a ruling by which all stands but these."""
    record = store.record(key)
    given = {f"{kind}@{turn}": "no" if (kind, turn) in withdrawn else "yes" for kind, turn in found(store, key)}
    return given | {"verdict_key": str(record.verdict_key), "says": record.says}


@pytest.fixture
def twice(store: Store) -> int:
    """A call with two findings."""
    return next(key for key in store.keys(CallFilter(outcomes=("violation",))) if len(found(store, key)) > 1)


@pytest.fixture
def reviewer(store: Store) -> Visitor:
    """Somebody who reviews by a key of their own, and leads nobody."""
    desk = desk_of(store)
    ben = Visitor(desk, "Ben")
    secret = store.invite("Ria", "reviewer", by="Ben").own_key
    assert secret is not None
    ben.http.cookies.clear()
    ben.http.post("/signin", data={"token": secret})
    session = desk.auth.session(ben.http.cookies[desk.cookie])
    assert session is not None
    ben.csrf = desk.auth.csrf_token(session)
    return ben


def test_it_is_recorded_and_stands_on_the_call_and_in_the_list(store: Store) -> None:
    key, lea = flagged(store), visitor(store, "Lea")
    link, *_ = re.findall(rf'href="/calls/{key}/objection\?about=([^"]+)"', lea.page(f"/calls/{key}"))
    form = lea.page(f"/calls/{key}/objection?about={link}")
    assert re.findall(r'name="finding-\d+" value="([^"]+)" checked', form) == [link]
    assert f'value="{date.today() + timedelta(days=14)}"' in form
    assert lea.send(f"/calls/{key}/objection", **FIELDS, deadline=soon()) == (303, f"/calls/{key}?objected=1")
    page = lea.page(f"/calls/{key}?objected=1")
    assert '<p class="said" role="status">The objection is recorded. Deadline: ' in page
    assert "The objection is recorded" not in lea.page(f"/calls/{key}") + lea.page(f"/calls/{key + 1}?objected=1")
    assert "Teamleitung Nord" in page
    assert "3 days left" in page
    assert "Record an objection" not in page
    listed = lea.page("/settings")
    assert "Sie kam &lt;schon&gt; geprüft aus dem Telefonmenü." in listed
    assert store.chain(limit=1)[0].who == "Lea"


def test_the_next_deadline_comes_first_and_overdue_ones_are_marked(store: Store) -> None:
    late = raised(store, flagged(store, 0), days=1, today=date.today() - timedelta(days=3))
    soon_due = raised(store, flagged(store, 1), days=0)
    far = raised(store, flagged(store, 2), days=9)
    page = visitor(store, "Lea").page("/settings")
    places = [page.index(f'href="/objections/{one.key}"') for one in (late, soon_due, far)]
    assert places == sorted(places)
    assert page.count('class="objection overdue"') == 1
    for told in ("2 days overdue", "ends today", "9 days left"):
        assert told in page


def test_a_finding_that_stands_is_confirmed(store: Store) -> None:
    key, lea = flagged(store), visitor(store, "Lea")
    one = raised(store, key)
    assert re.search(r"Settings <span[^>]*>1<", lea.page("/"))
    sent = lea.send(f"/objections/{one.key}", note="Es steht im Protokoll.", **ruled(store, key))
    assert sent == (303, "/settings?open=objections&done=1#objections")
    assert "The ruling has been saved." in lea.page("/settings?open=objections&done=1")
    assert store.record(key).row.state == "confirmed"
    assert "What was found stands" in lea.page(f"/calls/{key}")
    assert "What was found stands" in lea.page(f"/objections/{one.key}")
    assert re.search(r'aria-current="page">Settings</a>', lea.page("/settings"))
    figures = lea.page("/figures")
    assert "Open: 0, overdue: 0. Ruled on: 1, finding withdrawn: 0." in figures


def test_an_objection_is_to_the_findings_that_were_ticked(store: Store, twice: int) -> None:
    lea, (first, other, *more) = visitor(store, "Lea"), found(store, twice)
    form = lea.page(f"/calls/{twice}/objection?about={other[0]}@{other[1]}")
    assert re.findall(r'name="finding-\d+" value="([^"]+)" checked', form) == [f"{other[0]}@{other[1]}"]
    lea.send(f"/calls/{twice}/objection", **FIELDS, deadline=soon(), **{"finding-2": f"{other[0]}@{other[1]}"})
    (one,) = store.objections()
    assert one.findings == (other,)
    page = lea.page(f"/objections/{one.key}")
    assert not re.search(r'type="radio"[^>]* checked', page)
    assert set(re.findall(r'type="radio"[^>]* name="([^"]+)"', page)) == {f"{other[0]}@{other[1]}"}
    assert f'id="t{other[1]}"' in page
    assert 'class="rules"' in page
    record = store.record(twice)
    sent = {"note": "Der Agent hat recht.", "verdict_key": str(record.verdict_key), "says": record.says}
    status, page = lea.send(f"/objections/{one.key}", **sent)
    assert (status, "Please say of each finding" in page, "Der Agent hat recht." in page) == (409, True, True)
    assert lea.send(f"/objections/{one.key}", **sent, **{f"{other[0]}@{other[1]}": "no"})[0] == 303
    last = store.record(twice).decisions[-1]
    assert [*last.violations, *(last.incidents or ())] == [first, *more]
    assert "Withdrawn" in lea.page(f"/objections/{one.key}")


def test_who_decided_on_the_call_is_told_that_somebody_else_had_better_rule(store: Store) -> None:
    key, lea, told = flagged(store), visitor(store, "Lea"), "Better let somebody else rule"
    one = raised(store, key)
    assert told not in lea.page(f"/objections/{one.key}")
    lea.decide(key)
    count = len(store.chain())
    assert told in lea.page(f"/objections/{one.key}")
    assert told not in visitor(store, "Ben").page(f"/objections/{one.key}")
    assert len(store.chain()) == count
    assert lea.send(f"/objections/{one.key}", note="So ist es.", **ruled(store, key))[0] == 303
    assert told not in lea.page(f"/objections/{one.key}")


@pytest.mark.parametrize(
    ("more", "told"),
    [({"side": ""}, "Please say who objects"), ({"deadline": "x"}, "The deadline is not before today")],
)
def test_what_is_no_objection_comes_back_filled_in(store: Store, more: dict[str, str], told: str) -> None:
    key = flagged(store)
    status, page = visitor(store).send(f"/calls/{key}/objection", **(FIELDS | {"deadline": soon()} | more))
    assert (status, told in page, "geprüft aus dem Telefonmenü." in page) == (409, True, True)
    assert store.objections() == []


def test_only_leads_record_and_rule_and_who_is_to_decide_is_told_nothing(store: Store, reviewer: Visitor) -> None:
    key = flagged(store)
    one = raised(store, key)
    for address in ("/settings", f"/objections/{one.key}", f"/calls/{key}/objection"):
        assert reviewer.http.get(address).status_code == 403
    assert reviewer.send(f"/calls/{key}/objection", **FIELDS, deadline=soon())[0] == 403
    assert reviewer.send(f"/objections/{one.key}", note="x", **ruled(store, key))[0] == 403
    assert "Team West" not in reviewer.page(f"/calls/{key}")
    reviewer.decide(key)
    assert "Team West" in reviewer.page(f"/calls/{key}")
    assert 'href="/objections' not in reviewer.page(f"/calls/{key}")


def test_one_that_is_not_there(store: Store) -> None:
    assert visitor(store).http.get("/objections/999").status_code == 404


def test_who_is_to_hear_a_call_first_is_not_told_what_was_found(store: Store) -> None:
    key, other, lea = flagged(store), flagged(store, 1), visitor(store, "Lea")
    one, seen = raised(store, key), raised(store, other)
    number = store.prepare_calibration("March", by="Ben")
    store.add_to_calibration(number, [key], by="Ben")
    store.start_calibration(number, by="Ben")
    for address in (f"/calls/{key}/objection", f"/objections/{one.key}"):
        answer = lea.http.get(address)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/calls/{key}")
    listed = lea.page("/settings")
    assert (f"/objections/{one.key}" in listed, f"/objections/{seen.key}" in listed) == (False, True)
    assert lea.send(f"/calls/{key}/objection", **FIELDS, deadline="x") == (303, f"/calls/{key}")
    sent = lea.send(f"/objections/{one.key}", note="x", **ruled(store, key))
    assert (sent, store.objections(call_key=key)) == ((303, f"/calls/{key}"), [one])
    lea.decide(key, blind="1")
    assert store.record(key).decisions[-1].blind
    store.close_calibration(number, by="Ben")
    assert "Team West" in lea.page("/settings") + lea.page(f"/objections/{one.key}")


@pytest.fixture
def address(store: Store) -> Iterator[str]:
    with served(desk_of(store)) as found:
        yield found


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_a_lead_goes_through_it_in_the_browser(
    browser: Browser, address: str, store: Store, width: int, dark: bool
) -> None:
    key = flagged(store)
    raised(store, flagged(store, 1), days=1, today=date.today() - timedelta(days=3))
    with signed_in(browser, address, "Lea", width=width, dark=dark, language="de") as found:
        page = found.page

        def checked() -> None:
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            result = Axe().run(page)
            assert result.violations_count == 0, result.generate_report()

        page.goto(f"{address}/calls/{key}")
        page.locator("a[href*='objection?about=']").first.click()
        page.get_by_label("Wer erhebt Einspruch?").fill("Teamleitung Nord")
        page.get_by_label("Begründung").fill("Der Anrufer war schon geprüft.")
        checked()
        page.get_by_role("button", name="Einspruch erfassen").click()
        page.wait_for_url(f"{address}/calls/{key}?objected=1")
        checked()
        page.get_by_role("link", name="Einstellungen").click()
        expect(page.locator(".objection")).to_have_count(2)
        expect(page.locator(".objection.overdue")).to_have_count(1)
        expect(page.get_by_text("seit 2 Tagen überfällig")).to_be_visible()
        checked()
        page.locator(".objection", has_text="Teamleitung Nord").get_by_role("link").click()
        for finding in page.locator(".finding").all():
            finding.get_by_label("wird zurückgenommen").check()
        page.get_by_label("Begründung der Entscheidung").fill("Das stimmt.")
        page.get_by_text("Regeln ansehen").click()
        checked()
        page.get_by_role("button", name="Entscheidung speichern").click()
        page.wait_for_url("**done=1#objections")
        expect(page.get_by_role("status").first).to_contain_text("Die Entscheidung ist gespeichert.")
    assert store.record(key).row.state == "overruled"
