"""The rule: a call keeps its day, no agent's name is kept, and another text under an id is another call."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from tests.judging.own_policies import marina
from tests.store.conftest import Filled
from tests.store.runs import make_call, origin_of

from ausweis.calls import Call
from ausweis.policies import Policy, find_policy, shipped_policies
from ausweis.provenance import ModelProvenance, PolicyProvenance, PromptProvenance, RunProvenance
from ausweis.store import CallFilter, CallRecord, Store
from ausweis.store.packing import moment_of, run_values


def records(store: Store, calls: list[Call]) -> list[CallRecord]:
    return [store.record(store.find(call.id) or 0) for call in calls]


def test_days_of_calls_that_do_not_say_theirs(store: Store, filled: Filled) -> None:
    times = (None, "gestern", "2026-02-01", "2026-02-28T23:30:00-05:00")
    filled([make_call(n, started_at=at) for n, at in enumerate(times, 1)], started="2026-03-07T20:00:00Z")
    assert {row.call_id: (str(row.day), row.at) for row in store.calls()} == {
        "call-1": ("2026-03-07", "2026-03-07T20:00:00Z"),
        "call-2": ("2026-03-07", "2026-03-07T20:00:00Z"),
        "call-3": ("2026-02-01", "2026-02-01T00:00:00Z"),
        "call-4": ("2026-02-28", "2026-03-01T04:30:00Z"),
    }
    assert store.days() == (date(2026, 2, 1), date(2026, 3, 7))


def test_a_time_to_come_is_none(store: Store, filled: Filled) -> None:
    soon = datetime.now(UTC) + timedelta(hours=12)
    times = ("9999-01-01T00:00:00", (soon + timedelta(days=2)).isoformat(), soon.isoformat(), "9999-12-31T23:59-12:00")
    filled([make_call(n, started_at=at) for n, at in enumerate(times, 1)])
    unknown = date(2026, 3, 2)
    assert {row.call_id: row.day for row in store.calls()} == {
        "call-1": unknown,
        "call-2": unknown,
        "call-3": soon.date(),
        "call-4": unknown,
    }
    assert store.expire(1, today=date(2026, 3, 5)).calls == 3


@pytest.mark.parametrize("started", ["", "yesterday", "0000-01-01T00:00:00Z"])
def test_a_run_says_when_it_began(started: str) -> None:
    with pytest.raises(ValueError, match="does not say when it was"):
        moment_of(None, started)


@pytest.mark.parametrize("started_at", [None, "02.03.2026"])
def test_a_call_keeps_the_day_of_the_first_run_that_met_it(
    store: Store, filled: Filled, started_at: str | None
) -> None:
    call = make_call(1, started_at=started_at)
    filled([], started="2026-03-02T20:00:00Z").add_text(call)
    filled([call], started="2026-04-01T20:00:00Z")
    (row,) = store.calls()
    assert (row.at, len(store.draw_sample(row.day, row.day, 1))) == ("2026-03-02T20:00:00Z", 1)
    filled([call.model_copy(update={"team": "Süd"})], started="2026-05-01T20:00:00Z")
    (again,) = store.calls()
    assert (again.day, again.at, again.team, again.sampled) == (row.day, row.at, "Süd", True)


def test_another_call_under_the_id_has_the_day_of_its_own_run(store: Store, filled: Filled) -> None:
    filled([make_call(1, started_at=None)])
    filled([make_call(1, started_at=None, words="ganz anders, ")], started="2026-03-09T20:00:00Z")
    assert [row.at for row in store.calls()] == ["2026-03-09T20:00:00Z"]


def test_agents_are_pseudonyms_everywhere(store: Store, filled: Filled, tmp_path: Path) -> None:
    calls = [make_call(1, metadata={"who": "Anna Schmidt", "deep": [{"mail": "to ANNA SCHMIDT <a@b>"}]}), make_call(2)]
    calls.append(make_call(3, agent="Jörg Ü."))
    filled(calls)
    first, second, third = records(store, calls)
    name = first.row.agent
    assert name == second.row.agent != third.row.agent
    assert name is not None
    assert name.startswith("agent-")
    assert (first.call.agent, first.call.metadata) == (name, {"who": name, "deep": [{"mail": f"to {name} <a@b>"}]})
    for path in tmp_path.glob("store.sqlite*"):
        data = path.read_bytes().lower()
        assert b"schmidt" not in data
        assert "jörg".encode() not in data
    # A call out of the store is the same call.
    entries = len(store.chain())
    filled([]).add_text(first.call)
    assert (records(store, calls)[0].row.agent, len(store.chain())) == (name, entries + 1)


def test_the_agent_is_in_neither_team_nor_queue(store: Store, filled: Filled, tmp_path: Path) -> None:
    calls = [
        make_call(1, agent="A. Kowalski", team="Team a. kowalski", queue="Rückruf A. Kowalski", metadata={"x": [None]}),
        make_call(2, agent=" \t ", team="Nord", queue="billing", metadata={"who": "a b"}),
        make_call(3, agent="7", team="7", queue="Linie 27", metadata={"7": "2027, 7"}),
        make_call(4, agent=" A. Kowalski", team=None, queue=None),
    ]
    filled(calls)
    found = records(store, calls)
    name, number = found[0].row.agent, found[2].row.agent
    assert [(record.row.agent, record.row.team, record.row.queue) for record in found] == [
        (name, f"Team {name}", f"Rückruf {name}"),
        (None, "Nord", "billing"),
        (number, number, "Linie 27"),
        (name, None, None),
    ]
    for record in found:
        own = (record.row.agent, record.row.team, record.row.queue)
        assert (record.call.agent, record.call.team, record.call.queue) == own
    assert [record.call.metadata for record in found[1:3]] == [{"who": "a b"}, {number: f"2027, {number}"}]
    for path in tmp_path.glob("store.sqlite*"):
        assert b"kowalski" not in path.read_bytes().lower()


def test_hostile_words_and_ids(store: Store, filled: Filled) -> None:
    call = make_call(1, words="\u202e<script>\u0000' OR 1=1 --\n\U0001f600 ")
    filled([call, make_call(2, id="'; DROP TABLE calls; --")])
    kept = store.record(store.find(call.id) or 0).call
    assert kept.turn(1).text == call.turn(1).text.replace("\0", "\ufffd")
    assert kept.turns[1:] == call.turns[1:]
    assert store.find("'; DROP TABLE calls; --") is not None
    assert store.count(CallFilter(text="' OR 1=1 --")) == 1


def speakers_swapped(call: Call) -> Call:
    other = {"agent": "caller", "caller": "agent"}
    turns = [turn.model_dump() | {"speaker": other[turn.speaker]} for turn in call.turns]
    return Call.model_validate(call.model_dump() | {"turns": turns})


@pytest.mark.parametrize(
    "other",
    [
        make_call(1, day="2026-03-09"),
        make_call(1, words="ganz anders, "),
        make_call(1, tells=False),
        speakers_swapped(make_call(1)),
    ],
)
def test_another_text_under_the_id_leaves_no_verdict_and_no_decision(store: Store, filled: Filled, other: Call) -> None:
    filled([make_call(1), make_call(2)])
    assert len(store.draw_sample(date(2026, 3, 2), date(2026, 3, 2), 2)) == 2
    for key in store.keys(CallFilter()):
        store.decide(key, reviewer="Mia", choice="confirm", verdict_key=store.record(key).verdict_key)
    key = store.find("call-1") or 0
    run = filled([])
    run.add_text(other)
    assert (store.find("call-1"), store.count(), store.unjudged()) == (None, 1, 1)
    # Another run of it, as after a kill: nothing is displaced a second time.
    later = filled([other, make_call(2)])
    assert (run.displaced, later.displaced) == (1, 0)
    assert store.find("call-1") == key
    first, second = records(store, [other, make_call(2)])
    assert (first.row.state, first.row.sampled, [one.counts for one in first.decisions]) == ("open", False, [False])
    assert first.call.turns == other.turns
    assert (second.row.state, second.row.sampled) == ("confirmed", True)
    # The text of before does not bring the decision about it back.
    assert filled([make_call(1)]).displaced == 1
    assert records(store, [other])[0].row.state == "open"
    assert store.verify_chain()


def test_what_is_told_besides_the_text_leaves_decisions_as_they_are(store: Store, filled: Filled) -> None:
    filled([make_call(1)])
    key = store.find("call-1") or 0
    store.decide(key, reviewer="Mia", choice="confirm", verdict_key=store.record(key).verdict_key)
    assert filled([make_call(1, team="Süd", metadata={"x": 1})]).displaced == 0
    record = store.record(key)
    assert (record.row.state, record.row.team, record.call.metadata) == ("confirmed", "Süd", {"x": 1})


def test_an_agent_whose_name_is_a_hash_has_a_pseudonym_too(store: Store, filled: Filled) -> None:
    name = "ab1f" * 8
    filled([make_call(1, agent=name, metadata={"who": name, "sha256": "c" + 63 * "d"})])
    record = store.record(store.find("call-1") or 0)
    assert record.call.metadata == {"who": record.row.agent, "sha256": "c" + 63 * "d"}


OWN_INCIDENT = {"id": "weather", "description": "Der Agent spricht vom Wetter.", "severity": "low"}


def test_the_policy_of_a_run_reads_back_the_same() -> None:
    """With words and incidents of its own; stores of before have the id of these under another name."""
    for policy in (*(find_policy(name).policy for name in shipped_policies()), marina(incidents=[OWN_INCIDENT])):
        kept = run_values(origin(policy), "2026-03-02T09:14:00Z", policy)["rules"]
        assert Policy.model_validate_json(kept) == policy
        assert Policy.model_validate_json(kept.replace('"id":"weather"', '"own_id":"weather"')) == policy


def origin(policy: Policy) -> RunProvenance:
    stamp = PolicyProvenance(id=policy.id, version=policy.version, sha256="0" * 64)
    model = ModelProvenance(id="m", sha256="1" * 64, engine="fake")
    return RunProvenance(ausweis="1", strategy="turnwise", policy=stamp, model=model)


@pytest.mark.parametrize(("template", "strategy"), [("transcript", "heads"), ("agent-turn", "turnwise")])
def test_runs_of_before_tell_their_strategy_by_the_name_of_today(store: Store, template: str, strategy: str) -> None:
    """`turnwise` was the name of two readers; which one it was is told by the templates."""
    asked = (PromptProvenance(id=template, version=1, sha256="a" * 64),)
    assert store.begin(origin_of(strategy="turnwise", prompts=asked)).run.strategy == strategy
