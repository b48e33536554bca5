import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.batch.conftest import Calls, Score
from tests.judging.own_policies import MARINA
from tests.store.runs import as_version_1

from ausweis.batch import Change, Rejudged, RunFolder, comparable, rejudge
from ausweis.batch.related import RELATED_FILE, related
from ausweis.calls import Call
from ausweis.errors import RunError
from ausweis.judging import find_policy

LAX = """\
id: lax
version: "1"
title: A name is enough
levels: {standard: {any_of: [[name]]}}
actions: {}
"""


@pytest.fixture
def lax(tmp_path: Path) -> Path:
    path = tmp_path / "lax.yaml"
    path.write_text(LAX)
    return path


def judged(source: Path, policy: str | Path, target: Path) -> Rejudged:
    with RunFolder.open(target) as run:
        return rejudge(source, find_policy(policy), run)


def test_another_policy_gives_what_scoring_by_it_gives(tmp_path: Path, calls: Calls, scored: Score) -> None:
    scored(calls(6), tmp_path / "a")
    scored(calls(6), tmp_path / "b", policy="bank-en")
    judged(tmp_path / "a", "bank-en", tmp_path / "c")
    for name in ("facts.jsonl", "failures.jsonl"):
        assert (tmp_path / "b" / name).read_bytes() == (tmp_path / "c" / name).read_bytes()
    both = [(tmp_path / name / "verdicts.jsonl").read_text().split("\n")[:-1] for name in ("b", "c")]
    assert [comparable(line) for line in both[0]] == [comparable(line) for line in both[1]]


def test_a_run_of_version_1_is_judged_as_one_of_today(tmp_path: Path, calls: Calls, scored: Score) -> None:
    scored(calls(6), tmp_path / "a")
    as_version_1(tmp_path / "a")
    result = judged(tmp_path / "a", "telecom-de", tmp_path / "c")
    assert (sum(result.outcomes.values()), result.changed) == (6, 0)


def test_says_what_changed(tmp_path: Path, calls: Calls, scored: Score, lax: Path) -> None:
    scored(calls(6), tmp_path / "a")
    result = judged(tmp_path / "a", lax, tmp_path / "c")
    assert result.outcomes == {
        ("compliant", "compliant"): 3,
        ("violation", "compliant"): 2,
        ("not_applicable", "not_applicable"): 1,
    }
    assert result.changed == 2
    assert result.changes[0] == Change("call-3", "violation", "compliant", ("no_authentication",), ())
    manifest = json.loads((tmp_path / "c" / "run.json").read_text())
    assert manifest["judged_from"] == str(tmp_path / "a")
    assert manifest["policy"]["id"] == "lax"
    assert manifest["complete"] is True
    assert manifest["counts"]["verdicts"] == 6


def test_the_source_stays_as_it_is_but_for_a_note_of_the_new_run(
    tmp_path: Path, calls: Calls, scored: Score, lax: Path
) -> None:
    scored(calls(3), tmp_path / "a")
    before = {path.name: path.read_bytes() for path in (tmp_path / "a").iterdir()}
    judged(tmp_path / "a", lax, tmp_path / "c")
    after = {path.name: path.read_bytes() for path in (tmp_path / "a").iterdir()}
    assert set(after) - set(before) == {RELATED_FILE}
    assert {name: after[name] for name in before} == before
    assert [one.folder for one in related(tmp_path / "a")] == [tmp_path / "c"]
    assert [one.folder for one in related(tmp_path / "c")] == [tmp_path / "a"]
    assert not (tmp_path / "a" / "facts.jsonl").samefile(tmp_path / "c" / "facts.jsonl")


def test_failures_and_calls_without_a_verdict_are_taken_along(
    tmp_path: Path, new_call: Callable[..., Call], scored: Score, lax: Path
) -> None:
    scored([new_call(1), new_call(2, extra="Störgeräusch"), new_call(3)], tmp_path / "a")
    path = tmp_path / "a" / "verdicts.jsonl"
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    result = judged(tmp_path / "a", lax, tmp_path / "c")
    assert result.counts.failures == {"engine": 1}
    assert result.outcomes["no verdict", "compliant"] == 1


def test_what_a_kill_left_of_an_earlier_transcript_is_passed_over(
    tmp_path: Path, calls: Calls, new_call: Callable[..., Call], scored: Score, lax: Path
) -> None:
    scored(calls(3), tmp_path / "a")
    before = {name: (tmp_path / "a" / name).read_bytes() for name in ("facts.jsonl", "verdicts.jsonl")}
    # The third call breaks the policy, and is another one when it is scored again.
    scored([*calls(2), new_call(3, tells=False)], tmp_path / "a", resume=True)
    judged(tmp_path / "a", lax, tmp_path / "whole")
    for name, data in before.items():
        path = tmp_path / "a" / name
        path.write_bytes(data + path.read_bytes().splitlines(keepends=True)[-1])
    result = judged(tmp_path / "a", lax, tmp_path / "c")
    assert (result.counts.verdicts, sum(result.outcomes.values())) == (3, 3)
    for name in ("facts.jsonl", "verdicts.jsonl"):
        assert (tmp_path / "c" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    # Killed between the facts and the verdict: the earlier verdict is no verdict of the call as it is now.
    (tmp_path / "a" / "verdicts.jsonl").write_bytes(before["verdicts.jsonl"])
    assert judged(tmp_path / "a", lax, tmp_path / "d").outcomes["no verdict", "not_applicable"] == 1


def test_no_run_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"run\.json is missing"):
        judged(tmp_path / "nothing", "telecom-de", tmp_path / "c")


def test_own_words_that_nobody_looked_for_are_named(tmp_path: Path, calls: Calls, scored: Score) -> None:
    scored(calls(3), tmp_path / "a")
    (tmp_path / "marina.yaml").write_text(MARINA, encoding="utf-8")
    result = judged(tmp_path / "a", tmp_path / "marina.yaml", tmp_path / "c")
    assert result.not_looked_for == {"berth_number", "harbour_word", "berth_data", "key_change"}


def test_a_call_without_its_facts_fails_and_is_named(tmp_path: Path, calls: Calls, scored: Score) -> None:
    scored(calls(3), tmp_path / "a")
    facts = tmp_path / "a" / "facts.jsonl"
    lost = json.loads(facts.read_bytes().splitlines()[-1])["call_id"]
    facts.write_bytes(facts.read_bytes()[:-100])
    result = judged(tmp_path / "a", "bank-en", tmp_path / "b")
    assert (result.counts.verdicts, result.counts.failures) == (2, {"file": 1})
    assert result.lost == {lost}
    (failure,) = map(json.loads, (tmp_path / "b" / "failures.jsonl").read_text().splitlines())
    assert (failure["call_id"], failure["place"]) == (lost, str(facts))
