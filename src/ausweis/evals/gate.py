"""Is a run worse than the baseline? Stops on a broad paired drop, a must-pass call judged wrong, a call gone missing.

A drop counts if it is both surely no chance and large enough to matter: its one-sided p is below `ALPHA`, shared out
over the numbers that are looked at (Bonferroni), and it is at least `LEAST_DROP`. Identical runs never fail; small
drops pass, and are shown. A drop in so few calls that no test can tell it from chance leaves the gate undecided, unless
the user has set floors. A policy that lets pass what labels call a violation fails without a test: no chance is in it.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import computed_field

from ausweis.errors import InputError
from ausweis.evals.baseline import Baseline, plain_engine
from ausweis.evals.case import Case
from ausweis.evals.comparing import CaseChange, Comparison, Flip, Pair, compare, paired, paired_draws, told_by
from ausweis.evals.folder import EvalManifest, Live, System
from ausweis.evals.metrics import Estimate, rows_of, summarise
from ausweis.evals.metrics.estimate import Measure
from ausweis.evals.metrics.summary import told
from ausweis.labelled import Part

ALPHA = 0.05
LEAST_DROP = 0.03
FEWEST_CALLS = 30
"""Below, McNemar's test, its alpha shared out, sees only the loss of a quarter of all calls or more."""
FEWEST_TELLING = 10
"""Calls that tell a number. The bootstrap is sure of any five that got worse, since one resample in 150 lacks them all:
that is no news of a set in which they are half of what counts."""
LARGEST_DIFFERENCE = 0.1
"""Of a probability asked again from a recorded one: the same model on another processor stays below."""
NAMED = 5
"""Calls named of each kind."""
_LESS_IS_BETTER = ("false alarms", "Brier", "needs review", "verdicts that flip")

State = Literal["passed", "worse", "skipped", "undecided", "failed", "error"]


class GateCheck(Part):
    """One thing that was looked at. `failed`: it got worse. `error`: it could not be looked at.

    `undecided`: it got worse in too few calls to tell whether by chance. `skipped`: there is nothing to look at, or too
    few calls, which got no worse, or floors decide. `worse`: a call that was right and is wrong, as a call may be.
    """

    name: str
    state: State
    message: str


class Gate(Part):
    """What differs from the baseline; all checks: first the numbers, then a check a call; and how the runs compare."""

    differs: tuple[str, ...] = ()
    checks: tuple[GateCheck, ...]
    cases: tuple[GateCheck, ...]
    comparison: Comparison

    @computed_field  # type: ignore[prop-decorator]
    @property
    def verdict(self) -> Literal["passed", "failed", "undecided"]:
        """Failed where something got worse or could not be looked at; undecided where too few calls tell."""
        states = {check.state for check in (*self.checks, *self.cases)}
        return "failed" if states & {"failed", "error"} else "undecided" if "undecided" in states else "passed"

    @property
    def stopped(self) -> tuple[GateCheck, ...]:
        """The calls for which the gate fails."""
        return tuple(check for check in self.cases if check.state in ("failed", "error"))


def gate(
    baseline: Baseline,
    run: Sequence[Case],
    manifest: EvalManifest,
    *,
    at_least: Mapping[str, float] | None = None,
    most_worse: int | None = None,
) -> Gate:
    """Hold a run against the baseline. A call that had to pass in the baseline has to in the run.

    `at_least`: the least that numbers of the report may be, by name; `most_worse`: how many calls may get worse. With
    either, drops in too few calls for a test are left to them.

    Raises:
        InputError: the run has no such number.
    """
    if manifest.plan.policy is not None:
        # Their labels were made anew by another policy.
        labels = {case.id: case.gold for case in baseline.cases}
        run = [case.model_copy(update={"gold": labels.get(case.id, case.gold)}) for case in run]
    pairs, _, _ = paired(baseline.cases, run)
    comparison = compare(baseline.cases, run)
    numbers = told_by(pairs)
    alpha = ALPHA / max(1, len(comparison.flips) + len(numbers))
    few: State = "undecided" if not at_least and most_worse is None else "skipped"
    checks = [*_policy(pairs), *_floors(run, at_least or {}, len(comparison.worse), most_worse)]
    checks += [_flip(flip, alpha, few) for flip in comparison.flips]
    checks += [_measure(name, measure, told, alpha, few) for name, measure, told in numbers]
    if not pairs:
        checks.append(GateCheck(name="calls in common", state="error", message="the runs have no call in common"))
    if manifest.live is not None and manifest.live.recorded:
        checks.append(_live(manifest.live))
    differs, unused = _differences(baseline.system, manifest)
    lost, unread = _missing(baseline, run, manifest)
    if lost:
        message = f"of files that this run read, calls of the baseline are not in it: {lost}"
        checks.append(GateCheck(name="missing calls", state="error", message=message))
    if unread:
        only = f"; not used by this run: {', '.join(unused)}" if unused else ""
        message = f"calls of the baseline are not in this run: {unread}{only}"
        checks.append(GateCheck(name="golden files not read", state="skipped", message=message))
    elif unused:
        differs.append(f"not used any more: {', '.join(unused)}")
    must_pass = {case.id for case in (*baseline.cases, *run) if case.must_pass}
    worse = {change.id: change for change in comparison.worse}
    repeats: dict[str, list[Case]] = {}
    for case in run:
        repeats.setdefault(case.id, []).append(case)
    calls = [_call(cases, worse.get(name), must_pass=name in must_pass) for name, cases in repeats.items()]
    return Gate(differs=tuple(differs), checks=tuple(checks), cases=tuple(calls), comparison=comparison)


def _differences(was: System, manifest: EvalManifest) -> tuple[list[str], list[str]]:
    """What the run is made of that the baseline is not, in words; and what of the baseline's parts it did not use."""
    now = manifest.system
    if now is None:
        return ["nothing is known of what the run is made of"], []
    differs = []
    if manifest.plan.policy is not None:
        differs.append("all calls are judged by one policy; labels are taken from the baseline, by its policies")
    if not was.policies:
        differs.append("policies: the baseline does not tell which judged it; bless it again")
    else:
        differs += _parts("policy", " ", was.policies, now.policies)[0]
    prompts, unused = _parts("prompt", "@", was.prompts, now.prompts)
    sides = (
        ("model", was.model, now.model),
        ("strategy", was.strategy, now.strategy),
        ("engine", was.engine, plain_engine(now.engine)),
        ("ausweis version", was.ausweis, now.ausweis),
    )
    changed = [f"{name}: {before} before, {after} now" for name, before, after in sides if before != after]
    return [*differs, *prompts, *changed], unused


def _parts(kind: str, sign: str, before: Sequence[str], after: Sequence[str]) -> tuple[list[str], list[str]]:
    """What is new among such parts, beside what had the same id; and what is gone, unless something took its place."""
    differs, unused = [], []
    for name in dict.fromkeys(part.partition(sign)[0] for part in (*before, *after)):
        first, second = (
            [rest for one, _, rest in (part.partition(sign) for part in side) if one == name]
            for side in (before, after)
        )
        if set(second) - set(first):
            differs.append(f"{kind} {name}: {', '.join(first) or 'none'} before, {', '.join(second)} now")
        else:
            unused += [f"{name}{sign}{rest}" for rest in first if rest not in second]
    return differs, unused


def _policy(pairs: Sequence[Pair]) -> Iterator[GateCheck]:
    """Whether the policy makes something else than the label of the label's own events, and did not before."""
    ruled = [new for old, new in pairs if new.ruled is not None and new.ruled != old.ruled]
    if ruled:
        passing = sum(case.broken for case in ruled)
        calls = _named([f"{case.id} (label {case.gold.outcome}, policy {case.ruled})" for case in ruled])
        message = f"of the events of {len(ruled)} labels the policy makes another outcome: {calls}"
        weaker = f"{passing} labelled violations are none by this policy; {message}"
        name, message = ("weaker policy", weaker) if passing else ("policy and labels", message)
        yield GateCheck(name=name, state="failed", message=message)


def _floors(
    run: Sequence[Case], at_least: Mapping[str, float], worse: int, most_worse: int | None
) -> Iterator[GateCheck]:
    rows = [row for row in rows_of(summarise(run)) if not row[0].startswith(_LESS_IS_BETTER)] if at_least else []
    for asked, least in at_least.items():
        name, number = _number(asked, rows)
        value = "cannot be told from these calls" if number.value is None else f"{number.value:.3f} in {number.n} now"
        state: State = "error" if number.value is None else "passed" if number.value >= least else "failed"
        yield GateCheck(name=f"floor: {name}", state=state, message=f"{value}, at least {least:g} is asked for")
    if most_worse is not None:
        message = f"{worse} calls were right in the baseline and are wrong, at most {most_worse} may be"
        yield GateCheck(name="floor: calls worse", state="failed" if worse > most_worse else "passed", message=message)


def _number(asked: str, rows: Sequence[tuple[str, Estimate]]) -> tuple[str, Estimate]:
    """The number of this name; `recall` is short for `violation recall`, `accuracy` for `outcome accuracy`."""
    names = [f"{short}{asked}".casefold() for short in ("", "violation ", "outcome ")]
    for name, number in rows:
        if name.casefold() in names:
            return name, number
    raise InputError(f"the report has no number {asked!r} to set a floor for; it has: {', '.join(n for n, _ in rows)}")


def _flip(flip: Flip, alpha: float, few: State) -> GateCheck:
    from scipy.stats import binomtest

    flipped = flip.better + flip.worse
    p = float(binomtest(flip.worse, flipped, alternative="greater").pvalue) if flipped else 1.0
    drop = flip.before - flip.after
    message = (
        f"right in {flip.before:.3f} before and {flip.after:.3f} now; {flip.better} calls better, {flip.worse} worse "
        f"(one-sided McNemar p {p:.4f}; {_unseen(flip.calls, alpha)})"
    )
    state: State = few if flip.worse and flip.calls < FEWEST_CALLS else "passed"
    state = "failed" if p < alpha and drop >= LEAST_DROP else state
    return GateCheck(name=f"drop: {flip.name}", state=state, message=message)


def _unseen(calls: int, alpha: float) -> str:
    """What passes though it got worse: of `n` calls that got worse and none that got better, p is 0.5 to the `n`."""
    seen = math.floor(-math.log2(alpha)) + 1
    if seen > calls:
        return f"no loss among {calls} can be told from chance"
    if LEAST_DROP * calls > seen:
        return f"a loss of fewer than {math.ceil(LEAST_DROP * calls)} of {calls} is too small to count"
    return f"a loss of fewer than {seen} of {calls} cannot be told from chance"


def _measure(name: str, measure: Measure, pairs: Sequence[Pair], alpha: float, few: State) -> GateCheck:
    name = f"drop: {name}"
    before, after, drawn = paired_draws(pairs, measure)
    if np.isnan(before):
        return GateCheck(name=name, state="skipped", message="the calls of the baseline do not tell it")
    message = f"{before:.3f} before, " + ("cannot be told any more" if np.isnan(after) else f"{after:.3f} now")
    # The number is of those calls that tell it alone, before or now.
    alone = np.eye(len(pairs), dtype=np.int64)
    telling = sum(~np.all([np.isnan(measure(side)(alone)) for side in zip(*pairs, strict=True)], axis=0))
    if len(pairs) < FEWEST_CALLS or telling < FEWEST_TELLING:
        message += f"; {telling} of {len(pairs)} calls tell it: too few for a test"
        return GateCheck(name=name, state="skipped" if after >= before else few, message=message)
    if np.isnan(after):
        return GateCheck(name=name, state="failed", message=message)
    p = float(np.mean(drawn >= 0)) if len(drawn) else 1.0
    message += f" (share of resamples without a drop {p:.4f})"
    failed = p < alpha and before - after >= LEAST_DROP
    return GateCheck(name=name, state="failed" if failed else "passed", message=message)


def _missing(baseline: Baseline, run: Sequence[Case], manifest: EvalManifest) -> tuple[str, str]:
    """Calls of the baseline that are not in the run, counted by golden file: of files that it read, and of others."""
    ids, read = {case.id for case in run}, {file.path for file in manifest.plan.golden}
    known = iter(case.id for case in baseline.cases)
    files = [(file.path, list(islice(known, file.calls))) for file in baseline.plan.golden]
    lost, unread = [], []
    for path, calls in [*files, ("", list(known))]:
        missing = [name for name in calls if name not in ids]
        if missing and path and path not in read and len(missing) == len(calls):
            unread.append(f"{len(missing)} of {Path(path).name}")
        elif missing:
            lost.append(f"{len(missing)} of {Path(path).name or 'no known file'} ({_named(missing)})")
    return ", ".join(lost), ", ".join(unread)


def _named(names: Sequence[str]) -> str:
    return ", ".join(names[:NAMED]) + (", …" if len(names) > NAMED else "")


def _live(live: Live) -> GateCheck:
    if not live.checked and not live.largest_difference:
        message = "not asked again: `eval run --recorded FILE --live N` does so for some calls"
        return GateCheck(name="recorded answers", state="skipped", message=message)
    message = (
        f"{live.checked} answers of {len(live.sample)} calls asked again differ by {live.largest_difference:.3f} "
        f"at the most (allowed: {LARGEST_DIFFERENCE})"
    )
    stale = live.largest_difference > LARGEST_DIFFERENCE
    return GateCheck(name="recorded answers", state="error" if stale else "passed", message=message)


def _call(repeats: Sequence[Case], worse: CaseChange | None, *, must_pass: bool) -> GateCheck:
    """The check of one call over all its repeats: the worst one counts. `worse`: how it got worse, if it did."""
    name = repeats[0].id
    failed = next((case for case in repeats if case.told is None), None)
    if failed is not None:
        return GateCheck(name=name, state="error", message=f"has no verdict: {failed.failure or 'it was not read'}")
    wrong = next((case for case in repeats if not case.right), None)
    if wrong is None:
        return GateCheck(name=name, state="passed", message="right")
    if must_pass:
        label, verdict = str(wrong.gold.outcome), told(wrong)
        if wrong.gold.outcome is None or wrong.outcome_right:
            label, verdict = (side.incidents_said for side in (wrong.gold, wrong.told or wrong.gold))
        message = f"must pass: the label says {label}, the verdict {verdict}"
        return GateCheck(name=name, state="failed", message=message)
    if worse is not None:
        message = f"the label says {worse.label}, the verdict was {worse.before} and is {worse.after}"
        return GateCheck(name=name, state="worse", message=message)
    return GateCheck(name=name, state="passed", message="wrong, as a call may be")
