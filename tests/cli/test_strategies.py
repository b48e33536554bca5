"""Runs by the strategy `events`, from the command line to the verdict."""

import json
from pathlib import Path

import pytest
from tests.cli.processes import Run
from tests.judging.own_policies import MARINA
from tests.stored import failures, judged

from ausweis.judging.verdict import Verdict
from ausweis.labelled import read_labelled
from ausweis.store import CallFilter, Store

INCIDENTS = """\
incidents:
  - {id: case, speaker: caller, severity: high, description: Der Anrufer spricht von einem Fall für die Zeitung.}
"""
LINES = {
    "caller": "Tag, Petersen. Das Hafenwort weiß ich nicht, und das wird ein Fall für die Zeitung.",
    "agent": "Gut. Auf Platz B12 liegt die Seestern.",
}
EVENTS = [
    {"turn": 1, "quote": "Petersen", "event": "gives name"},
    {"turn": 1, "quote": "ein Fall für die Zeitung", "event": "incident described_1"},
    {"turn": 2, "quote": "Auf Platz B12 liegt die Seestern.", "event": "discloses berth_data"},
    {"turn": 2, "quote": "Auf Platz B13", "event": "discloses berth_data"},
]


@pytest.fixture
def events(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line with the readers and templates that ship, a policy, a call and an answer about it."""
    import ausweis.reading
    from ausweis.reading.strategies import open_reader

    monkeypatch.setattr(ausweis.reading, "open_reader", open_reader)
    (folder / "ours.yaml").write_text(MARINA + INCIDENTS, encoding="utf-8")
    turns = [{"speaker": speaker, "text": text} for speaker, text in LINES.items()]
    (folder / "call.json").write_text(json.dumps({"id": "c1", "turns": turns}), encoding="utf-8")
    answer = {"start": "beginning", "events": EVENTS}
    script = {"answers": [{"template": "call-events", "answer": answer}]}
    (folder / "answers.yaml").write_text(json.dumps(script), encoding="utf-8")
    return run


SYSTEM = ("--engine", "fake:answers.yaml", "--strategy", "events")


def verdict(path: Path = Path("ausweis.sqlite")) -> Verdict:
    (one,) = judged(path)
    return one.verdict


TAKEN = (
    "ausweis: the model fake is asked for all events of a call in one answer (strategy events): nothing was learned "
)


def test_without_a_strategy_one_is_taken_and_named(events: Run) -> None:
    """On standard error, before calls are read; not with --quiet."""
    score = ("score", "call.json", "--policy", "ours.yaml", *SYSTEM[:2])
    result = events(*score)
    assert result.code == 0
    assert f"{TAKEN}for it that reads turns\n" in result.err
    assert events(*score, "--quiet").err == ""
    with Store.open("ausweis.sqlite") as store:
        assert [store.record(key).run.strategy for key in store.keys(CallFilter())] == ["events"]


def test_a_call_is_scored_by_own_words_with_incidents(events: Run) -> None:
    assert events("score", "call.json", "--policy", "ours.yaml", *SYSTEM).code == 0
    found = verdict()
    assert [(one.type, one.turn) for one in found.violations] == [("no_authentication", 2)]
    assert [(one.category, one.quote) for one in found.actions] == [("berth_data", EVENTS[2]["quote"])]
    assert [(one.id, one.turn) for one in found.incidents] == [("case", 1)]
    assert "quote_not_in_turn" in {reason.code for reason in found.review_reasons}
    assert found.provenance is not None
    assert [stamp.id for stamp in found.provenance.prompts] == ["call-events"]


def test_what_was_read_is_judged_by_another_policy(events: Run) -> None:
    assert events("score", "call.json", "--policy", "ours.yaml", *SYSTEM).code == 0
    assert events("judge", "--policy", "telecom-de").code == 0
    assert verdict().outcome == "not_applicable"


def test_a_call_that_does_not_fit_the_context_fails_with_a_sentence(events: Run, folder: Path) -> None:
    script = json.loads((folder / "answers.yaml").read_text())
    (folder / "answers.yaml").write_text(json.dumps({"context_tokens": 500, **script}))
    assert events("score", "call.json", "--policy", "ours.yaml", *SYSTEM).code == 3
    assert [one["kind"] for one in failures(folder / "ausweis.sqlite")] == ["context"]


def test_a_golden_set_is_measured(events: Run, folder: Path) -> None:
    gold = Path(__file__).parents[2] / "evals" / "golden" / "dev.jsonl"
    first = next(iter(read_labelled(gold)))
    (folder / "golden.jsonl").write_text(first.line() + "\n", encoding="utf-8")
    told = [
        {
            "turn": event.turn,
            "quote": " ".join(first.call.turn(event.turn).text.split())[:160],
            "event": f"{event.kind} {event.subject}" if event.subject else event.kind,
        }
        for event in first.gold.events
    ]
    answer = {"start": "beginning", "events": told}
    script = {"answers": [{"template": "call-events", "answer": answer}]}
    (folder / "answers.yaml").write_text(json.dumps(script), encoding="utf-8")
    result = events("eval", "run", "golden.jsonl", *SYSTEM, "--out", "e", "--quiet")
    assert result.code == 0
    assert json.loads((folder / "e" / "eval.json").read_text())["system"]["strategy"] == "events"
    assert events("eval", "run", "golden.jsonl", *SYSTEM[:2], "--out", "f").err.startswith(TAKEN)
    assert events("eval", "run", "golden.jsonl", *SYSTEM[:2], "--out", "g", "--quiet").err == ""
