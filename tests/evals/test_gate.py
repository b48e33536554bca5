"""The gate fails on what matters, and on nothing else."""

import random
from collections.abc import Sequence
from itertools import permutations

import pytest
from tests.evals.cases import case, findings, incident_case, own_word_case

from ausweis.errors import InputError
from ausweis.evals.baseline import Baseline
from ausweis.evals.case import Case
from ausweis.evals.comparing import compare
from ausweis.evals.folder import EvalManifest, GoldenFile, Live, Machine, Plan, System
from ausweis.evals.gate import Gate
from ausweis.evals.gate import gate as hold


def run(wrong: set[int], count: int = 60, **more: object) -> list[Case]:
    """Every other call is a violation; those of `wrong` are judged the other way round."""
    words = ("violation", "compliant")
    found = []
    for number in range(count):
        label, other = words if number % 2 == 0 else words[::-1]
        told = other if number in wrong else label
        found.append(case(f"c{number}", label, told, 0.9 if told == "violation" else 0.1, **more))  # type: ignore[arg-type]
    return found


SYSTEM = System(
    ausweis="1",
    strategy="turnwise",
    prompts=("transcript@1 (ab)", "transcript:probe@1 (cd)", "transcript:probe@1 (ef)", "own-word@1 (gh)"),
    model="small (ij)",
    engine="llama.cpp",
    policies=("telecom-de 1 (kl)", "bank-en 2 (mn)"),
)


def gate(
    baseline: Sequence[Case],
    now: Sequence[Case],
    *,
    live: Live | None = None,
    system: System = SYSTEM,
    was: System = SYSTEM,
    files: Sequence[GoldenFile] = (),
    read: Sequence[GoldenFile] = (),
    policy: str | None = None,
    **more: object,
) -> Gate:
    """Hold the cases of a run of the same system, of golden files that nothing is known of, against a baseline."""
    machine, begun = Machine(platform="Linux", python="3.11", cpus=2), "2026-01-02T03:04:05Z"
    blessed = Baseline(message="m", blessed=begun, plan=Plan(golden=tuple(files)), system=was, cases=tuple(baseline))
    plan = Plan(golden=tuple(read), policy=policy)
    manifest = EvalManifest(plan=plan, system=system, machine=machine, started=begun, live=live)
    return hold(blessed, now, manifest, **more)  # type: ignore[arg-type]


def failed(baseline: list[Case], now: list[Case], **more: object) -> set[str]:
    found = gate(baseline, now, **more)  # type: ignore[arg-type]
    return {one.name for one in (*found.checks, *found.cases) if one.state == "failed"}


def test_the_same_run_passes() -> None:
    assert gate(run({1, 2}), run({1, 2})).verdict == "passed"


def test_a_broad_drop_fails() -> None:
    found = failed(run({1}), run(set(range(12))))
    assert {"drop: outcome", "drop: violation or not"} <= found


def test_a_drop_that_may_be_chance_passes() -> None:
    assert gate(run({1, 2}), run({3, 4, 5})).verdict == "passed"


def test_as_many_better_as_worse_passes() -> None:
    assert gate(run(set(range(10))), run(set(range(10, 20)))).verdict == "passed"


def test_a_sure_but_small_drop_passes() -> None:
    assert gate(run(set(), 1000), run(set(range(20)), 1000)).verdict == "passed"
    assert failed(run(set(), 1000), run(set(range(40)), 1000))


def test_an_improvement_passes() -> None:
    assert gate(run(set(range(20))), run(set())).verdict == "passed"


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
    assert again.verdict == "passed"
    assert {check.name for check in again.checks if "incidents" in check.name} == {
        "drop: incidents", f"drop: {name} found", f"drop: precision of {name}", f"drop: F1 of {name}"
    }  # fmt: skip
    fewer = failed(before, [*run({1}), *incidents(kind, lost=14, invented=2)])
    assert fewer == {"drop: incidents", f"drop: {name} found", f"drop: F1 of {name}"}
    more = failed(before, [*run({1}), *incidents(kind, lost=2, invented=16)])
    assert {"drop: incidents", f"drop: precision of {name}"} <= more
    assert f"drop: {name} found" not in more


def test_few_incidents_more_or_less_pass() -> None:
    assert gate(incidents("rude_agent", lost=2), incidents("rude_agent", lost=3, invented=1)).verdict == "passed"


def test_incidents_that_nobody_finds_any_more_fail() -> None:
    assert "drop: precision of own incidents" in failed(incidents("weather"), incidents("weather", lost=30))


def test_own_words_that_are_not_read_any_more_fail_and_the_same_ones_pass() -> None:
    given = ["gives berth_number@2"]
    before = [own_word_case(str(n), given, given) for n in range(40)]
    assert gate(before, before).verdict == "passed"
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
    assert found.verdict == "failed"
    assert [one.name for one in (*found.checks, *found.cases) if one.state == "error"] == ["missing calls", "c4"]


def test_runs_without_a_call_in_common() -> None:
    assert gate([case("a", "compliant", "compliant")], [case("b", "compliant", "compliant")]).verdict == "failed"


def test_a_mended_label_is_mended_on_both_sides() -> None:
    before = [case("a", "compliant", "violation")]
    now = [case("a", "violation", "violation")]
    found = compare(before, now)
    assert (found.flips[0].better, found.flips[0].worse) == (0, 0)


@pytest.mark.parametrize(("difference", "passes"), [(0.05, True), (0.2, False)])
def test_recorded_answers_that_the_model_does_not_give_any_more(difference: float, passes: bool) -> None:
    live = Live(recorded=50, asked=10, sample=("c1",), checked=10, largest_difference=difference)
    assert gate(run({1}), run({1}), live=live).verdict == ("passed" if passes else "failed")


def test_false_alarms_on_noise_are_rare() -> None:
    """Twenty runs of one system whose verdicts flip by chance in 10 % of calls."""
    random.seed(5)
    runs = [run({number for number in range(60) if random.random() < 0.1}) for _ in range(20)]
    verdicts = [gate(*pair).verdict for pair in permutations(runs, 2)]
    assert len(verdicts) == 20 * 19
    assert verdicts.count("passed") >= 0.95 * len(verdicts)


def few(*wrong: int, count: int = 10) -> list[Case]:
    return run(set(wrong), count)


@pytest.mark.parametrize("count", [2, 3, 10, 29])
def test_what_gets_worse_in_too_few_calls_to_test_is_neither_passed_nor_failed(count: int) -> None:
    found = gate(few(count=count), few(0, 1, count=count))
    assert found.verdict == "undecided"
    states = {check.name: check.state for check in found.checks}
    assert states["drop: outcome"] == states["drop: violation F1"] == "undecided"
    assert "failed" not in states.values()


def test_what_could_not_be_seen_is_said() -> None:
    for count, words in (
        (2, "no loss among 2 can be told from chance"),
        (10, "a loss of fewer than 7 of 10 cannot be told from chance"),
        (1000, "a loss of fewer than 30 of 1000 is too small to count"),
    ):
        assert words in gate(few(count=count), few(count=count)).checks[0].message


def test_a_number_that_few_of_many_calls_tell_is_not_tested() -> None:
    """Three of five violations lost among a hundred calls: no share of all, and most of what counts."""
    clean = [case(f"n{n}", "compliant", "compliant", 0.1) for n in range(95)]
    before, after = (
        [case(str(n), "violation", "compliant" if n < lost else "violation") for n in range(5)] for lost in (0, 3)
    )
    found = gate([*clean, *before], [*clean, *after])
    assert found.verdict == "undecided"
    (number,) = (check for check in found.checks if check.name == "drop: violation F1")
    assert (number.state, "5 of 100 calls tell it" in number.message) == ("undecided", True)


def test_what_the_baseline_does_not_tell_is_skipped() -> None:
    """No violation is labelled: whether violations are found cannot be told, so it is not called passed."""
    clean = [case(f"n{n}", "compliant", "compliant", 0.1) for n in range(40)]
    found = gate(clean, clean)
    assert {check.name for check in found.checks if check.state == "skipped"} >= {"drop: average precision of risk"}
    assert found.verdict == "passed"


@pytest.mark.parametrize(
    ("floors", "verdict"),
    [
        ({"at_least": {"recall": 0.75}}, "passed"),
        ({"at_least": {"violation recall": 0.81}}, "failed"),
        ({"at_least": {"Accuracy": 0.9, "recall": 0.9}}, "failed"),
        ({"most_worse": 1}, "passed"),
        ({"most_worse": 0}, "failed"),
        ({"at_least": {"first violation turn": 0.5}, "most_worse": 1}, "passed"),
    ],
)
def test_floors_decide_where_no_test_can(floors: dict[str, object], verdict: str) -> None:
    assert gate(few(), few(0), **floors).verdict == verdict  # type: ignore[arg-type]


def test_floors_do_not_hide_a_drop_that_a_test_sees() -> None:
    assert gate(run(set()), run(set(range(20))), at_least={"recall": 0.1}, most_worse=60).verdict == "failed"


def test_a_floor_is_of_a_number_that_the_report_has() -> None:
    with pytest.raises(InputError, match=r"no number 'recal'.*it has: outcome accuracy, .*violation recall"):
        gate(few(), few(), at_least={"recal": 0.8})
    # Few of these is good: nothing may be asked to be at least so large.
    with pytest.raises(InputError, match="no number 'false alarms, of clean calls'"):
        gate(few(), few(), at_least={"false alarms, of clean calls": 0.8})
    clean = [case("a", "compliant", "compliant")]
    assert gate(clean, clean, at_least={"recall": 0.8}).verdict == "failed"


def ruled(outcome: str | None, count: int = 2) -> list[Case]:
    """Ten calls; of the first ones the policy makes another outcome than their label."""
    return [one.model_copy(update={"ruled": outcome}) if n < count else one for n, one in enumerate(few())]


def test_a_policy_that_lets_labelled_violations_pass_is_named_and_fails() -> None:
    weaker = [*ruled("compliant", 1), *few()[1:]]
    found = gate(few(), weaker)
    assert found.verdict == "failed"
    assert found.checks[0].name == "weaker policy"
    assert found.checks[0].message.startswith("1 labelled violations are none by this policy; ")
    assert gate(weaker, weaker).verdict == "passed", "that was so in the baseline"


def test_a_policy_that_makes_more_violations_is_not_called_weaker() -> None:
    stricter = [one.model_copy(update={"ruled": "violation"}) if n == 1 else one for n, one in enumerate(few())]
    assert gate(few(), stricter).checks[0].name == "policy and labels"


def test_labels_made_anew_by_another_policy_count_for_nothing() -> None:
    """By a policy that allows everything all verdicts are right, and all calls better than they were."""
    lax = [case(one.id, "compliant", "compliant", 0.1) for one in few()]
    found = gate(few(0, 2), lax, policy="lax.yaml")
    assert (len(found.comparison.better), len(found.comparison.worse)) == (0, 3)
    assert found.verdict == "undecided"
    assert found.differs == ("all calls are judged by one policy; labels are taken from the baseline, by its policies",)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, []),
        ({"engine": "recorded:llama.cpp"}, []),
        ({"policies": ("telecom-de 1 (xx)", "bank-en 2 (mn)")}, ["policy telecom-de: 1 (kl) before, 1 (xx) now"]),
        (
            {"prompts": ("transcript@2 (yy)", *SYSTEM.prompts[1:])},
            ["prompt transcript: 1 (ab) before, 2 (yy) now"],
        ),
        (
            {"prompts": ("transcript@1 (ab)", "transcript:probe@1 (zz)", "own-word@1 (gh)")},
            ["prompt transcript:probe: 1 (cd), 1 (ef) before, 1 (zz) now"],
        ),
        ({"prompts": SYSTEM.prompts[:3]}, ["not used any more: own-word@1 (gh)"]),
        ({"model": "large (op)"}, ["model: small (ij) before, large (op) now"]),
        ({"strategy": "events"}, ["strategy: turnwise before, events now"]),
        ({"engine": "server"}, ["engine: llama.cpp before, server now"]),
        ({"ausweis": "2"}, ["ausweis version: 1 before, 2 now"]),
    ],
)
def test_what_differs_from_the_baseline_is_said(change: dict[str, object], words: list[str]) -> None:
    assert list(gate(few(), few(), system=SYSTEM.model_copy(update=change)).differs) == words


def test_a_baseline_of_before_does_not_tell_its_policies() -> None:
    found = gate(few(), few(), was=SYSTEM.model_copy(update={"policies": ()}))
    assert found.differs == ("policies: the baseline does not tell which judged it; bless it again",)


def files(*sizes: int) -> list[GoldenFile]:
    return [GoldenFile(path=f"golden/{n}.jsonl", sha256="ab", calls=size) for n, size in enumerate(sizes)]


def test_whole_files_that_were_not_read_are_no_failure_and_are_counted_in_one_line() -> None:
    golden = files(40, 15, 5)
    system = SYSTEM.model_copy(update={"prompts": SYSTEM.prompts[:3]})
    found = gate(run(set()), run(set())[:40], files=golden, read=golden[:1], system=system)
    assert (found.verdict, found.differs) == ("passed", ())
    (check,) = (check for check in found.checks if check.name == "golden files not read")
    assert check.state == "skipped"
    assert check.message == (
        "calls of the baseline are not in this run: 15 of 1.jsonl, 5 of 2.jsonl; not used by this run: own-word@1 (gh)"
    )


@pytest.mark.parametrize("read", [[0, 1, 2], [0]])
def test_a_call_missing_from_a_file_that_was_read_is_an_error(read: list[int]) -> None:
    """A file is read where the run names it, or holds one of its calls."""
    golden, now = files(40, 15, 5), run(set())[3:41]
    found = gate(run(set()), now, files=golden, read=[golden[n] for n in read])
    (check,) = (check for check in found.checks if check.state == "error")
    assert "3 of 0.jsonl (c0, c1, c2), 14 of 1.jsonl (c41, c42, c43, c44, c45, …)" in check.message
    assert ("5 of 2.jsonl" in check.message) is (2 in read)


def test_each_call_that_got_worse_is_named() -> None:
    found = gate(run({5}), run({5, 7}))
    assert found.verdict == "passed"
    assert [one.name for one in found.cases if one.state == "worse"] == ["c7"]
