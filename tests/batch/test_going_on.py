"""The same command again goes on: wherever it was killed, and whatever changed, the store is that of one run."""

import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection
from tests.batch.conftest import Calls, Score
from tests.stored import content, count, failures, judged, verdicts

from ausweis import __version__
from ausweis.batch import Progress, Scorer, ScoreSummary, local_runner, score, scoring
from ausweis.calls import Call, UnreadableCall, find_sources, read_calls
from ausweis.engines.fake import FakeEngine
from ausweis.policies import PolicyFile, find_policy
from ausweis.provenance import PromptProvenance
from ausweis.store import Store
from ausweis.store.database import Database

NewCall = Callable[..., Call]


def mixed(calls: Calls, new_call: NewCall) -> list[Any]:
    bad = UnreadableCall("x.json", None, "the file is empty", "empty")
    return [*calls(2), bad, new_call(3, extra="Störgeräusch"), bad, *calls(5)[3:]]


def changed(call: Call, text: str) -> Call:
    """The call with another last turn."""
    return call.model_copy(update={"turns": (*call.turns[:-1], call.turns[-1].model_copy(update={"text": text}))})


class Kill:
    """Kills the process at the n-th transaction: before it, in it, or after it."""

    def __init__(self, at: int, how: str) -> None:
        self.left, self.how = at, how

    def install(self) -> None:
        kill, real = self, Database.writing

        @contextmanager
        def writing(self: Database) -> Iterator[Connection]:
            kill.left -= 1
            kill.die("before")
            with real(self) as connection:
                yield connection
                kill.die("in")
            kill.die("after")

        Database.writing = writing  # type: ignore[method-assign]

    def die(self, how: str) -> None:
        if (self.left, self.how) == (0, how):
            os.kill(os.getpid(), signal.SIGKILL)


def killed(kill: Kill, command: Callable[[], object]) -> bool:
    """Whether the command was killed; False where it came to its end before."""
    child = os.fork()
    if child == 0:  # pragma: no cover - dies
        try:
            kill.install()
            command()
            os._exit(0)
        finally:
            os._exit(1)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, -signal.SIGKILL)
    return code != 0


@pytest.mark.slow
@pytest.mark.parametrize("how", ["before", "in", "after"])
@pytest.mark.parametrize("there", ["nothing", "other texts"])
def test_killed_at_any_transaction(
    tmp_path: Path, calls: Calls, new_call: NewCall, scored: Score, there: str, how: str
) -> None:
    found = mixed(calls, new_call)
    earlier = [changed(one, "Nein.") if isinstance(one, Call) else one for one in found] if there != "nothing" else []

    def begun(name: str) -> Path:
        scored(earlier, tmp_path / name)
        return tmp_path / name

    whole = scored(found, begun("whole"))
    at = 0
    while True:
        at += 1
        path = begun(f"s{at}")
        if not killed(Kill(at, how), lambda path=path: scored(found, path)):  # type: ignore[misc]
            break
        summary = scored(found, path)
        assert summary.complete
        assert summary.tally.counts == whole.tally.counts
        assert content(path) == content(tmp_path / "whole"), at
    # Opening, the run, four verdicts, two files, and a failure with its text.
    assert at - 1 == 10
    assert content(path) == content(tmp_path / "whole")


def test_what_has_a_verdict_is_neither_read_nor_written_again(
    tmp_path: Path, calls: Calls, scored: Score, engine: FakeEngine
) -> None:
    scored(calls(3), tmp_path / "s")
    before = content(tmp_path / "s")
    engine.requests.clear()
    told: list[str] = []
    summary = scored(calls(3), tmp_path / "s", on_verdict=lambda verdict: told.append(verdict.call_id))
    assert (summary.complete, summary.progress, summary.tally.counts.verdicts) == (True, Progress(3, 3, 0), 3)
    assert told == ["call-1", "call-2", "call-3"]
    assert (engine.requests, count(tmp_path / "s"), content(tmp_path / "s")) == ([], 3, before)


def test_what_failed_is_tried_again(
    tmp_path: Path, calls: Calls, new_call: NewCall, scored: Score, engine: FakeEngine
) -> None:
    found = mixed(calls, new_call)
    scored(found, tmp_path / "s")
    before = content(tmp_path / "s")
    engine.requests.clear()
    assert scored(found, tmp_path / "s").progress == Progress(7, 4, 3)
    assert (len(engine.requests), content(tmp_path / "s")) == (5, before)
    mended = [new_call(3) if isinstance(call, Call) and call.id == "call-3" else call for call in found]
    assert scored(mended, tmp_path / "s").tally.counts.failures == {"empty": 2}
    assert [one.facts.call_id for one in judged(tmp_path / "s")] == [f"call-{n}" for n in (1, 2, 4, 5, 3)]
    assert [one["place"] for one in failures(tmp_path / "s")] == ["x.json", "x.json"]


def test_a_call_whose_transcript_changed_is_read_anew(
    tmp_path: Path, calls: Calls, scored: Score, engine: FakeEngine
) -> None:
    scored(calls(3), tmp_path / "s")
    one, two, three = calls(3)
    other = changed(three, "Das geht leider nicht.")
    engine.requests.clear()
    summary = scored([one, two, other], tmp_path / "s")
    assert (len(engine.requests), summary.progress) == (4, Progress(3, 2, 0))
    fresh = scored([one, two, other], tmp_path / "fresh")
    assert content(tmp_path / "s") == content(tmp_path / "fresh")
    assert summary.tally.counts == fresh.tally.counts
    engine.requests.clear()
    # The first text again: its facts are there.
    assert scored([three, one, two], tmp_path / "s").progress == Progress(3, 2, 0)
    scored(calls(3), tmp_path / "before")
    assert (engine.requests[12:], content(tmp_path / "s")) == ([], content(tmp_path / "before"))


def test_what_no_verdict_depends_on_is_no_other_transcript(
    tmp_path: Path, new_call: NewCall, scored: Score, engine: FakeEngine
) -> None:
    """What is kept of the call is the new one all the same."""
    heard = {"recording": {"key": "a", "cuts": []}}
    scored([new_call(1).model_copy(update={"metadata": heard})], tmp_path / "s")
    engine.requests.clear()
    touched = new_call(1).model_copy(update={"team": "Nord", "metadata": {"recording": {"key": "b", "cuts": []}}})
    scored([touched], tmp_path / "s")
    assert engine.requests == []
    with Store.open(tmp_path / "s") as store:
        assert [row.team for row in store.calls()] == ["Nord"]
    assert scored([touched], tmp_path / "s").progress.earlier == 1
    cut = {"recording": {"key": "b", "cuts": [{"start": 1.0, "end": 3.0, "reason": "no words"}]}}
    assert scored([touched.model_copy(update={"metadata": cut})], tmp_path / "s").progress.earlier == 0


def test_a_changed_call_that_fails_keeps_no_earlier_verdict(
    tmp_path: Path, calls: Calls, scored: Score, engine: FakeEngine
) -> None:
    scored(calls(2), tmp_path / "s")
    before = content(tmp_path / "s")
    one, two = calls(2)
    summary = scored([one, changed(two, "Störgeräusch")], tmp_path / "s")
    assert (summary.tally.counts.verdicts, summary.tally.counts.failures) == (1, {"engine": 1})
    assert [judgement.facts.call_id for judgement in judged(tmp_path / "s")] == ["call-1"]
    engine.requests.clear()
    assert scored([one, two], tmp_path / "s").tally.counts.verdicts == 2
    assert (engine.requests, content(tmp_path / "s")) == ([], before)


@pytest.mark.parametrize("other", ["policy", "model", "context", "ausweis", "prompts", "strategy"])
def test_the_command_said_last_counts(
    tmp_path: Path, calls: Calls, scored: Score, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, other: str
) -> None:
    """Of other parts, all is read anew; of the first ones again, nothing is."""
    small = sys.modules["small_reader"].SmallReader
    init = small.__init__

    def changed_reader(self: Any, *arguments: Any) -> None:
        init(self, *arguments)
        if other == "strategy":
            self.strategy = "events"
        if other == "prompts":
            self.prompts = (PromptProvenance(id="agent-turn", version=2, sha256="b" * 64),)

    scored(calls(3), tmp_path / "s")
    before = verdicts(tmp_path / "s")
    between = FakeEngine(lambda _: "nothing", model_id="other") if other == "model" else engine
    between = FakeEngine(lambda _: "nothing", context_tokens=999) if other == "context" else between
    engine.requests.clear()
    with monkeypatch.context() as patch:
        patch.setattr(small, "__init__", changed_reader)
        patch.setattr(scoring, "__version__", "9.9" if other == "ausweis" else __version__)
        summary = scored(
            calls(3), tmp_path / "s", model=between, policy="bank-en" if other == "policy" else "telecom-de"
        )
    assert (len(between.requests), summary.progress) == (12, Progress(3, 0, 0))
    assert count(tmp_path / "s") == 6
    engine.requests.clear()
    summary = scored(calls(3), tmp_path / "s")
    assert (engine.requests, summary.progress) == ([], Progress(3, 0, 0))
    assert (verdicts(tmp_path / "s"), count(tmp_path / "s")) == (before, 9)
    assert scored(calls(3), tmp_path / "s").progress == Progress(3, 3, 0)


def test_a_call_with_the_id_of_one_that_cannot_be_read_is_scored(
    tmp_path: Path, new_call: NewCall, scored: Score
) -> None:
    """Also when the run was killed between the two. Of the file that cannot be read the failure stands."""
    bad = UnreadableCall("x.vtt", "call-1", "the call has no turns", "empty")
    for name, first in (("whole", [bad, new_call(1)]), ("killed", [bad])):
        scored(first, tmp_path / name)
        summary = scored([bad, new_call(1)], tmp_path / name)
        assert (summary.tally.counts.verdicts, summary.tally.counts.failed) == (1, 1)
        assert (len(judged(tmp_path / name)), [one["place"] for one in failures(tmp_path / name)]) == (1, ["x.vtt"])


NAMES = ("a", "b", "c")
STATES = ("good", "cut", "one-sided", "unanswered")
WORDS = {"good": "Guten Tag", "unanswered": "Störgeräusch"}


class Step(NamedTuple):
    """One more command: which files are named, what is in them by then, and how."""

    named: dict[str, str]
    absolute: bool


STEPS = st.lists(
    st.builds(
        Step,
        st.dictionaries(st.sampled_from(NAMES), st.sampled_from(STATES), min_size=1),
        st.booleans(),
    ),
    min_size=1,
    max_size=4,
)


class State(NamedTuple):
    """What the store says of a file: whether its call has a verdict, and what failed of it."""

    judged: bool = False
    kinds: frozenset[str] = frozenset()

    def after(self, now: str) -> "State":
        """What it says once the file was read with this in it."""
        if now == "good":
            return State(True)
        if now == "unanswered":
            # There is no verdict on the text that it has now.
            return State(False, frozenset({"engine"}))
        # What cannot be read says nothing new of the call as it was.
        return State(self.judged, self.kinds & {"engine"} | {"format" if now == "cut" else "speakers"})


def written(name: str, state: str) -> str:
    turns = [{"speaker": "agent", "text": WORDS.get(state, "Guten Tag")}, {"speaker": "caller", "text": "Ja"}]
    text = json.dumps({"id": f"call-{name}", "turns": turns[: 1 if state == "one-sided" else 2]})
    return text[:-5] if state == "cut" else text


@cache
def policy() -> PolicyFile:
    return find_policy("telecom-de")


def run(path: Path, paths: list[str]) -> ScoreSummary:
    engine = FakeEngine([{"contains": "Störgeräusch", "error": "no answer"}, {"answer": "nothing"}])
    sources = find_sources(paths)
    scorer = Scorer(sys.modules["small_reader"].SmallReader(engine), engine, policy())
    with Store.open(path) as store:
        calls, begun = read_calls(sources), store.begin(scorer.origin)
        return score(calls, local_runner(scorer), begun, sources=sources)


@pytest.mark.slow
@pytest.mark.usefixtures("scored")
@settings(max_examples=30, deadline=None)
@given(STEPS)
def test_no_call_is_lost_and_none_told_twice(steps: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as name:
        before, root = Path.cwd(), Path(os.path.realpath(name))
        os.chdir(root)
        try:
            assert_told(root, steps)
        finally:
            os.chdir(before)


def assert_told(root: Path, steps: list[Step]) -> None:
    stands: dict[str, State] = {}
    for step in steps:
        for name, state in step.named.items():
            (root / f"{name}.json").write_text(written(name, state))
            stands[name] = stands.get(name, State()).after(state)
        paths = [f"{root if step.absolute else '.'}/{name}.json" for name in sorted(step.named)]
        summary = run(root / "s", paths)
        assert told_of(root / "s") == stands
        assert summary.tally.counts.failed == sum(state != "good" for state in step.named.values())


def told_of(path: Path) -> dict[str, State]:
    states = {one.facts.call_id.removeprefix("call-"): State(True) for one in judged(path)}
    for one in failures(path):
        name = Path(one["place"]).name[0] if one["place"] else one["call_id"].removeprefix("call-")
        state = states.get(name, State())
        assert one["kind"] not in state.kinds
        states[name] = State(state.judged, state.kinds | {one["kind"]})
    return states


@pytest.mark.usefixtures("scored")
def test_of_a_file_that_is_not_read_this_time_the_failure_stands(tmp_path: Path) -> None:
    paths = [str(tmp_path / f"{name}.json") for name in "ab"]
    for name, state in (("a", "good"), ("b", "cut")):
        (tmp_path / f"{name}.json").write_text(written(name, state))
    run(tmp_path / "s", paths)
    (tmp_path / "b.json").write_text(written("b", "good"))
    run(tmp_path / "s", paths[:1])
    assert [one["kind"] for one in failures(tmp_path / "s")] == ["format"]
    assert run(tmp_path / "s", paths).complete
    assert (len(judged(tmp_path / "s")), failures(tmp_path / "s")) == (2, [])
