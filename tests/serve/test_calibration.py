"""Calibration sessions. The rule: until one is closed, nobody sees what others say, or a verdict that it hides."""

import re
from pathlib import Path

import pytest
from tests.serve.filled import call_of, fill, incident, judged
from tests.serve.serving import Visitor, desk_of, visitor
from tests.serve.test_call_page import checked

from ausweis.facts import Facts
from ausweis.serve import Desk
from ausweis.store import CallFilter, Store

LATE = {"missing-1": "late_authentication@2"}
DAYS = {"first": "2026-02-01", "last": "2026-03-02"}


@pytest.fixture
def desk(store: Store) -> Desk:
    return desk_of(store)


def reviewer(desk: Desk, name: str) -> Visitor:
    return Visitor(desk, "", desk.store.invite(name, by="Lea").own_key)


def lead(desk: Desk) -> Visitor:
    return Visitor(desk, "", desk.store.invite("Lea", "lead", by="Lea").own_key)


def asked(lea: Visitor) -> dict[str, str]:
    """Whom the form asks at first."""
    page = lea.page("/settings")
    return dict(re.findall(r'name="(reviewer-\d+)" value="(\w+)" checked', page))


def prepared(lea: Visitor, **fields: str) -> str:
    """Where a session is that was prepared."""
    reviewers = {name: value for name, value in fields.items() if name.startswith("reviewer-")} or asked(lea)
    _, where = lea.send("/calibrations", **({"name": "March", "n": "0"} | fields | reviewers))
    return where


def opened(desk: Desk, lea: Visitor, *keys: int, **fields: str) -> int:
    """A session of these calls, started; all who are known are asked."""
    where = prepared(lea, **({"hides": "on"} | fields))
    number = int(where.rsplit("/", 1)[1])
    for key in keys:
        assert lea.send(f"/calls/{key}/calibrate", calibration=str(number)) == (303, where)
    assert lea.send(f"{where}/start") == (303, where)
    return number


def hear(who: Visitor, key: int, **fields: str) -> tuple[int, str]:
    """Say of a call whose verdict is hidden that it is compliant, unless `fields` say something else."""
    return who.decide(key, **{"blind": "1", **fields})


def violations(desk: Desk) -> list[int]:
    return sorted(desk.store.keys(CallFilter(outcomes=("violation",)))[:2])


def test_a_session_from_preparing_to_its_result(desk: Desk) -> None:
    first, second = violations(desk)
    lea, ben, mia = lead(desk), reviewer(desk, "Ben"), reviewer(desk, "Mia")
    number = opened(desk, lea, first, second)
    where = f"/calibrations/{number}"
    assert f'href="{where}"' in ben.page("/")
    assert "2 calls left" in lea.page("/settings")
    page = ben.page(where)
    assert page.count("Not heard yet") == 2
    assert desk.store.record(first).row.outcome not in page.lower()
    page = ben.page(f"/calls/{first}?show=all")
    assert 'name="blind"' in page
    assert not re.search(r'class="(badge (?!plain)|outcome|finding|moment|checks|chips)|<mark|data-marked', page)
    assert "finding-" not in page
    assert hear(ben, first, **LATE) == (303, f"/calls/{second}")
    assert hear(ben, second) == (303, f"{where}?heard=1")
    assert "You have decided all calls" in ben.page(f"{where}?heard=1")
    # What he said is before him again, and nothing else.
    page = ben.page(f"/calls/{first}")
    assert "You have said something already" in page
    assert checked(page) == LATE
    assert "confirmed" not in page + ben.page(where)
    page = mia.page(f"/calls/{first}")
    assert not re.search(r"\bBen\b", page)
    hear(mia, first, **LATE)
    hear(mia, second, choice="not_sure", note="leise Aufnahme")
    page = lea.page(where)
    assert re.search(r"Ben</bdi></th><td class=\"n\">2 of 2", page)
    assert lea.send(f"{where}/close") == (303, where)
    page = ben.page(where)
    assert "decided alike in 1 of 1 comparisons" in page
    assert "Agreed in all, that is outcome, violations and incidents: 1 of 1." in page
    places = [page.index(f'href="/calls/{key}?show=all"') for key in (first, second)]
    assert places == sorted(places)
    assert "leise Aufnahme" in page
    assert "Enter what the group agreed on" not in page
    assert 'name="blind"' not in ben.page(f"/calls/{first}")


def test_the_agreed_label_is_entered_by_a_lead(desk: Desk) -> None:
    key, *_ = violations(desk)
    lea, ben, mia = lead(desk), reviewer(desk, "Ben"), reviewer(desk, "Mia")
    number = opened(desk, lea, key)
    for who in (ben, mia):
        hear(who, key)
    assert f'href="/calls/{key}?show=again"' not in lea.page("/?show=again")
    assert not re.search(r"\bBen\b", lea.page(f"/calls/{key}?show=again"))
    lea.send(f"/calibrations/{number}/close")
    assert f'href="/calls/{key}?show=again">Enter what the group agreed on' in lea.page(f"/calibrations/{number}")
    assert "Ben" in lea.page(f"/calls/{key}?show=again")
    lea.decide(key, "?show=again")
    assert desk.store.record(key).decisions[-1].settles
    assert "settled by Lea" in ben.page(f"/calibrations/{number}")


def test_lists_and_figures_tell_nothing_of_an_open_session(desk: Desk) -> None:
    key, other = violations(desk)
    lea, ben, mia = lead(desk), reviewer(desk, "Ben"), reviewer(desk, "Mia")
    number = opened(desk, lea, key)
    hear(ben, key)
    hear(mia, key, **LATE)
    for who in (ben, mia):
        for query in ("", "?show=all", "?show=again", "?show=all&state=disputed", "?show=all&outcome=violation"):
            listed = {int(one) for one in re.findall(r'href="/calls/(\d+)', who.page(f"/{query}"))}
            assert key not in listed, query
    assert other in {int(one) for one in re.findall(r'href="/calls/(\d+)', ben.page("/"))}
    assert "comparisons" not in ben.page("/figures")
    lea.send(f"/calibrations/{number}/close")
    assert "Two people heard one call; they agreed in 0." in ben.page("/figures")


def test_the_verdict_may_be_shown_but_not_what_others_say(desk: Desk) -> None:
    key, *_ = violations(desk)
    lea, ben, mia, _ = lead(desk), *(reviewer(desk, name) for name in ("Ben", "Mia", "Ada"))
    where = prepared(lea, **{name: value for name, value in asked(lea).items() if value != "Lea"})
    lea.send(f"/calls/{key}/calibrate", calibration=where.rsplit("/", 1)[1])
    lea.send(f"{where}/start")
    mia.decide(key, **{"finding-1": "no", "reason-1": "rule"})
    page = ben.page(f"/calls/{key}")
    assert 'class="finding' in page
    assert 'name="finding-1"' in page
    assert not re.search(r"\bMia\b", page)
    ben.decide(key, **{"finding-1": "no", "reason-1": "rule"})
    assert not desk.store.record(key).decisions[-1].blind
    page = ben.page(f"/calls/{key}")
    assert not re.search(r"\bMia\b", page)
    assert "Reviewers:" not in page
    page = lea.page("/?show=all&state=overruled")
    assert f'href="/calls/{key}?' in page
    assert "<s>" not in page


def test_who_was_asked_closes_it_by_deciding(desk: Desk) -> None:
    key, *_ = violations(desk)
    lea, ben, mia, ada = lead(desk), *(reviewer(desk, name) for name in ("Ben", "Mia", "Ada"))
    two = {name: value for name, value in asked(lea).items() if value in ("Ben", "Ada")}
    number = opened(desk, lea, key, **two)
    assert desk.store.calibration(number).reviewers == ("Ada", "Ben")
    assert mia.http.get(f"/calibrations/{number}").status_code == 404
    assert "/calibrations/" not in mia.page("/")
    assert 'name="blind"' not in mia.page(f"/calls/{key}")
    assert "Decide for yourself." in ben.page(f"/calibrations/{number}")
    assert "Decide for yourself." not in lea.page(f"/calibrations/{number}")
    assert "Those who take part decide for themselves." in lea.page(f"/calibrations/{number}")
    hear(ben, key)
    assert desk.store.calibration(number).state == "open"
    hear(ada, key)
    assert desk.store.calibration(number).state == "closed"
    assert "decided alike in 1 of 1 comparisons" in ben.page(f"/calibrations/{number}")


def test_the_lead_who_prepares_it_takes_part_and_is_shown_no_verdict_before(desk: Desk) -> None:
    key, *_ = violations(desk)
    lea, _, _ = lead(desk), reviewer(desk, "Ben"), reviewer(desk, "Mia")
    where = prepared(lea, hides="on")
    assert "Taking part: Ben, Lea, Mia." in lea.page(where)
    lea.send(f"/calls/{key}/calibrate", calibration=where.rsplit("/", 1)[1])
    assert lea.page(where).count("Hidden until you have decided") == 1
    assert desk.store.record(key).row.violations[0] not in lea.page(where)
    lea.send(f"{where}/start")
    assert 'name="blind"' in lea.page(f"/calls/{key}")
    assert "1 call left" in lea.page("/settings")


def test_it_needs_three_people_and_two_of_them(desk: Desk) -> None:
    lea, _ = lead(desk), reviewer(desk, "Ben")
    page = lea.page("/settings")
    assert "This needs three people who have signed in or were invited. There are 2 so far." in page
    assert "Prepare a calibration session" not in page
    reviewer(desk, "Mia")
    assert sorted(asked(lea).values()) == ["Ben", "Lea", "Mia"]
    status, page = lea.send("/calibrations", name="May", n="0", **{"reviewer-1": "Ben"})
    assert (status, "At least two people take part" in page, 'value="May"' in page) == (409, True, True)
    # What was unticked stays so.
    assert re.findall(r'value="(\w+)" checked', page) == ["Ben"]


def test_calls_are_drawn_and_taken_out_while_it_is_prepared(desk: Desk) -> None:
    lea, *_ = lead(desk), reviewer(desk, "Ben"), reviewer(desk, "Mia")
    where = prepared(lea, n="3", of="flagged", **DAYS)
    page = lea.page(where)
    keys = [int(one) for one in re.findall(r'class="row" href="/calls/(\d+)"', page)]
    assert len(keys) == 3
    assert all(desk.store.record(key).row.to_review for key in keys)
    lea.send(f"{where}/drop", call=str(keys[0]))
    assert lea.page(where).count('class="row"') == 2
    assert lea.send("/calibrations", name=" ", n="0", **asked(lea))[0] == 409


@pytest.mark.parametrize(
    "fields", [{"first": "2026-03-03"}, {"last": "x"}, {"first": ""}, {"n": "x"}, {"n": "51"}, {"n": "-1"}]
)
def test_wrong_days_or_numbers_leave_no_session_behind(desk: Desk, fields: dict[str, str]) -> None:
    lea, *_ = lead(desk), reviewer(desk, "Ben"), reviewer(desk, "Mia")
    given = {"name": "May", "n": "3", "of": "all"} | asked(lea) | DAYS | fields
    status, page = lea.send("/calibrations", **given)
    assert (status, "Please check days and number" in page, 'value="May"' in page) == (409, True, True)
    assert desk.store.calibrations() == []


def test_only_leads_prepare_start_and_close(desk: Desk) -> None:
    key, *_ = violations(desk)
    lea, ben, _ = lead(desk), reviewer(desk, "Ben"), reviewer(desk, "Mia")
    where = prepared(lea)
    assert ben.http.get(where).status_code in (403, 404)
    assert ben.http.get("/settings").status_code == 403
    assert "/calibrations/" not in ben.page("/")
    for address in ("/calibrations", f"{where}/start", f"{where}/close", f"{where}/drop"):
        assert ben.send(address, name="x", n="1", **DAYS)[0] == 403
    assert ben.send(f"/calls/{key}/calibrate", calibration="1")[0] == 403
    assert "Into a calibration session" not in ben.page(f"/calls/{key}?show=all")
    assert "Into a calibration session" in lea.page(f"/calls/{key}?show=all")
    assert lea.send(f"{where}/start")[0] == 409


def test_an_amount_in_a_hidden_call_stays_masked(tmp_path: Path) -> None:
    call = call_of("c", ["Das macht 39,99 Euro.", "Gut."])
    one = judged(call, Facts(call_id="c", turns=2), incidents=(incident(call, turn=1, kind="wrong_terms"),))
    with fill(tmp_path / "s.sqlite", [one]) as store:
        assert "39,99" in visitor(store, "Ben").page("/calls/1")
        number = store.prepare_calibration("m", by="Lea")
        store.add_to_calibration(number, [1], by="Lea")
        store.start_calibration(number, by="Lea")
        assert "39,99" not in visitor(store, "Ben").page("/calls/1")


def test_a_lead_sees_what_each_call_of_a_prepared_session_is(desk: Desk) -> None:
    lea, *_ = lead(desk), reviewer(desk, "Ben"), reviewer(desk, "Mia")
    where = prepared(lea, n="2", of="flagged", **DAYS)
    page = lea.page(where)
    assert "Decided by you" not in page
    assert "Not heard yet" not in page
