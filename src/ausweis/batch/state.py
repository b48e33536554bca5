"""The lines of a run folder, and what it holds already: calls that are done, that failed, and facts without a verdict.

Facts and verdicts are written with keys in the order of the models, floats as short as they read back the same: the
same input gives the same bytes.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ausweis.batch.failure import Failure
from ausweis.batch.manifest import Counts
from ausweis.calls.call import Call
from ausweis.errors import RunError
from ausweis.facts import Facts
from ausweis.journal import Line, lines, replace_file
from ausweis.judging.verdict import EARLIER_SCHEMA, SCHEMA, Verdict

__all__ = [
    "FACTS_FILE",
    "FAILURES_FILE",
    "VERDICTS_FILE",
    "RunState",
    "call_sha256",
    "comparable",
    "facts_line",
    "facts_of",
    "facts_sha256",
    "failures",
    "leave_out_superseded",
    "scan",
    "standing",
    "standing_facts",
    "standing_verdicts",
    "verdict_line",
    "verdict_of",
    "without_facts",
]

FACTS_FILE = "facts.jsonl"
VERDICTS_FILE = "verdicts.jsonl"
FAILURES_FILE = "failures.jsonl"
_NAMED = 5


@dataclass
class RunState:
    """`done`: ids with a verdict; `failed`: ids without; `stored`: where in `facts.jsonl` facts without verdict begin.

    `lost`: ids with a verdict whose facts are not there, as a power cut may leave them; they are not done.
    `failures` counts the lines of `failures.jsonl`, so that a failure that is met again is not written twice.
    `made_of`: the `call_sha256` of what was read of each call, unknown of facts of earlier versions; `newest`: the same
    of calls that the files hold something superseded of, made of an earlier transcript.
    """

    done: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    stored: dict[str, int] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    failures: Counter[str] = field(default_factory=Counter)
    counts: Counts = field(default_factory=Counts)
    made_of: dict[str, str] = field(default_factory=dict)
    newest: dict[str, str] = field(default_factory=dict)

    def meet(self, call_id: str, sha256: str) -> None:
        """Take note of a call's transcript. What was made of another one does not count any more."""
        if self.made_of.setdefault(call_id, sha256) != sha256:
            self.made_of[call_id] = self.newest[call_id] = sha256
            self.done.discard(call_id)
            self.stored.pop(call_id, None)

    def add_failure(self, failure: Failure) -> None:
        """Take note of a failure that is written."""
        self.failures[failure.line] += 1
        self.counts.add_failure(failure.kind)
        if failure.blocks is not None:
            self.failed.add(failure.blocks)

    def add_verdict(self, verdict: dict[str, Any]) -> None:
        """Take note of a verdict that is written."""
        violations = {violation["type"] for violation in verdict["violations"]}
        self.counts.add_verdict(verdict["outcome"], violations, verdict["needs_review"])
        self.done.add(verdict["call_id"])
        self.stored.pop(verdict["call_id"], None)


def scan(folder: Path) -> RunState:
    """Read a run folder through; a torn last line does not count, nor does what is superseded.

    Raises:
        RunError: a whole line is not what its file holds.
    """
    state = RunState()
    for line, call_id, sha256 in _facts_in(folder):
        if sha256 is not None:
            state.meet(call_id, sha256)
        state.stored[call_id] = line.offset
    read = set(state.stored)
    for _, verdict in standing_verdicts(folder, state.newest):
        if verdict["call_id"] in read:
            state.add_verdict(verdict)
        else:
            state.lost.add(verdict["call_id"])
    for failure in standing(folder, state.done):
        state.add_failure(failure)
    return state


def without_facts(ids: Collection[str], folder: Path) -> str:
    """The sentence about calls whose facts a run has lost."""
    some = ", ".join(sorted(ids)[:_NAMED]) + (" …" if len(ids) > _NAMED else "")
    return f"{folder / FACTS_FILE} lacks the facts of {len(ids)} judged call{'s' * (len(ids) > 1)} ({some})"


def leave_out_superseded(folder: Path, newest: Mapping[str, str], lost: Collection[str] = ()) -> None:
    """Leave out the lines of these calls that were made of another transcript than this, known by its `call_sha256`.

    `lost`: calls whose verdicts are left out too.

    Raises:
        RunError: a file cannot be read or written.
    """
    # Verdicts first: they are known by their facts.
    standing = standing_verdicts(folder, newest)
    verdicts = (line.data + b"\n" for line, verdict in standing if verdict["call_id"] not in lost)
    replace_file(folder / VERDICTS_FILE, verdicts)
    replace_file(folder / FACTS_FILE, (line.data + b"\n" for line in standing_facts(folder, newest)))


def standing_facts(folder: Path, newest: Mapping[str, str]) -> Iterator[Line]:
    """The lines of `facts.jsonl` but those of these calls that were made of another transcript than this.

    Raises:
        RunError: a line holds no facts.
    """
    return (line for line, call_id, sha256 in _facts_in(folder) if newest.get(call_id, sha256) == sha256)


def standing_verdicts(folder: Path, newest: Mapping[str, str]) -> Iterator[tuple[Line, dict[str, Any]]]:
    """The lines of `verdicts.jsonl` with what they hold, but those that were judged by other facts than stand.

    Raises:
        RunError: a line holds no verdict, or one of the facts none.
    """
    holds = _holding(folder, newest)
    path = folder / VERDICTS_FILE
    for line in lines(path):
        verdict = verdict_of(line, path)
        if holds(verdict):
            yield line, verdict


def _holding(folder: Path, newest: Mapping[str, str]) -> Callable[[dict[str, Any]], bool]:
    """Tells whether a verdict was made of the newest transcript of its call."""
    held = {
        hashlib.sha256(line.data).hexdigest()
        for line, call_id, sha256 in (_facts_in(folder) if newest else ())
        if call_id in newest and newest[call_id] == sha256
    }

    def holds(verdict: dict[str, Any]) -> bool:
        return verdict["call_id"] not in newest or (verdict.get("provenance") or {}).get("facts_sha256") in held

    return holds


def standing(folder: Path, judged: Collection[str]) -> list[Failure]:
    """The failures that hold: not those of calls that were scored again since and failed once more, or are `judged`.

    Raises:
        RunError: as `failures`.
    """
    written = list(failures(folder))
    last = {failure.call_id: number for number, failure in enumerate(written) if failure.was_read}
    return [
        failure
        for number, failure in enumerate(written)
        if not failure.was_read or (last[failure.call_id] == number and failure.call_id not in judged)
    ]


def failures(folder: Path) -> Iterator[Failure]:
    """The lines of `failures.jsonl`, in its order.

    Raises:
        RunError: a line of the file holds something else.
    """
    path = folder / FAILURES_FILE
    for line in lines(path):
        try:
            yield Failure.model_validate_json(line.data)
        except ValidationError:
            raise _broken(path, line, "failure") from None


def _facts_in(folder: Path) -> Iterator[tuple[Line, str, str | None]]:
    """The lines of `facts.jsonl`, each with its call and that one's `call_sha256`, without reading all of them."""
    path = folder / FACTS_FILE
    for line in lines(path):
        try:
            facts = json.loads(line.data)
            yield line, str(facts["call_id"]), facts.get("call_sha256")
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            raise _broken(path, line, "facts") from None


def facts_of(line: Line, path: Path) -> Facts:
    """The facts of a line.

    Raises:
        RunError: it holds none.
    """
    try:
        return Facts.model_validate_json(line.data)
    except ValidationError:
        raise _broken(path, line, "facts") from None


def verdict_of(line: Line, path: Path) -> dict[str, Any]:
    """The verdict of a line as plain JSON: checked only as far as counting needs, since runs are long.

    Incidents have an `id`, also those of version 1.

    Raises:
        RunError: it holds none.
    """
    try:
        verdict = json.loads(line.data)
        if verdict["schema"] not in (SCHEMA, EARLIER_SCHEMA):
            raise ValueError
        for name in ("call_id", "outcome", "needs_review", "risk"):
            verdict[name]
        for violation in verdict["violations"]:
            violation["type"], violation["severity"], violation["turn"]
        for incident in verdict.setdefault("incidents", []):
            if "kind" in incident:
                incident["id"] = incident.pop("kind")
            incident["id"], incident["severity"], incident["turn"]
    except (ValueError, LookupError, TypeError, RecursionError):
        raise _broken(path, line, "verdict") from None
    return dict(verdict)


def _broken(path: Path, line: Line, what: str) -> RunError:
    return RunError(f"the line holds no {what}; delete it, or begin another run folder", place=f"{path}:{line.number}")


def call_sha256(call: Call) -> str:
    """SHA-256 of all of a call that facts depend on: neither of its file, nor of agent, team and the like."""
    recording = call.metadata.get("recording")
    cuts = recording.get("cuts") if isinstance(recording, dict) else None
    said = call.model_dump_json(include={"language", "turns", "roles_confidence"})
    return hashlib.sha256(f"{said}\n{json.dumps(cuts)}".encode()).hexdigest()


def facts_line(facts: Facts) -> str:
    """One line of `facts.jsonl`."""
    return facts.model_dump_json(by_alias=True)


def facts_sha256(facts: Facts) -> str:
    """SHA-256 of the facts' line, without its line feed."""
    return hashlib.sha256(facts_line(facts).encode()).hexdigest()


def verdict_line(verdict: Verdict) -> str:
    """One line of `verdicts.jsonl`."""
    return verdict.model_dump_json(by_alias=True)


def comparable(verdict_json: str) -> str:
    """A verdict's line without what differs from run to run: the seconds, and the tokens that had to be computed.

    The tokens depend on what the engine still held of the call before, so a resumed run may need more.
    """
    verdict = json.loads(verdict_json)
    for name in ("seconds", "tokens"):
        (verdict.get("provenance") or {}).pop(name, None)
    return json.dumps(verdict, ensure_ascii=False, separators=(",", ":"))
