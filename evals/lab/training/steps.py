"""`train all`: each part of a template for a model, by the table `evals/lab/steps.yaml`.

A step is done when what it made is there: its notes, or the name of its file, end with the digest of all that it is
made from, the digest of the step before it included. So after a change all that hangs on it is learned anew.
"""

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import chain
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

from evals.lab.training.answers import train_answers
from evals.lab.training.incidents import train_matcher
from evals.lab.training.options import Options
from evals.lab.training.probe import train_probe
from evals.lab.training.words import train_words
from pydantic import BaseModel, RootModel

from ausweis.batch.config import ScorerConfig
from ausweis.engines.learned_index import LearnedKind, LearnedPart, index_to_write, indexes
from ausweis.engines.weights import catalogue, locate
from ausweis.errors import InputError
from ausweis.evals.calibrating import calibrate
from ausweis.evals.folder import CALIBRATION_FILE
from ausweis.evals.running import EvalJob, evaluate
from ausweis.labelled import read_all
from ausweis.policies import find_policy
from ausweis.prompts import default_library
from ausweis.reading.strategies import HEADS, template_of
from ausweis.user_yaml import read_model

TABLE = Path(__file__).parents[1] / "steps.yaml"
TRAININGS: Mapping[LearnedKind, Callable[[Options], Path]] = {
    "probe": train_probe,
    "answers": train_answers,
    "words": train_words,
    "matcher": train_matcher,
}
READING, ASKING, LEARNING = 0.11, 0.3, 0.005
"""Seconds by the default model on two cores: to read a line, to read and ask about it, to learn from it once."""


class Step(BaseModel, extra="forbid", frozen=True):
    """A training as the table has it; options of the same names are those of `Options`."""

    name: str
    learns: LearnedKind
    labelled: tuple[Path, ...]
    lost: str
    after: str = ""
    kept: bool = True
    rehearse: tuple[Path, ...] = ()
    weigh: tuple[Path, ...] = ()
    wordings: Path | None = None
    rehearsed: int | None = None
    rounds: int | None = None
    share: float = 1.0
    ngrams: bool = True

    @property
    def files(self) -> list[Path]:
        """All files with labelled calls."""
        return [EVALS / file for file in (*self.labelled, *self.rehearse, *self.weigh)]


_Table = RootModel[dict[str, tuple[Step, ...]]]
EVALS = TABLE.parents[1]


class Planned(NamedTuple):
    """A step for a model and a template. `made`: what it made, if it is done."""

    step: Step
    options: Options
    seconds: float
    calls: int
    made: Path | None

    def __str__(self) -> str:
        step, time = self.step, "done" if self.made else f"{self.seconds / 60:.0f} min"
        needs = f"after {step.after}" if step.after else ""
        return f"{step.name:<16}{time:>8} {self.calls:>5} calls  {needs:<22} without it: {step.lost}"


def train_all(options: Options, templates: Sequence[str], without: Collection[str], *, dry_run: bool) -> None:
    """Do all steps of these templates but those that are left out or done; with `dry_run`, tell them alone.

    `options`: model, folder and limit of each step.

    Raises:
        InputError: a template has no steps, a step is left out that another one needs, or as the trainings.
        AusweisError: the model cannot be loaded, or a file cannot be read or written.
    """
    steps = read_model(TABLE, _Table, "the table of steps", InputError)[0].root
    if unknown := set(without) - {step.name for step in chain(*steps.values())}:
        raise InputError(f"no step is named {min(unknown)}: see train all --dry-run")
    todo = [one for name in templates for one in _planned(options, name, steps, without)]
    for one in todo:
        options.tell(str(one))
    hours = sum(one.seconds for one in todo if not one.made) / 3600
    options.tell(f"{hours:.1f} hours or less, by the default model on two cores")
    made: dict[str, Path | None] = {}
    for one in () if dry_run else todo:
        begun = monotonic()
        made[one.step.name] = one.made or _do(one, made)
        if not one.made:
            options.tell(f"{one.step.name}: {(monotonic() - begun) / 60:.1f} min\n")


def _planned(
    options: Options, name: str, table: Mapping[str, Sequence[Step]], without: Collection[str]
) -> Iterator[Planned]:
    library = default_library()
    template = library.get(name)
    if template.id not in table:
        raise InputError(f"{template.name} has no steps: --template is {' or '.join(table)}")
    known = {entry.id: entry.sha256 for entry in catalogue.entries()}
    model = known.get(options.model) or locate(options.model).sha256
    digests, missing, read = {"": f"{template.sha256} {model} {options.limit}"}, set[str](), set[tuple[Path, str]]()
    for step in table[template.id]:
        wordings = EVALS / step.wordings if step.wordings else None
        contents = [file.read_bytes() for file in (*step.files, *([wordings] if wordings else []))]
        asked = [name for name, kinds in HEADS.items() if step.learns in kinds and name not in table]
        questions = " ".join(template_of(library, name).sha256 for name in asked)
        parts = [
            f"{digests[step.after]} {questions}".encode(),
            step.model_dump_json(exclude={"lost"}).encode(),
            *contents,
        ]
        digest = digests[step.name] = hashlib.sha256(b"\n".join(parts)).hexdigest()[:12]
        made = _made(step, options.work, digest)
        if step.name in without:
            missing |= set() if made else {step.name}
            continue
        if step.after in missing:
            raise InputError(f"{step.name} needs {step.after}: leave out both, or none")
        asks = step.learns if step.learns != "probe" else ""
        seconds = _seconds(step, {file for file in step.files if (file, asks) not in read})
        read |= {(file, asks) for file in step.files}
        own: dict[str, Any] = step.model_dump(include={"rehearsed", "rounds", "share", "ngrams"})
        own |= {kind: tuple(EVALS / file for file in getattr(step, kind)) for kind in ("labelled", "rehearse", "weigh")}
        own |= {"out": None if step.kept else _file(step, options.work, digest), "wordings": wordings}
        own |= {"template": name, "digest": digest}
        yield Planned(step, replace(options, **own), seconds, sum(map(len, map(_turns, own["labelled"]))), made)


def _seconds(step: Step, new: Collection[Path]) -> float:
    """About how long a step takes. `new`: files that no step before it has read."""
    known = {EVALS / file for file in step.rehearse}
    again = step.rehearsed / sum(len(_turns(file)) for file in known) if step.rehearsed else 1.0
    lines = sum(sum(_turns(file)) * (again if file in known else 1.0) for file in step.files)
    reading = READING if step.learns == "probe" else ASKING
    return lines * LEARNING * (step.rounds or 20) + sum(sum(_turns(file)) for file in new) * reading


@cache
def _turns(file: Path) -> list[int]:
    """How many each call of a file has."""
    return [len(labelled.call.turns) for labelled in read_all([file])]


def _file(step: Step, work: Path, digest: str) -> Path:
    """Where a step keeps what is in no index."""
    return work / f"{step.name}-{digest}{'' if step.learns == 'calibration' else '.safetensors'}"


def _made(step: Step, work: Path, digest: str) -> Path | None:
    """What a step has made of the same before."""
    file = _file(step, work, digest)
    if step.learns == "calibration":
        return file if (file / CALIBRATION_FILE).is_file() else None
    if not step.kept:
        return file if file.is_file() else None
    return next((path for part, path in _parts(step.learns) if part.notes.endswith(digest)), None)


def _parts(kind: LearnedKind) -> Iterator[tuple[LearnedPart, Path]]:
    for index in indexes():
        yield from ((part, index.path(part)) for part in index.parts[::-1] if part.kind == kind)


def _do(one: Planned, made: Mapping[str, Path | None]) -> Path:
    step, options, after = one.step, one.options, made.get(one.step.after)
    if step.learns != "calibration":
        same = {"go_on": after} if step.learns == "probe" else {"beside": after}
        return TRAININGS[step.learns](replace(options, **same))  # type: ignore[arg-type]
    folder = _file(step, options.work, options.digest)
    recipe = ScorerConfig(find_policy("telecom-de"), model=options.model, pins=(options.template,))
    evaluate(EvalJob(golden=options.labelled, recipe=recipe), folder)
    calibrate(folder, options.tell)
    # Policies with own words are read with the probe before: it is taken to err alike.
    if (words := made.get("words")) and after:
        bound = next(part.bound_to for part, path in _parts("words") if path == words)
        probe = hashlib.sha256(after.read_bytes()).hexdigest()
        part, path = next(found for found in _parts("calibration") if found[0].bound_to["probe"] == probe)
        index_to_write().register(part.kind, part.template, part.base, path.read_bytes(), part.notes, bound_to=bound)
    return folder
