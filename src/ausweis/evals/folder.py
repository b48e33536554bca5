"""The folder of an eval run, written and read.

eval.json      the golden set, the system that was measured, machine, times
cases.jsonl    a case a line (`ausweis.evals.case`), all repeats
metrics.json   the numbers
calibration.json  what probabilities would mean once they were learned: of calls that were left out
eval.sqlite    the store: facts, verdicts, failures; each repeat is a series of it
answers/N      the raw answers of each repeat: with them, all of it is made again without a model
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, Field, ValidationError

from ausweis.errors import InputError, RunError
from ausweis.evals.case import Case
from ausweis.evals.metrics import Summary, summarise
from ausweis.evals.metrics.calibration import Curve
from ausweis.facts import Facts
from ausweis.journal import lines, replace_file
from ausweis.judging.verdict import Verdict
from ausweis.labelled import LabelledCall, Part, read_all
from ausweis.opening import read_bytes
from ausweis.store import RunRow, Store

CALIBRATION_FILE = "calibration.json"
EVAL_FILE = "eval.json"
CASES_FILE = "cases.jsonl"
METRICS_FILE = "metrics.json"
STORE_FILE = "eval.sqlite"
_Model = TypeVar("_Model", bound=BaseModel)

Warn = Callable[[str], None]
"""Told what a user should know before calls are read."""


class Machine(Part):
    """Where a run was made; `cpus` are those that the process may use."""

    platform: str
    python: str
    cpus: int


class GoldenFile(Part):
    """A file of the golden set as it was."""

    path: str
    sha256: str
    calls: int


class Plan(Part):
    """Which calls are read, how often, and by whose policy (None: each call by that of its label).

    `only`: words by which calls are chosen (`words_of`); those of one kind are alternatives. `sample`: so many of
    these, drawn by `seed`. `recorded`: the SHA-256 of the recorded answers' file.
    """

    golden: tuple[GoldenFile, ...]
    only: tuple[str, ...] = ()
    sample: int | None = None
    seed: int = 1
    policy: str | None = None
    repeats: int = 1
    recorded: str | None = None


class System(Part):
    """What is measured, in words that a person compares: prompts with what was learned for them, model, policies.

    `policies`: those of the labels, as they stand in their files; none in files of before.
    """

    ausweis: str
    strategy: str
    prompts: tuple[str, ...]
    model: str
    engine: str
    policies: tuple[str, ...] = ()


class Live(Part):
    """Where answers were used again: how many, how many were asked, and what the model said to some that it knew.

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


def write_eval(
    folder: Path, manifest: EvalManifest, cases: Iterable[Case] = (), summary: Summary | None = None
) -> None:
    """Write cases and numbers, where there are any, then the manifest.

    Raises:
        RunError: the folder cannot be written.
    """
    if summary is not None:
        replace_file(folder / CASES_FILE, "".join(case.model_dump_json() + "\n" for case in cases), mode=0o600)
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
        raise RunError("the eval run was stopped; go on with it by the same command", place=str(folder))
    return manifest


@dataclass(frozen=True)
class EvalSource:
    """`cases` are of all repeats; all else by call id, `verdicts`, `facts` and `runs` of the first repeat.

    These may lack some: a page without them only tells less.
    """

    manifest: EvalManifest
    cases: Sequence[Case]
    summary: Summary
    calls: dict[str, LabelledCall]
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    facts: dict[str, Facts] = field(default_factory=dict)
    runs: dict[str, RunRow] = field(default_factory=dict)
    calibrated: Calibrated | None = None


def read_source(folder: Path) -> EvalSource:
    """Read a finished eval run.

    Raises:
        AusweisError: the run is not finished or cannot be read, or a golden file is gone or another.
    """
    manifest = finished(folder)
    cases = read_cases(folder)
    for file in manifest.plan.golden:
        if not Path(file.path).is_file():
            raise InputError("the golden file of the run is not here; put it back", place=file.path)
        if sha256_of(Path(file.path)) != file.sha256:
            then = f"the one of then (sha256 {file.sha256[:12]}…)"
            raise InputError(f"the golden file was another in the run; put {then} there, or run again", place=file.path)
    calls = {labelled.call.id: labelled for labelled in read_all(Path(file.path) for file in manifest.plan.golden)}
    if gone := [case.id for case in cases if case.id not in calls]:
        raise InputError(f"the golden files of the run hold no call {gone[0]}; run it again", place=str(folder))
    judged = {}
    if (folder / STORE_FILE).is_file():
        with Store.open(folder / STORE_FILE) as store:
            judged = {one.facts.call_id: (run, one) for run, one in store.judged_in("1")}
    return EvalSource(
        manifest=manifest,
        cases=cases,
        summary=_of_this_version(Summary, folder / METRICS_FILE) or summarise(cases),
        calls=calls,
        verdicts={call: one.verdict for call, (_, one) in judged.items()},
        facts={call: one.facts for call, (_, one) in judged.items()},
        runs={call: run for call, (run, _) in judged.items()},
        calibrated=_of_this_version(Calibrated, folder / CALIBRATION_FILE),
    )


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file.

    Raises:
        InputError: it cannot be read.
    """
    try:
        return hashlib.sha256(read_bytes(path)).hexdigest()
    except OSError as error:
        raise InputError(f"the file cannot be read ({error.strerror})", place=str(path)) from None


def _of_this_version(model: type[_Model], path: Path) -> _Model | None:
    try:
        return model.model_validate_json(read_bytes(path))
    except (OSError, ValidationError):
        return None
