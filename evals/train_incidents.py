"""Learn the readout of the template `incidents` for a model: `python evals/train_incidents.py`.

Reads the labelled calls with the model (two to three seconds a call on two cores, and some megabytes kept in a folder,
so that a stopped run goes on), shows how well calls are told that were left out, learns from all, and writes
`prompts/incidents/N.MODEL.safetensors`. Needs the extra `train`.
"""

from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from ausweis.engines import catalogue
from ausweis.engines.llama import LlamaEngine
from ausweis.evals.incident_case import read_incident_cases
from ausweis.evals.incident_readout import INCIDENT_TASK
from ausweis.evals.readout_network import Plan
from ausweis.evals.readouts import FOLDS, KeptLines, Learned, collect, layers_of, learn
from ausweis.prompts import default_library
from ausweis.reading.strategies import INCIDENTS_TEMPLATE, readout_path

HERE = Path(__file__).parent


@click.command()
@click.option("--model", default=catalogue.default_id(), show_default=True, help="Catalogue id or path of a GGUF file.")
@click.option(
    "--labelled",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    default=[HERE / "incidents" / "train.jsonl"],
    help="Labelled calls (JSONL).",
)
@click.option("--limit", type=click.IntRange(min=FOLDS), help="Only the first so many calls.")
@click.option("--rounds", type=click.IntRange(min=1), default=20, show_default=True, help="Over all calls.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Beside the template, unless given.")
@click.option("--work", type=click.Path(path_type=Path), default=Path("runs/readouts"), show_default=True)
def train(model: str, labelled: tuple[Path, ...], limit: int | None, rounds: int, out: Path | None, work: Path) -> None:
    """Train the readout from labelled calls."""
    engine = LlamaEngine.load(model)
    asked = default_library().get(INCIDENTS_TEMPLATE)
    calls = read_incident_cases(labelled)[:limit]
    layers = layers_of(engine.layers)
    with click.progressbar(calls, label="Reading", item_show_func=lambda one: one.call.id if one else "") as shown:
        kept = list(collect(engine, asked, shown, layers, work))
    lines = KeptLines(kept, INCIDENT_TASK)
    plan = Plan(rounds=rounds)
    names = ", ".join(path.name for path in labelled)
    readout = learn(lines, asked, engine.info.model_sha256, layers, f"learned from {names}", plan, INCIDENT_TASK, _show)
    if not readout.labels:
        raise click.ClickException("so few calls teach no kind of incident")
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
        click.echo(f"{label:<18} {int(truth[rows, place].sum()):>4} lines, average precision {found:.2f}")


if __name__ == "__main__":
    train()
