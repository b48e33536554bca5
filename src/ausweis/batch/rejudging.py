"""The facts of stored calls judged by another policy: no model. The new verdicts count from then on."""

from collections import Counter
from dataclasses import dataclass, field

from ausweis import __version__
from ausweis.batch.tally import SHOWN, Tally
from ausweis.calls.failure import Failure
from ausweis.facts import facts_sha256
from ausweis.judging.incidents import not_looked_for, not_read
from ausweis.judging.judge import judge
from ausweis.judging.verdict import Verdict
from ausweis.policies import PolicyFile
from ausweis.provenance import RunProvenance
from ausweis.store import CallFilter, Judged, RunWriter, Store
from ausweis.store.schema import batches

_AT_ONCE = 200
"""Calls of a transaction."""


@dataclass(frozen=True, slots=True)
class Change:
    """A call that the two policies judge differently; violations are types, in the order of their turns.

    Incidents are kinds with their severity.
    """

    call_id: str
    old: str
    new: str
    old_violations: tuple[str, ...]
    new_violations: tuple[str, ...]
    old_incidents: tuple[str, ...] = ()
    new_incidents: tuple[str, ...] = ()


@dataclass(slots=True)
class Rejudged:
    """What the other policy made of calls. `outcomes` counts them by old and new outcome."""

    tally: Tally = field(default_factory=Tally)
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    changed: int = 0
    changes: list[Change] = field(default_factory=list)
    """The first 30 of those changed."""
    not_looked_for: set[str] = field(default_factory=set)
    """Incidents and own words of the policy that nobody looked for when some call was read."""

    def add(self, old: Verdict, new: Verdict) -> None:
        """Compare one call."""
        self.tally.add(new)
        self.outcomes[old.outcome, new.outcome] += 1
        before, after = _said(old), _said(new)
        if before != after:
            self.changed += 1
            if len(self.changes) < SHOWN:
                lists = (before[1], after[1], before[2], after[2])
                self.changes.append(Change(new.call_id, old.outcome, new.outcome, *lists))


def _said(verdict: Verdict) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Outcome, types of violations in the order of their turns, incidents with their severities."""
    return (
        verdict.outcome,
        tuple(violation.type for violation in verdict.violations),
        tuple(f"{incident.id} ({incident.severity})" for incident in verdict.incidents),
    )


def rejudge(store: Store, policy: PolicyFile, which: CallFilter, *, by: str = "ausweis", keep: bool = True) -> Rejudged:
    """Judge the facts of calls, as they count today, and write the verdicts; or without `keep` only tell them.

    Held in memory: the keys of the calls. Verdicts that no model read for this policy settle no call: `score` reads it.

    Raises:
        StoreError: the store cannot be read or written.
    """
    result = Rejudged()
    origins: dict[int, RunProvenance] = {}
    writers: dict[int, RunWriter] = {}
    for keys in batches(store.keys(which), _AT_ONCE):
        new: dict[int, list[Judged]] = {}
        for run, one in store.judged(keys):
            if run.key not in origins:
                origins[run.key] = run.model_copy(update={"ausweis": __version__, "policy": policy.provenance})
            verdict = _judged(one, origins[run.key], policy, result)
            if verdict is not None:
                result.add(one.verdict, verdict)
                new.setdefault(run.key, []).append(one._replace(verdict=verdict))
        for key, judged in new.items() if keep else ():
            if key not in writers:
                writers[key] = store.begin(origins[key], by=by, system="", policy=policy.policy)
            writers[key].judge_anew(judged)
    return result


def _judged(one: Judged, origin: RunProvenance, policy: PolicyFile, result: Rejudged) -> Verdict | None:
    """The verdict; None where judging breaks, which is told as a failure."""
    facts = one.facts
    try:
        verdict = judge(facts, policy.policy)
    except Exception as error:
        result.tally.add_failure(Failure.of(error, facts.call_id))
        return None
    result.not_looked_for.update(not_looked_for(facts, policy.policy), not_read(facts, policy.policy))
    return verdict.model_copy(update={"provenance": origin.of_verdict(facts_sha256(facts))})
