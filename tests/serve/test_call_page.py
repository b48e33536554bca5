import re
import sqlite3
from pathlib import Path

import pytest
from tests.serve.filled import Judged, call_of, fill, golden, incident, judged, write_run
from tests.serve.serving import Visitor, desk_of, visitor

from ausweis.facts import Event, Facts
from ausweis.pages.words import Words
from ausweis.policies import explain, find_policy, shipped_policies
from ausweis.serve.call_page import rules_of
from ausweis.store import CallFilter, RunRow, Store

TO_REVIEW = CallFilter(to_review=True, states=("open",))


def first(store: Store) -> tuple[int, str]:
    """The riskiest open call, and the key of its verdict."""
    key = store.keys(TO_REVIEW)[0]
    return key, str(store.record(key).verdict_key)


@pytest.fixture
def twice(store: Store) -> int:
    """A call with two findings: no authentication in the turns 3 and 5."""
    key = store.find("dev-055") or 0
    assert [(one.type, one.turn) for one in store.record(key).verdict.violations] == [NONE, NONE_5]
    return key


NONE, NONE_5 = ("no_authentication", 3), ("no_authentication", 5)
ONE_NO = {"finding-1": "no", "reason-1": "place"}
BOTH_NO = ONE_NO | {"finding-2": "no", "reason-2": "transcript"}


def test_a_decision_is_kept_and_the_next_call_shown(store: Store) -> None:
    (key, _), (_, after, *_) = first(store), store.keys(TO_REVIEW)
    assert visitor(store).decide(key, note=" klar ") == (303, f"/calls/{after}?done={key}")
    record = store.record(key)
    assert record.row.state == "confirmed"
    assert [(one.reviewer, one.choice, one.note) for one in record.decisions] == [("Anna", "confirm", "klar")]


def test_the_next_call_says_what_was_decided_and_leads_back(store: Store) -> None:
    key, _ = first(store)
    anna = visitor(store)
    _, where = anna.decide(key, "?show=all", choice="not_sure")
    page = anna.page(where)
    assert "The call before: not sure." in page
    assert f'<a href="/calls/{key}?show=all">Look again</a>' in page


def test_after_the_last_call_comes_the_queue(store: Store) -> None:
    anna = visitor(store)
    key = store.keys(CallFilter(text="Rechnung", states=("open",)))[-1]
    _, where = anna.decide(key, "?show=all&q=Rechnung")
    assert where.startswith("/?q=Rechnung&done=")
    assert anna.http.get(where).status_code == 200


@pytest.mark.parametrize(
    ("ticks", "choice", "outcome", "found", "reasons"),
    [
        ({}, "confirm", "violation", {NONE, NONE_5}, ()),
        ({"finding-1": "yes", "reason-1": "rule"}, "confirm", "violation", {NONE, NONE_5}, ()),
        (ONE_NO, "overrule", "violation", {NONE_5}, ((*NONE, "place"),)),
        (BOTH_NO, "overrule", "compliant", set(), ((*NONE, "place"), (*NONE_5, "transcript"))),
        ({"missing-1": "factor_leaked@2"}, "overrule", "violation", {NONE, NONE_5, ("factor_leaked", 2)}, ()),
        (
            BOTH_NO | {"missing-1": "factor_leaked@2", "missing-7": "rude_agent@4", "missing-8": "own@4"},
            "overrule",
            "violation",
            {("factor_leaked", 2), ("rude_agent", 4)},
            ((*NONE, "place"), (*NONE_5, "transcript")),
        ),
        ({"add-kind": "rude_agent", "add-turn": " 4 "}, "overrule", "violation", {NONE, NONE_5, ("rude_agent", 4)}, ()),
        (BOTH_NO | {"choice": "not_sure"}, "not_sure", None, set(), ()),
    ],
)
def test_the_outcome_follows_from_the_ticks(
    store: Store,
    twice: int,
    ticks: dict[str, str],
    choice: str,
    outcome: str | None,
    found: set[tuple[str, int]],
    reasons: tuple[tuple[str, int, str], ...],
) -> None:
    assert visitor(store).decide(twice, **ticks)[0] == 303
    (made,) = store.record(twice).decisions
    assert (made.choice, made.outcome, made.reasons) == (choice, outcome, reasons)
    assert {*made.violations, *(made.incidents or ())} == found


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"choice": ""}, "is missing"),
        ({"choice": "delete"}, "is missing"),
        ({"verdict_key": "x"}, "is missing"),
        ({"verdict_key": "-1"}, "is missing"),
        ({"finding-1": "no"}, "Please say why"),
        ({"finding-2": "no", "reason-2": "bad"}, "Please say why"),
        (ONE_NO | {"finding-2": "no"}, "Please say why"),
        ({"add-kind": "factor_leaked"}, "turn"),
        ({"add-turn": "3"}, "turn"),
        *(({"add-kind": "factor_leaked", "add-turn": turn}, "turn") for turn in ("drei", "0", "9" * 5000, "²")),
        *(({"missing-1": one}, "turn") for one in ("factor_leaked@0", "factor_leaked@99", "rude_agent@99")),
    ],
)
def test_a_form_that_cannot_be_kept_comes_back_filled_in_with_one_sentence(
    store: Store, twice: int, fields: dict[str, str], says: str
) -> None:
    typed = {"missing-4": "press_threat@6", "note": "a <b>\r\nb", "coaching": "on"}
    status, page = visitor(store).decide(twice, **typed | fields)
    (told,) = re.findall(r'role="alert"><b>Not kept:</b> ([^<]+)</p>', page)
    assert (status, says in told, store.record(twice).decisions) == (409, True, ())
    ticked = checked(page)
    assert [ticked[name] for name in ("finding-1", "finding-2")] == [
        fields.get(name, "yes") for name in ("finding-1", "finding-2")
    ]
    assert "press_threat@6" in ticked.values()
    assert re.search(r"<textarea[^>]*>\na &lt;b&gt;\r?\nb</textarea>", page)
    assert 'name="coaching" checked' in page
    assert ('value="place" selected' in page) == ("reason-1" in fields)
    if "add-turn" in fields:
        assert f'name="add-turn" value="{fields["add-turn"]}"' in page


def checked(page: str) -> dict[str, str]:
    """What is ticked in the form, by field."""
    return dict(re.findall(r'form="decide" name="([a-z]+-\d+)" value="([^"]*)" checked', page))


def test_a_turn_that_broke_a_rule_twice_is_proposed_once(tmp_path: Path) -> None:
    call = call_of("c", ["Er endet im Mai und kostet zehn Euro."])
    told = (
        Event(kind="discloses", subject=subject, turn=1, quote="Er") for subject in ("contract_data", "financial_data")
    )
    one = judged(call, Facts(call_id="c", turns=1, events=tuple(told)))
    assert [broken.turn for broken in one.verdict.violations] == [1, 1]
    with fill(tmp_path / "s.sqlite", [one]) as store:
        anna = visitor(store)
        page = anna.page("/calls/1")
        assert page.count('name="finding-1" value="no"') == 1
        assert "finding-2" not in page
        anna.decide(1)
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


def test_without_the_mark_nothing_is_decided(store: Store) -> None:
    key, verdict = first(store)
    anna, other = visitor(store), visitor(store)
    for mark in ("", "x", other.csrf):
        fields = {"csrf": mark, "choice": "done", "verdict_key": verdict}
        assert anna.http.post(f"/calls/{key}/decisions", data=fields).status_code == 403
    assert anna.http.get(f"/calls/{key}/decisions?choice=done").status_code == 405
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
    fields = {"verdict_key": verdict, "note": "Sie sagt <ja>."}
    status, page = visitor(store).decide(key, "?show=all", **fields)
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
    ticks = {"finding-1": "no", "reason-1": "rule"}
    status, page = anna.decide(key, verdict_key=verdict, says=seen.says, **ticks)
    assert (status, "have changed since" in page, store.record(key).decisions) == (409, True, ())
    # Ticks were about other words: they are not taken over.
    assert checked(page)["finding-1"] == "yes"
    assert anna.decide(key)[0] == 303


def test_a_note_has_as_many_letters_as_its_field_counts(store: Store) -> None:
    """Browsers send two characters for the end of a line."""
    key, _ = first(store)
    note = "\n".join(["x" * 99] * 20)
    anna = visitor(store)
    assert anna.decide(key, note=note.replace("\n", "\r\n"))[0] == 303
    assert store.record(key).decisions[0].note == note
    status, page = anna.decide(key, note="y" * 2001)
    assert (status, "y" * 2001 in page, "at most 2,000 letters" in page) == (409, True, True)


def test_incidents_are_rejected_and_added_as_violations_are(tmp_path: Path) -> None:
    """A compliant call with two incidents, one of a kind of the policy's own, called as nobody should call one."""
    call, own = call_of("c", ["Guten Tag.", "Ich gehe zum Anwalt.", "Das tut mir leid."]), 'own"><b>'
    found = (incident(call, kind="lawyer_threat"), incident(call, kind=own))
    one = judged(call, Facts(call_id="c", turns=3), outcome="compliant", incidents=found)
    with fill(tmp_path / "s.sqlite", [one]) as store:
        anna = visitor(store)
        page = anna.page("/calls/1")
        assert "<b>" not in page.partition("own")[2][:10]
        assert re.search(r'class="badge high">incident<', page, re.IGNORECASE)
        assert 'class="badge compliant"' not in page
        fields = {"finding-1": "no", "reason-1": "other", "missing-1": f"{own}@1", "missing-2": "rude_agent@3"}
        assert anna.decide(1, **fields)[0] == 303
        (made,) = store.record(1).decisions
        assert made.outcome == "compliant"
        assert {*(made.incidents or ())} == {(own, 2), (own, 1), ("rude_agent", 3)}
        assert made.reasons == (("lawyer_threat", 2, "other"),)
        page = anna.page("/calls/1")
        assert "rude to the caller in turn 3" in page
        assert 'class="badge compliant"' not in page


@pytest.mark.parametrize("rejected", [0, 1])
def test_a_call_of_two_thousand_incidents_is_decided(tmp_path: Path, rejected: int) -> None:
    call = call_of("c", ["Was soll das?"] * 200)
    kinds = [f"Verstoß der Firma gegen Nummer {number} der Hausordnung" for number in range(10)]
    found = tuple(incident(call, turn, kind) for turn in range(1, 201) for kind in kinds)
    with fill(tmp_path / "s.sqlite", [judged(call, Facts(call_id="c", turns=200), incidents=found)]) as store:
        anna = visitor(store)
        ticked = checked(anna.page("/calls/1"))
        assert len(ticked) == 2000
        # Browsers send the reasons of findings that hold too, empty.
        fields = ticked | dict.fromkeys((f"reason-{number}" for number in range(1, 2001)), "") | {"note": "ü" * 2000}
        fields |= {f"finding-{number}": "no" for number in range(1, rejected + 1)}
        fields |= {f"reason-{number}": "rule" for number in range(1, rejected + 1)}
        assert anna.decide(1, **fields)[0] == 303
        (decision,) = store.record(1).decisions
        assert decision.choice == ("overrule" if rejected else "confirm")
        assert len(decision.incidents or ()) == 2000 - rejected


def test_what_others_decided_is_seen_after_ones_own_decision(store: Store) -> None:
    key, _ = first(store)
    desk = desk_of(store)
    anna, ben = Visitor(desk, "Anna"), Visitor(desk, "Ben")
    anna.decide(key, note="sehr klar")
    page = ben.page(f"/calls/{key}")
    assert "sehr klar" not in page
    assert "One other person has decided" in page
    ben.decide(key, choice="not_sure")
    assert "sehr klar" in ben.page(f"/calls/{key}")
    assert store.record(key).row.state == "confirmed"


def test_what_others_added_is_offered_to_whoever_may_see_it(store: Store, twice: int) -> None:
    anna, ben = visitor(store), visitor(store, "Ben")
    anna.decide(twice, **{"missing-1": "factor_leaked@2"})
    assert "factor_leaked@2" not in ben.page(f"/calls/{twice}")
    ben.decide(twice)
    assert '"missing-1" value="factor_leaked@2">' in ben.page(f"/calls/{twice}")


def test_of_an_earlier_verdict_the_last_word_of_those_is_shown_who_have_not_decided_anew(
    store: Store, tmp_path_factory: pytest.TempPathFactory
) -> None:
    key, _ = first(store)
    desk = desk_of(store)
    anna, ben = Visitor(desk, "Anna"), Visitor(desk, "Ben")
    for who, name in ((anna, "Anna"), (ben, "Ben")):
        for choice in ("done", "not_sure"):
            who.decide(key, choice=choice, note=f"{name} once {choice}")
    judge_anew(store, key)
    assert decided(ben.page(f"/calls/{key}")) == ["Ben once not_sure"]
    anna.decide(key, note="Anna now")
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
    status, page = anna.send(f"/calls/{key}/decisions", choice="done", verdict_key=verdict)
    assert (status, "Not kept" in page) == (409, True)


def break_store(path: Path) -> None:
    """Take a table away, as a file that is damaged lacks one."""
    connection = sqlite3.connect(path)
    connection.execute("ALTER TABLE calls RENAME TO elsewhere")
    connection.close()


OWN = ("examples/policies/harper-name.yaml", "examples/policies/telecom-incidents.yaml")


def run_of(store: Store, policy: str) -> RunRow:
    """A run of a policy whose file may be gone by now."""
    file, (any_run,) = find_policy(policy), store.judged_by()
    origin = any_run.model_copy(update={"policy": file.provenance})
    return store.begin(origin, policy=file.policy).run


@pytest.mark.parametrize("policy", [*shipped_policies(), *OWN])
def test_what_a_run_keeps_says_what_its_policy_says(store: Store, policy: str) -> None:
    run, told = run_of(store, policy), explain(find_policy(policy).policy, "de")
    found = rules_of(run, Words("de"))
    assert found is not None
    assert run.policy_title == find_policy(policy).policy.title
    # Without the name before, and notes to whoever writes policies after.
    assert tuple(text for text, _ in found["rules"]) == told[1 : 1 + len(found["rules"])]
    assert all(text.startswith(("Warnung:", "Hinweis:")) for text in told[1 + len(found["rules"]) :])
    assert not any(concerns for _, concerns in found["rules"])


def test_of_a_policy_that_nobody_kept_nothing_is_said(store: Store) -> None:
    (run,) = store.judged_by()
    gone = run.policy.model_copy(update={"id": "gone"})
    assert rules_of(store.begin(run.model_copy(update={"policy": gone})).run, Words("en")) is None


def test_levels_and_actions_of_the_call_are_marked(store: Store) -> None:
    record = store.record(store.keys(CallFilter(outcomes=("violation",)))[0])
    found = rules_of(record.run, Words("en"), record.verdict)
    assert found is not None
    marked = [text for text, concerns in found["rules"] if concerns]
    levels = {one.level for one in record.verdict.actions}
    assert sum(text.startswith("The level ") for text in marked) == len(levels)
    assert 0 < len(marked) < len(found["rules"])
