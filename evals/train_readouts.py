"""Learn the readout of the transcript template for a model: `python evals/train_readouts.py`.

Reads the labelled calls with the model (two to three seconds a call on two cores, and some megabytes kept in a folder,
so that a stopped run goes on), learns, and writes `prompts/transcript/N.MODEL.safetensors`. Needs the extra `train`.
"""

from pathlib import Path

import click

from ausweis.engines import catalogue
from ausweis.engines.llama import LlamaEngine
from ausweis.evals import read_all
from ausweis.evals.readouts import FACTS, FOLDS, KeptLines, collect, layers_of, learn
from ausweis.prompts import default_library
from ausweis.reading.strategies import TRANSCRIPT_TEMPLATE, readout_path

HERE = Path(__file__).parent


@click.command()
@click.option("--model", default=catalogue.default_id(), show_default=True, help="Catalogue id or path of a GGUF file.")
@click.option(
    "--labelled",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    default=[HERE / "golden" / "train.jsonl"],
    help="Labelled calls (JSONL).",
)
@click.option("--limit", type=click.IntRange(min=FOLDS), help="Only the first so many calls.")
@click.option("--template", default=TRANSCRIPT_TEMPLATE, show_default=True, help="Another version, or a file.")
@click.option("--work", type=click.Path(path_type=Path), default=Path("runs/readouts"), show_default=True)
def train(model: str, labelled: tuple[Path, ...], limit: int | None, template: str, work: Path) -> None:
    """Train the readout from labelled calls."""
    engine = LlamaEngine.load(model)
    asked = default_library().get(template)
    calls = read_all(labelled)[:limit]
    layers = layers_of(engine.layers)
    with click.progressbar(calls, label="Reading", item_show_func=lambda one: one.call.id if one else "") as shown:
        kept = list(collect(engine, asked, shown, layers, work))
    names = ", ".join(path.name for path in labelled)
    click.echo("Learning, which takes some minutes ...")
    readout = learn(KeptLines(kept, FACTS), asked, engine.info.model_sha256, layers, f"learned from {names}")
    path = readout_path(asked, engine.info.model_id)
    readout.save(path)
    click.echo(f"{path}: {len(readout.labels)} labels; {readout.notes}")


if __name__ == "__main__":
    train()
