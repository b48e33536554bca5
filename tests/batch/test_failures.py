"""A failure stands until what failed was tried again, once, however the run goes on."""

import json
import os
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ausweis.batch import Inputs, RunFolder, Scorer, Summary, local_runner, score
from ausweis.batch.state import failures
from ausweis.calls import Call, UnreadableCall, find_sources, read_calls
from ausweis.engines.fake import FakeEngine
from ausweis.policies import PolicyFile, find_policy

NAMES = ("a", "b", "c")
STATES = ("good", "cut", "one-sided", "unanswered")


class Step(NamedTuple):
    """One more command: which files are named, what is in them by then, and how."""

    named: dict[str, str]
    retry: bool
    absolute: bool


STEPS = st.lists(
    st.builds(
        Step,
        st.dictionaries(st.sampled_from(NAMES), st.sampled_from(STATES), min_size=1),
        st.booleans(),
        st.booleans(),
    ),
    min_size=1,
    max_size=4,
)


def content(name: str, state: str) -> str:
    words = "Störgeräusch" if state == "unanswered" else "Guten Tag"
    turns = [{"speaker": "agent", "text": words}, {"speaker": "caller", "text": "Ja"}]
    text = json.dumps({"id": f"call-{name}", "turns": turns[: 1 if state == "one-sided" else 2]})
    return text[:-5] if state == "cut" else text


@cache
def policy() -> PolicyFile:
    return find_policy("telecom-de")


def run(folder: Path, paths: list[str], **more: Any) -> Summary:
    engine = FakeEngine([{"contains": "Störgeräusch", "error": "no answer"}, {"answer": "nothing"}])
    sources = find_sources(paths)
    with RunFolder.open(folder, resume=folder.exists()) as opened:
        scorer = Scorer(sys.modules["small_reader"].SmallReader(engine), engine, policy())
        calls = read_calls(sources)
        return score(calls, local_runner(scorer), scorer.origin, opened, sources=sources, **more)


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
    stands: dict[str, str] = {}
    for step in steps:
        # What has a verdict stays as it is, and what failed until it is tried again.
        for name, wanted in step.named.items():
            if name not in stands or (step.retry and stands[name] != "good"):
                if stands.get(name) == "unanswered" and wanted != "good":
                    continue  # a file that could be read stays one
                stands[name] = wanted
                (root / f"{name}.json").write_text(content(name, wanted))
        paths = [f"{root if step.absolute else '.'}/{name}.json" for name in sorted(step.named)]
        summary = run(root / "r", paths, retry_failed=step.retry and (root / "r").exists())
        judged, failed = state_of(root)
        assert judged == {name for name, state in stands.items() if state == "good"}
        assert failed == sorted(name for name, state in stands.items() if state != "good")
        assert summary.counts.failed == len(failed)


def state_of(root: Path) -> tuple[set[str], list[str]]:
    """The names of the files that have a verdict, and those that have a failure, so often as they have one."""
    verdicts = (root / "r" / "verdicts.jsonl").read_text().splitlines()
    judged = [json.loads(line)["call_id"].removeprefix("call-") for line in verdicts]
    assert len(judged) == len(set(judged))
    found = list(failures(root / "r"))
    failed = [Path(one.place).name[0] if one.place else str(one.call_id).removeprefix("call-") for one in found]
    return set(judged), sorted(failed)


def test_a_call_with_the_id_of_one_that_cannot_be_read_is_scored(
    tmp_path: Path, new_call: Callable[..., Call], scored: Callable[..., Summary]
) -> None:
    """Also when the run was killed between the two, and goes on."""
    bad = UnreadableCall("x.vtt", "call-1", "the call has no turns", "empty")
    for folder, first in (("whole", [bad, new_call(1)]), ("killed", [bad])):
        scored(first, tmp_path / folder)
        summary = scored([bad, new_call(1)], tmp_path / folder, resume=True)
        assert (summary.counts.verdicts, summary.counts.failed) == (1, 1)


def test_of_a_retry_that_was_killed_the_last_failure_counts(
    tmp_path: Path, new_call: Callable[..., Call], scored: Callable[..., Summary]
) -> None:
    scored([new_call(1, extra="Störgeräusch"), new_call(2)], tmp_path / "r")
    path = tmp_path / "r" / "failures.jsonl"
    other = json.loads(path.read_text()) | {"message": "another reason"}
    path.write_text(path.read_text() + json.dumps(other) + "\n")
    summary = scored([new_call(1), new_call(2)], tmp_path / "r", resume=True)
    assert (summary.counts.verdicts, summary.counts.failures) == (1, {"engine": 1})
    assert [one.message for one in failures(tmp_path / "r")] == ["another reason"]
    summary = scored([new_call(1), new_call(2)], tmp_path / "r", resume=True, retry_failed=True)
    assert (summary.counts.verdicts, summary.counts.failed, path.read_bytes()) == (2, 0, b"")


@pytest.mark.usefixtures("scored")
def test_a_file_that_a_limit_left_out_was_not_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, state in (("a", "good"), ("b", "cut")):
        (tmp_path / f"{name}.json").write_text(content(name, state))
    assert run(tmp_path / "r", ["a.json", "b.json"]).counts.failed == 1
    (tmp_path / "b.json").write_text(content("b", "good"))
    assert run(tmp_path / "r", ["a.json", "b.json"], retry_failed=True, limit=1).counts.failed == 1
    mended = run(tmp_path / "r", ["a.json", "b.json"], retry_failed=True)
    assert (mended.counts.verdicts, mended.counts.failed, mended.complete) == (2, 0, True)


def test_a_manifest_keeps_the_inputs_of_earlier_times(
    tmp_path: Path, new_call: Callable[..., Call], scored: Callable[..., Summary]
) -> None:
    scored([new_call(1)], tmp_path / "r", inputs=Inputs(paths=("/a", "/b")))
    scored([new_call(1)], tmp_path / "r", resume=True, inputs=Inputs(paths=("/c", "/a")))
    assert json.loads((tmp_path / "r" / "run.json").read_text())["inputs"]["paths"] == ["/a", "/b", "/c"]
