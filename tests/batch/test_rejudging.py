from collections.abc import Callable
from pathlib import Path

import pytest
from tests.batch.conftest import Calls, Score
from tests.judging.own_policies import MARINA
from tests.stored import content, count, judged

from ausweis.batch import Change, Progress, Rejudged, rejudge, rejudging
from ausweis.calls import Call
from ausweis.engines.fake import FakeEngine
from ausweis.facts import Facts
from ausweis.judging.judge import judge
from ausweis.judging.verdict import Verdict
from ausweis.policies import Policy, find_policy
from ausweis.store import CallFilter, Store

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


def judge_anew(path: Path, policy: str | Path, *, keep: bool = True) -> Rejudged:
    with Store.open(path) as store:
        return rejudge(store, find_policy(policy), CallFilter(), keep=keep)


def test_another_policy_gives_what_scoring_by_it_gives(tmp_path: Path, calls: Calls, scored: Score) -> None:
    scored(calls(6), tmp_path / "a")
    scored(calls(6), tmp_path / "b", policy="bank-en")
    judge_anew(tmp_path / "a", "bank-en")
    assert content(tmp_path / "a") == content(tmp_path / "b")


def test_it_says_what_changed(tmp_path: Path, calls: Calls, scored: Score, lax: Path) -> None:
    scored(calls(6), tmp_path / "s")
    result = judge_anew(tmp_path / "s", lax)
    assert result.outcomes == {
        ("compliant", "compliant"): 3,
        ("violation", "compliant"): 2,
        ("not_applicable", "not_applicable"): 1,
    }
    assert (result.changed, result.tally.counts.verdicts) == (2, 6)
    assert result.changes[0] == Change("call-3", "violation", "compliant", ("no_authentication",), ())
    told = [one.verdict.provenance for one in judged(tmp_path / "s")]
    assert {one and (one.policy.id, one.seconds, one.tokens) for one in told} == {("lax", None, None)}


def test_a_trial_writes_nothing(tmp_path: Path, calls: Calls, scored: Score, lax: Path) -> None:
    scored(calls(6), tmp_path / "s")
    before = content(tmp_path / "s")
    assert judge_anew(tmp_path / "s", lax, keep=False).changed == 2
    assert (content(tmp_path / "s"), count(tmp_path / "s")) == (before, 6)


def test_what_was_judged_anew_settles_no_call_and_is_judged_by_the_first_policy_again(
    tmp_path: Path, calls: Calls, scored: Score, engine: FakeEngine
) -> None:
    """Without the model by that policy; with it by the other one, which may ask for other things."""
    scored(calls(3), tmp_path / "s")
    before = content(tmp_path / "s")
    judge_anew(tmp_path / "s", "bank-en")
    engine.requests.clear()
    assert scored(calls(3), tmp_path / "s").progress == Progress(3, 0, 0)
    assert (engine.requests, content(tmp_path / "s")) == ([], before)
    judge_anew(tmp_path / "s", "bank-en")
    scored(calls(3), tmp_path / "s", policy="bank-en")
    assert len(engine.requests) == 12


def test_a_call_that_failed_has_no_facts_to_judge(
    tmp_path: Path, new_call: Callable[..., Call], scored: Score, lax: Path
) -> None:
    scored([new_call(1), new_call(2, extra="Störgeräusch"), new_call(3)], tmp_path / "s")
    before = content(tmp_path / "s")["failures"]
    result = judge_anew(tmp_path / "s", lax)
    assert (result.tally.counts.verdicts, result.tally.counts.failed) == (2, 0)
    assert content(tmp_path / "s")["failures"] == before


def test_a_call_over_which_judging_breaks_keeps_its_verdict_and_is_named(
    tmp_path: Path, calls: Calls, scored: Score, monkeypatch: pytest.MonkeyPatch
) -> None:
    scored(calls(3), tmp_path / "s")

    def breaking(facts: Facts, policy: Policy) -> Verdict:
        if facts.call_id == "call-2":
            raise ZeroDivisionError
        return judge(facts, policy)

    monkeypatch.setattr(rejudging, "judge", breaking)
    counts = judge_anew(tmp_path / "s", "bank-en").tally.counts
    assert (counts.verdicts, counts.failures) == (2, {"internal": 1})
    told = {one.facts.call_id: one.verdict.provenance for one in judged(tmp_path / "s")}
    assert {name: one and one.policy.id for name, one in told.items()} == {
        "call-1": "bank-en",
        "call-2": "telecom-de",
        "call-3": "bank-en",
    }


def test_own_words_that_nobody_looked_for_are_named(tmp_path: Path, calls: Calls, scored: Score) -> None:
    scored(calls(3), tmp_path / "s")
    (tmp_path / "marina.yaml").write_text(MARINA, encoding="utf-8")
    result = judge_anew(tmp_path / "s", tmp_path / "marina.yaml")
    assert result.not_looked_for == {"berth_number", "harbour_word", "berth_data", "key_change"}
