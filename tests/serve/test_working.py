"""Several at one queue. The rule: nobody does a call unasked that another is at; only a lead sees before deciding."""

import re

import pytest
from tests.serve.serving import Visitor, desk_of, visitor

from ausweis.serve import Desk, working
from ausweis.store import CallFilter, Store

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
