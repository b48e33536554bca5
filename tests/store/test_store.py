import json
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from tests.store.conftest import Filled
from tests.store.runs import add_incidents, as_version_1, incident_of, make_call, make_run

from ausweis.calls import Call
from ausweis.errors import RunError
from ausweis.facts import Facts
from ausweis.judging.harm import Found
from ausweis.judging.sentences import violation_sentence
from ausweis.judging.verdict import Verdict
from ausweis.store import CallFilter, Imported, Store, sink
from ausweis.store.tables import batches


def counts(imported: Imported) -> tuple[int, int, int, int]:
    return imported.new, imported.same, imported.replaced, imported.without_text


def test_what_comes_out_is_what_went_in(store: Store, filled: Filled, tmp_path: Path) -> None:
    calls = [make_call(1), make_call(2, pin=False)]
    assert counts(filled(calls)) == (2, 0, 0, 0)
    lines = (tmp_path / "run" / "verdicts.jsonl").read_text("utf-8").splitlines()
    facts = (tmp_path / "run" / "facts.jsonl").read_text("utf-8").splitlines()
    for number, call in enumerate(calls):
        record = store.record(store.find(call.id) or 0)
        assert record.verdict == Verdict.model_validate_json(lines[number])
        assert record.facts == Facts.model_validate_json(facts[number])
        assert record.call is not None
        assert record.call.turns == call.turns
        assert record.run.policy_title
        assert (record.run.policy.id, record.run.model.id) == ("telecom-de", "tiny")
    worst, fine = store.calls()
    assert (worst.call_id, worst.outcome, worst.violations) == ("call-2", "violation", ("no_authentication",))
    assert (worst.first_violation_turn, worst.turns, worst.seconds, worst.state) == (4, 4, 7.5, "open")
    assert (worst.severity is not None, fine.severity, fine.outcome) == (True, None, "compliant")
    assert (worst.team, worst.queue, worst.day, worst.at) == (
        "Nord",
        "billing",
        date(2026, 3, 2),
        "2026-03-02T08:14:00Z",
    )


def test_a_run_of_version_1_is_read_and_stays_the_same(store: Store, tmp_path: Path) -> None:
    calls = [make_call(1, pin=False)]
    folder = make_run(tmp_path / "run", calls)
    add_incidents(folder, "call-1", incident_of(2, "rude_agent"))
    as_version_1(folder)
    assert counts(store.import_run(folder, calls)) == (1, 0, 0, 0)
    assert counts(store.import_run(folder)) == (0, 1, 0, 0)
    record = store.record(store.find("call-1") or 0)
    assert violation_sentence(record.verdict.violations[0], "en") == "Ein Satz."
    assert [(incident.id, incident.turn) for incident in record.verdict.incidents] == [("rude_agent", 2)]
    assert store.found([record.row.key]) == {
        record.row.key: [
            Found("no_authentication", "critical", 4),
            Found("rude_agent", "high", 2, incident=True, sure=0.9),
        ]
    }


def test_twice_is_as_once_and_a_run_that_grew_is_taken_up(store: Store, tmp_path: Path) -> None:
    calls = [make_call(number) for number in range(1, 6)]
    folder = make_run(tmp_path / "run", calls[:3])
    assert counts(store.import_run(folder, calls)) == (3, 0, 0, 0)
    assert counts(store.import_run(folder)) == (0, 3, 0, 0)
    assert len(store.chain()) == 3
    make_run(folder, calls, resume=True)
    assert counts(store.import_run(folder)) == (2, 3, 0, 0)
    add_incidents(folder, "call-1", {"kind": "rude_agent", "turn": 2, "severity": "critical", "description": ""})
    assert counts(store.import_run(folder)) == (0, 4, 1, 0)
    row = store.record(store.find("call-1") or 0).row
    assert (row.incidents, row.severity, row.to_review, row.outcome) == (("rude_agent",), "critical", True, "compliant")
    assert store.count() == 5


def test_the_later_run_counts_in_whatever_order_they_come(store: Store, tmp_path: Path) -> None:
    call, changed = make_call(1), make_call(1, pin=False)
    later = make_run(tmp_path / "later", [changed], started="2026-03-04T00:00:00Z")
    earlier = make_run(tmp_path / "earlier", [call], started="2026-03-03T00:00:00Z")
    store.import_run(later)
    store.import_run(earlier)
    key = store.find("call-1")
    assert key is not None
    assert store.record(key).row.outcome == "violation"
    latest = make_run(tmp_path / "latest", [call], started="2026-03-05T00:00:00Z")
    assert counts(store.import_run(latest, [call])) == (1, 0, 0, 0)
    assert store.record(key).row.outcome == "compliant"
    assert store.record(key).run.folder == str(latest)


def test_texts_from_transcripts_inputs_or_before(store: Store, tmp_path: Path) -> None:
    calls = [make_call(number) for number in range(1, 5)]

    def write(path: Path, some: list[Call]) -> str:
        path.write_text("".join(call.model_dump_json(exclude_none=True) + "\n" for call in some), "utf-8")
        return str(path)

    other = calls[3].model_copy(update={"turns": calls[3].turns[:2]})
    inputs = write(tmp_path / "calls.jsonl", [calls[1], other])
    folder = make_run(tmp_path / "run", calls, inputs=("-", str(tmp_path / "gone"), inputs))
    write(folder / "transcripts.jsonl", calls[:1])
    store.add_calls(calls[2:3])
    assert store.count() == 0
    assert store.find("call-3") is None
    # The file of the fourth holds another call by now.
    assert counts(store.import_run(folder)) == (4, 0, 0, 1)
    texts = [store.record(store.find(call.id) or 0).call for call in calls]
    assert [text is not None for text in texts] == [True, True, True, False]
    assert counts(store.import_run(folder, calls)) == (0, 4, 0, 0)


def test_days_of_calls_that_do_not_say_theirs(store: Store, tmp_path: Path) -> None:
    calls = [make_call(1, started_at=None), make_call(2, started_at="gestern"), make_call(3, started_at="2026-02-01")]
    calls.append(make_call(4, started_at="2026-02-28T23:30:00-05:00"))
    folder = make_run(tmp_path / "run", calls, started="2026-03-07T20:00:00Z")
    store.add_calls(calls[:1])
    store.import_run(folder, calls)
    days = {row.call_id: (str(row.day), row.at) for row in store.calls()}
    assert days == {
        "call-1": ("2026-03-07", "2026-03-07T20:00:00Z"),
        "call-2": ("2026-03-07", "2026-03-07T20:00:00Z"),
        "call-3": ("2026-02-01", "2026-02-01T00:00:00Z"),
        "call-4": ("2026-02-28", "2026-03-01T04:30:00Z"),
    }
    assert store.days() == (date(2026, 2, 1), date(2026, 3, 7))


@pytest.mark.parametrize("started_at", [None, "02.03.2026"])
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 0, 0)])
def test_a_call_keeps_the_day_of_the_first_run_that_judged_it(
    store: Store, tmp_path: Path, started_at: str | None, order: tuple[int, ...]
) -> None:
    calls = [make_call(number, started_at=started_at) for number in (1, 2)]
    days = ("2026-03-02", "2026-04-01", "2026-05-01")
    runs = [make_run(tmp_path / day, calls, started=f"{day}T20:00:00Z") for day in days]
    for number in order:
        store.import_run(runs[number], calls)
    assert {row.at for row in store.calls()} == {"2026-03-02T20:00:00Z"}
    day = store.calls()[0].day
    assert len(store.draw_sample(day, day, 2)) == 2
    store.add_calls(calls)
    store.import_run(make_run(tmp_path / "anew", calls, started="2026-06-01T20:00:00Z"))
    assert {(row.day, row.at, row.sampled) for row in store.calls()} == {(day, "2026-03-02T20:00:00Z", True)}
    assert store.record(store.find("call-1") or 0).run.started == "2026-06-01T20:00:00Z"


def test_another_call_under_the_id_has_the_day_of_its_own_run(store: Store, filled: Filled, tmp_path: Path) -> None:
    filled([make_call(1, started_at=None)])
    other = make_call(1, started_at=None, words="ganz anders, ")
    store.add_calls([other], today="2026-03-09T20:05:00Z")
    store.import_run(make_run(tmp_path / "later", [other], started="2026-03-09T20:00:00Z"))
    assert [row.at for row in store.calls()] == ["2026-03-09T20:00:00Z"]


def test_agents_are_pseudonyms_everywhere(store: Store, tmp_path: Path) -> None:
    calls = [make_call(1, metadata={"who": "Anna Schmidt", "deep": [{"mail": "to ANNA SCHMIDT <a@b>"}]}), make_call(2)]
    calls.append(make_call(3, agent="Jörg Ü."))
    store.import_run(make_run(tmp_path / "run", calls), calls)
    records = [store.record(store.find(call.id) or 0) for call in calls]
    first, second, third = (record.row.agent for record in records)
    assert first == second != third
    assert first is not None
    assert first.startswith("agent-")
    call = records[0].call
    assert call is not None
    assert (call.agent, call.metadata) == (first, {"who": first, "deep": [{"mail": f"to {first} <a@b>"}]})
    for path in tmp_path.glob("store.sqlite*"):
        data = path.read_bytes().lower()
        assert b"schmidt" not in data
        assert "jörg".encode() not in data


def test_recordings_of_the_folder_and_given(store: Store, tmp_path: Path) -> None:
    calls = [make_call(1), make_call(2, id="a/b")]
    folder = make_run(tmp_path / "run", calls)
    (folder / "recordings").mkdir()
    for name in ("a%2Fb.agent.wav", "a%2Fb.caller.wav", ".call-1.wav.part"):
        (folder / "recordings" / name).touch()
    for _ in range(2):
        store.import_run(folder, calls, {"call-1": (tmp_path / "x.wav",)})
    audio = {call.id: store.record(store.find(call.id) or 0).audio for call in calls}
    assert audio["call-1"] == (tmp_path / "x.wav",)
    assert [path.name for path in audio["a/b"]] == ["a%2Fb.agent.wav", "a%2Fb.caller.wav"]


@pytest.mark.parametrize("name", ["verdicts", "facts"])
def test_a_line_that_is_too_deep_is_refused(store: Store, tmp_path: Path, name: str) -> None:
    folder = make_run(tmp_path / "run", [make_call(1)])
    line = '{"call_id": "call-1", "x": ' + "[" * 100_000
    (folder / f"{name}.jsonl").write_text(f"{line}\n", "utf-8")
    with pytest.raises(RunError, match=rf"{name}\.jsonl:1: the line holds no {name.removesuffix('s')}"):
        store.import_run(folder)
    # A whole one, whose line stands nowhere by now, is deleted all the same.
    store.add_calls([make_call(2)])
    assert store.delete("call-2", roots=[folder]).calls == 1


@pytest.mark.parametrize("started", ["", "yesterday", "0000-01-01T00:00:00Z"])
def test_a_run_that_does_not_say_when_it_began_is_refused(store: Store, tmp_path: Path, started: str) -> None:
    with pytest.raises(RunError, match=r"run: run\.json does not say when the run began; put that back"):
        store.import_run(make_run(tmp_path / "run", [make_call(1)], started=started))


def test_what_is_no_run_or_broken_is_refused(store: Store, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="there is no run here"):
        store.import_run(tmp_path)
    folder = make_run(tmp_path / "run", [make_call(1), make_call(2)])
    path = folder / "verdicts.jsonl"
    lines = path.read_text("utf-8").splitlines()
    broken = json.dumps(json.loads(lines[1]) | {"risk": 7})
    path.write_text(f"{lines[0]}\n{broken}\n", "utf-8")
    with pytest.raises(RunError, match=r"verdicts\.jsonl:2: the line holds no verdict") as caught:
        store.import_run(folder)
    assert "Krummbiegel" not in str(caught.value)
    path.write_text(f"{lines[0]}\n{lines[1][:40]}", "utf-8")
    assert counts(store.import_run(folder)) == (1, 0, 0, 1)


def test_what_was_taken_up_before_a_fault_is_in_the_chain(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_run(tmp_path / "run", [make_call(number) for number in (1, 2, 3)])
    path = folder / "verdicts.jsonl"
    whole = path.read_text("utf-8")
    path.write_text(whole.replace('"call_id":"call-3"', '"call_id":7'), "utf-8")
    monkeypatch.setattr(sink, "batches", lambda found: batches(found, 2))
    with pytest.raises(RunError, match=r"verdicts\.jsonl:3"):
        store.import_run(folder)
    assert (store.count(), [entry.what for entry in store.chain()]) == (2, ["imported"] * 2)
    path.write_text(whole, "utf-8")
    assert counts(store.import_run(folder)) == (1, 2, 0, 3)
    assert counts(store.import_run(folder)) == (0, 3, 0, 3)
    assert store.verify_chain() == 3


def test_facts_in_another_order_or_missing(store: Store, tmp_path: Path) -> None:
    """A verdict without its facts is not taken up, but named."""
    calls = [make_call(number) for number in range(1, 6)]
    folder = make_run(tmp_path / "run", calls)
    path = folder / "facts.jsonl"
    path.write_text("".join(reversed(path.read_text("utf-8").splitlines(keepends=True)[1:])), "utf-8")
    assert store.import_run(folder).lost == {"call-1"}
    found = [store.record(store.find(call.id) or 0).facts for call in calls[1:]]
    assert [facts and facts.call_id for facts in found] == ["call-2", "call-3", "call-4", "call-5"]
    assert store.find("call-1") is None


def test_a_moved_folder_and_hostile_words(store: Store, tmp_path: Path) -> None:
    nasty = "\u202e<script>\u0000' OR 1=1 --\n\U0001f600 "
    calls = [make_call(1, words=nasty), make_call(2, id="'; DROP TABLE calls; --")]
    folder = make_run(tmp_path / "run", calls)
    store.import_run(folder, calls)
    shutil.move(folder, tmp_path / "moved")
    store.import_run(tmp_path / "moved", calls)
    assert store.count() == 2
    record = store.record(store.find(calls[0].id) or 0)
    assert record.run.folder == str(tmp_path / "moved")
    assert record.call is not None
    assert record.call.turn(1).text == calls[0].turn(1).text.replace("\0", "\ufffd")
    assert record.call.turns[1:] == calls[0].turns[1:]
    assert store.find("'; DROP TABLE calls; --") is not None
    assert store.count(CallFilter(text="' OR 1=1 --")) == 1


def decided(store: Store, call_id: str) -> str:
    """Confirm a call's verdict: its state."""
    record = store.record(store.find(call_id) or 0)
    store.decide(record.row.key, reviewer="Mia", choice="confirm", verdict_key=record.verdict_key)
    return store.record(record.row.key).row.state


@pytest.mark.parametrize("other", [{"day": "2026-03-09"}, {"words": "ganz anders, "}])
def test_another_call_under_the_id_takes_no_decision_over(
    store: Store, filled: Filled, tmp_path: Path, other: dict[str, str]
) -> None:
    filled([make_call(1), make_call(2)])
    drawn = store.draw_sample(date(2026, 3, 2), date(2026, 3, 2), 2)
    assert (len(drawn), decided(store, "call-1"), decided(store, "call-2")) == (2, "confirmed", "confirmed")
    key = store.find("call-1") or 0
    calls = [make_call(1, **other), make_call(2)]  # type: ignore[arg-type]
    later = make_run(tmp_path / "later", calls, started="2026-03-09T20:00:00Z")
    # It says the same, so only the text tells.
    assert store.import_run(later, calls).displaced == 1
    for _ in range(2):
        record = store.record(key)
        assert (record.row.state, record.row.sampled, record.call and record.call.turn(1).text) == (
            "open",
            False,
            calls[0].turn(1).text,
        )
        assert [one.counts for one in record.decisions] == [False]
        same = store.record(store.find("call-2") or 0)
        assert (same.row.state, same.row.sampled) == ("confirmed", True)
        assert store.import_run(later, calls).displaced == 0
    assert decided(store, "call-1") == "confirmed"
    # What was there before does not come back with its old run.
    assert store.import_run(tmp_path / "run", [make_call(1), make_call(2)]).displaced == 0
    found = store.record(key)
    assert found.row.state == "confirmed"
    assert found.call is not None
    assert found.call.turns == calls[0].turns


def test_a_verdict_of_another_number_of_turns_drops_the_text_and_the_decisions(
    store: Store, filled: Filled, tmp_path: Path
) -> None:
    filled([make_call(1), make_call(2)])
    decided(store, "call-1")
    other = make_call(1, day="2026-03-09")
    other = other.model_copy(update={"turns": (*other.turns, other.turns[1])})
    later = make_run(tmp_path / "later", [other], started="2026-03-09T20:00:00Z")
    done = store.import_run(later)
    assert (done.displaced, done.without_text) == (1, 1)
    key = store.find("call-1") or 0
    row = store.record(key).row
    assert (row.state, row.turns, row.day, row.team, store.record(key).call) == (
        "open",
        5,
        date(2026, 3, 9),
        None,
        None,
    )
    done = store.import_run(later, [other])
    assert (done.displaced, done.without_text) == (0, 0)
    assert store.record(key).row.team == "Nord"
    assert decided(store, "call-1") == "confirmed"


def test_a_text_that_does_not_fit_the_verdict_is_left_out_until_its_own_comes(
    store: Store, filled: Filled, tmp_path: Path
) -> None:
    call = make_call(1)
    filled([call])
    longer = call.model_copy(update={"turns": (*call.turns, call.turns[1])})
    assert store.add_calls([longer]).misfits == 1
    key = store.find("call-1") or 0
    kept = store.record(key)
    assert kept.call is not None
    assert (kept.call.turns, kept.row.turns) == (call.turns, 4)
    assert store.import_run(tmp_path / "run", [longer]).misfits == 1
    done = store.import_run(make_run(tmp_path / "later", [longer], started="2026-03-09T20:00:00Z"), [longer])
    assert (done.misfits, done.displaced, done.without_text) == (0, 1, 0)
    assert store.record(key).row.turns == 5


def heard(store: Store, call_id: str) -> list[str]:
    """The recordings of a call, each with its folder's run."""
    return [path.relative_to(path.parents[2]).as_posix() for path in store.record(store.find(call_id) or 0).audio]


def with_recording(folder: Path, call_id: str) -> Path:
    """The run, and a recording in it."""
    (folder / "recordings").mkdir()
    (folder / "recordings" / f"{call_id}.wav").touch()
    return folder


@pytest.mark.parametrize("turns", [4, 5])
def test_another_call_under_the_id_does_not_have_the_recording_of_the_first(
    store: Store, tmp_path: Path, turns: int
) -> None:
    first, other = make_call(1), make_call(1, day="2026-03-09", words="ganz anders, ")
    other = other.model_copy(update={"turns": (*other.turns, other.turns[1])[:turns]})
    old = with_recording(make_run(tmp_path / "run", [first, make_call(2)]), "call-1")
    (old / "recordings" / "call-2.wav").touch()
    store.import_run(old, [first, make_call(2)])
    assert heard(store, "call-1") == ["run/recordings/call-1.wav"]
    store.add_calls([other])
    # Between the text of the other call and its verdict.
    store.import_run(old)
    new = make_run(tmp_path / "later", [other], started="2026-03-09T20:00:00Z")
    store.import_run(new, [other])
    assert heard(store, "call-1") == []
    store.import_run(with_recording(make_run(tmp_path / "last", [other], started="2026-03-10T20:00:00Z"), "call-1"))
    for _ in range(2):
        assert heard(store, "call-1") == ["last/recordings/call-1.wav"]
        store.import_run(old)
    assert heard(store, "call-2") == ["run/recordings/call-2.wav"]


def test_recordings_of_ids_that_begin_with_a_dot(store: Store, tmp_path: Path) -> None:
    folder = with_recording(make_run(tmp_path / "run", [make_call(1, id=".foo"), make_call(2, id="foo")]), ".foo")
    (folder / "recordings" / ".foo.wav.part").touch()
    store.import_run(folder)
    assert (heard(store, ".foo"), heard(store, "foo")) == (["run/recordings/.foo.wav"], [])


def test_a_time_to_come_is_none(store: Store, tmp_path: Path) -> None:
    soon = datetime.now(UTC) + timedelta(hours=12)
    calls = [
        make_call(1, started_at="9999-01-01T00:00:00"),
        make_call(2, started_at=(soon + timedelta(days=2)).isoformat()),
        make_call(3, started_at=soon.isoformat()),
        make_call(4, started_at="9999-12-31T23:59:59-12:00"),
    ]
    store.add_calls(calls, today="2026-03-02T20:00:00Z")
    store.import_run(make_run(tmp_path / "run", calls, started="2026-03-02T20:00:00Z"), calls)
    unknown = date(2026, 3, 2)
    assert {row.call_id: row.day for row in store.calls()} == {
        "call-1": unknown,
        "call-2": unknown,
        "call-3": soon.date(),
        "call-4": unknown,
    }
    assert store.expire(1, today=date(2026, 3, 5)).calls == 3


def test_the_agent_is_in_neither_team_nor_queue(store: Store, tmp_path: Path) -> None:
    calls = [
        make_call(1, agent="A. Kowalski", team="Team a. kowalski", queue="Rückruf A. Kowalski", metadata={"x": [None]}),
        make_call(2, agent=" \t ", team="Nord", queue="billing", metadata={"who": "a b"}),
        make_call(3, agent="7", team="7", queue="Linie 27", metadata={"7": "2027, 7"}),
        make_call(4, agent=" A. Kowalski", team=None, queue=None),
    ]
    store.import_run(make_run(tmp_path / "run", calls), calls)
    first, second, third, fourth = (store.record(store.find(call.id) or 0) for call in calls)
    name, number = first.row.agent, third.row.agent
    assert (first.row.team, first.row.queue) == (f"Team {name}", f"Rückruf {name}")
    assert (second.row.agent, second.row.team, second.row.queue) == (None, "Nord", "billing")
    assert (third.row.team, third.row.queue) == (number, "Linie 27")
    assert (fourth.row.agent, fourth.row.team, fourth.row.queue) == (name, None, None)
    for record in (first, second, third, fourth):
        assert record.call is not None
        assert (record.call.agent, record.call.team, record.call.queue) == (
            record.row.agent,
            record.row.team,
            record.row.queue,
        )
    assert second.call is not None
    assert second.call.metadata == {"who": "a b"}
    assert third.call is not None
    assert third.call.metadata == {number: f"2027, {number}"}
    for path in tmp_path.glob("store.sqlite*"):
        assert b"kowalski" not in path.read_bytes().lower()
