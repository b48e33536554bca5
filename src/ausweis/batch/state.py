"""The lines of a run folder, and what it holds already: calls that are done, that failed, and facts without a verdict.

Facts and verdicts are written with keys in the order of the models, floats as short as they read back the same: the
same input gives the same bytes.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ausweis.batch.failure import Failure
from ausweis.batch.manifest import Counts
from ausweis.errors import RunError
from ausweis.facts import Facts
from ausweis.journal import Line, lines
from ausweis.judging.verdict import EARLIER_SCHEMA, SCHEMA, Verdict

__all__ = [
    "FACTS_FILE",
    "FAILURES_FILE",
    "VERDICTS_FILE",
    "RunState",
    "comparable",
    "facts_line",
    "facts_of",
    "facts_sha256",
    "failures",
    "scan",
    "standing",
    "verdict_line",
    "verdict_of",
]

FACTS_FILE = "facts.jsonl"
VERDICTS_FILE = "verdicts.jsonl"
FAILURES_FILE = "failures.jsonl"


@dataclass
class RunState:
    """`done`: ids with a verdict; `failed`: ids without; `stored`: where in `facts.jsonl` facts without verdict begin.

    `failures` counts the lines of `failures.jsonl`, so that a failure that is met again is not written twice.
    """

    done: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    stored: dict[str, int] = field(default_factory=dict)
    failures: Counter[str] = field(default_factory=Counter)
    counts: Counts = field(default_factory=Counts)

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
    """Read a run folder through; a torn last line does not count.

    Raises:
        RunError: a whole line is not what its file holds.
    """
    state = RunState()
    for line in lines(folder / FACTS_FILE):
        state.stored[call_id_of(line, folder / FACTS_FILE)] = line.offset
    for line in lines(folder / VERDICTS_FILE):
        state.add_verdict(verdict_of(line, folder / VERDICTS_FILE))
    for failure in standing(folder, state.done):
        state.add_failure(failure)
    return state


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


def call_id_of(line: Line, path: Path) -> str:
    """The call of a line of facts, without reading all of them."""
    try:
        return str(json.loads(line.data)["call_id"])
    except (ValueError, LookupError, TypeError, RecursionError):
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
