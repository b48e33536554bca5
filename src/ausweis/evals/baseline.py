"""The blessed baseline: the cases that a change is held against, in one file of the repository.

It moves only by `ausweis eval bless`. Beside it stand the recorded answers, so that CI needs no model while nothing
changes.
"""

from collections.abc import Sequence, Set
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from ausweis.engines.recorded import pack, recordings
from ausweis.errors import InputError, RunError
from ausweis.evals.case import Case
from ausweis.evals.comparing import compare
from ausweis.evals.folder import EvalManifest, Plan, System, Warn, answers_folder, finished, read_cases
from ausweis.journal import make_folder, replace_file
from ausweis.labelled import Part
from ausweis.opening import read_bytes


class Baseline(Part):
    """What was blessed, why, and its cases (first repeat, without times)."""

    schema_: Annotated[Literal["ausweis/baseline@1"], Field(alias="schema")] = "ausweis/baseline@1"
    message: str
    blessed: str
    plan: Plan
    system: System
    cases: tuple[Case, ...]


def bless(folder: Path, path: Path, message: str, *, fewer: bool = False, warn: Warn = lambda text: None) -> Baseline:
    """Make a finished eval run the baseline at `path`, and put its recorded answers beside it.

    What gets worse is told before anything is written. A call that had to pass has to in the new baseline too, and all
    calls of the one before are in it, unless it may have `fewer`.

    Raises:
        RunError: the run is not finished or not fit to be one, or the files cannot be written.
    """
    manifest = finished(folder)
    before = read_baseline(path).cases if path.exists() else ()
    kept = () if fewer else before
    must_pass = {case.id for case in kept if case.must_pass}
    cases = [
        case.model_copy(update={"must_pass": case.must_pass or case.id in must_pass, "seconds": None, "tokens": None})
        for case in read_cases(folder)
        if case.repeat == 1
    ]
    if (fault := _fault(manifest, cases, {case.id for case in kept})) is not None or manifest.system is None:
        raise RunError(f"the run cannot be blessed: {fault}", place=str(folder))
    for change in compare(before, cases).worse if before else ():
        warn(
            f"worse than before: {change.id}: label {change.label}, verdict {change.before} before, {change.after} now"
        )
    baseline = Baseline(
        message=message,
        blessed=manifest.finished or "",
        plan=manifest.plan,
        system=manifest.system.model_copy(update={"engine": plain_engine(manifest.system.engine)}),
        cases=tuple(cases),
    )
    info, answers = recordings(answers_folder(folder, 1))
    make_folder(path.parent)
    pack(recordings_path(path), info.model_copy(update={"engine": plain_engine(info.engine)}), list(answers))
    # A line about it, then a case a line: what changed can be read in a diff.
    about = baseline.model_copy(update={"cases": ()}).model_dump_json(by_alias=True)
    shorts = (case.model_dump_json(exclude_none=True, exclude_defaults=True) for case in baseline.cases)
    replace_file(path, "".join(line + "\n" for line in (about, *shorts)))
    return baseline


def _fault(manifest: EvalManifest, cases: Sequence[Case], known: Set[str]) -> str | None:
    """Why this run should be no baseline; `known` are the calls of the one before."""
    plan = manifest.plan
    if plan.sample or plan.policy or not set(plan.only) <= {case.id for case in cases}:
        return "it is not over whole files of the golden set, or calls by id, by the policies of their labels"
    if any(case.told is None for case in cases):
        return "calls have no verdict; `ausweis eval report` names them"
    if wrong := [case.id for case in cases if case.must_pass and not case.right]:
        return f"calls that must pass, by the golden set or the baseline before, are judged wrong: {', '.join(wrong)}"
    if lost := known - {case.id for case in cases}:
        return f"{len(lost)} calls of the baseline are not in it, {min(lost)} the first; if they shall go, say --fewer"
    return None


def recordings_path(path: Path) -> Path:
    """Where the recorded answers of a baseline stand: beside it."""
    return path.with_name(f"{path.stem}.answers.jsonl.xz")


def read_baseline(path: Path) -> Baseline:
    """A blessed baseline.

    Raises:
        InputError: there is none.
    """
    try:
        about, *rest = read_bytes(path).splitlines()
        cases = tuple(Case.model_validate_json(line) for line in rest)
        return Baseline.model_validate_json(about).model_copy(update={"cases": cases})
    except FileNotFoundError:
        raise InputError("there is no baseline; make one with `ausweis eval bless`", place=str(path)) from None
    except (OSError, ValueError, ValidationError):
        message = "is no baseline that this version can read; take it away, and bless a run again"
        raise InputError(message, place=str(path)) from None


def cases_of(place: Path) -> list[Case]:
    """The cases of an eval run folder, or of a baseline file.

    Raises:
        AusweisError: there are none.
    """
    if not place.exists():
        raise InputError("there is neither an eval run nor a baseline here", place=str(place))
    if place.is_file():
        return list(read_baseline(place).cases)
    finished(place)
    return read_cases(place)


def plain_engine(engine: str) -> str:
    """The engine that answered first, whoever gave its answers again."""
    return engine.removeprefix("recorded:")
