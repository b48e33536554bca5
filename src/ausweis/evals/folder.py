"""The folder of an eval run: `eval.json`, `cases.jsonl`, `metrics.json`, and what they were made of.

eval.json      the golden set, the system that was measured, machine, times
cases.jsonl    a case a line (`ausweis.evals.case`), all repeats
metrics.json   the numbers
calibration.json  what probabilities would mean once they were learned: of calls that were left out
runs/N/POLICY  the run folder of each repeat and policy: facts, verdicts, failures
answers/N      the raw answers of each repeat: with them, all of it is made again without a model
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ausweis.batch.manifest import Machine
from ausweis.errors import RunError
from ausweis.evals.case import Case
from ausweis.evals.metrics import Summary
from ausweis.evals.metrics.calibration import Curve
from ausweis.journal import lines, replace_file
from ausweis.judging.policy_files import PolicyFile
from ausweis.opening import read_bytes
from ausweis.provenance import RunProvenance

__all__ = [
    "CALIBRATION_FILE",
    "EVAL_FILE",
    "METRICS_FILE",
    "Calibrated",
    "EvalManifest",
    "GoldenFile",
    "Live",
    "Plan",
    "System",
    "Warn",
    "answers_folder",
    "read_calibrated",
    "read_cases",
    "read_eval",
    "run_folder",
    "run_folders",
    "write_eval",
]

CALIBRATION_FILE = "calibration.json"
EVAL_FILE = "eval.json"
CASES_FILE = "cases.jsonl"
METRICS_FILE = "metrics.json"


Warn = Callable[[str], None]
"""Told what a user should know before calls are read."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class GoldenFile(_Part):
    """A file of the golden set as it was."""

    path: str
    sha256: str
    calls: int


class Plan(_Part):
    """Which calls are read, how often, and by whose policy (None: each call by that of its label).

    `recorded`: the SHA-256 of the recorded answers' file. What plans of before said besides is left out.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    golden: tuple[GoldenFile, ...]
    tags: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    limit: int | None = None
    policy: str | None = None
    repeats: int = 1
    recorded: str | None = None


class System(_Part):
    """What is measured: strategy, prompt versions with what was learned for them, model, policies.

    `policies`: those of the labels, as they stand in their files; none in files of before.
    """

    ausweis: str
    strategy: str
    prompts: tuple[str, ...]
    model: str
    engine: str
    policies: tuple[str, ...] = ()

    @classmethod
    def of(cls, origin: RunProvenance, policies: tuple[str, ...] = ()) -> "System":
        """In words that a person compares."""
        return cls(
            ausweis=origin.ausweis,
            strategy=origin.strategy,
            prompts=tuple(map(str, origin.prompts)),
            model=str(origin.model),
            engine=origin.model.engine,
            policies=policies,
        )


class Live(_Part):
    """Where recorded answers were used: how many of them, and what the model said where it was asked all the same.

    `checked` answers of `sample` calls were asked again; `largest_difference` is of their probabilities.
    """

    recorded: int
    asked: int
    sample: tuple[str, ...] = ()
    checked: int = 0
    largest_difference: float = 0.0


class EvalManifest(_Part):
    """One eval run. Times in UTC, ISO 8601."""

    schema_: Annotated[Literal["ausweis/eval@1"], Field(alias="schema")] = "ausweis/eval@1"
    plan: Plan
    system: System | None = None
    machine: Machine
    started: str
    finished: str | None = None
    complete: bool = False
    live: Live | None = None


class Calibrated(_Part):
    """What `ausweis eval calibrate` makes of a run's probabilities, each of calls that nothing was learned from."""

    schema_: Annotated[Literal["ausweis/calibrated@1"], Field(alias="schema")] = "ausweis/calibrated@1"
    risk: Curve
    events: Curve | None = None


def answers_folder(folder: Path, repeat: int) -> Path:
    """Where the raw answers of a repeat stand."""
    return folder / "answers" / str(repeat)


def run_folder(folder: Path, repeat: int, policy: PolicyFile) -> Path:
    """Where the run of a repeat and policy stands."""
    return folder / "runs" / str(repeat) / f"{policy.policy.id}-{policy.sha256[:8]}"


def run_folders(folder: Path, repeat: int) -> list[Path]:
    """The runs of a repeat, one a policy."""
    return sorted(path for path in (folder / "runs" / str(repeat)).glob("*") if path.is_dir())


def write_eval(
    folder: Path, manifest: EvalManifest, cases: Iterable[Case] = (), summary: Summary | None = None
) -> None:
    """Write cases and numbers, where there are any, then the manifest.

    Raises:
        RunError: the folder cannot be written.
    """
    if summary is not None:
        replace_file(folder / CASES_FILE, "".join(case.model_dump_json() + "\n" for case in cases))
        replace_file(folder / METRICS_FILE, summary.model_dump_json(by_alias=True, indent=2) + "\n")
    replace_file(folder / EVAL_FILE, manifest.model_dump_json(by_alias=True, indent=2) + "\n")


def read_eval(folder: Path) -> EvalManifest | None:
    """The manifest; None where there is none.

    Raises:
        RunError: it cannot be read.
    """
    path = folder / EVAL_FILE
    try:
        return EvalManifest.model_validate_json(read_bytes(path))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValidationError):
        raise RunError("is no eval run that this version of ausweis can read; run it again", place=str(path)) from None


def read_cases(folder: Path) -> list[Case]:
    """The cases of a finished eval run.

    Raises:
        RunError: there are none, or a line is something else.
    """
    path = folder / CASES_FILE
    cases = []
    for line in lines(path):
        try:
            cases.append(Case.model_validate_json(line.data))
        except ValidationError:
            raise RunError("the line holds no case; run the eval again", place=f"{path}:{line.number}") from None
    if not cases:
        raise RunError("there is no finished eval here; make one with `ausweis eval run`", place=str(folder))
    return cases


def read_calibrated(folder: Path) -> Calibrated | None:
    """What was learned from a run; None where nothing was, or nothing that this version can read."""
    try:
        return Calibrated.model_validate_json(read_bytes(folder / CALIBRATION_FILE))
    except (OSError, ValidationError):
        return None
