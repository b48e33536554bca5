"""All that a finished eval run holds: its folder, and the transcripts from the golden files that it read."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from ausweis.batch.state import FACTS_FILE, VERDICTS_FILE, facts_of
from ausweis.errors import InputError, RunError
from ausweis.evals.baseline import finished
from ausweis.evals.case import Case
from ausweis.evals.folder import (
    METRICS_FILE,
    Calibrated,
    EvalManifest,
    GoldenFile,
    read_calibrated,
    read_cases,
    run_folders,
)
from ausweis.evals.labelled import LabelledCall, read_all
from ausweis.evals.metrics import Summary, summarise
from ausweis.facts import Facts
from ausweis.journal import lines
from ausweis.judging.verdict import Verdict
from ausweis.opening import read_bytes

__all__ = ["EvalSource", "read_facts", "read_source"]


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
        summary=_summary(folder, cases),
        calls=calls,
        verdicts=_verdicts(folder),
        facts={call: read for path in run_folders(folder, 1) for call, read in read_facts(path).items()},
        calibrated=read_calibrated(folder),
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
    same = {_sha256(path): path for path in given}
    paths = []
    for file in wanted:
        path = same.get(file.sha256, Path(file.path))
        if not path.is_file():
            raise InputError("the golden file of the run is not here; say where by --golden FILE", place=file.path)
        if _sha256(path) != file.sha256:
            message = f"the golden file was another in the run; give the one of then ({_short(file)}) by --golden FILE"
            raise InputError(message, place=file.path)
        paths.append(path)
    return paths


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(read_bytes(path)).hexdigest()
    except OSError as error:
        raise InputError(f"the golden file cannot be read ({error.strerror})", place=str(path)) from None


def _short(golden: GoldenFile) -> str:
    return f"sha256 {golden.sha256[:12]}…"


def _summary(folder: Path, cases: Sequence[Case]) -> Summary:
    """The numbers of the run; made again from its cases where another version wrote them."""
    try:
        return Summary.model_validate_json(read_bytes(folder / METRICS_FILE))
    except (OSError, ValidationError):
        return summarise(cases)


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
