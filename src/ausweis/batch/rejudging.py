"""The facts of a run, judged by another policy into a new run: no model, one call at a time."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ausweis import __version__
from ausweis.batch.failure import Failure
from ausweis.batch.manifest import Counts, Machine, RunManifest, now, read_manifest
from ausweis.batch.related import Related, note
from ausweis.batch.run_folder import RunFolder
from ausweis.batch.state import (
    FACTS_FILE,
    facts_of,
    facts_sha256,
    failures,
    scan,
    standing_facts,
    standing_verdicts,
)
from ausweis.errors import RunError
from ausweis.facts import Facts
from ausweis.judging.incidents import not_looked_for, not_read
from ausweis.judging.judge import judge
from ausweis.judging.verdict import Verdict
from ausweis.policies import PolicyFile

__all__ = ["Change", "Rejudged", "rejudge", "source_manifest"]

_SHOWN = 30
_Old = tuple[str, tuple[str, ...], tuple[str, ...]]
"""Outcome, types of violations in the order of their turns, incidents with their severities."""
_NONE: _Old = ("no verdict", (), ())


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
    """What the other policy made of a run. `outcomes` counts calls by old and new outcome."""

    run: Path
    counts: Counts
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    changed: int = 0
    changes: list[Change] = field(default_factory=list)
    """The first 30 of those changed."""
    not_looked_for: set[str] = field(default_factory=set)
    """Incidents and own words of the policy that nobody looked for when some call was read."""
    lost: frozenset[str] = frozenset()
    """Calls that the run has judged, but has no facts of."""

    def add(self, old: _Old, verdict: Verdict) -> None:
        """Compare one call."""
        new: _Old = (
            verdict.outcome,
            tuple(violation.type for violation in verdict.violations),
            tuple(f"{incident.id} ({incident.severity})" for incident in verdict.incidents),
        )
        self.outcomes[old[0], new[0]] += 1
        if old != new:
            self.changed += 1
            if len(self.changes) < _SHOWN:
                self.changes.append(Change(verdict.call_id, old[0], new[0], old[1], new[1], old[2], new[2]))


def source_manifest(source: Path, policy: PolicyFile) -> RunManifest:
    """The manifest of a run whose facts this policy can judge.

    Raises:
        RunError: there is no run.
    """
    manifest = read_manifest(source)
    if manifest is None:
        raise RunError("there is no run here: run.json is missing", place=str(source))
    return manifest


def rejudge(
    source: Path, policy: PolicyFile, run: RunFolder, *, on_progress: Callable[[int], None] | None = None
) -> Rejudged:
    """Judge the stored facts of the run in `source` into `run`, a new one. Held in memory: ids with old outcomes.

    Facts are copied, not linked: the source may still grow. Calls that failed there, or whose facts are missing, fail
    here. What was read of an
    earlier transcript, as a kill leaves it behind, is passed over. Each of both folders is given a note of the other
    (`related`).

    Raises:
        RunError: as `source_manifest`; a line that cannot be read, or a folder that cannot be written.
    """
    old = source_manifest(source, policy)
    update = {
        "ausweis": __version__,
        "policy": policy.provenance,
        "judged_from": str(source.absolute()),
        "machine": Machine.here(),
        "started": now(),
    }
    manifest = old.model_copy(update=update)
    state = scan(source)
    newest = state.newest
    earlier = _verdicts(source, newest)
    note(source, Related(run.path, manifest.started))
    run.begin(manifest, synced=False)
    note(run.path, Related(source, old.started))
    result = Rejudged(run.path, run.counts, lost=frozenset(state.lost))
    path = source / FACTS_FILE
    for line in standing_facts(source, newest):
        facts = facts_of(line, path)
        run.copy_facts(line.data)
        _judge(facts, policy, manifest, run, result, earlier)
        if on_progress is not None:
            on_progress(line.number)
    for call_id in sorted(state.lost):
        message = "its facts are missing: score it again, with --resume"
        run.add_failure(Failure(call_id=call_id, place=str(path), kind="file", message=message))
    for failure in failures(source):
        if not (failure.was_read and run.is_settled(str(failure.call_id))):
            run.add_failure(failure)
    run.finish(complete=old.complete)
    return result


def _judge(
    facts: Facts,
    policy: PolicyFile,
    manifest: RunManifest,
    run: RunFolder,
    result: Rejudged,
    earlier: dict[str, _Old],
) -> None:
    try:
        verdict = judge(facts, policy.policy)
        provenance = manifest.of_verdict(facts_sha256(facts))
        run.add_verdict(verdict.model_copy(update={"provenance": provenance}))
    except RunError:
        raise
    except Exception as error:
        run.add_failure(Failure.of(error, facts.call_id))
        return
    result.add(earlier.get(facts.call_id, _NONE), verdict)
    result.not_looked_for.update(not_looked_for(facts, policy.policy))
    result.not_looked_for.update(not_read(facts, policy.policy))


def _verdicts(source: Path, newest: Mapping[str, str]) -> dict[str, _Old]:
    known: dict[tuple[str, ...], tuple[str, ...]] = {}
    earlier: dict[str, _Old] = {}
    for _, verdict in standing_verdicts(source, newest):
        violations = tuple(str(violation["type"]) for violation in verdict["violations"])
        incidents = tuple(f"{incident['id']} ({incident['severity']})" for incident in verdict.get("incidents", ()))
        # Few lists of violations, many calls: each list is held once.
        lists = (known.setdefault(shown, shown) for shown in (violations, incidents))
        earlier[verdict["call_id"]] = (verdict["outcome"], *lists)
    return earlier
