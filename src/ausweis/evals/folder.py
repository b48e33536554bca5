"""The folder of an eval run, written and read.

eval.json      the golden set, the system that was measured, machine, times
cases.jsonl    a case a line (`ausweis.evals.case`), all repeats
metrics.json   the numbers
calibration.json  what probabilities would mean once they were learned: of calls that were left out
runs/N/POLICY  the run folder of each repeat and policy: facts, verdicts, failures
answers/N      the raw answers of each repeat: with them, all of it is made again without a model
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ausweis.batch.manifest import Machine
from ausweis.batch.state import FACTS_FILE, VERDICTS_FILE, facts_of
from ausweis.errors import InputError, RunError
from ausweis.evals.case import Case
from ausweis.evals.labelled import LabelledCall, Part, read_all
from ausweis.evals.metrics import Summary, summarise
from ausweis.evals.metrics.calibration import Curve
from ausweis.facts import Facts
from ausweis.journal import lines, replace_file
from ausweis.judging.verdict import Verdict
from ausweis.opening import read_bytes
from ausweis.policies import PolicyFile
from ausweis.provenance import RunProvenance

__all__ = [
    "CALIBRATION_FILE",
    "EVAL_FILE",
    "Calibrated",
    "EvalManifest",
    "EvalSource",
    "GoldenFile",
    "Live",
    "Plan",
    "System",
    "Warn",
    "answers_folder",
    "finished",
    "read_cases",
    "read_eval",
    "read_facts",
    "read_source",
    "run_folder",
    "run_folders",
    "sha256_of",
    "write_eval",
]

CALIBRATION_FILE = "calibration.json"
EVAL_FILE = "eval.json"
CASES_FILE = "cases.jsonl"
METRICS_FILE = "metrics.json"
_Model = TypeVar("_Model", bound=BaseModel)

Warn = Callable[[str], None]
"""Told what a user should know before calls are read."""


class GoldenFile(Part):
    """A file of the golden set as it was."""

    path: str
    sha256: str
    calls: int


class Plan(Part):
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


class System(Part):
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


class Live(Part):
    """Where recorded answers were used: how many of them, and what the model said where it was asked all the same.

    `checked` answers of `sample` calls were asked again; `largest_difference` is of their probabilities.
    """

    recorded: int
    asked: int
    sample: tuple[str, ...] = ()
    checked: int = 0
    largest_difference: float = 0.0


class EvalManifest(Part):
    """One eval run. Times in UTC, ISO 8601."""

    schema_: Annotated[Literal["ausweis/eval@1"], Field(alias="schema")] = "ausweis/eval@1"
    plan: Plan
    system: System | None = None
    machine: Machine
    started: str
    finished: str | None = None
    complete: bool = False
    live: Live | None = None


class Calibrated(Part):
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


def finished(folder: Path) -> EvalManifest:
    """The manifest of a finished eval run.

    Raises:
        RunError: there is none, or it was stopped.
    """
    manifest = read_eval(folder)
    if manifest is None:
        raise RunError("there is no eval run here; make one with `ausweis eval run`", place=str(folder))
    if not manifest.complete:
        raise RunError("the eval run was stopped; go on with it by `ausweis eval run --resume`", place=str(folder))
    return manifest


@dataclass(frozen=True)
class EvalSource:
    """`cases` are of all repeats; `calls`, `verdicts` and `facts` by call id, the latter two of the first repeat.

    `verdicts` and `facts` may lack some: a page without them only tells less.
    """

    manifest: EvalManifest
    cases: Sequence[Case]
    summary: Summary
    calls: dict[str, LabelledCall]
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    facts: dict[str, Facts] = field(default_factory=dict)
    calibrated: Calibrated | None = None


def read_source(folder: Path, golden: Sequence[Path] = ()) -> EvalSource:
    """Read a finished eval run; `golden` are files to take instead of those that it names, where they are the same.

    Raises:
        AusweisError: the run is not finished or cannot be read, or a golden file is gone or another.
    """
    manifest = finished(folder)
    cases = read_cases(folder)
    calls = {labelled.call.id: labelled for labelled in read_all(_golden_files(manifest.plan.golden, golden))}
    for case in cases:
        if case.id not in calls:
            raise InputError(f"the golden files of the run hold no call {case.id}; run it again", place=str(folder))
    return EvalSource(
        manifest=manifest,
        cases=cases,
        summary=_of_this_version(Summary, folder / METRICS_FILE) or summarise(cases),
        calls=calls,
        verdicts=_verdicts(folder),
        facts={call: read for path in run_folders(folder, 1) for call, read in read_facts(path).items()},
        calibrated=_of_this_version(Calibrated, folder / CALIBRATION_FILE),
    )


def read_facts(run: Path) -> dict[str, Facts]:
    """What was read of the calls of a run folder, by call id.

    Raises:
        RunError: a line holds no facts.
    """
    path = run / FACTS_FILE
    return {read.call_id: read for read in (facts_of(line, path) for line in lines(path))}


def _golden_files(wanted: Sequence[GoldenFile], given: Sequence[Path]) -> list[Path]:
    """Where each golden file stands today: any of those given that is the same, or its own path."""
    same = {sha256_of(path): path for path in given}
    paths = []
    for file in wanted:
        path = same.get(file.sha256, Path(file.path))
        if not path.is_file():
            raise InputError("the golden file of the run is not here; say where by --golden FILE", place=file.path)
        if sha256_of(path) != file.sha256:
            then = f"the one of then (sha256 {file.sha256[:12]}…)"
            raise InputError(f"the golden file was another in the run; give {then} by --golden FILE", place=file.path)
        paths.append(path)
    return paths


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file.

    Raises:
        InputError: it cannot be read.
    """
    try:
        return hashlib.sha256(read_bytes(path)).hexdigest()
    except OSError as error:
        raise InputError(f"the file cannot be read ({error.strerror})", place=str(path)) from None


def _verdicts(folder: Path) -> dict[str, Verdict]:
    verdicts: dict[str, Verdict] = {}
    for run in run_folders(folder, 1):
        path = run / VERDICTS_FILE
        try:
            read = [Verdict.model_validate_json(line.data) for line in lines(path)]
        except ValidationError:
            raise RunError("the file holds no verdicts of this version; run the eval again", place=str(path)) from None
        verdicts |= {verdict.call_id: verdict for verdict in read}
    return verdicts


def _of_this_version(model: type[_Model], path: Path) -> _Model | None:
    try:
        return model.model_validate_json(read_bytes(path))
    except (OSError, ValidationError):
        return None
