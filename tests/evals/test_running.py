"""Eval runs on a scripted engine: measured, stopped and gone on with, repeated, answered from recordings."""

import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tests.evals.cases import ANSWERS, NAME, TELLS, asked, labelled
from tests.judging.own_policies import MARINA
from tests.probes import by_chance

from ausweis.batch import Progress
from ausweis.batch.config import ScorerConfig
from ausweis.engines.fake import FakeEngine
from ausweis.engines.llama import engine_name, usual_context
from ausweis.engines.protocol import Message, Request, Result, Transcript
from ausweis.engines.recorded import RecordedEngine, pack, unpack
from ausweis.engines.weights import catalogue
from ausweis.errors import EngineError, InputError, PromptError, RunError
from ausweis.evals.baseline import bless, cases_of, read_baseline, recordings_path
from ausweis.evals.folder import read_eval, read_source
from ausweis.evals.gate import gate
from ausweis.evals.running import EvalJob, evaluate
from ausweis.labelled import LabelledCall
from ausweis.policies import find_policy
from ausweis.prompts import default_library

MISSED = ("no_authentication", 2)
CALLS = [
    labelled("right", NAME, "C: Meine PIN ist 1234. << gives pin", TELLS),
    labelled("broken", NAME, "C: Eine Frage.", TELLS, outcome="violation", violations=[("no_authentication", 3)]),
    labelled("bank", NAME, "A: Wir haben bis 18 Uhr offen.", policy="bank-en", outcome="not_applicable"),
    labelled("missed", NAME, "A: 4 Euro. << discloses usage_data", outcome="violation", violations=[MISSED]),
]


def write(path: Path, calls: Sequence[LabelledCall]) -> Path:
    path.write_text("".join(one.line() + "\n" for one in calls), encoding="utf-8")
    return path


@pytest.fixture
def wanted(tmp_path: Path) -> EvalJob:
    answers = tmp_path / "answers.yaml"
    answers.write_text(ANSWERS, encoding="utf-8")
    recipe = ScorerConfig(find_policy("telecom-de"), engine=f"fake:{answers}")
    return EvalJob(golden=(write(tmp_path / "golden.jsonl", CALLS),), recipe=recipe)


def outcomes(folder: Path) -> dict[str, tuple[str | None, str | None]]:
    return {one.id: (one.gold.outcome, one.told.outcome if one.told else None) for one in cases_of(folder)}


def test_each_call_is_judged_by_the_policy_of_its_label(wanted: EvalJob, tmp_path: Path) -> None:
    seen: list[Progress] = []
    found = evaluate(wanted, tmp_path / "run", on_progress=seen.append)
    assert outcomes(tmp_path / "run") == {
        "right": ("compliant", "compliant"),
        "broken": ("violation", "violation"),
        "bank": ("not_applicable", "not_applicable"),
        "missed": ("violation", "not_applicable"),
    }
    assert seen[-1].seen == 4
    assert (found.summary.accuracy.value, found.summary.recall.value) == (0.75, 0.5)
    by = {call: run.policy.id for call, run in read_source(tmp_path / "run").runs.items()}
    assert by == {**dict.fromkeys(("right", "broken", "missed"), "telecom-de"), "bank": "bank-en"}


def test_a_call_without_a_verdict_is_wrong_and_says_why(wanted: EvalJob, tmp_path: Path) -> None:
    bad = labelled("noise", "C: Störgeräusch.", outcome="not_applicable", caller="unclear")
    path = write(tmp_path / "golden.jsonl", [*CALLS, bad])
    found = evaluate(replace(wanted, golden=(path,)), tmp_path / "run")
    (failed,) = [case for case in found.cases if case.told is None]
    assert failed.failure is not None
    assert "no answer for this call" in failed.failure
    assert found.summary.failed == 1


def test_a_stopped_run_goes_on(wanted: EvalJob, tmp_path: Path) -> None:
    def stop(progress: Progress) -> None:
        if progress.seen == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate(wanted, tmp_path / "run", on_progress=stop)
    with pytest.raises(RunError, match="was stopped"):
        cases_of(tmp_path / "run")
    seen: list[Progress] = []
    evaluate(wanted, tmp_path / "run", on_progress=seen.append)
    assert (seen[-1].seen, seen[-1].earlier) == (4, 2)
    evaluate(wanted, tmp_path / "whole")
    assert outcomes(tmp_path / "run") == outcomes(tmp_path / "whole")


def test_another_system_leaves_a_finished_run_as_it_is(wanted: EvalJob, tmp_path: Path) -> None:
    evaluate(replace(wanted, repeats=2), tmp_path / "run")
    before = (tmp_path / "run" / "eval.json").read_bytes()
    other = replace(wanted, recipe=replace(wanted.recipe, strategy="events"))
    with pytest.raises(RunError, match="made with other prompts, another model or engine"):
        evaluate(other, tmp_path / "run")
    assert (tmp_path / "run" / "eval.json").read_bytes() == before
    # Fewer repeats are no reason to forget some, nor what they took.
    cases = cases_of(tmp_path / "run")
    assert None not in {case.tokens for case in cases}
    assert evaluate(wanted, tmp_path / "run").cases == cases
    assert len(evaluate(replace(wanted, repeats=3), tmp_path / "run").cases) == 12


def test_wrong_use_leaves_no_folder_that_is_in_the_way(wanted: EvalJob, tmp_path: Path) -> None:
    with pytest.raises(PromptError):
        evaluate(replace(wanted, recipe=replace(wanted.recipe, pins=("agent-turn@99",))), tmp_path / "run")
    with pytest.raises(InputError):  # found only once the store is there
        evaluate(replace(wanted, recipe=replace(wanted.recipe, engine="fake:no.yaml")), tmp_path / "run")
    evaluate(wanted, tmp_path / "run")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").touch()
    with pytest.raises(RunError, match="the folder is not empty and holds no eval run"):
        evaluate(wanted, tmp_path / "mine")
    with pytest.raises(RunError, match="cannot be written"):
        evaluate(wanted, tmp_path / "golden.jsonl" / "run")


def test_failed_calls_are_tried_again(wanted: EvalJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: object) -> None:
        raise EngineError("no answer just now")

    with monkeypatch.context() as patch:
        patch.setattr(FakeEngine, "complete", down)
        assert evaluate(wanted, tmp_path / "run").summary.failed == 4
    found = evaluate(wanted, tmp_path / "run")
    assert (found.summary.failed, [case.failure for case in found.cases]) == (0, [None] * 4)


def test_each_repeat_says_why_it_has_no_verdict(
    wanted: EvalJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete, asked_for = FakeEngine.complete, ["1", "2", "3"]

    def down(engine: FakeEngine, requests: Sequence[Request]) -> list[Result]:
        if number := asked_for.pop(0) if asked_for else "":
            raise EngineError(f"no answer, time {number}")
        return complete(engine, requests)

    monkeypatch.setattr(FakeEngine, "complete", down)
    one = replace(wanted, only=("right",), repeats=4)
    found = evaluate(one, tmp_path / "run")
    assert [case.failure for case in found.cases] == [
        *(f"no answer, time {number} [engine]" for number in "123"),
        None,
    ]


def test_a_policy_file_of_the_label(wanted: EvalJob, tmp_path: Path) -> None:
    """What the author of the label says stays, whatever the rules make of the events."""
    policy = tmp_path / "ours.yaml"
    policy.write_text(find_policy("telecom-de").text, encoding="utf-8")
    one = labelled("own", NAME, TELLS, policy=str(policy), outcome="compliant")
    evaluate(replace(wanted, golden=(write(tmp_path / "golden.jsonl", [one]),)), tmp_path / "run")
    assert outcomes(tmp_path / "run") == {"own": ("compliant", "violation")}


def test_another_golden_set_is_not_gone_on_with(wanted: EvalJob, tmp_path: Path) -> None:
    evaluate(wanted, tmp_path / "run")
    write(tmp_path / "golden.jsonl", CALLS[:2])
    with pytest.raises(RunError, match="an eval run of another golden set, choice from it, or answers"):
        evaluate(wanted, tmp_path / "run")


def test_repeats_ask_anew(wanted: EvalJob, tmp_path: Path) -> None:
    found = evaluate(replace(wanted, repeats=3), tmp_path / "run")
    assert len(found.cases) == 12
    assert found.summary.calls == 4
    assert found.summary.flips is not None
    assert found.summary.flips.value == 0
    lines = [len((tmp_path / "run" / "answers" / n / "answers.jsonl").read_text().splitlines()) for n in "123"]
    assert lines[0] == lines[1] == lines[2] > 0


def test_scoring_again_needs_no_model(wanted: EvalJob, tmp_path: Path) -> None:
    evaluate(wanted, tmp_path / "run")
    (tmp_path / "answers.yaml").unlink()
    kept = replace(wanted.recipe, engine=f"recorded:{tmp_path / 'run' / 'answers' / '1'}")
    again = evaluate(replace(wanted, recipe=kept), tmp_path / "again")
    assert again.summary.cost.seconds_median is None
    # Nor are such answers, whose source may have changed, taken from another such run.
    shutil.copytree(tmp_path / "run" / "answers" / "1", tmp_path / "changed")
    (tmp_path / "changed" / "answers.jsonl").write_text("", encoding="utf-8")
    changed = replace(wanted.recipe, engine=f"recorded:{tmp_path / 'changed'}", strategy="turnwise")
    assert evaluate(replace(wanted, recipe=changed), tmp_path / "third").summary.failed == 4
    assert outcomes(tmp_path / "again") == outcomes(tmp_path / "run")


def test_another_policy_gives_other_labels(wanted: EvalJob, tmp_path: Path) -> None:
    evaluate(replace(wanted, policy="energy-de"), tmp_path / "run")
    # A PIN is no factor of energy-de.
    assert outcomes(tmp_path / "run")["right"] == ("violation", "violation")


def chosen(wanted: EvalJob, *only: str, sample: int | None = None, seed: int = 1) -> list[str]:
    return [one.call.id for one in replace(wanted, only=only, sample=sample, seed=seed).chosen()]


@pytest.mark.parametrize(
    ("only", "ids"),
    [
        (("policy:bank-en",), ["bank"]),
        (("right", "missed"), ["right", "missed"]),  # of one kind: alternatives
        (("compliant", "not_applicable"), ["right", "bank"]),
        (("violation", "broken"), ["broken"]),  # of two kinds: both hold
        (("no_authentication",), ["broken", "missed"]),
        (("de", "surface:clean", "compliant"), ["right"]),
        (("language:de", "scenario:plain"), ["right", "broken", "bank", "missed"]),
    ],
)
def test_words_of_one_kind_are_alternatives_and_kinds_narrow_each_other(
    wanted: EvalJob, only: tuple[str, ...], ids: list[str]
) -> None:
    assert chosen(wanted, *only) == ids


def test_calls_are_chosen_by_incident_too(wanted: EvalJob, tmp_path: Path) -> None:
    mixed = write(tmp_path / "mixed.jsonl", [*CALLS, asked("rude", "right", {"id": "rude_agent", "turn": 1})])
    assert chosen(replace(wanted, golden=(mixed,)), "rude_agent") == ["rude"]


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("violatoin", "the nearest word is violation"),
        ("surface:asr", "the nearest word is surface:clean"),
        ("1", "tag 1$"),
    ],
)
def test_a_word_of_no_call_is_named_with_the_nearest(wanted: EvalJob, word: str, hint: str) -> None:
    with pytest.raises(InputError, match="no labelled call has the id, outcome, .*" + hint):
        chosen(wanted, word)


def test_kinds_that_no_call_has_together(wanted: EvalJob) -> None:
    with pytest.raises(InputError, match="no labelled call is of all these kinds"):
        chosen(wanted, "bank", "violation")


def test_a_sample_is_the_same_for_the_same_seed_and_grows(wanted: EvalJob, tmp_path: Path) -> None:
    many = [labelled(f"call-{number}", NAME, outcome="not_applicable") for number in range(40)]
    job = replace(wanted, golden=(write(tmp_path / "many.jsonl", many),))
    ten, twenty = chosen(job, sample=10), chosen(job, sample=20)
    assert (len(ten), len(twenty)) == (10, 20)
    assert set(ten) < set(twenty)
    assert chosen(job, sample=10) == ten == [one.call.id for one in many if one.call.id in ten]
    assert chosen(job, sample=10, seed=2) != ten
    assert len(chosen(job, sample=99)) == 40
    shuffled = replace(job, golden=(write(tmp_path / "shuffled.jsonl", [*CALLS, *many[::-1]]),))
    assert set(chosen(shuffled, "not_applicable", *ten, sample=10)) == set(ten)
    assert set(chosen(wanted, "violation", sample=3)) == {"broken", "missed"}


def test_the_plan_keeps_what_was_chosen(wanted: EvalJob, tmp_path: Path) -> None:
    found = evaluate(replace(wanted, only=("de",), sample=2, seed=7), tmp_path / "run")
    assert (found.manifest.plan.only, found.manifest.plan.sample, found.manifest.plan.seed) == (("de",), 2, 7)
    with pytest.raises(RunError, match="choice from it"):
        evaluate(replace(wanted, only=("de",), sample=2, seed=8), tmp_path / "run")
    with pytest.raises(RunError, match="not over whole files"):
        bless(tmp_path / "run", tmp_path / "b.jsonl", "x")


def questions(
    wanted: EvalJob, folder: Path, monkeypatch: pytest.MonkeyPatch, beside: Path | None = None
) -> Counter[str]:
    """How many questions of each template the model is asked in an eval run."""
    asked_for: Counter[str] = Counter()
    complete = FakeEngine.complete

    def counted(engine: FakeEngine, requests: Sequence[Request]) -> list[Result]:
        results = complete(engine, requests)
        asked_for.update(request.template for request in requests)
        return results

    with monkeypatch.context() as patch:
        patch.setattr(FakeEngine, "complete", counted)
        evaluate(wanted, folder, beside=beside)
    return asked_for


@pytest.fixture
def two_versions(wanted: EvalJob, tmp_path: Path) -> EvalJob:
    """`agent-turn` has a second version, whose wording differs."""
    own = shutil.copytree(default_library().folder, tmp_path / "prompts")
    text = (own / "agent-turn" / "1.md").read_text("utf-8").replace("version: 1", "version: 2")
    head, body = text.split("=== system ===", 1)
    (own / "agent-turn" / "2.md").write_text(f"{head}=== system ===\nBe careful.{body}", "utf-8")
    return replace(wanted, recipe=replace(wanted.recipe, prompt_folder=own))


def version(wanted: EvalJob, number: int) -> EvalJob:
    return replace(wanted, recipe=replace(wanted.recipe, pins=(f"agent-turn@{number}",)))


def test_what_did_not_change_is_not_asked_again(
    two_versions: EvalJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = tmp_path / "runs"
    first = questions(version(two_versions, 1), runs / "one", monkeypatch)
    assert {"agent-turn@1", "caller-turn@1", "call-start@1"} <= set(first)
    second = questions(version(two_versions, 2), runs / "two", monkeypatch)
    assert second == {"agent-turn@2": first["agent-turn@1"]}
    live = read_eval(runs / "two").live  # type: ignore[union-attr]
    assert live is not None
    assert (live.asked, live.recorded) == (second.total(), first.total() - second.total())
    # What a run used again, it keeps as well: one run can go, and others go on.
    shutil.rmtree(runs / "one")
    assert questions(version(two_versions, 2), runs / "three", monkeypatch) == {}
    assert cases_of(runs / "three") == [
        one.model_copy(update={"seconds": None, "tokens": None}) for one in cases_of(runs / "two")
    ]
    assert questions(version(two_versions, 2), tmp_path / "elsewhere" / "run", monkeypatch).total() == first.total()


def test_what_a_stopped_run_had_asked_is_not_lost(
    wanted: EvalJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even of the call in which it was stopped, nor by a line that was torn."""
    runs, left = tmp_path / "runs", 3
    complete = FakeEngine.complete

    def stopping(engine: FakeEngine, requests: Sequence[Request]) -> list[Result]:
        nonlocal left
        left -= 1
        if not left:
            raise KeyboardInterrupt
        return complete(engine, requests)

    with monkeypatch.context() as patch:
        patch.setattr(FakeEngine, "complete", stopping)
        with pytest.raises(KeyboardInterrupt):
            evaluate(wanted, runs / "stopped")
    answers = runs / "stopped" / "answers" / "1" / "answers.jsonl"
    with answers.open("ab") as file:
        file.write(b'{"schema": "ausw')
    kept = len(answers.read_bytes().splitlines()) - 1
    assert kept > 0
    whole = questions(wanted, tmp_path / "elsewhere" / "run", monkeypatch).total()
    # Fewer, where calls have a question in common.
    assert 0 < questions(wanted, runs / "stopped", monkeypatch).total() <= whole - kept
    assert questions(wanted, runs / "new", monkeypatch).total() == 0


def test_an_answer_that_was_used_again_took_no_time(two_versions: EvalJob, tmp_path: Path) -> None:
    """Each call is timed by itself: one that was asked all its questions keeps its time."""
    evaluate(replace(two_versions, only=("right",)), tmp_path / "runs" / "one")
    other = labelled("other", "A: Wir haben bis 18 Uhr offen.", outcome="not_applicable", caller="unclear")
    path = write(tmp_path / "two.jsonl", [CALLS[0], other])
    evaluate(replace(two_versions, golden=(path,)), tmp_path / "runs" / "two")
    times = {one.id: one.seconds is not None and one.tokens is not None for one in cases_of(tmp_path / "runs" / "two")}
    assert times == {"right": False, "other": True}


def test_several_repeats_another_model_and_broken_neighbours_give_no_answers(
    wanted: EvalJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = tmp_path / "runs"
    once = questions(wanted, runs / "one", monkeypatch).total()
    assert questions(replace(wanted, repeats=2), runs / "twice", monkeypatch).total() == 2 * once
    other = tmp_path / "other.yaml"
    other.write_text(ANSWERS + "# another script\n", encoding="utf-8")
    recipe = replace(wanted.recipe, engine=f"fake:{other}")
    assert questions(replace(wanted, recipe=recipe), runs / "other", monkeypatch).total() == once
    for broken in (runs / "one", runs / "twice"):
        for path in broken.glob("answers/*/answers.jsonl"):
            path.write_text("{}\n", encoding="utf-8")
    assert questions(wanted, runs / "new", monkeypatch).total() == once


def test_runs_of_several_systems_use_each_others_answers(
    two_versions: EvalJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They lie in a folder of their own, beside the other runs."""
    runs = tmp_path / "runs"
    questions(version(two_versions, 1), runs / "one", monkeypatch)
    second = questions(version(two_versions, 2), runs / "several" / "agent-turn@2", monkeypatch, beside=runs)
    assert set(second) == {"agent-turn@2"}
    assert questions(version(two_versions, 2), runs / "two", monkeypatch) == {}


def test_the_model_is_loaded_only_where_something_must_be_asked(
    wanted: EvalJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine llama is known by hash and version before: here a scripted one stands for it."""
    sha256 = next(entry.sha256 for entry in catalogue.entries() if entry.id == catalogue.default_id())
    script = FakeEngine([{"template": "call-start", "answer": "beginning"}, {"answer": "nothing"}], model_sha256=sha256)
    context = usual_context(sha256)
    script.info = script.info.model_copy(update={"engine": engine_name(), "context_tokens": context})
    loaded = []

    def opened(name: str, **_: object) -> FakeEngine:
        loaded.append(name)
        script._closed = False
        return script

    monkeypatch.setattr("ausweis.batch.config.open_engine", opened)
    llama = replace(wanted, recipe=replace(wanted.recipe, engine="llama", strategy="turnwise"))
    evaluate(llama, tmp_path / "runs" / "one")
    assert loaded == ["llama"]
    again = evaluate(llama, tmp_path / "runs" / "two")
    assert loaded == ["llama"]
    assert again.manifest.system == read_eval(tmp_path / "runs" / "one").system  # type: ignore[union-attr]
    # With another context, a call may be read in other pieces.
    small = replace(llama, recipe=replace(llama.recipe, context=512))
    evaluate(small, tmp_path / "runs" / "small")
    assert loaded == ["llama"] * 2


def test_a_baseline_and_its_recorded_answers(wanted: EvalJob, tmp_path: Path) -> None:
    evaluate(wanted, tmp_path / "run")
    path = tmp_path / "baselines" / "heads.jsonl"
    bless(tmp_path / "run", path, "the first")
    baseline = read_baseline(path)
    assert [case.model_copy(update={"seconds": None, "tokens": None}) for case in cases_of(tmp_path / "run")] == list(
        baseline.cases
    )
    assert len(unpack(recordings_path(path)).answers) > 0
    first = recordings_path(path).read_bytes()
    bless(tmp_path / "run", path, "again")
    assert recordings_path(path).read_bytes() == first


def test_a_mixed_set_is_answered_from_recordings_and_adds_to_them(
    wanted: EvalJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calls under several policies, of incidents alone, of a company's own incidents, and of own words."""
    evaluate(wanted, tmp_path / "old")
    path = tmp_path / "b.jsonl"
    bless(tmp_path / "old", path, "short calls")
    first = unpack(recordings_path(path)).answers
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "hafenlicht-de.yaml").write_text(MARINA, encoding="utf-8")
    weather = {"id": "weather", "description": "Jemand spricht vom Wetter."}
    mixed = [
        *CALLS,
        asked("known", "own", {"id": "rude_agent", "turn": 1}),
        asked("own", "known", {"id": "weather", "turn": 2}, own=[weather], known=[]),
        labelled("berth", NAME, "C: B 17. << gives berth_number", policy="hafenlicht-de", outcome="not_applicable"),
    ]
    golden = write(tmp_path / "mixed.jsonl", mixed)
    monkeypatch.setattr(EvalJob, "recordings", lambda self: unpack(self.recorded) if self.recorded else None)
    by_turns = replace(wanted.recipe, strategy="turnwise")
    recorded = replace(wanted, recipe=by_turns, golden=(golden,), recorded=recordings_path(path), live=7)
    found = evaluate(recorded, tmp_path / "new")
    assert found.summary.failed == 0
    assert found.manifest.live is not None
    assert found.manifest.live.recorded > 0
    assert found.manifest.live.asked > 0
    numbers = found.summary
    assert (numbers.accuracy.n, numbers.incidents and numbers.incidents.calls) == (5, 2)
    assert numbers.own_words is not None
    assert numbers.own_words.calls == 1
    bless(tmp_path / "new", path, "incidents and own words too")
    answers = unpack(recordings_path(path)).answers
    assert first.items() < answers.items()
    again = evaluate(replace(recorded, recorded=recordings_path(path)), tmp_path / "again")
    assert again.manifest.live is not None
    assert (again.manifest.live.asked, len(again.manifest.live.sample)) == (0, 7)
    assert again.manifest.live.largest_difference == 0
    assert gate(read_baseline(path), again.cases, again.manifest).verdict == "passed"


def test_of_calls_labelled_for_incidents_alone_authentication_is_not_read(wanted: EvalJob, tmp_path: Path) -> None:
    path = write(tmp_path / "incidents.jsonl", [asked("own", "known", {"id": "rude_agent", "turn": 1})])
    found = evaluate(replace(wanted, golden=(path,)), tmp_path / "alone")
    assert found.manifest.system is not None
    assert [prompt.split("@")[0] for prompt in found.manifest.system.prompts] == ["incident"]
    mixed = write(tmp_path / "mixed.jsonl", [asked("own", "known", {"id": "rude_agent", "turn": 1}), *CALLS])
    pinned = replace(wanted, golden=(mixed,), recipe=replace(wanted.recipe, pins=("caller-turn@1",)))
    both = evaluate(pinned, tmp_path / "mixed")
    assert both.summary.accuracy.n == 4
    (alone,) = (one.told for one in both.cases if one.id == "own")
    assert alone is not None
    assert alone.outcome is None
    with pytest.raises(PromptError, match="caller-turn@1: the strategy turnwise does not ask with it"):
        evaluate(replace(pinned, golden=(path,)), tmp_path / "unused")


def test_only_whole_runs_with_all_verdicts_are_blessed(wanted: EvalJob, tmp_path: Path) -> None:
    evaluate(replace(wanted, only=("policy:bank-en",)), tmp_path / "part")
    with pytest.raises(RunError, match="not over whole files"):
        bless(tmp_path / "part", tmp_path / "b.jsonl", "x")
    bad = labelled("noise", "C: Störgeräusch.", outcome="not_applicable", caller="unclear")
    evaluate(replace(wanted, golden=(write(tmp_path / "golden.jsonl", [bad]),)), tmp_path / "bad")
    with pytest.raises(RunError, match="calls have no verdict"):
        bless(tmp_path / "bad", tmp_path / "b.jsonl", "x")


def ask(text: str) -> Request:
    return Request(messages=(Message(role="user", content=text),), choices=("a", "b"), template="agent-turn@1")


class Live:
    """A model that says b with this probability."""

    def __init__(self, wanted: EvalJob, probability: float) -> None:
        with wanted.recipe.engine_opened() as engine:
            self.info = engine.info
        self.calls_at_once = 1
        self._probability = probability

    def complete(self, requests: Sequence[Request]) -> list[Result]:
        return [Result(text="a", probabilities=(1 - self._probability, self._probability)) for _ in requests]

    def read(self, transcript: Transcript) -> list[Result]:
        return self.complete(list(transcript.requests()))

    def close(self) -> None:
        pass


def test_only_what_is_recorded_is_answered_without_the_model(wanted: EvalJob, tmp_path: Path) -> None:
    live = Live(wanted, 0.25)
    known = ask("bekannt")
    pack(tmp_path / "p.xz", live.info, [(known.key(live.info.sha256), Result(text="a", probabilities=(0.9, 0.1)))])
    engine = RecordedEngine(unpack(tmp_path / "p.xz"), lambda: live)
    assert engine.complete([known])[0].probabilities == (0.9, 0.1)
    assert (engine.recorded, engine.asked) == (1, 0)
    # Other words, other answers to choose from: nothing recorded fits.
    assert engine.complete([ask("neu")])[0].probabilities == (0.75, 0.25)
    assert engine.complete([known.model_copy(update={"choices": ("a", "b", "c")})])[0].probabilities == (0.75, 0.25)
    engine.checking = True
    assert engine.complete([known])[0].probabilities == (0.9, 0.1)
    assert (engine.recorded, engine.asked, engine.checked) == (1, 2, 1)
    assert engine.largest_difference == pytest.approx(0.15)


def test_a_transcript_is_read_unless_all_its_rows_are_recorded(wanted: EvalJob, tmp_path: Path) -> None:
    live = Live(wanted, 0.25)
    transcript = Transcript(
        messages=(Message(role="user", content="eins\nzwei"),),
        rows=("eins", "zwei"),
        probes=(by_chance(("a", "b"), (1,), 2),) * 2,
        template="transcript@1",
    )
    first, second = transcript.keys(live.info.sha256)
    recorded = Result(text="a", probabilities=(0.9, 0.1))
    for keys, probability in (((first, second), 0.9), ((first,), 0.75)):
        pack(tmp_path / "p.xz", live.info, [(key, recorded) for key in keys])
        engine = RecordedEngine(unpack(tmp_path / "p.xz"), lambda: live)
        told = engine.read(transcript)
        assert [one.probabilities[0] for one in told] == [0.9, probability]
        assert (engine.recorded, engine.asked, engine.checked) == ((2, 0, 0) if probability == 0.9 else (1, 1, 0))


def test_a_model_that_was_not_recorded_is_refused(wanted: EvalJob, tmp_path: Path) -> None:
    live = Live(wanted, 0.25)
    pack(tmp_path / "p.xz", live.info.model_copy(update={"sha256": "0" * 64}), [])
    with pytest.raises(RunError, match="leave the recordings out"):
        RecordedEngine(unpack(tmp_path / "p.xz"), lambda: live).complete([ask("neu")])


@pytest.mark.parametrize("data", [b"", b"not xz", b"\xfd7zXZ\x00broken"])
def test_a_file_that_holds_no_recordings(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "p.xz").write_bytes(data)
    with pytest.raises(InputError, match="holds no recorded answers, or broken ones"):
        unpack(tmp_path / "p.xz")
    with pytest.raises(InputError, match="there are no recorded answers here"):
        unpack(tmp_path / "none.xz")
