"""The gate fails on what matters, and on nothing else."""

import random

import pytest
from tests.evals.cases import case, findings, incident_case, own_word_case

from ausweis.errors import InputError
from ausweis.evals.case import Case
from ausweis.evals.comparing import compare
from ausweis.evals.false_alarms import false_alarms
from ausweis.evals.folder import Live
from ausweis.evals.gate import gate


def run(wrong: set[int], count: int = 60, **more: object) -> list[Case]:
    """Every other call is a violation; those of `wrong` are judged the other way round."""
    words = ("violation", "compliant")
    found = []
    for number in range(count):
        label, other = words if number % 2 == 0 else words[::-1]
        told = other if number in wrong else label
        found.append(case(f"c{number}", label, told, 0.9 if told == "violation" else 0.1, **more))  # type: ignore[arg-type]
    return found


def failed(baseline: list[Case], now: list[Case], **more: object) -> set[str]:
    found = gate(baseline, now, **more)  # type: ignore[arg-type]
    return {one.name for one in (*found.checks, *found.cases) if one.state == "failed"}


def test_the_same_run_passes() -> None:
    assert gate(run({1, 2}), run({1, 2})).passed


def test_a_broad_drop_fails() -> None:
    found = failed(run({1}), run(set(range(12))))
    assert {"drop: outcome", "drop: violation or not"} <= found


def test_a_drop_that_may_be_chance_passes() -> None:
    assert gate(run({1, 2}), run({3, 4, 5})).passed


def test_as_many_better_as_worse_passes() -> None:
    assert gate(run(set(range(10))), run(set(range(10, 20)))).passed


def test_a_sure_but_small_drop_passes() -> None:
    assert gate(run(set(), 1000), run(set(range(20)), 1000)).passed
    assert failed(run(set(), 1000), run(set(range(20)), 1000), least_drop=0.01)


def test_an_improvement_passes() -> None:
    assert gate(run(set(range(20))), run(set())).passed


def test_facts_that_are_lost_fail_though_outcomes_stay() -> None:
    read = findings("compliant", factors=("pin@2:verified",), actions=("usage_data@4",))
    lost = findings("compliant", actions=("usage_data@5",))
    before = [case(str(n), "compliant", "compliant", gold=read, told=read) for n in range(30)]
    after = [case(str(n), "compliant", "compliant", gold=read, told=lost) for n in range(30)]
    assert failed(before, after) == {"drop: facts F1 (factors and actions with turn)"}


def incidents(kind: str, lost: int = 0, invented: int = 0) -> list[Case]:
    """Thirty calls in which it happens, and thirty in which it does not."""
    there = [incident_case(f"y{n}", [f"{kind}@3"], [f"{kind}@3"] * (n >= lost), kind) for n in range(30)]
    return there + [incident_case(f"n{n}", [], [f"{kind}@5"] * (n < invented), kind) for n in range(30)]


@pytest.mark.parametrize(("kind", "name"), [("rude_agent", "known incidents"), ("weather", "own incidents")])
def test_incidents_that_are_lost_or_invented_fail_and_the_same_ones_pass(kind: str, name: str) -> None:
    before = [*run({1}), *incidents(kind, lost=2, invented=2)]
    again = gate(before, [*run({1}), *incidents(kind, lost=2, invented=2)])
    assert again.passed
    assert {check.name for check in again.checks if "incidents" in check.name} == {
        "drop: incidents", f"drop: {name} found", f"drop: precision of {name}", f"drop: F1 of {name}"
    }  # fmt: skip
    fewer = failed(before, [*run({1}), *incidents(kind, lost=14, invented=2)])
    assert fewer == {"drop: incidents", f"drop: {name} found", f"drop: F1 of {name}"}
    more = failed(before, [*run({1}), *incidents(kind, lost=2, invented=16)])
    assert {"drop: incidents", f"drop: precision of {name}"} <= more
    assert f"drop: {name} found" not in more


def test_few_incidents_more_or_less_pass() -> None:
    assert gate(incidents("rude_agent", lost=2), incidents("rude_agent", lost=3, invented=1)).passed


def test_incidents_that_nobody_finds_any_more_fail() -> None:
    assert "drop: precision of own incidents" in failed(incidents("weather"), incidents("weather", lost=30))


def test_own_words_that_are_not_read_any_more_fail_and_the_same_ones_pass() -> None:
    given = ["gives berth_number@2"]
    before = [own_word_case(str(n), given, given) for n in range(40)]
    assert gate(before, before).passed
    after = [own_word_case(str(n), given, given if n % 3 else []) for n in range(40)]
    assert failed(before, after) == {"drop: F1 of own factors given in a call", "drop: F1 of own words (with turn)"}
    later = [own_word_case(str(n), given, given if n % 3 else ["gives berth_number@3"]) for n in range(40)]
    assert failed(before, later) == {"drop: F1 of own words (with turn)"}


def test_one_must_pass_call_judged_wrong_fails() -> None:
    now = run({7})
    now[7] = now[7].model_copy(update={"must_pass": True})
    assert failed(run(set()), now) == {"c7"}


def test_a_repeat_that_breaks_a_must_pass_call_fails() -> None:
    now = [one.model_copy(update={"must_pass": True}) for one in run(set())]
    wrong = [one.model_copy(update={"repeat": 2}) for one in run({7})]
    assert failed(run(set()), [*now, *wrong]) == {"c7"}


def test_what_had_to_pass_has_to_until_a_new_baseline() -> None:
    before = [one.model_copy(update={"must_pass": one.id == "c7"}) for one in run(set())]
    assert failed(before, run({7})) == {"c7"}


def test_changed_labels_are_told() -> None:
    now = run(set())
    now[0] = case(now[0].id, "compliant", "compliant", 0.1)
    assert gate(run(set()), now).comparison.relabelled == ("c0",)


def test_a_missing_call_and_one_without_verdict_are_errors() -> None:
    now = run(set())[1:]
    now[3] = case(now[3].id, "violation", None, failure="the prompt is too long [context]")
    found = gate(run(set()), now)
    assert not found.passed
    assert {one.name: one.state for one in found.cases if one.state != "passed"} == {"c0": "error", "c4": "error"}


def test_runs_without_a_call_in_common() -> None:
    assert not gate([case("a", "compliant", "compliant")], [case("b", "compliant", "compliant")]).passed


def test_a_mended_label_is_mended_on_both_sides() -> None:
    before = [case("a", "compliant", "violation")]
    now = [case("a", "violation", "violation")]
    found = compare(before, now)
    assert (found.flips[0].better, found.flips[0].worse) == (0, 0)


@pytest.mark.parametrize(("difference", "passes"), [(0.05, True), (0.2, False)])
def test_recorded_answers_that_the_model_does_not_give_any_more(difference: float, passes: bool) -> None:
    live = Live(recorded=50, asked=10, sample=("c1",), checked=10, largest_difference=difference)
    assert gate(run({1}), run({1}), live=live).passed is passes


def test_false_alarms_on_noise_are_rare() -> None:
    """Twenty runs of one system whose verdicts flip by chance in 10 % of calls."""
    random.seed(5)
    runs = [run({number for number in range(60) if random.random() < 0.1}) for _ in range(20)]
    found = false_alarms(runs)
    assert found.rate.n == 20 * 19
    assert found.rate.value is not None
    assert found.rate.value <= 0.05
    assert found.flips.value is not None
    assert found.flips.value > 0.5


def test_false_alarms_need_two_runs() -> None:
    with pytest.raises(InputError, match="at least two runs"):
        false_alarms([run(set())])
