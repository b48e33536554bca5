"""Learn the probe of a template for a model: `python evals/train_probes.py`.

Reads the labelled calls with the model (a second for a hundred tokens on two cores, and some megabytes a call kept in a
folder, so that a stopped run goes on), shows how well calls are told whose writing pass was left out, learns from all,
and writes `prompts/TEMPLATE/N.MODEL.safetensors`. Needs the extra `train`.

With `--go-on PROBE`, that one goes on learning from new calls, and some of those that it knows (`--rehearse`) are
learned again beside them: as ours did, from short calls to long ones. What is told of left-out calls then holds only if
it has never seen them, not even in another form.
"""

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np
from sklearn.metrics import average_precision_score

from ausweis.engines import catalogue
from ausweis.engines.llama import LlamaEngine
from ausweis.engines.probe import Probe
from ausweis.evals import LabelledCall, read_all
from ausweis.evals.fact_probe import FACT_TASK
from ausweis.evals.incident_case import read_incident_cases
from ausweis.evals.incident_probe import INCIDENT_TASK
from ausweis.evals.left_out import left_out_cases
from ausweis.evals.metrics import rows_of, summarise
from ausweis.evals.probe_lines import KeptLines, Task, collect, layers_of
from ausweis.evals.probe_network import Plan
from ausweis.evals.probes import FOLDS, LeftOut, learn
from ausweis.prompts import default_library
from ausweis.reading.strategies import INCIDENTS_TEMPLATE, TRANSCRIPT_TEMPLATE, probe_path

HERE = Path(__file__).parent
GOING_ON = 5e-4
"""The learning rate of a probe that goes on."""


class Lesson(NamedTuple):
    """What a template is taught: the task, how its calls are read, and where ours are."""

    task: Task[Any]
    read: Callable[[Sequence[Path]], Sequence[Any]]
    labelled: tuple[Path, ...]


LESSONS = {
    TRANSCRIPT_TEMPLATE: Lesson(
        FACT_TASK, read_all, tuple(HERE / "golden" / f"{name}.jsonl" for name in ("train", "rare-train", "field-train"))
    ),
    INCIDENTS_TEMPLATE: Lesson(INCIDENT_TASK, read_incident_cases, (HERE / "incidents" / "train.jsonl",)),
}


@click.command()
@click.option("--model", default=catalogue.default_id(), show_default=True, help="Catalogue id or path of a GGUF file.")
@click.option(
    "--template", default=TRANSCRIPT_TEMPLATE, show_default=True, help="Or incidents; or another version, or a file."
)
@click.option(
    "--labelled",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="Labelled calls (JSONL); repeatable. Default: those that ours was learned from.",
)
@click.option(
    "--go-on",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="From this probe of the same template and model, instead of from nothing.",
)
@click.option(
    "--rehearse",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="With --go-on: labelled calls that it has learned from; repeatable.",
)
@click.option("--rehearsed", type=click.IntRange(min=1), help="So many of those, drawn by chance. Default: all.")
@click.option("--limit", type=click.IntRange(min=FOLDS), help="So many calls, drawn by chance.")
@click.option("--rounds", type=click.IntRange(min=1), default=Plan.rounds, show_default=True, help="Over all calls.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Beside the template, unless given.")
@click.option("--work", type=click.Path(path_type=Path), default=Path("runs/probes"), show_default=True)
def train(
    model: str,
    template: str,
    labelled: tuple[Path, ...],
    go_on: Path | None,
    rehearse: tuple[Path, ...],
    rehearsed: int | None,
    limit: int | None,
    rounds: int,
    out: Path | None,
    work: Path,
) -> None:
    """Train a probe from labelled calls."""
    asked = default_library().get(template)
    if asked.id not in LESSONS:
        raise click.UsageError(f"{asked.name} has no probe: --template is {' or '.join(LESSONS)}")
    lesson = LESSONS[asked.id]
    labelled = labelled or lesson.labelled
    if rehearse and not go_on:
        raise click.UsageError("--rehearse is for --go-on")
    calls = list(lesson.read(labelled))
    if limit is not None:
        calls = random.Random(1).sample(calls, min(limit, len(calls)))  # noqa: S311
    known = list(lesson.read(rehearse)) if rehearse else []
    random.Random(1).shuffle(known)  # noqa: S311
    known = known[:rehearsed]
    engine = LlamaEngine.load(model)
    layers = layers_of(engine.layers)
    start = None if go_on is None else Probe.load(go_on)
    if start and (start.template_sha256, start.model_sha256) != (asked.sha256, engine.info.model_sha256):
        raise click.UsageError(f"--go-on: {go_on} is not for {asked.name} and {engine.info.model_id}")
    kept: list[Any] = []
    every = [*calls, *known]
    with click.progressbar(every, label="Reading", item_show_func=lambda one: one.call.id if one else "") as shown:
        kept += collect(engine, asked, shown, layers, work)
    click.echo("Learning, which takes some minutes ...")
    names = ", ".join(path.name for path in (*labelled, *rehearse))
    ids = {one.call.id for one in calls}
    new = [pair for pair in kept if pair[0].call.id in ids]
    old = [pair for pair in kept if pair[0].call.id not in ids]

    def show(found: LeftOut) -> None:
        _show(found)
        if lesson.task is FACT_TASK:
            _verdicts([one for one, _ in new], found)

    probe = learn(
        KeptLines(new, lesson.task),
        asked,
        engine.info.model_sha256,
        layers,
        f"learned from {names}",
        Plan(rounds=rounds, rate=GOING_ON if go_on else Plan.rate),
        lesson.task,
        show,
        start,
        KeptLines(old, lesson.task),
    )
    if not probe.labels:
        raise click.ClickException("so few calls teach no label")
    path = out or probe_path(asked, engine.info.model_id)
    probe.save(path)
    click.echo(f"{path}: {len(probe.labels)} labels; {probe.notes}")


def _show(found: LeftOut) -> None:
    """The average precision of each label over the lines of calls that a network has not seen."""
    learned, scores = found.learned, np.concatenate(found.scores)
    truth = np.concatenate([one.labels for one in learned.numbers])
    counts = np.concatenate([one.counts for one in learned.numbers]) > 0
    for place, label in enumerate(learned.labels):
        rows = counts[:, place]
        if not truth[rows, place].any():
            click.echo(f"{label:<28} no line")
            continue
        told = average_precision_score(truth[rows, place], scores[rows, place])
        click.echo(f"{label:<28} {int(truth[rows, place].sum()):>5} lines, average precision {told:.2f}")


def _verdicts(calls: Sequence[LabelledCall], found: LeftOut) -> None:
    """How the calls are judged by what networks say of them that have not seen their writing pass."""
    summary = summarise(left_out_cases(calls, found.answers, found.learned.labels, found.dialogue))
    for name, estimate in rows_of(summary):
        click.echo(f"{name:<44} {estimate}")
    for one in summary.reviews:
        click.echo(
            f"violations {one.expected:.0%}, riskiest {one.reviewed:.0%}: precision {one.precision}, found {one.found}"
        )
    for part in summary.slices:
        if part.tag.startswith(("turns:", "language:")):
            click.echo(
                f"{part.tag:<20} {part.accuracy.n:>4} calls, right {part.accuracy}, false alarms {part.false_alarms}"
            )


if __name__ == "__main__":
    train()
