"""The manifest of a run, `run.json`: what it was made of, on which machine, and what came out."""

import platform
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ausweis.batch.failure import FailureKind
from ausweis.calls.folders import PassedOver
from ausweis.errors import RunError
from ausweis.machine import usable_cpus
from ausweis.opening import read_bytes
from ausweis.provenance import RunProvenance
from ausweis.vocabulary import Outcome, ViolationType

__all__ = [
    "MANIFEST_FILE",
    "Counts",
    "Inputs",
    "Machine",
    "RunManifest",
    "input_parts",
    "now",
    "read_manifest",
    "refuse_differences",
]

MANIFEST_FILE = "run.json"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Inputs(_Part):
    """Which calls, and how they were read. `speakers` maps the user's own labels.

    `recordings`: how recordings were heard; None where there were none.
    """

    paths: tuple[str, ...] = ()
    language: str = "de"
    speakers: dict[str, str] = Field(default_factory=dict)
    format: str | None = None
    recordings: str | None = None


class Machine(_Part):
    """Where the run was made; `cpus` are those that the process may use."""

    platform: str
    python: str
    cpus: int

    @classmethod
    def here(cls) -> "Machine":
        """This machine."""
        return cls(platform=platform.platform(), python=platform.python_version(), cpus=usable_cpus())


class Counts(BaseModel):
    """How many calls have a verdict, of which outcome, with which violations (a call counts once for each type)."""

    model_config = ConfigDict(extra="forbid")

    verdicts: int = 0
    outcomes: dict[Outcome, int] = Field(default_factory=dict)
    violations: dict[ViolationType, int] = Field(default_factory=dict)
    needs_review: int = 0
    failures: dict[FailureKind, int] = Field(default_factory=dict)

    @property
    def failed(self) -> int:
        """Calls without a verdict, of all kinds."""
        return sum(self.failures.values())

    def add_verdict(self, outcome: Outcome, violations: set[ViolationType], needs_review: bool) -> None:
        """Count one verdict."""
        self.verdicts += 1
        self.needs_review += needs_review
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1
        for violation in violations:
            self.violations[violation] = self.violations.get(violation, 0) + 1

    def add_failure(self, kind: FailureKind) -> None:
        """Count one failure."""
        self.failures[kind] = self.failures.get(kind, 0) + 1

    def ordered(self) -> "Counts":
        """The same, the words in alphabetical order."""
        return Counts(
            verdicts=self.verdicts,
            outcomes=dict(sorted(self.outcomes.items())),
            violations=dict(sorted(self.violations.items())),
            needs_review=self.needs_review,
            failures=dict(sorted(self.failures.items())),
        )


class RunManifest(RunProvenance):
    """One run. `complete`: every call of the inputs has a verdict or a failure. Times in UTC, ISO 8601.

    `files`: how many were read; None where nobody counted.
    """

    schema_: Annotated[Literal["ausweis/run@2"], Field(alias="schema")] = "ausweis/run@2"
    inputs: Inputs
    files: int | None = None
    passed_over: tuple[PassedOver, ...] = ()
    judged_from: str | None = None
    """The run whose facts were judged anew, without the model."""
    machine: Machine
    started: str
    finished: str | None = None
    complete: bool = False
    counts: Counts = Field(default_factory=Counts)

    def is_half_judged(self, source: Path) -> bool:
        """Whether the facts of this other run were being judged into it, and that was broken off.

        A run that the model went on with has more than that one: its counts are those that it went on from.
        """
        begun = self.judged_from is not None and self.finished is None
        begun = begun and not self.counts.verdicts and not self.counts.failures
        return begun and Path(str(self.judged_from)).resolve() == source.resolve()

    def with_inputs_of(self, earlier: "RunManifest") -> "RunManifest":
        """The same run, which read the inputs of an earlier one too."""
        paths = tuple(dict.fromkeys((*earlier.inputs.paths, *self.inputs.paths)))
        update: dict[str, object] = {"inputs": self.inputs.model_copy(update={"paths": paths})}
        if paths != self.inputs.paths:
            update |= {"files": None, "passed_over": tuple(dict.fromkeys((*earlier.passed_over, *self.passed_over)))}
        return self.model_copy(update=update)

    def without_inputs(self, named: Callable[[str], bool]) -> "RunManifest":
        """The same without the paths that `named` holds for."""
        paths = tuple(path for path in self.inputs.paths if not named(path))
        inputs = self.inputs.model_copy(update={"paths": paths})
        passed = tuple(left for passed_over in self.passed_over if (left := passed_over.without(named)).count)
        return self.model_copy(update={"inputs": inputs, "passed_over": passed})

    def parts(self) -> dict[str, str]:
        """What verdicts depend on, each as it is shown: equal in two runs that may be one."""
        return super().parts() | input_parts(self.inputs)


def input_parts(inputs: Inputs) -> dict[str, str]:
    """What of the inputs changes how a call is read; the paths do not."""
    return {
        "language": inputs.language,
        "speakers": ", ".join(f"{label}={speaker}" for label, speaker in sorted(inputs.speakers.items())) or "none",
        "format": inputs.format or "by file",
        "recordings": inputs.recordings or "none",
    }


def refuse_differences(old: dict[str, str], new: dict[str, str], place: Path) -> None:
    """Say what differs, among the parts that `new` names.

    Raises:
        RunError: something does.
    """
    differing = [f"{name} was {old[name]} and is now {shown}" for name, shown in new.items() if old[name] != shown]
    if differing:
        message = f"the run cannot be resumed: {'; '.join(differing)}; put it back, or begin another run folder"
        raise RunError(message, place=str(place))


def read_manifest(folder: Path) -> RunManifest | None:
    """The manifest of a run folder; None where there is none.

    Raises:
        RunError: it cannot be read, or is no manifest of this version.
    """
    path = folder / MANIFEST_FILE
    try:
        return RunManifest.model_validate_json(read_bytes(path))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise RunError(f"the manifest cannot be read ({error.strerror})", place=str(path)) from None
    except ValidationError:
        message = "is no manifest of a run that this version of ausweis can read; begin another run folder"
        raise RunError(message, place=str(path)) from None


def now() -> str:
    """The time, in UTC to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
