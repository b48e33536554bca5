"""Taking a decision back: what was written is there again, whoever else decided, and nothing goes twice."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.serve.filled import LAST_DAY, threats, write_run
from tests.serve.serving import Visitor, desk_of, visitor
from tests.serve.test_call_page import BOTH_NO, TO_REVIEW, checked, first, judge_anew

from ausweis.serve import Desk
from ausweis.serve.desk import Done
from ausweis.store import CallFilter, Store


def decided(anna: Visitor, store: Store, key: int, query: str = "", **fields: str) -> tuple[str, str]:
    """Where a decision leads, and the key of it."""
    status, where = anna.decide(key, query, **fields)
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
    assert re.search('id="taken-back".*, taken back</span>', page)
    assert 'data-key="z"' not in page
    record = store.record(key)
    assert (record.row.state, [one.choice for one in record.decisions]) == ("open", ["confirm", "withdrawn"])
    assert [entry.what for entry in store.chain(limit=2)] == ["withdrawn", "decided"]
    assert store.verify_chain() > 2


def test_what_was_ticked_is_in_the_form_again(incidents: Store) -> None:
    fields = {"finding-1": "no", "reason-1": "elsewhere", "missing-1": "late_authentication@3", "note": "n"}
    anna = visitor(incidents)
    _, decision = decided(anna, incidents, 3, **fields)
    anna.send("/calls/3/withdraw", decision=decision)
    page = anna.page("/calls/3")
    ticks = {"finding-1": "no", "finding-2": "yes", "finding-3": "yes", "missing-1": "late_authentication@3"}
    assert checked(page) == ticks
    assert re.findall(r'value="(\w+)" selected', page) == ["elsewhere"]
    assert "n</textarea>" in page


def test_on_the_call_ones_own_decision_can_be_taken_back_at_any_time(store: Store) -> None:
    key, verdict = first(store)
    anna, ben = visitor(store), visitor(store, "Ben")
    _, decision = decided(anna, store, key)
    decided(ben, store, key, **{"missing-1": "late_authentication@3"})
    later = visitor(store)
    page = later.page(f"/calls/{key}")
    assert page.count('form="withdraw"') == 1
    assert f'name="decision" value="{decision}">Undo</button>' in page
    assert f'action="/calls/{key}/withdraw" id="withdraw"' in page
    assert later.send(f"/calls/{key}/withdraw", decision=decision)[0] == 303
    assert store.record(key).row.state == "overruled"
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
    key, _ = first(store)
    anna = visitor(store)
    (once,) = re.findall(r'name="once" value="([^"]+)"', anna.page(f"/calls/{key}"))
    answers = [anna.decide(key, once=once) for _ in range(2)]
    assert answers[0] == answers[1]
    (decision,) = store.record(key).decisions
    # Taken back and then decided on the same page again, it is another one.
    anna.send(f"/calls/{key}/withdraw", decision=str(decision.key))
    anna.decide(key, once=once)
    assert [one.choice for one in store.record(key).decisions] == ["confirm", "withdrawn", "confirm"]


def test_the_key_takes_back_what_was_decided_last_while_its_banner_stands(store: Store) -> None:
    key, after, *_ = store.keys(TO_REVIEW)
    anna = visitor(store)
    where = ""
    for one in (key, after):
        where, decision = decided(anna, store, one)
    page = anna.page(where)
    assert re.findall(r'name="decision" value="(\d+)"><button class="plain" data-key="z">', page) == [decision]
    # That of the call before is gone, and so is that of this one where the page is not the next.
    for address in (f"{where.partition('?')[0]}?done={key}", "/", f"/calls/{after}"):
        assert 'data-key="z"' not in anna.page(address)
    assert 'data-key="z"' not in visitor(store).page(where)
    anna.send(f"/calls/{after}/withdraw", decision=decision)
    assert 'data-key="z"' not in anna.page(where)


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
    judge_anew(store, key)
    page = anna.page(f"/calls/{key}")
    assert "on an earlier verdict" in page
    assert 'form="withdraw"' not in page
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


def test_a_decided_call_after_undoing_is_as_it_was(store: Store) -> None:
    key = store.find("dev-055") or 0
    anna = visitor(store)
    decided(anna, store, key, **BOTH_NO)
    _, slip = decided(anna, store, key)
    anna.send(f"/calls/{key}/withdraw", decision=slip)
    record = store.record(key)
    assert record.row.state == "overruled"
    given = [(one.choice, one.counts) for one in record.decisions]
    assert given == [("overrule", True), ("confirm", False), ("withdrawn", False)]


def test_what_was_heard_blind_is_taken_back_too(store: Store) -> None:
    key, after, *_ = store.draw_sample(LAST_DAY - timedelta(days=30), LAST_DAY, 5)
    anna = visitor(store)
    where, decision = decided(anna, store, key, "?show=sample", blind="1", note="kaum zu hören")
    assert where == f"/calls/{key}?show=sample"
    assert f'form="withdraw" name="decision" value="{decision}"' in anna.page(where)
    assert f'name="decision" value="{decision}"' in anna.page(f"/calls/{after}?show=sample&done={key}")
    assert anna.send(f"/calls/{key}/withdraw?show=sample", decision=decision)[0] == 303
    # The verdict was seen meanwhile: what is said now is no blind statement any more.
    assert "kaum zu hören</textarea>" in anna.page(f"/calls/{key}")
    decided(anna, store, key)
    given = [(one.withdrawn, one.blind) for one in store.record(key).decisions]
    assert given == [(True, True), (True, False), (False, False)]
    assert store.field_recall().sampled == 0


BUTTON = 'name="choice" value="done"'


@pytest.fixture
def desk(store: Store) -> Desk:
    return desk_of(store)


def keys_of(desk: Desk) -> list[int]:
    return desk.store.keys(CallFilter(to_review=True, states=("open",)))


def reviewer(desk: Desk, name: str) -> Visitor:
    return Visitor(desk, "", desk.store.invite(name, by="Anna").own_key)


def test_the_next_call_is_one_that_nobody_is_at(desk: Desk) -> None:
    first, second, third, *_ = keys_of(desk)
    anna, ben = reviewer(desk, "Anna"), reviewer(desk, "Ben")
    ben.page(f"/calls/{second}")
    assert "Ben is at it" in anna.page("/")
    page = anna.page(f"/calls/{first}")
    assert f'href="/calls/{third}" rel="next"' in page
    assert anna.decide(first)[1].startswith(f"/calls/{third}?")
    ben.page("/")
    assert "Ben is at it" not in anna.page("/")
    assert f'href="/calls/{second}" rel="prev"' in anna.page(f"/calls/{third}")


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
    assert anna.decide(key)[0] == 303


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
    anna.decide(key, choice="not_sure")
    link = f'href="/calls/{key}?show=again"'
    assert link not in anna.page("/?show=again")
    assert link in ben.page("/?show=again")
    assert "Anna" not in re.sub(r"(?s)<header.*?</header>", "", ben.page(f"/calls/{key}?show=again"))
    ben.decide(key, "?show=again")
    assert link not in ben.page("/?show=again")


def disputed(desk: Desk) -> int:
    key, *_ = keys_of(desk)
    reviewer(desk, "Anna").decide(key)
    reviewer(desk, "Ben").decide(key, **{"missing-1": "late_authentication@3"})
    assert desk.store.record(key).row.state == "disputed"
    return key


def test_a_lead_sees_both_and_settles(desk: Desk) -> None:
    key = disputed(desk)
    lead = Visitor(desk, "Lea")
    assert f'href="/calls/{key}?show=again"' in lead.page("/?show=again")
    page = lead.page(f"/calls/{key}?show=again")
    assert "<bdi>Anna</bdi>: confirmed" in page
    assert 'name="missing-1" value="late_authentication@3">' in page
    assert "You settle this call" in page
    assert 'value="not_sure"' not in page
    assert lead.decide(key, "?show=again")[0] == 303
    assert desk.store.record(key).row.state == "confirmed"
    assert desk.store.record(key).decisions[-1].settles
    assert "settled by lead" in lead.page(f"/calls/{key}?show=all")
    assert desk.store.agreement().pairs == 1


def test_a_reviewer_settles_nothing(desk: Desk) -> None:
    key = disputed(desk)
    cem = reviewer(desk, "Cem")
    assert "<bdi>Anna</bdi>: " not in cem.page(f"/calls/{key}?show=again")
    cem.decide(key, "?show=again")
    assert not desk.store.record(key).decisions[-1].settles
    assert desk.store.agreement().pairs == 3


def test_a_single_user_finds_again_what_they_were_not_sure_of(store: Store) -> None:
    anna = visitor(store)
    key, *_ = keys_of(anna.desk)
    anna.decide(key, choice="not_sure")
    assert f'href="/calls/{key}?show=again"' in anna.page("/?show=again")
    assert anna.decide(key, "?show=again")[0] == 303
    assert not store.record(key).decisions[-1].settles
    assert f'href="/calls/{key}?show=again"' not in anna.page("/?show=again")


def test_it_is_said_how_many_calls_are_left(desk: Desk) -> None:
    anna = Visitor(desk, "Anna")
    keys = keys_of(desk)
    assert f'<span class="progress">{len(keys)} left</span>' in anna.page(f"/calls/{keys[2]}")
    anna.decide(keys[0])
    assert f'<span class="progress">{len(keys) - 1} left</span>' in anna.page(f"/calls/{keys[2]}")
    for query in ("?q=a", "?show=all", "?show=decided"):
        assert 'class="progress"' not in anna.page(f"/calls/{keys[2]}{query}")
