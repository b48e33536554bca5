"""The coaching sheet. The rules: only what holds is printed; no more than the page of the call would show; and no name
of an agent unasked.
"""

import html
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.serve.filled import call_of, fill, incident, judged
from tests.serve.serving import Visitor, visitor

from ausweis.facts import Facts
from ausweis.judging.harm import found_of
from ausweis.pages.words import Words
from ausweis.store import Store


def worst(store: Store) -> int:
    return store.find("dev-004") or 0


def decide(visitor: Visitor, key: int, *, keeps: tuple[int, ...] | None = None, **more: str) -> None:
    """Send the form: all findings hold, or those of these numbers alone."""
    record = visitor.desk.store.record(key)
    fields = {"choice": "done", "verdict_key": str(record.verdict_key)} | more
    for number in range(1, len(found_of(record.verdict)) + 1):
        if keeps is not None and number not in keeps:
            fields |= {f"finding-{number}": "no", f"reason-{number}": "other"}
    assert visitor.send(f"/calls/{key}/decisions", **fields)[0] == 303


def words_of(page: str) -> str:
    inline = re.sub(r"</?(b|bdi|small|span|q)\b[^>]*>", "", page)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", inline)).split())


def confirm(store: Store, key: int, who: str = "Anna") -> None:
    store.decide(key, reviewer=who, choice="confirm", verdict_key=store.record(key).verdict_key)


def sheet(anna: Visitor, key: int, query: str = "") -> str:
    return words_of(anna.page(f"/calls/{key}/sheet{query}"))


def test_it_tells_call_findings_quotes_and_what_would_have_been_right(store: Store) -> None:
    key = worst(store)
    anna = visitor(store)
    assert "This call is not decided. Only what is confirmed or added stands on the sheet." in sheet(anna, key)
    assert "Unauthorised third party" not in sheet(anna, key)
    confirm(store, key)
    text = sheet(anna, key)
    row = store.record(key).row
    assert f"Call {row.call_id}" in text
    assert f"Queue {row.queue} Team {row.team}" in text
    for told in (
        "Saturday, 21 February 2026, 09:57",
        "Unauthorised third party",
        "Turn 12 · 0:51",
        "‹number›",
        "Turn 2",
    ):
        assert told in text
    assert "What should have been done: Before the disclosure of contact data, look for" in text


def test_it_has_a_button_that_prints_and_no_other_control(store: Store) -> None:
    page = visitor(store).page(f"/calls/{worst(store)}/sheet?show=all")
    assert re.findall(r"<(?:script|button|form|input)[^>]*>", page) == [
        re.search(r'<script src="/static/print.js[^>]*>', page)[0],  # type: ignore[index]
        '<button type="button" data-print hidden>',
    ]
    assert f'href="/calls/{worst(store)}?show=all"' in page


def test_agents_stand_on_it_only_where_the_desk_shows_them(store: Store) -> None:
    key = worst(store)
    agent = store.record(key).row.agent or ""
    assert agent not in sheet(visitor(store), key)
    assert f"Agent {agent}" in sheet(visitor(store, agents=True), key)


def test_it_is_masked_as_the_page_is(store: Store) -> None:
    key = worst(store)
    said = store.record(key).verdict.violations[0].evidence[0].quote
    anna = visitor(store)
    for who in ("Anna", "Ben"):
        confirm(store, key, who)
    assert said not in sheet(anna, key)
    anna.send(f"/calls/{key}/unmask")
    assert said in sheet(anna, key)
    assert "Personal data is shown here as it is." in sheet(anna, key)
    assert said not in sheet(visitor(store, "Ben"), key)


def test_a_note_stands_on_it_only_where_it_is_meant_for_coaching(store: Store) -> None:
    key = worst(store)
    anna, ben = visitor(store), visitor(store, "Ben")
    decide(anna, key, note="Nur für uns.")
    decide(ben, key, note="Bitte Rückruf 030 23125 017 üben.", coaching="on")
    assert "üben. (for coaching)" in words_of(anna.page(f"/calls/{key}"))
    text = sheet(anna, key)
    assert "Nur für uns." not in text
    assert "Note: Bitte Rückruf ‹number› üben." in text
    assert "Confirmed Anna," in text


def test_what_others_decided_is_hidden_until_the_reader_has(store: Store) -> None:
    key = worst(store)
    decide(visitor(store, "Ben"), key, choice="not_sure", note="Na ja.", coaching="on")
    text = sheet(visitor(store), key)
    assert "Na ja." not in text
    assert "Not sure" not in text
    assert "One other person has decided; you see it once you have." in text
    assert '<section class="decided on-screen">' in visitor(store).page(f"/calls/{key}/sheet")


def test_an_overruled_verdict_gives_the_right_label_with_what_was_said_there(store: Store) -> None:
    key = worst(store)
    anna = visitor(store)
    decide(anna, key, keeps=(), **{"missing-1": "late_authentication@5"})
    text = sheet(anna, key)
    assert "Corrected. Right is: violation, authentication too late in turn 5" in text
    assert "Authentication too late medium added Turn 5 · 0:17" in text
    assert "und sie liegt grad im krankenhaus" in text


@pytest.mark.parametrize(
    ("language", "cleared"),
    [
        ("en", "Nothing to talk about is confirmed or added."),
        ("de", "Nichts, worüber zu sprechen wäre, ist bestätigt oder ergänzt."),
    ],
)
def test_nothing_that_reviewers_rejected_is_printed(store: Store, language: str, cleared: str) -> None:
    key = worst(store)
    anna = visitor(store)
    anna.http.get(f"/language?to={language}")
    decide(anna, key, keeps=())
    text, words = sheet(anna, key), Words("de" if language == "de" else "en")
    assert cleared in text
    for told in ("unauthorised_third_party", "critical"):
        assert words.word(told).lower() not in text.lower()
    assert words.text("should") not in text
    assert words.text("why_review") not in text


def test_a_single_turn_that_reviewers_struck_out_is_not_printed(tmp_path: Path) -> None:
    call = call_of("c", ["Ihr Tarif ist Flex.", "Danke.", "Sie zahlen mehr.", "Gut."])
    lacking = {"code": "no_authentication", "missing": [["pin"]]}

    def said_at(n: int) -> dict[str, Any]:
        return {"turn": n, "quote": call.turn(n).text, "start": call.turn(n).start, "end": call.turn(n).end}

    found = [
        {
            "type": "no_authentication",
            "turn": n,
            "severity": "critical",
            "reason": lacking | {"level": "standard"},
            "evidence": [said_at(n)],
        }
        for n in (1, 3)
    ]
    said: dict[str, Any] = {"outcome": "violation", "violations": found, "first_violation_turn": 1}
    with fill(tmp_path / "s.sqlite", [judged(call, Facts(call_id="c", turns=4), **said)]) as store:
        anna, ben = visitor(store), visitor(store, "Ben")
        confirm(store, 1, "Ben")
        text = sheet(ben, 1)
        # One cause is said once, with its turns.
        assert (text.count("No authentication"), "Turn 1 · 0:00, 3 · 0:10" in text) == (1, True)
        assert ("Tarif" in text, "zahlen" in text) == (True, True)
        store.withdraw(1, reviewer="Ben", decision_key=store.record(1).decisions[0].key)
        decide(anna, 1, keeps=(2,))
        text, page = sheet(anna, 1), anna.page("/calls/1")
    assert ("Tarif" in text, "Turn 1 " in text) == (False, False)
    assert ("zahlen" in text, "Turn 3 " in text) == (True, True)
    # The page of the call shows history, marked as such.
    assert page.count("<s>No authentication</s>") == 1
    assert page.count('<span class="badge plain">rejected</span>') == 1


def test_who_has_not_decided_prints_nothing_that_others_may_have_rejected(store: Store) -> None:
    key = worst(store)
    ben, anna = visitor(store, "Ben"), visitor(store)
    decide(ben, key, keeps=())
    text = sheet(anna, key)
    assert "What holds stands here once you have decided" in text
    assert "Unauthorised third party" not in text
    assert "compliant" not in text.lower()


def test_what_does_not_hold_of_what_one_reviewer_said_is_not_printed_either(store: Store) -> None:
    key = worst(store)
    for who, more in (("Anna", {"missing-1": "late_authentication@3"}), ("Ben", {}), ("Cem", {})):
        decide(visitor(store, who), key, keeps=(), **more)
    text = sheet(visitor(store), key)
    assert text.count("Right is: compliant") == 2
    assert "too late" not in text


def test_a_threat_of_the_caller_is_no_error_of_the_agent(tmp_path: Path) -> None:
    call = call_of("c", ["Guten Tag.", "Ich gehe zum Anwalt.", "Das ist mir egal."])
    found = (incident(call, kind="lawyer_threat"), incident(call, turn=3, kind="rude_agent"))
    one = judged(call, Facts(call_id="c", turns=3), outcome="compliant", incidents=found)
    with fill(tmp_path / "s.sqlite", [one]) as store:
        anna = visitor(store)
        page = anna.page("/calls/1")
        confirm(store, 1)
        text = sheet(anna, 1)
    words = Words("en")
    threat, rude = (words.capital(words.word(kind)) for kind in ("lawyer_threat", "rude_agent"))
    assert (rude in text, threat in text, "Anwalt" in text) == (True, False, False)
    # What is grave stands above it, not that the rules of authentication were kept.
    headline = page[page.index('<p class="outcome">') : page.index("</p>", page.index('<p class="outcome">'))]
    assert '<span class="badge high">incident</span>' in headline.replace("Incident", "incident")
    assert "badge compliant" not in headline
    assert "Risk" not in headline


def test_what_could_not_be_kept_comes_back_ticked(store: Store) -> None:
    key = worst(store)
    answer = visitor(store).send(f"/calls/{key}/decisions", choice="done", verdict_key="x", note="N", coaching="on")
    assert answer[0] == 409
    assert 'name="coaching" checked' in answer[1]


def test_there_is_no_sheet_of_no_call(store: Store) -> None:
    assert visitor(store).http.get("/calls/9999/sheet").status_code == 404


def test_a_call_that_is_to_be_heard_blind_has_no_sheet_yet(store: Store) -> None:
    first, last = store.days() or (date.min, date.max)
    key = store.draw_sample(first, last, 5, seed=1)[0]
    answer = visitor(store).http.get(f"/calls/{key}/sheet?show=sample")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/calls/{key}?show=sample")


def test_a_decision_that_was_taken_back_keeps_its_tick_in_the_form(store: Store) -> None:
    key = worst(store)
    anna = visitor(store)
    decide(anna, key, note="Üben.", coaching="on")
    (made,) = store.record(key).decisions
    store.withdraw(key, reviewer="Anna", decision_key=made.key)
    assert 'name="coaching" checked' in anna.page(f"/calls/{key}")
    assert "Üben." not in sheet(anna, key)
