"""A run that is killed anywhere, and resumed, has the verdicts of one that was left alone."""

import json
import os
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.batch.conftest import Calls, Score

from ausweis.batch import comparable
from ausweis.batch.manifest import Counts
from ausweis.batch.state import scan
from ausweis.calls import Call, UnreadableCall
from ausweis.engines.fake import FakeEngine
from ausweis.errors import RunError
from ausweis.journal import Journal, replace_file

FILES = ("facts.jsonl", "failures.jsonl")


def verdicts(folder: Path) -> list[str]:
    return [comparable(line) for line in (folder / "verdicts.jsonl").read_text().split("\n")[:-1]]


def same(one: Path, other: Path) -> bool:
    return verdicts(one) == verdicts(other) and all(
        (one / name).read_bytes() == (other / name).read_bytes() for name in FILES
    )


def mixed(calls: Calls, new_call: Callable[..., Call]) -> list[Any]:
    bad = UnreadableCall("x.json", None, "the file is empty", "empty")
    return [*calls(2), bad, new_call(3, extra="Störgeräusch"), bad, *calls(5)[3:]]


def json_counts(folder: Path) -> Counts:
    return Counts.model_validate(json.loads((folder / "run.json").read_bytes())["counts"])


def changed(call: Call, text: str) -> Call:
    """The call with another last turn."""
    return call.model_copy(update={"turns": (*call.turns[:-1], call.turns[-1].model_copy(update={"text": text}))})


class Kill:
    """Kills the process at the n-th line: before it, in the middle of it, or after it."""

    def __init__(self, at: int, how: str) -> None:
        self.left, self.how = at, how
        self.append = Journal.append

    def install(self) -> None:
        Journal.append = lambda journal, line: self.write(journal, line)  # type: ignore[assignment, method-assign]

    def write(self, journal: Journal, line: str) -> None:
        self.left -= 1
        if self.left == 0 and self.how == "torn":
            with journal.path.open("ab", buffering=0) as file:
                file.write(line.encode()[: len(line) // 2])
        if self.left == 0 and self.how == "after":
            self.append(journal, line)
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self.append(journal, line)


@pytest.mark.parametrize("how", ["before", "torn", "after"])
def test_killed_at_any_line(
    tmp_path: Path, calls: Calls, new_call: Callable[..., Call], scored: Score, how: str
) -> None:
    found = mixed(calls, new_call)
    scored(found, tmp_path / "whole")
    lines = sum(len((tmp_path / "whole" / n).read_bytes().split(b"\n")) - 1 for n in (*FILES, "verdicts.jsonl"))
    assert lines == 11
    for at in range(1, lines + 1):
        folder = tmp_path / f"{how}-{at}"
        child = os.fork()
        if child == 0:  # pragma: no cover - dies
            try:
                Kill(at, how).install()
                scored(found, folder)
            finally:
                os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        assert json.loads((folder / "run.json").read_text())["complete"] is False
        assert scored(found, folder, resume=True).complete
        assert same(tmp_path / "whole", folder), at


def test_facts_without_a_verdict_are_judged_and_not_read_again(
    tmp_path: Path, calls: Calls, scored: Score, engine: FakeEngine
) -> None:
    scored(calls(3), tmp_path / "r")
    scored(calls(3), tmp_path / "whole")
    path = tmp_path / "r" / "verdicts.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:2]))
    engine.requests.clear()
    summary = scored(calls(3), tmp_path / "r", resume=True)
    assert engine.requests == []
    assert summary.counts.verdicts == 3
    assert same(tmp_path / "whole", tmp_path / "r")
    assert json.loads(path.read_bytes().splitlines()[2])["provenance"]["seconds"] is None


def test_a_torn_last_line_is_cut_off(tmp_path: Path, calls: Calls, scored: Score) -> None:
    scored(calls(3), tmp_path / "whole")
    scored(calls(3), tmp_path / "r")
    for name in ("verdicts.jsonl", "facts.jsonl"):
        path = tmp_path / "r" / name
        path.write_bytes(path.read_bytes()[:-20])
    scored(calls(3), tmp_path / "r", resume=True)
    assert same(tmp_path / "whole", tmp_path / "r")


@pytest.mark.parametrize("name", ["verdicts", "facts", "failures"])
def test_a_line_that_is_too_deep_is_named(tmp_path: Path, calls: Calls, scored: Score, name: str) -> None:
    scored(calls(3), tmp_path / "r")
    path = tmp_path / "r" / f"{name}.jsonl"
    path.write_text("[" * 100_000 + "\n" + path.read_text("utf-8"), "utf-8")
    with pytest.raises(RunError, match=rf"{name}\.jsonl:1: the line holds no {name.removesuffix('s')}"):
        scored(calls(3), tmp_path / "r", resume=True)


def test_a_broken_line_in_the_middle_is_named(tmp_path: Path, calls: Calls, scored: Score) -> None:
    scored(calls(3), tmp_path / "r")
    path = tmp_path / "r" / "verdicts.jsonl"
    path.write_bytes(path.read_bytes().replace(b'{"schema"', b"", 1))
    with pytest.raises(RunError, match=r"verdicts\.jsonl:1: the line holds no verdict"):
        scored(calls(3), tmp_path / "r", resume=True)


def test_a_complete_run_is_resumed_without_a_question(
    tmp_path: Path, calls: Calls, scored: Score, engine: FakeEngine
) -> None:
    scored(calls(3), tmp_path / "r")
    engine.requests.clear()
    before = (tmp_path / "r" / "verdicts.jsonl").read_bytes()
    assert scored(calls(3), tmp_path / "r", resume=True).complete
    assert engine.requests == []
    assert (tmp_path / "r" / "verdicts.jsonl").read_bytes() == before


def test_a_failed_call_stays_failed_until_it_is_retried(
    tmp_path: Path, calls: Calls, new_call: Callable[..., Call], scored: Score
) -> None:
    found = mixed(calls, new_call)
    scored(found, tmp_path / "r")
    failures = (tmp_path / "r" / "failures.jsonl").read_bytes()
    mended = [new_call(3) if isinstance(call, Call) and call.id == "call-3" else call for call in found]
    assert scored(mended, tmp_path / "r", resume=True).counts.failed == 3
    assert (tmp_path / "r" / "failures.jsonl").read_bytes() == failures
    summary = scored(mended, tmp_path / "r", resume=True, retry_failed=True)
    assert summary.counts.failures == {"empty": 2}
    assert [json.loads(v)["call_id"] for v in verdicts(tmp_path / "r")] == [f"call-{n}" for n in (1, 2, 4, 5, 3)]


def test_a_file_that_was_mended_stays_failed_too(tmp_path: Path, new_call: Callable[..., Call], scored: Score) -> None:
    bad = UnreadableCall("x.json", "call-1", "unknown speaker label", "speakers")
    scored([bad], tmp_path / "r")
    assert scored([new_call(1)], tmp_path / "r", resume=True).counts.verdicts == 0
    assert scored([new_call(1)], tmp_path / "r", resume=True, retry_failed=True).counts.verdicts == 1


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"policy": "bank-en"}, "policy was telecom-de"),
        ({"model": FakeEngine({}, model_id="other")}, "model was fake"),
        ({"model": FakeEngine({}, context_tokens=99)}, "context was 8192 tokens and is now 99 tokens"),
    ],
)
def test_a_run_of_other_parts_is_not_resumed(
    tmp_path: Path, calls: Calls, scored: Score, change: dict[str, Any], names: str
) -> None:
    scored(calls(2), tmp_path / "r", limit=1)
    before = {path.name: path.read_bytes() for path in (tmp_path / "r").iterdir()}
    with pytest.raises(RunError, match=names):
        scored(calls(2), tmp_path / "r", resume=True, **change)
    assert {path.name: path.read_bytes() for path in (tmp_path / "r").iterdir()} == before


def test_all_that_differs_is_named(
    tmp_path: Path, calls: Calls, scored: Score, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    from ausweis.batch import Inputs, scoring
    from ausweis.provenance import PromptProvenance

    scored(calls(2), tmp_path / "r", limit=1)
    small = sys.modules["small_reader"]
    real = small.SmallReader.__init__

    def other(self: Any, engine: Any) -> None:
        real(self, engine, "events")
        self.prompts = (PromptProvenance(id="agent-turn", version=2, sha256="b" * 64),)

    monkeypatch.setattr(scoring, "__version__", "9.9")
    monkeypatch.setattr(small.SmallReader, "__init__", other)
    engine = FakeEngine({"agent-turn": "nothing"})
    from ausweis.batch import RunFolder, Scorer, local_runner, score
    from ausweis.policies import find_policy

    inputs = Inputs(language="en")
    changed = Scorer(small.SmallReader(engine), engine, find_policy("telecom-de"))
    with RunFolder.open(tmp_path / "r", resume=True) as run, pytest.raises(RunError) as caught:
        score([], local_runner(changed), changed.origin, run, inputs=inputs)
    for part in ("ausweis version", "strategy", "prompts", "language"):
        assert f"{part} was " in caught.value.message
    assert "policy was" not in caught.value.message


def test_a_call_whose_transcript_changed_is_scored_again(
    tmp_path: Path, calls: Calls, scored: Score, engine: FakeEngine
) -> None:
    scored(calls(3), tmp_path / "r")
    one, two, three = calls(3)
    other = changed(three, "Das geht leider nicht.")
    engine.requests.clear()
    summary = scored([one, two, other], tmp_path / "r", resume=True)
    assert [len(engine.requests), summary.progress.seen, summary.progress.earlier] == [4, 3, 2]
    scored([one, two, other], tmp_path / "fresh")
    assert same(tmp_path / "fresh", tmp_path / "r")
    assert summary.counts == json_counts(tmp_path / "fresh")
    engine.requests.clear()
    scored([one, other, two], tmp_path / "r", resume=True)
    assert engine.requests == []


def test_what_no_verdict_depends_on_is_no_other_transcript(
    tmp_path: Path, new_call: Callable[..., Call], scored: Score, engine: FakeEngine
) -> None:
    heard = {"recording": {"key": "a", "cuts": []}}
    scored([new_call(1).model_copy(update={"metadata": heard})], tmp_path / "r")
    engine.requests.clear()
    touched = new_call(1).model_copy(update={"team": "Nord", "metadata": {"recording": {"key": "b", "cuts": []}}})
    scored([touched], tmp_path / "r", resume=True)
    assert engine.requests == []
    cut = {"recording": {"key": "b", "cuts": [{"start": 1.0, "end": 3.0, "reason": "no words"}]}}
    assert scored([touched.model_copy(update={"metadata": cut})], tmp_path / "r", resume=True).progress.earlier == 0


@pytest.mark.parametrize("how", ["before", "torn", "after"])
def test_killed_at_any_line_of_a_changed_call(tmp_path: Path, calls: Calls, scored: Score, how: str) -> None:
    one, two, three = calls(3)
    found = [one, changed(two, "Das geht leider nicht."), three]
    scored([one, three, found[1]], tmp_path / "whole")
    for at in (1, 2):
        folder = tmp_path / f"{how}-{at}"
        scored(calls(3), folder)
        child = os.fork()
        if child == 0:  # pragma: no cover - dies
            try:
                Kill(at, how).install()
                scored(found, folder, resume=True)
            finally:
                os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        summary = scored(found, folder, resume=True)
        assert same(tmp_path / "whole", folder), at
        assert summary.counts == json_counts(tmp_path / "whole")


def test_a_full_disk_while_earlier_lines_are_left_out(
    tmp_path: Path, calls: Calls, scored: Score, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ausweis.batch import state

    one, two = calls(2)
    found = [changed(one, "Das geht leider nicht."), two]
    scored([two, found[0]], tmp_path / "whole")
    for name in ("verdicts.jsonl", "facts.jsonl"):
        scored(calls(2), tmp_path / name)

        def full(path: Path, content: Any, name: str = name) -> None:
            if path.name == name:
                raise RunError("the disk is full", place=str(path))
            replace_file(path, content)

        monkeypatch.setattr(state, "replace_file", full)
        with pytest.raises(RunError, match="the disk is full"):
            scored(found, tmp_path / name, resume=True)
        monkeypatch.undo()
        assert scored(found, tmp_path / name, resume=True).progress.earlier == 2
        assert same(tmp_path / "whole", tmp_path / name)


def test_a_changed_call_that_fails_keeps_no_earlier_verdict(
    tmp_path: Path, calls: Calls, new_call: Callable[..., Call], scored: Score
) -> None:
    scored(calls(2), tmp_path / "r")
    one, two = calls(2)
    summary = scored([one, changed(two, "Störgeräusch")], tmp_path / "r", resume=True)
    assert (summary.counts.verdicts, summary.counts.failures) == (1, {"engine": 1})
    for name in ("facts", "verdicts"):
        assert b"call-2" not in (tmp_path / "r" / f"{name}.jsonl").read_bytes()
    assert scored([one, two], tmp_path / "r", resume=True).counts.failed == 1
    assert scored([one, two], tmp_path / "r", resume=True, retry_failed=True).counts.verdicts == 2


def test_facts_of_an_earlier_transcript_are_not_judged(
    tmp_path: Path, calls: Calls, scored: Score, engine: FakeEngine
) -> None:
    scored(calls(2), tmp_path / "r")
    path = tmp_path / "r" / "verdicts.jsonl"
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    one, two = calls(2)
    found = [one, changed(two, "Das geht leider nicht.")]
    scored(found, tmp_path / "r", resume=True)
    scored(found, tmp_path / "fresh")
    assert same(tmp_path / "fresh", tmp_path / "r")


def test_a_run_that_does_not_know_what_was_read_keeps_its_verdicts(
    tmp_path: Path, calls: Calls, scored: Score, engine: FakeEngine
) -> None:
    scored(calls(2), tmp_path / "r")
    path = tmp_path / "r" / "facts.jsonl"
    path.write_text(re.sub(r',"call_sha256":"\w+"', "", path.read_text("utf-8")), "utf-8")
    engine.requests.clear()
    one, two = calls(2)
    assert scored([one, changed(two, "Nein.")], tmp_path / "r", resume=True).counts.verdicts == 2
    assert engine.requests == []


@pytest.mark.parametrize("place", [0, 2, -1])
def test_a_verdict_whose_facts_are_lost_is_not_done(tmp_path: Path, calls: Calls, scored: Score, place: int) -> None:
    """Its call is read again when the run goes on, and named."""
    scored(calls(5), tmp_path / "whole")
    run = tmp_path / "torn"
    scored(calls(5), run)
    kept = (run / "facts.jsonl").read_bytes().splitlines(keepends=True)
    lost = json.loads(kept[place])["call_id"]
    kept[place] = kept[place][:-100] if place == -1 else b""
    (run / "facts.jsonl").write_bytes(b"".join(kept))
    assert scan(run).lost == {lost}
    summary = scored(calls(5), run, resume=True)
    assert (summary.progress.earlier, summary.counts.verdicts) == (4, 5)
    assert sorted(verdicts(run)) == sorted(verdicts(tmp_path / "whole"))
    assert sorted((run / "facts.jsonl").read_bytes().split(b"\n")) == sorted(
        (tmp_path / "whole" / "facts.jsonl").read_bytes().split(b"\n")
    )
    assert scan(run).lost == set()
