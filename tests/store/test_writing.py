"""The rule: what was written last counts, each call whole or not at all, and what has a verdict is found again."""

import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from tests.store.conftest import Filled
from tests.store.runs import make_call, origin_of, read_facts

from ausweis.calls import Call
from ausweis.calls.call import call_sha256
from ausweis.calls.failure import Failure
from ausweis.errors import StoreError
from ausweis.facts import Facts, facts_sha256
from ausweis.judging.judge import judge
from ausweis.judging.verdict import Verdict
from ausweis.policies import find_policy
from ausweis.store import CallRecord, Judged, Store
from ausweis.store.schema import failures


def made(call: Call, policy: str = "telecom-de") -> tuple[Call, Facts, Verdict]:
    """A call as the scorer gives it."""
    facts = read_facts(call)
    provenance = origin_of(policy).of_verdict(facts_sha256(facts), seconds=1.5, tokens=7)
    return call, facts, judge(facts, find_policy(policy).policy).model_copy(update={"provenance": provenance})


def record(store: Store, call_id: str = "call-1") -> CallRecord:
    return store.record(store.find(call_id) or 0)


def test_what_comes_out_is_what_went_in(store: Store) -> None:
    run = store.begin(origin_of())
    for call in (make_call(1), make_call(2, pin=False)):
        _, facts, verdict = made(call)
        run.add(call, facts, verdict)
        kept = record(store, call.id)
        assert (kept.facts, kept.verdict, kept.call.turns, kept.run) == (facts, verdict, call.turns, run.run)
        assert store.judged([kept.row.key]) == [(run.run, Judged(facts, verdict, call_sha256(call)))]
    assert run.run.policy_title
    worst, fine = store.calls()
    assert (worst.call_id, worst.outcome, worst.violations) == ("call-2", "violation", ("no_authentication",))
    assert (worst.first_violation_turn, worst.turns, worst.seconds, worst.state) == (4, 4, 7.5, "open")
    assert (worst.severity is not None, fine.severity, fine.outcome) == (True, None, "compliant")
    assert (worst.team, worst.queue, str(worst.day), worst.at) == (
        "Nord",
        "billing",
        "2026-03-02",
        "2026-03-02T08:14:00Z",
    )
    assert [entry.what for entry in store.chain()] == ["scored"] * 3
    assert store.verify_chain() == 3


def test_the_verdict_written_last_counts_whenever_its_run_began(store: Store) -> None:
    old, new = store.begin(origin_of(), started="2026-03-03T20:00:00Z"), store.begin(origin_of("energy-de"))
    for run, policy in ((old, "telecom-de"), (new, "energy-de"), (old, "telecom-de")):
        run.add(*made(make_call(1), policy))
        assert record(store).run == run.run
    # Of a run that judged a call twice, one verdict is left.
    with store._database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM verdicts").scalar() == 2
    assert store.verify_chain()


def test_what_the_same_system_made_of_a_text_settles_it(store: Store) -> None:
    call = make_call(1)
    run = store.begin(origin_of())
    assert run.settled(call) is None
    _, facts, verdict = made(call)
    run.add(call, facts, verdict)
    assert store.begin(origin_of()).settled(call) == (verdict, facts, True)
    for origin, series in (
        (origin_of("energy-de"), ""),
        (origin_of(ausweis="0.0.1"), ""),
        (origin_of(strategy="other"), ""),
        (origin_of(prompts=()), ""),
        (origin_of(model=origin_of().model.model_copy(update={"parameters": {"seed": 2}})), ""),
        (origin_of(), "2"),
    ):
        assert store.begin(origin, series=series).settled(call) is None
    assert store.begin(origin_of(), system="").settled(call) is None
    for other in (make_call(2), make_call(1, words="ganz anders, "), make_call(1, language="en")):
        assert run.settled(other) is None


def test_what_settles_a_call_counts_unless_something_else_was_written_since(store: Store) -> None:
    call = make_call(1)
    run, other = store.begin(origin_of()), store.begin(origin_of("energy-de"))

    def counts(some: Call) -> bool | None:
        settled = run.settled(some)
        return settled and settled.counts

    run.add(*made(call))
    assert counts(call) is True
    for changed in (make_call(1, team="Süd"), make_call(1, day="2026-03-09"), make_call(1, metadata={"x": 1})):
        assert counts(changed) is False
        run.add(*made(changed))
        assert counts(changed) is True
    run.add(*made(call))
    other.add(*made(call, "energy-de"))
    assert counts(call) is False
    run.add(*made(call))
    store.begin(origin_of("energy-de"), system="").judge_anew([Judged(*made(call, "energy-de")[1:], call_sha256(call))])
    assert (counts(call), other.settled(call)) == (False, (*made(call, "energy-de")[:0:-1], False))


def test_facts_are_judged_anew_and_the_text_stays(store: Store) -> None:
    call = make_call(1)
    store.begin(origin_of()).add(*made(call))
    ((_, before),) = store.judged(store.keys())
    anew = store.begin(origin_of("energy-de"), system="")
    verdict = made(call, "energy-de")[2]
    anew.judge_anew([before._replace(verdict=verdict)])
    assert store.judged(store.keys()) == [(anew.run, before._replace(verdict=verdict))]
    assert record(store).call.turns == call.turns
    assert store.verify_chain() == 4


def test_another_call_under_the_id_takes_its_place_whole(store: Store) -> None:
    run = store.begin(origin_of())
    run.add_all([made(make_call(1, team="Nord")), made(make_call(2))])
    longer = make_call(1, day="2026-03-09", team="Süd")
    longer = longer.model_copy(update={"turns": (*longer.turns, longer.turns[1])})
    later = store.begin(origin_of())
    later.add_all([made(longer), made(make_call(2))])
    found = record(store)
    assert (found.row.turns, str(found.row.day), found.row.team) == (5, "2026-03-09", "Süd")
    assert (found.call.turns, found.facts.turns) == (longer.turns, 5)
    # A run that goes on with the call of before puts it back.
    assert (run.displaced, later.displaced, store.begin(origin_of()).settled(make_call(1))) == (
        0,
        1,
        (*made(make_call(1))[:0:-1], False),
    )


def test_what_is_the_same_is_not_written_again(store: Store, filled: Filled) -> None:
    run = filled([make_call(1)])
    entries = len(store.chain())
    run.add_text(make_call(1))
    assert len(store.chain()) == entries
    run.add_text(make_call(2))
    assert (len(store.chain()), store.find("call-2")) == (entries + 1, None)


@pytest.mark.parametrize("place", ["add_texts", "add_verdicts", "_hear", "renew", "audit_log.append"])
@pytest.mark.parametrize("fault", [KeyboardInterrupt, StoreError("the disk is full")])
def test_a_fault_in_the_middle_leaves_nothing_of_the_call(
    store: Store, monkeypatch: pytest.MonkeyPatch, place: str, fault: BaseException | type[BaseException]
) -> None:
    run = store.begin(origin_of())
    run.add(*made(make_call(1)))

    def broken(*_: object, **__: object) -> None:
        raise fault

    changed = make_call(1, words="ganz anders, ")
    with monkeypatch.context() as patch:
        patch.setattr(f"ausweis.store.writing.{place}", broken)
        with pytest.raises((KeyboardInterrupt, StoreError)):
            run.add_all([made(changed), made(make_call(2))])
    assert [row.call_id for row in store.calls()] == ["call-1"]
    assert record(store).call.turns == make_call(1).turns
    assert store.verify_chain() == 2
    run.add_all([made(changed), made(make_call(2))])
    assert (store.count(), store.verify_chain()) == (2, 3)


def test_two_commands_at_once_lose_nothing(store: Store) -> None:
    faults: list[Exception] = []

    def work(first: int) -> None:
        try:
            run = store.begin(origin_of(), series=str(first))
            for number in range(first, first + 12):
                run.add(*made(make_call(number)))
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=work, args=(first,)) for first in (1, 7, 13)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not faults
    assert (store.count(), store.verify_chain()) == (24, 3 + 36)
    assert [len(store.judged_in(str(first))) for first in (1, 7, 13)] == [12, 12, 12]


def failed(store: Store) -> list[tuple[str | None, str | None, str]]:
    with store._database.reading() as connection:
        wanted = select(failures.c.call_id, failures.c.place, failures.c.kind).order_by(failures.c.key)
        return [tuple(row) for row in connection.execute(wanted)]


def failure(call_id: str | None, place: str | None, kind: Any) -> Failure:
    return Failure(call_id=call_id, place=place, kind=kind, message="x")


def test_a_call_that_failed_has_its_text_and_once_mended_no_failure(store: Store) -> None:
    call, engine = make_call(1), failure("call-1", None, "engine")
    for _ in range(2):
        store.begin(origin_of()).add_failure(engine, call)
        assert failed(store) == [("call-1", None, "engine")]
    assert (store.find("call-1"), store.unjudged()) == (None, 1)
    store.begin(origin_of()).add(*made(call))
    assert (failed(store), record(store).call.turns) == ([], call.turns)
    # A changed text that fails has no verdict of the one before.
    store.begin(origin_of()).add_failure(engine, make_call(1, words="ganz anders, "))
    assert (failed(store), store.find("call-1")) == ([("call-1", None, "engine")], None)
    assert store.verify_chain()


def test_failures_of_another_series_stand(store: Store) -> None:
    first, second = (store.begin(origin_of(), series=name) for name in "12")
    for run in (first, second):
        run.add_failure(failure("call-1", None, "engine"), make_call(1))
    second.add(*made(make_call(1)))
    assert (list(store.failed_in("1")), list(store.failed_in("2"))) == (["call-1"], [])


def test_failures_of_files_that_were_read_to_their_end_are_forgotten(store: Store) -> None:
    old = store.begin(origin_of())
    for call_id, place, kind in (
        (None, "a.jsonl:3", "format"),
        ("call-7", "b.jsonl:1", "duplicate"),
        (None, None, "internal"),
        ("call-1", None, "engine"),
        ("call-2", "a.jsonl:4", "format"),
    ):
        old.add_failure(failure(call_id, place, kind))
    run = store.begin(origin_of())
    run.add_failure(failure("call-2", "a.jsonl:4", "format"))
    run.forget_failures({"a.jsonl"})
    assert failed(store) == [
        ("call-7", "b.jsonl:1", "duplicate"),
        ("call-1", None, "engine"),
        ("call-2", "a.jsonl:4", "format"),
    ]
    # Another file claims the id of a call that has a verdict.
    run.add(*made(make_call(7)))
    assert ("call-7", "b.jsonl:1", "duplicate") in failed(store)


def test_recordings_and_their_copies_are_those_of_the_call(store: Store, tmp_path: Path) -> None:
    copies = tmp_path / "recordings"
    copies.mkdir()
    for name in ("a%2Fb.agent.wav", "a%2Fb.caller.wav", ".call-1.wav.part", ".foo.wav"):
        (copies / name).touch()
    run = store.begin(origin_of(), copies=copies)
    paths = [tmp_path / "x.wav"]
    calls = [make_call(1), make_call(2, id="a/b"), make_call(3, id=".foo"), make_call(4, id="foo")]
    for _ in range(2):
        for call in calls[1:]:
            run.add(*made(call), paths)
        run.add(*made(calls[0]))
    names = {call.id: [path.name for path in record(store, call.id).audio] for call in calls}
    both = ["a%2Fb.agent.wav", "a%2Fb.caller.wav", "x.wav"]
    assert names == {"call-1": [], "a/b": both, ".foo": [".foo.wav", "x.wav"], "foo": ["x.wav"]}
    assert store.verify_chain()


def test_another_call_under_the_id_does_not_have_the_recording_of_the_first(store: Store, tmp_path: Path) -> None:
    old, new = tmp_path / "old.wav", tmp_path / "new.wav"
    store.begin(origin_of()).add_all([made(make_call(1)), made(make_call(2))], {"call-1": [old], "call-2": [old]})
    other = make_call(1, words="ganz anders, ")
    run = store.begin(origin_of())
    run.add(*made(other))
    assert record(store).audio == ()
    run.add(*made(other), [new])
    assert (record(store).audio, record(store, "call-2").audio) == ((new,), (old,))


@pytest.mark.parametrize("agent", ["Anna Schmidt", "1", "ab"])
def test_a_recording_that_was_transcribed_is_found_by_its_key(store: Store, agent: str) -> None:
    told = {"recording": {"key": "ab1f" * 8, "sha256": ["ab1f" * 16]}, "who": agent}
    call = make_call(1, agent=agent, metadata=told)
    run = store.begin(origin_of())
    assert run.heard("ab1f" * 8) is None
    run.add_text(call)
    heard = run.heard("ab1f" * 8)
    assert heard is not None
    assert (heard.id, heard.turns, heard.metadata["who"]) == (call.id, call.turns, heard.agent)
    assert heard.metadata["recording"] == told["recording"]
    # It is still the same call, and settles as that.
    run.add(*made(heard))
    settled = run.settled(call)
    assert settled is not None
    assert settled.counts
    assert run.heard("cd3f" * 8) is None
