import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.serve.filled import Judged, call_of, fill, golden, incident, judged, write_run
from tests.serve.serving import Visitor, desk_of, visitor

from ausweis.facts import Event, Facts
from ausweis.pages.words import Words
from ausweis.store import CallFilter, Store

TO_REVIEW = CallFilter(to_review=True, states=("open",))
RIGHT = {"choice": "overrule", "outcome": "violation", "late_authentication": "3"}


def first(store: Store) -> tuple[int, str]:
    """The riskiest open call, and the key of its verdict."""
    key = store.keys(TO_REVIEW)[0]
    return key, str(store.record(key).verdict_key)


def test_a_decision_is_kept_and_the_next_call_shown(store: Store) -> None:
    (key, verdict), (_, after, *_) = first(store), store.keys(TO_REVIEW)
    status, where = visitor(store).send(f"/calls/{key}/decisions", choice="confirm", verdict_key=verdict, note=" klar ")
    assert (status, where) == (303, f"/calls/{after}?done={key}")
    record = store.record(key)
    assert record.row.state == "confirmed"
    assert [(one.reviewer, one.choice, one.note) for one in record.decisions] == [("Anna", "confirm", "klar")]


def test_the_next_call_says_what_was_decided_and_leads_back(store: Store) -> None:
    key, verdict = first(store)
    anna = visitor(store)
    _, where = anna.send(f"/calls/{key}/decisions?show=all", choice="not_sure", verdict_key=verdict)
    page = anna.page(where)
    assert "The call before: not sure." in page
    assert f'<a href="/calls/{key}?show=all">Look again</a>' in page


def test_after_the_last_call_comes_the_queue(store: Store) -> None:
    anna = visitor(store)
    key = store.keys(CallFilter(text="Rechnung", states=("open",)))[-1]
    verdict = str(store.record(key).verdict_key)
    _, where = anna.send(f"/calls/{key}/decisions?show=all&q=Rechnung", choice="confirm", verdict_key=verdict)
    assert where.startswith("/?show=all&q=Rechnung&done=")
    assert anna.http.get(where).status_code == 200


def test_overruling_keeps_the_right_label(store: Store) -> None:
    key, verdict = first(store)
    fields = RIGHT | {"factor_leaked": " 1, 4 ", "verdict_key": verdict}
    assert visitor(store).send(f"/calls/{key}/decisions", **fields)[0] == 303
    (decision,) = store.record(key).decisions
    assert decision.outcome == "violation"
    assert sorted(decision.violations) == [("factor_leaked", 1), ("factor_leaked", 4), ("late_authentication", 3)]


def test_a_turn_that_broke_a_rule_twice_is_proposed_once(tmp_path: Path) -> None:
    call = call_of("c", ["Er endet im Mai und kostet zehn Euro."])
    told = (
        Event(kind="discloses", subject=subject, turn=1, quote="Er") for subject in ("contract_data", "financial_data")
    )
    one = judged(call, Facts(call_id="c", turns=1, events=tuple(told)))
    assert [broken.turn for broken in one.verdict.violations] == [1, 1]
    with fill(tmp_path / "s.sqlite", [one]) as store:
        assert 'name="no_authentication" value="1"' in visitor(store).page("/calls/1")
        store.decide(1, reviewer="Anna", choice="confirm", verdict_key=store.record(1).verdict_key)
        (decision,) = store.record(1).decisions
        assert Words("en").label(decision) == "violation, no authentication in turn 1"


def test_the_page_says_who_speaks_for_whom_since_when(tmp_path: Path) -> None:
    call = call_of(
        "c", ["Nordfunk.", "Petersen.", "Das kostet zehn Euro.", "Und bei meiner Mutter?", "Nein.", "Na gut."]
    )
    events = (
        Event(kind="gives", subject="name", turn=2, quote="Petersen"),
        Event(kind="discloses", subject="financial_data", turn=3, quote="zehn Euro"),
        Event(kind="speaks_for_other", turn=4, quote="bei meiner Mutter"),
        Event(kind="refuses", turn=5, quote="Nein"),
    )
    with fill(tmp_path / "s.sqlite", [judged(call, Facts(call_id="c", turns=6, events=events))]) as store:
        page = visitor(store).page("/calls/1")
    told = "account holder; from turn 4 on it is about somebody else&#39;s account; refused in turn 5"
    assert f"<dd><bdi>{told}" in page


def test_turns_of_violations_count_for_a_violation_only(store: Store) -> None:
    key, verdict = first(store)
    fields = RIGHT | {"outcome": "compliant", "verdict_key": verdict}
    assert visitor(store).send(f"/calls/{key}/decisions", **fields)[0] == 303
    assert store.record(key).decisions[0].violations == ()


@pytest.mark.parametrize(
    "fields",
    [
        {"choice": ""},
        {"choice": "delete"},
        {"verdict_key": "x"},
        {"verdict_key": "-1"},
        {"choice": "overrule"},
        {"choice": "overrule", "outcome": "bad"},
        RIGHT | {"late_authentication": ""},
        RIGHT | {"late_authentication": "drei"},
        RIGHT | {"late_authentication": "0"},
        RIGHT | {"late_authentication": "999999"},
        RIGHT | {"late_authentication": "9" * 5000},
        RIGHT | {"late_authentication": "²"},
    ],
)
def test_a_label_that_is_none_is_refused_in_a_sentence(store: Store, fields: dict[str, str]) -> None:
    key, verdict = first(store)
    status, page = visitor(store).send(
        f"/calls/{key}/decisions", **({"choice": "confirm", "verdict_key": verdict} | fields)
    )
    assert status == 409
    assert "Not kept" in page
    assert store.record(key).decisions == ()


def test_without_the_mark_nothing_is_decided(store: Store) -> None:
    key, verdict = first(store)
    anna, other = visitor(store), visitor(store)
    for mark in ("", "x", other.csrf):
        fields = {"csrf": mark, "choice": "confirm", "verdict_key": verdict}
        assert anna.http.post(f"/calls/{key}/decisions", data=fields).status_code == 403
    assert anna.http.get(f"/calls/{key}/decisions?choice=confirm").status_code == 405
    assert store.record(key).decisions == ()


def judge_anew(store: Store, key: int) -> None:
    """Let a later run say that the call is compliant."""
    name = store.record(key).row.call_id
    newer = [
        one._replace(verdict=one.verdict.model_copy(update={"outcome": "compliant", "violations": ()}))
        for one in golden(66)
        if one.call.id == name
    ]
    newer = [one._replace(call=store.record(key).call) for one in newer]
    write_run(store, newer, started="2026-03-04T05:00:00Z")


def test_a_verdict_that_changed_meanwhile_is_not_decided(store: Store) -> None:
    key, verdict = first(store)
    judge_anew(store, key)
    fields = {"choice": "confirm", "verdict_key": verdict, "note": "Sie sagt <ja>."}
    status, page = visitor(store).send(f"/calls/{key}/decisions?show=all", **fields)
    assert status == 409
    assert "Sie sagt &lt;ja&gt;.</textarea>" in page
    assert "The verdict or the words of the call have changed" in page
    assert f'action="/calls/{key}/decisions?show=all"' in page
    assert store.record(key).decisions == ()
    # The form is of today's verdict: sent once more, it is kept.
    assert (now := str(store.record(key).verdict_key)) != verdict
    assert f'name="verdict_key" value="{now}"' in page


def test_a_text_that_changed_meanwhile_is_not_decided_about(store: Store) -> None:
    key, verdict = first(store)
    seen = store.record(key)
    anna = visitor(store)
    assert f'name="says" value="{seen.says}"' in anna.page(f"/calls/{key}")
    other = seen.call.turns[0].model_copy(update={"text": "Ganz andere Worte."})
    changed = seen.call.model_copy(update={"turns": (other, *seen.call.turns[1:])})
    write_run(store, [Judged(changed, seen.facts, seen.verdict)])
    fields = {"choice": "confirm", "verdict_key": verdict}
    status, page = anna.send(f"/calls/{key}/decisions", **fields, says=seen.says)
    assert (status, "have changed since" in page, store.record(key).decisions) == (409, True, ())
    now = store.record(key)
    again = {"choice": "confirm", "verdict_key": str(now.verdict_key), "says": now.says}
    assert anna.send(f"/calls/{key}/decisions", **again)[0] == 303


def test_no_outcome_is_chosen_for_whoever_corrects_a_call_and_an_empty_choice_is_refused(store: Store) -> None:
    key, verdict = first(store)
    anna = visitor(store)
    address = f"/calls/{key}"
    assert not re.search(r'type="radio"[^>]* checked', anna.page(address))
    status, page = anna.send(f"{address}/decisions", verdict_key=verdict, choice="overrule")
    assert (status, "Please name the right outcome." in page, store.record(key).decisions) == (409, True, ())
    assert not re.search(r'name="outcome"[^>]* checked', page)


def test_a_form_that_cannot_be_kept_comes_back_filled_in(store: Store) -> None:
    key, verdict = first(store)
    fields = RIGHT | {"late_authentication": "3, drei", "rude_agent": "5", "note": "a\r\nb", "verdict_key": verdict}
    status, page = visitor(store).send(f"/calls/{key}/decisions", **fields)
    assert status == 409
    assert '<fieldset id="right" class="right">' in page
    assert re.search(r'value="violation" checked', page)
    assert 'name="late_authentication" value="3, drei"' in page
    assert 'name="rude_agent" value="5"' in page
    assert "<details open>" in page
    assert re.search(r"<textarea[^>]*>\na\r?\nb</textarea>", page)


def test_a_note_has_as_many_letters_as_its_field_counts(store: Store) -> None:
    """Browsers send two characters for the end of a line."""
    key, verdict = first(store)
    note = "\n".join(["x" * 99] * 20)
    sent = note.replace("\n", "\r\n")
    anna = visitor(store)
    assert anna.send(f"/calls/{key}/decisions", choice="confirm", verdict_key=verdict, note=sent)[0] == 303
    assert store.record(key).decisions[0].note == note
    status, page = anna.send(f"/calls/{key}/decisions", choice="confirm", verdict_key=verdict, note="y" * 2001)
    assert (status, "y" * 2001 in page, "at most 2,000 letters" in page) == (409, True, True)


@pytest.fixture
def threat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A compliant call with two incidents, one of a kind of the policy's own, called as nobody should call one."""
    call = call_of("c", ["Guten Tag.", "Ich gehe zum Anwalt.", "Das tut mir leid."])
    found = (incident(call, kind="lawyer_threat"), incident(call, kind='own"><b>'))
    one = judged(call, Facts(call_id="c", turns=3), outcome="compliant", incidents=found)
    with fill(tmp_path_factory.mktemp("threat") / "s.sqlite", [one]) as filled:
        yield filled


def test_incidents_are_unticked_and_added(threat: Store) -> None:
    anna, own = visitor(threat), 'own"><b>'
    page = anna.page("/calls/1")
    assert 'name="keep-2-lawyer_threat" checked' in page
    assert "<b>" not in page.partition("own")[2][:10]
    fields = {"choice": "overrule", "outcome": "compliant", "verdict_key": "1", "rude_agent": "1, 3"}
    assert anna.send("/calls/1/decisions", **fields, **{f"keep-2-{own}": "on"})[0] == 303
    (made,) = threat.record(1).decisions
    assert (made.outcome, made.incidents) == ("compliant", ((own, 2), ("rude_agent", 1), ("rude_agent", 3)))
    assert "rude to the caller in turn 3" in anna.page("/calls/1")


@pytest.mark.parametrize("choice", ["confirm", "overrule"])
def test_a_call_of_two_thousand_incidents_is_decided(tmp_path: Path, choice: str) -> None:
    call = call_of("c", ["Was soll das?"] * 200)
    kinds = [f"Verstoß der Firma gegen Nummer {number} der Hausordnung" for number in range(10)]
    found = tuple(incident(call, turn, kind) for turn in range(1, 201) for kind in kinds)
    with fill(tmp_path / "s.sqlite", [judged(call, Facts(call_id="c", turns=200), incidents=found)]) as store:
        anna = visitor(store)
        ticked = re.findall(r'<input type="checkbox" name="(keep-[^"]+)" checked>', anna.page("/calls/1"))
        assert len(ticked) == 2000
        fields = dict.fromkeys(ticked[1:], "on") | {
            "outcome": "violation",
            "late_authentication": "3",
            "note": "ü" * 2000,
        }
        verdict = str(store.record(1).verdict_key)
        assert anna.send("/calls/1/decisions", **fields, choice=choice, verdict_key=verdict)[0] == 303
        (decision,) = store.record(1).decisions
        assert decision.choice == choice
        assert len(decision.incidents or ()) == (1999 if choice == "overrule" else 2000)


def test_overruling_without_another_label_is_refused(threat: Store) -> None:
    fields = {"choice": "overrule", "outcome": "compliant", "verdict_key": "1", "keep-2-lawyer_threat": "on"}
    fields |= {'keep-2-own"><b>': "on"}
    status, page = visitor(threat).send("/calls/1/decisions", **fields)
    assert (status, "This is just what the verdict says" in page) == (409, True)
    for more in ({"keep-2-x": "on"}, {"keep-9-lawyer_threat": "on"}, {"press_threat": "zwei"}):
        assert visitor(threat).send("/calls/1/decisions", **fields, **more)[0] == 409
    assert threat.record(1).decisions == ()


def test_what_others_decided_is_seen_after_ones_own_decision(store: Store) -> None:
    key, verdict = first(store)
    desk = desk_of(store)
    anna, ben = Visitor(desk, "Anna"), Visitor(desk, "Ben")
    anna.send(f"/calls/{key}/decisions", choice="confirm", verdict_key=verdict, note="sehr klar")
    page = ben.page(f"/calls/{key}")
    assert "sehr klar" not in page
    assert "One other person has decided" in page
    ben.send(f"/calls/{key}/decisions", choice="not_sure", verdict_key=verdict)
    assert "sehr klar" in ben.page(f"/calls/{key}")
    assert store.record(key).row.state == "confirmed"


def test_of_an_earlier_verdict_the_last_word_of_those_is_shown_who_have_not_decided_anew(
    store: Store, tmp_path_factory: pytest.TempPathFactory
) -> None:
    key, verdict = first(store)
    desk = desk_of(store)
    anna, ben = Visitor(desk, "Anna"), Visitor(desk, "Ben")
    for who, name in ((anna, "Anna"), (ben, "Ben")):
        for choice in ("confirm", "not_sure"):
            note = f"{name} once {choice}"
            who.send(f"/calls/{key}/decisions", choice=choice, verdict_key=verdict, note=note)
    judge_anew(store, key)
    assert decided(ben.page(f"/calls/{key}")) == ["Ben once not_sure"]
    now = str(store.record(key).verdict_key)
    anna.send(f"/calls/{key}/decisions", choice="confirm", verdict_key=now, note="Anna now")
    page = anna.page(f"/calls/{key}")
    assert decided(page) == ["Ben once not_sure", "Anna now"]
    assert page.count("on an earlier verdict") == 1


def decided(page: str) -> list[str]:
    """The notes of the decisions that a page shows."""
    return re.findall(r'<p class="decision">.*?<br><bdi>(.*?)</bdi>', page)


def test_findings_are_shown_by_severity_and_the_transcript_opens_at_the_worst(incidents: Store) -> None:
    page = visitor(incidents).page("/calls/3")
    found = re.findall(r'<article class="finding (\w+)">.*?data-to="(\d)"', page, re.DOTALL)
    assert found == [("critical", "2"), ("low", "1"), ("low", "4")]
    assert 'data-first="2"' in page


def priced(kind: str = "wrong_terms") -> Judged:
    """A call in which a wrong price is named in the midst of the first turn, and the right one in the second."""
    texts = [
        "Ihr Guthaben ist 512,80 Euro. Das macht 39,99 Euro, Frau Krummbiegel.",
        "Bei mir stehen 29,99 Euro.",
        "Abgebucht sind 84,50 Euro.",
    ]
    call = call_of("c", texts)
    quotes = [{"turn": 1, "quote": texts[0][30:]}, {"turn": 2, "quote": texts[1]}]
    found = incident(call, turn=1, kind=kind) | {"evidence": quotes}
    return judged(call, Facts(call_id="c", turns=3), incidents=(found,))


@pytest.mark.parametrize("kind", ["wrong_terms", "wrong_promise"])
def test_amounts_stay_in_quotes_about_a_wrong_price_or_promise_and_where_they_were_said(
    tmp_path: Path, kind: str
) -> None:
    with fill(tmp_path / "s.sqlite", [priced(kind)]) as store:
        page = visitor(store).page("/calls/1")
    quoted, _, transcript = page.partition('<section class="transcript"')
    for part in (quoted, transcript):
        assert "39,99 Euro" in part
        assert "29,99 Euro" in part
        assert "‹name›" in part
    assert transcript.count("‹amount›") == 2
    assert [word for word in ("Krummbiegel", "512,80", "84,50") if word in page] == []


@pytest.mark.parametrize("kind", ["cancel_threat", "own_kind"])
def test_amounts_are_masked_where_something_else_happened(tmp_path: Path, kind: str) -> None:
    call = call_of("c", ["Guten Tag.", "Ich zahle keine 39,99 Euro mehr."])
    one = judged(call, Facts(call_id="c", turns=2), incidents=(incident(call, kind=kind),))
    with fill(tmp_path / "s.sqlite", [one]) as store:
        page = visitor(store).page("/calls/1")
    assert "39,99" not in page
    assert page.count("‹amount›") == 2


def secret() -> tuple[Facts, list[str]]:
    texts = ["Ihre PIN bitte?", "Die PIN ist 4711.", "Sie wohnen in der Norderstraße 14."]
    events = (
        Event(kind="gives", subject="pin", turn=2, quote="4711"),
        Event(kind="reads_out", subject="address", turn=3, quote="Norderstraße 14"),
    )
    return Facts(call_id="c", turns=3, events=events), texts


def test_personal_data_is_masked_until_somebody_asks_and_the_chain_says_who(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    facts, texts = secret()
    with fill(tmp_path_factory.mktemp("secret") / "s.sqlite", [judged(call_of("c", texts), facts)]) as store:
        anna = visitor(store)
        page = anna.page("/calls/1")
        assert "4711" not in page
        assert "Norderstraße 14" not in page
        assert "‹PIN›" in page
        assert anna.send("/calls/1/unmask?show=all") == (303, "/calls/1?show=all")
        assert "4711" in anna.page("/calls/1")
        assert [(one.what, one.who) for one in store.chain(limit=1)] == [("unmasked", "Anna")]
        anna.send("/calls/1/mask")
        assert "4711" not in anna.page("/calls/1")
        assert store.verify_chain() > 0


def test_unmasking_is_for_one_session_and_one_call(store: Store) -> None:
    desk = desk_of(store)
    anna, ben = Visitor(desk, "Anna"), Visitor(desk, "Anna")
    anna.send("/calls/1/unmask")
    assert "Mask again" in anna.page("/calls/1")
    assert "Mask again" not in anna.page("/calls/2")
    assert "Mask again" not in ben.page("/calls/1")


def test_another_text_under_the_id_is_masked_until_somebody_asks_again(tmp_path: Path) -> None:
    facts, texts = secret()
    call = call_of("c", texts)
    with fill(tmp_path / "s.sqlite", [judged(call, facts)]) as store:
        anna = visitor(store)
        anna.send("/calls/1/unmask")
        assert "4711" in anna.page("/calls/1")
        other = call.turns[1].model_copy(update={"text": "Die PIN ist 5822."})
        changed = call.model_copy(update={"turns": (call.turns[0], other, call.turns[2])})
        write_run(store, [judged(changed, facts)])
        page = anna.page("/calls/1")
        assert "5822" not in page
        assert "‹PIN›" in page
        anna.send("/calls/1/unmask")
        assert "5822" in anna.page("/calls/1")
        assert [one.what for one in store.chain()].count("unmasked") == 2


def test_the_title_tells_nothing_of_the_call_but_the_number_in_its_address(tmp_path: Path) -> None:
    call = call_of("hotline-0151234567", ["Guten Tag.", "Ich gehe zum Anwalt."])
    one = judged(call, Facts(call_id=call.id, turns=2), incidents=(incident(call, kind="lawyer_threat"),))
    with fill(tmp_path / "s.sqlite", [one]) as store:
        page = visitor(store).page("/calls/1")
    assert "<title>Call 1 – Ausweis</title>" in page
    assert call.id in page


def test_unmasking_needs_the_mark_of_the_form(store: Store) -> None:
    anna = visitor(store)
    entries = len(store.chain())
    assert anna.http.post("/calls/1/unmask", data={}).status_code == 403
    assert len(store.chain()) == entries


def test_a_megabyte_of_hostile_words_is_text(tmp_path_factory: pytest.TempPathFactory) -> None:
    texts = [
        "<img src=x onerror=alert(document.domain)> " * 25_000,
        "</p></li><script>alert(2)</script>",
        "\u202eabc\x07",
    ]
    call = call_of("c", texts)
    quote = {"turn": 2, "quote": texts[1], "start": None, "end": None}
    broken = {"id": "rude_agent", "turn": 2, "severity": "low", "description": texts[1], "evidence": [quote]}
    one = judged(call, Facts(call_id="c", turns=3), incidents=(broken,))
    with fill(tmp_path_factory.mktemp("hostile") / "s.sqlite", [one]) as store:
        anna = visitor(store)
        masked = anna.page("/calls/1?show=all")
        anna.send("/calls/1/unmask")
        whole = anna.page("/calls/1?show=all")
    assert len(whole) > 1_000_000
    for page in (masked, whole):
        assert "<img" not in page
        assert page.count("<script") == 4
        assert "\u202e" not in page
        assert "\x07" not in page


@pytest.mark.parametrize(
    "address", ["/calls/0", "/calls/999999", "/calls/x", "/calls/-1", "/calls/" + "9" * 30, "/x", "/static/"]
)
def test_what_is_not_there_is_said_so(store: Store, address: str) -> None:
    answer = visitor(store).http.get(address)
    assert answer.status_code == 404
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("path", "onward"),
    [
        ("//evil.example/decisions", "/"),
        ("/decisions", "/"),
        ("/calls/999999/decisions?show=all", "/calls/999999?show=all"),
    ],
)
def test_the_way_on_from_a_problem_stays_here(store: Store, path: str, onward: str) -> None:
    page = visitor(store).http.get(f"http://127.0.0.1:8321{path}").text
    assert f'<p><a href="{onward}">Go on</a></p>' in page
    assert "//evil.example" not in page.partition("<main")[2]


@pytest.mark.parametrize("address", ["/", "/calls/1", "/calls/999", "/calls/1/audio/0", "/settings", "/figures"])
def test_a_store_that_cannot_be_read_is_not_taken_for_a_call_that_is_not_there(
    store: Store, tmp_path: Path, address: str
) -> None:
    anna = visitor(store)
    break_store(tmp_path / "calls.sqlite")
    answer = anna.http.get(address)
    assert answer.status_code == 503
    assert "The store cannot be read at the moment." in answer.text
    # What is wrong is for whoever runs the server: it stands in the terminal.
    assert "calls.sqlite" not in answer.text
    assert "There is no such page" not in answer.text


@pytest.mark.parametrize("debug", [False, True])
def test_the_terminal_shows_what_the_store_stumbled_over_where_it_is_asked_for(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, debug: bool
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("Krummbiegel")

    anna = visitor(store)
    monkeypatch.setattr("ausweis.store.querying.call_row", broken)
    if debug:
        monkeypatch.setenv("AUSWEIS_DEBUG", "1")
    answer = anna.http.get("/calls/1")
    assert (answer.status_code, "Krummbiegel" in answer.text) == (503, False)
    assert "calls.sqlite: a row is damaged" in caplog.text
    assert ("KeyError: 'Krummbiegel'" in caplog.text) == debug


def test_a_decision_that_the_store_cannot_take_is_said_not_to_be_kept(store: Store, tmp_path: Path) -> None:
    key, verdict = first(store)
    anna = visitor(store)
    break_store(tmp_path / "calls.sqlite")
    status, page = anna.send(f"/calls/{key}/decisions", choice="confirm", verdict_key=verdict)
    assert (status, "Not kept" in page) == (409, True)


def break_store(path: Path) -> None:
    """Take a table away, as a file that is damaged lacks one."""
    connection = sqlite3.connect(path)
    connection.execute("ALTER TABLE calls RENAME TO elsewhere")
    connection.close()
