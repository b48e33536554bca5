"""Learn the readout of a template for a model: `python evals/train_readouts.py`.

Reads the labelled calls with the model (three to four seconds a call on two cores, and some megabytes kept in a folder,
so that a stopped run goes on), shows how well calls are told that were left out, learns from all, and writes
`prompts/TEMPLATE/N.MODEL.safetensors`. Needs the extra `train`.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from ausweis.engines import catalogue
from ausweis.engines.llama import LlamaEngine
from ausweis.evals import read_all
from ausweis.evals.fact_readout import FACT_TASK
from ausweis.evals.incident_case import read_incident_cases
from ausweis.evals.incident_readout import INCIDENT_TASK
from ausweis.evals.readout_lines import KeptLines, Task, collect, layers_of
from ausweis.evals.readout_network import Plan
from ausweis.evals.readouts import FOLDS, Learned, learn
from ausweis.prompts import default_library
from ausweis.reading.strategies import INCIDENTS_TEMPLATE, TRANSCRIPT_TEMPLATE, readout_path

HERE = Path(__file__).parent


class Lesson(NamedTuple):
    """What a template is taught: the task, how its calls are read, and where ours are."""

    task: Task[Any]
    read: Callable[[Sequence[Path]], Sequence[Any]]
    labelled: Path


LESSONS = {
    TRANSCRIPT_TEMPLATE: Lesson(FACT_TASK, read_all, HERE / "golden" / "train.jsonl"),
    INCIDENTS_TEMPLATE: Lesson(INCIDENT_TASK, read_incident_cases, HERE / "incidents" / "train.jsonl"),
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
@click.option("--limit", type=click.IntRange(min=FOLDS), help="Only the first so many calls.")
@click.option("--rounds", type=click.IntRange(min=1), default=Plan.rounds, show_default=True, help="Over all calls.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Beside the template, unless given.")
@click.option("--work", type=click.Path(path_type=Path), default=Path("runs/readouts"), show_default=True)
def train(
    model: str,
    template: str,
    labelled: tuple[Path, ...],
    limit: int | None,
    rounds: int,
    out: Path | None,
    work: Path,
) -> None:
    """Train a readout from labelled calls."""
    asked = default_library().get(template)
    if asked.id not in LESSONS:
        raise click.UsageError(f"{asked.name} has no readout: --template is {' or '.join(LESSONS)}")
    lesson = LESSONS[asked.id]
    labelled = labelled or (lesson.labelled,)
    calls = lesson.read(labelled)[:limit]
    engine = LlamaEngine.load(model)
    layers = layers_of(engine.layers)
    with click.progressbar(calls, label="Reading", item_show_func=lambda one: one.call.id if one else "") as shown:
        kept = list(collect(engine, asked, shown, layers, work))
    click.echo("Learning, which takes some minutes ...")
    names = ", ".join(path.name for path in labelled)
    lines = KeptLines(kept, lesson.task)
    about = f"learned from {names}"
    plan = Plan(rounds=rounds)
    readout = learn(lines, asked, engine.info.model_sha256, layers, about, plan, lesson.task, _show)
    if not readout.labels:
        raise click.ClickException("so few calls teach no label")
    path = out or readout_path(asked, engine.info.model_id)
    readout.save(path)
    click.echo(f"{path}: {len(readout.labels)} labels; {readout.notes}")


def _show(learned: Learned, left_out: Sequence[NDArray[np.float32]]) -> None:
    """The average precision of each label over the lines of calls that a network has not seen."""
    scores = np.concatenate(left_out)
    truth = np.concatenate([one.labels for one in learned.numbers])
    counts = np.concatenate([one.counts for one in learned.numbers]) > 0
    for place, label in enumerate(learned.labels):
        rows = counts[:, place]
        found = average_precision_score(truth[rows, place], scores[rows, place])
        click.echo(f"{label:<28} {int(truth[rows, place].sum()):>5} lines, average precision {found:.2f}")


if __name__ == "__main__":
    train()
