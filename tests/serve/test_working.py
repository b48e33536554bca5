"""Taking a decision back: what was written is there again, whoever else decided, and nothing goes twice."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.serve.filled import LAST_DAY, golden, threats, write_run
from tests.serve.serving import Visitor, desk_of, visitor
from tests.serve.test_call_page import RIGHT, TO_REVIEW, first

from ausweis.serve import Desk, working
from ausweis.serve.desk import Done
from ausweis.store import CallFilter, Store


def decided(anna: Visitor, store: Store, key: int, query: str = "", **fields: str) -> tuple[str, str]:
    """Where a decision leads, and the key of it."""
    fields = {"choice": "confirm", "verdict_key": str(store.record(key).verdict_key)} | fields
    status, where = anna.send(f"/calls/{key}/decisions{query}", **fields)
    assert status == 303, where
    return where, str(store.record(key).decisions[-1].key)


def test_the_next_page_offers_it_and_it_leads_back(store: Store) -> None:
    key, _ = first(store)
    anna = visitor(store)
    where, decision = decided(anna, store, key, "?show=all&order=risk", note="Alles <gut>.")
    page = anna.page(where)
    (form,) = re.findall(r'<form method="post" action="(/calls/\d+/withdraw[^"]*)"[^>]*class="undo">.*?</form>', page)
    assert form == f"/calls/{key}/withdraw?show=all&amp;order=risk"
    assert f'name="decision" value="{decision}"' in page
    status, back = anna.send(f"/calls/{key}/withdraw?show=all&order=risk", decision=decision)
    assert (status, back) == (303, f"/calls/{key}?show=all&order=risk&undone=1")
    page = anna.page(back)
    assert "Your decision is taken back." in page
    assert "Alles &lt;gut&gt;.</textarea>" in page
    assert "confirmed</b>" in page
    assert "taken back</span>" in page
    assert 'data-key="c" aria-describedby="taken-back"' in page
    assert 'data-key="u"' not in page
    record = store.record(key)
    assert (record.row.state, [one.choice for one in record.decisions]) == ("open", ["confirm", "withdrawn"])
    assert [entry.what for entry in store.chain(limit=2)] == ["withdrawn", "decided"]
    assert store.verify_chain() > 2


def test_an_overruled_label_is_in_the_form_again(incidents: Store) -> None:
    key = 3
    fields = {"choice": "overrule", "outcome": "violation", "late_authentication": "3, 1", "rude_agent": "2"}
    fields |= {"keep-4-press_threat": "on", "note": "n"}
    anna = visitor(incidents)
    _, decision = decided(anna, incidents, key, **fields)
    anna.send(f"/calls/{key}/withdraw", decision=decision)
    page = anna.page(f"/calls/{key}")
    assert '<fieldset id="right" class="right">' in page
    assert 'value="violation" checked' in page
    assert 'name="late_authentication" value="1, 3"' in page
    assert re.findall(r'name="(keep-[^"]+)" checked', page) == ["keep-4-press_threat"]
    assert 'name="rude_agent" value="2"' in page
    assert "n</textarea>" in page


def test_on_the_call_ones_own_decision_can_be_taken_back_at_any_time(store: Store) -> None:
    key, verdict = first(store)
    anna, ben = visitor(store), visitor(store, "Ben")
    _, decision = decided(anna, store, key)
    decided(ben, store, key, choice="not_sure")
    later = visitor(store)
    page = later.page(f"/calls/{key}")
    assert page.count('form="withdraw"') == 1
    assert f'name="decision" value="{decision}">Undo</button>' in page
    assert f'action="/calls/{key}/withdraw" id="withdraw"' in page
    assert later.send(f"/calls/{key}/withdraw", decision=decision)[0] == 303
    assert store.record(key).row.state == "not_sure"
    # Ben's word is hidden again, as it is from whoever has not decided.
    page = later.page(f"/calls/{key}")
    assert not re.search(r"\bBen\b", page)
    assert "One other person has decided" in page
    assert f'name="verdict_key" value="{verdict}"' in page


def test_nobody_takes_back_what_another_decided(store: Store) -> None:
    key, _ = first(store)
    anna, ben = visitor(store), visitor(store, "Ben")
    _, decision = decided(anna, store, key)
    for wrong in (decision, "", "x", "9" * 20):
        status, page = ben.send(f"/calls/{key}/withdraw", decision=wrong)
        assert (status, "there is nothing to undo" in page) == (409, True)
    assert ben.http.post(f"/calls/{key}/withdraw", data={"csrf": anna.csrf, "decision": decision}).status_code == 403
    assert anna.send("/calls/999/withdraw", decision=decision)[0] == 409
    assert store.record(key).row.state == "confirmed"


def test_sent_twice_it_is_taken_back_once(store: Store) -> None:
    key, _ = first(store)
    anna = visitor(store)
    decided(anna, store, key)
    _, decision = decided(anna, store, key, choice="not_sure")
    assert [anna.send(f"/calls/{key}/withdraw", decision=decision)[0] for _ in range(2)] == [303, 303]
    assert store.record(key).row.state == "confirmed"


def test_sent_twice_at_once_neither_is_a_fault(store: Store) -> None:
    class Taken(dict[str, Done]):
        """Of which another request has taken out what this one sees."""

        def get(self, name: str, default: Any = None) -> Any:
            return self.pop(name, default)

    key, _ = first(store)
    anna = visitor(store)
    _, decision = decided(anna, store, key)
    anna.desk.done = Taken(anna.desk.done)
    assert anna.send(f"/calls/{key}/withdraw", decision=decision)[0] == 303
    assert (store.record(key).row.state, anna.desk.done) == ("open", {})


def test_a_form_that_is_sent_twice_decides_once(store: Store) -> None:
    key, verdict = first(store)
    anna = visitor(store)
    (once,) = re.findall(r'name="once" value="([^"]+)"', anna.page(f"/calls/{key}"))
    fields = {"choice": "confirm", "verdict_key": verdict, "once": once}
    answers = [anna.send(f"/calls/{key}/decisions", **fields) for _ in range(2)]
    assert answers[0] == answers[1]
    (decision,) = store.record(key).decisions
    # Taken back and then decided on the same page again, it is another one.
    anna.send(f"/calls/{key}/withdraw", decision=str(decision.key))
    anna.send(f"/calls/{key}/decisions", **fields)
    assert [one.choice for one in store.record(key).decisions] == ["confirm", "withdrawn", "confirm"]


def test_the_key_takes_back_what_was_decided_last_in_this_session(store: Store) -> None:
    key, after, later, *_ = store.keys(TO_REVIEW)
    anna = visitor(store)
    for one in (key, after):
        _, decision = decided(anna, store, one)
    for address in ("/", "/?show=all", f"/calls/{later}"):
        page = anna.page(address)
        assert page.count('data-key="u"') == 1
        assert f'name="decision" value="{decision}"' in page
        assert 'class="said"' not in page
    own = anna.page(f"/calls/{after}")
    assert own.count('data-key="u"') == 1
    assert f'form="withdraw" name="decision" value="{decision}" data-key="u"' in own
    assert 'data-key="u"' not in visitor(store).page("/")
    anna.send(f"/calls/{after}/withdraw", decision=decision)
    assert 'data-key="u"' not in anna.page("/")
    # After that, what was decided before is taken back where it stands, not by a key.
    assert 'data-key="u"' not in anna.page(f"/calls/{key}")


def test_after_the_last_call_the_queue_offers_it(incidents: Store) -> None:
    key = incidents.keys(CallFilter())[-1]
    anna = visitor(incidents)
    where, decision = decided(anna, incidents, key)
    assert where == f"/?done={key}"
    page = anna.page(where)
    assert '<div class="said"><span role="status">The call before: confirmed.</span>' in page
    assert f'name="decision" value="{decision}"' in page


def test_about_an_earlier_verdict_it_is_too_late(store: Store, tmp_path: Path) -> None:
    key, _ = first(store)
    anna = visitor(store)
    _, decision = decided(anna, store, key)
    name = store.record(key).row.call_id
    newer = [
        one._replace(verdict=one.verdict.model_copy(update={"outcome": "compliant", "violations": ()}))
        for one in golden(66)
        if one.call.id == name
    ]
    newer = [one._replace(call=store.record(key).call) for one in newer]
    write_run(store, newer, started="2026-03-04T05:00:00Z")
    page = anna.page(f"/calls/{key}")
    assert "on an earlier verdict" in page
    assert 'data-key="u"' not in page
    status, page = anna.send(f"/calls/{key}/withdraw", decision=decision)
    assert (status, "there is nothing to undo" in page) == (409, True)


def test_what_was_taken_back_about_an_earlier_verdict_is_not_shown_as_decided(incidents: Store, tmp_path: Path) -> None:
    anna = visitor(incidents)
    _, decision = decided(anna, incidents, 1, note="weg damit")
    anna.send("/calls/1/withdraw", decision=decision)
    newer = [one._replace(verdict=one.verdict.model_copy(update={"incidents": ()})) for one in threats()[:1]]
    write_run(incidents, newer, started="2026-03-04T05:00:00Z")
    page = anna.page("/calls/1")
    assert 'class="decision"' not in page
    assert "weg damit" not in page


def test_who_signs_out_takes_nothing_back_by_a_key(store: Store) -> None:
    anna = visitor(store)
    desk = anna.http.app._app.state.desk  # type: ignore[attr-defined]
    decided(anna, store, first(store)[0])
    assert len(desk.done) == 1
    anna.send("/signout")
    assert desk.done == {}


def test_the_form_of_taking_back_works_in_german(store: Store) -> None:
    key, _ = first(store)
    anna = visitor(store)
    where, decision = decided(anna, store, key, choice="not_sure")
    anna.http.headers["Accept-Language"] = "de"
    assert "Rückgängig machen" in anna.page(where)
    _, back = anna.send(f"/calls/{key}/withdraw", decision=decision)
    assert "Ihre Entscheidung ist zurückgenommen." in anna.page(back)
    assert ", zurückgenommen</span>" in anna.page(back)


def test_a_decided_call_after_undoing_is_as_it_was(store: Store) -> None:
    key, _ = first(store)
    anna = visitor(store)
    decided(anna, store, key, **RIGHT)
    _, slip = decided(anna, store, key)
    anna.send(f"/calls/{key}/withdraw", decision=slip)
    record = store.record(key)
    assert record.row.state == "overruled"
    assert [(one.choice, one.counts) for one in record.decisions] == [
        ("overrule", True),
        ("confirm", False),
        ("withdrawn", False),
    ]


def test_what_was_heard_blind_is_taken_back_too(store: Store) -> None:
    key, after, *_ = store.draw_sample(LAST_DAY - timedelta(days=30), LAST_DAY, 5)
    anna = visitor(store)
    fields = {"outcome": "inconclusive", "note": "kaum zu hören", "verdict_key": str(store.record(key).verdict_key)}
    assert anna.send(f"/calls/{key}/heard?show=sample", **fields)[0] == 303
    decision = str(store.record(key).decisions[-1].key)
    assert f'name="decision" value="{decision}" data-key="u"' in anna.page(f"/calls/{key}")
    assert f'name="decision" value="{decision}"' in anna.page(f"/calls/{after}?show=sample")
    assert anna.send(f"/calls/{key}/withdraw?show=sample", decision=decision)[0] == 303
    # The verdict was seen meanwhile: what is said now is no blind statement any more.
    assert "kaum zu hören</textarea>" in anna.page(f"/calls/{key}")
    decided(anna, store, key)
    assert [(one.withdrawn, one.blind) for one in store.record(key).decisions] == [
        (True, True),
        (True, False),
        (False, False),
    ]
    assert store.field_recall().sampled == 0


BUTTON = 'data-key="c"'


@pytest.fixture
def desk(store: Store) -> Desk:
    return desk_of(store)


def keys_of(desk: Desk) -> list[int]:
    return desk.store.keys(CallFilter(to_review=True, states=("open",)))


def decide(who: Visitor, key: int, choice: str, query: str = "", **more: str) -> tuple[int, str]:
    verdict = str(who.desk.store.record(key).verdict_key)
    return who.send(f"/calls/{key}/decisions{query}", choice=choice, verdict_key=verdict, **more)


def reviewer(desk: Desk, name: str) -> Visitor:
    return Visitor(desk, "", desk.store.invite(name, by="Anna").own_key)


def test_the_next_call_is_one_that_nobody_is_at(desk: Desk) -> None:
    first, second, third, *_ = keys_of(desk)
    anna, ben = reviewer(desk, "Anna"), reviewer(desk, "Ben")
    ben.page(f"/calls/{second}")
    assert "Ben is at it" in anna.page("/")
    page = anna.page(f"/calls/{first}")
    assert f'href="/calls/{third}" data-after' in page
    assert decide(anna, first, "confirm")[1].startswith(f"/calls/{third}?")
    ben.page("/")
    assert "Ben is at it" not in anna.page("/")
    assert f'href="/calls/{second}" data-before' in anna.page(f"/calls/{third}")


def test_a_call_that_another_is_at_can_be_looked_at_and_taken_over(desk: Desk) -> None:
    key, after, *_ = keys_of(desk)
    anna, ben = reviewer(desk, "Anna"), reviewer(desk, "Ben")
    stamp = re.search(r'data-stamp="(\d+)"', anna.page(f"/calls/{key}"))
    assert stamp
    page = ben.page(f"/calls/{key}")
    assert "Anna has just opened this call." in page
    assert f'href="/calls/{after}">To the next free call' in page
    assert BUTTON not in page
    assert 'class="turns"' in page
    assert anna.http.post(f"/calls/{key}/stay", data={"csrf": anna.csrf, "stamp": stamp[1]}).status_code == 204
    assert ben.send(f"/calls/{key}/take") == (303, f"/calls/{key}")
    assert BUTTON in ben.page(f"/calls/{key}")
    told = anna.http.post(f"/calls/{key}/stay", data={"csrf": anna.csrf, "stamp": stamp[1]})
    assert told.headers["x-place"] == "taken"
    # Whoever has it already before them loses nothing.
    assert decide(anna, key, "confirm")[0] == 303


def test_only_a_queue_keeps_calls(desk: Desk) -> None:
    key, *_ = keys_of(desk)
    anna, ben = reviewer(desk, "Anna"), reviewer(desk, "Ben")
    anna.page(f"/calls/{key}?show=all")
    assert BUTTON in ben.page(f"/calls/{key}")
    ben.send(f"/calls/{key}/leave", stamp="0")
    assert "Ben has just opened" in anna.page(f"/calls/{key}")
    ben.send("/signout")
    assert BUTTON in anna.page(f"/calls/{key}")


def test_a_second_opinion_is_asked_of_somebody_else(desk: Desk) -> None:
    key, *_ = keys_of(desk)
    anna, ben = reviewer(desk, "Anna"), reviewer(desk, "Ben")
    decide(anna, key, "not_sure")
    assert f'href="/calls/{key}?show=second"' not in anna.page("/?show=second")
    page = ben.page("/?show=second")
    assert f'href="/calls/{key}?show=second"' in page
    assert "show=settle" not in page
    assert "Anna" not in re.sub(r"(?s)<header.*?</header>", "", ben.page(f"/calls/{key}?show=second"))
    decide(ben, key, "confirm", "?show=second")
    assert f'href="/calls/{key}?show=second"' not in ben.page("/?show=second")


def disputed(desk: Desk) -> int:
    key, *_ = keys_of(desk)
    decide(reviewer(desk, "Anna"), key, "confirm")
    record, ben = desk.store.record(key), reviewer(desk, "Ben")
    ben.send(f"/calls/{key}/decisions", choice="overrule", outcome="compliant", verdict_key=str(record.verdict_key))
    assert desk.store.record(key).row.state == "disputed"
    return key


def test_a_lead_sees_both_and_settles(desk: Desk) -> None:
    key = disputed(desk)
    lead = Visitor(desk, "Lea")
    page = lead.page(f"/calls/{key}?show=second")
    assert "<bdi>Anna</bdi>: " not in page
    assert f'href="/calls/{key}?show=settle"' in page
    assert f'href="/calls/{key}?show=settle"' in lead.page("/?show=settle")
    page = lead.page(f"/calls/{key}?show=settle")
    assert "<bdi>Anna</bdi>: confirmed" in page
    assert "You settle this call" in page
    assert 'value="not_sure"' not in page
    assert decide(lead, key, "confirm", "?show=settle")[0] == 303
    assert desk.store.record(key).row.state == "confirmed"
    assert "settled by lead" in lead.page(f"/calls/{key}?show=all")
    assert desk.store.agreement().pairs == 1


def test_who_has_seen_the_others_gives_no_opinion_of_their_own(desk: Desk) -> None:
    key = disputed(desk)
    lead = Visitor(desk, "Lea")
    lead.page(f"/calls/{key}?show=settle")
    decide(Visitor(desk, "lea"), key, "confirm", "?show=second")
    assert desk.store.record(key).decisions[-1].settles


def test_a_lead_who_has_seen_nothing_is_one_of_the_reviewers(desk: Desk) -> None:
    key = disputed(desk)
    decide(Visitor(desk, "Lea"), key, "confirm", "?show=second")
    assert not desk.store.record(key).decisions[-1].settles
    assert desk.store.agreement().pairs == 3


def test_a_reviewer_settles_nothing(desk: Desk) -> None:
    key = disputed(desk)
    cem = reviewer(desk, "Cem")
    assert "<bdi>Anna</bdi>: " not in cem.page(f"/calls/{key}?show=settle")
    decide(cem, key, "confirm", "?show=settle")
    assert not desk.store.record(key).decisions[-1].settles


def test_a_single_user_finds_again_what_they_were_not_sure_of(store: Store) -> None:
    anna = visitor(store)
    key, *_ = keys_of(anna.desk)
    decide(anna, key, "not_sure")
    assert f'href="/calls/{key}?show=settle"' in anna.page("/?show=settle")
    assert decide(anna, key, "confirm", "?show=settle")[0] == 303
    assert not store.record(key).decisions[-1].settles
    assert "show=settle" not in anna.page("/")


def test_it_is_said_how_far_the_queue_is(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    anna = Visitor(desk, "Anna")
    keys = keys_of(desk)
    assert f'<span class="progress">3 of {len(keys)}</span>' in anna.page(f"/calls/{keys[2]}")
    decide(anna, keys[0], "confirm")
    assert f'<span class="progress">2 of {len(keys) - 1}</span>' in anna.page(f"/calls/{keys[2]}")
    assert f'<span class="progress">{len(keys) - 1} left</span>' in anna.page(f"/calls/{keys[0]}")
    assert 'class="progress"' not in anna.page(f"/calls/{keys[2]}?q=a")
    monkeypatch.setattr(working, "MOST", 5)
    assert '<span class="progress">2 of more than 5</span>' in anna.page(f"/calls/{keys[2]}")
    assert '<span class="progress">more than 5 left</span>' in anna.page(f"/calls/{keys[9]}")
