"""Learn the readouts of the turn templates for a model: `python evals/train_readouts.py`.

Reads the labelled calls, asks the model about every turn (about ten seconds a call on two cores; kept in a folder, so a
stopped run goes on), and writes `prompts/agent-turn/N.MODEL.safetensors` and its like for the caller.
"""

from pathlib import Path

import click

from ausweis.engines import catalogue
from ausweis.engines.llama import LlamaEngine
from ausweis.evals import read_labelled
from ausweis.evals.readouts import collect, learn, shown_in
from ausweis.prompts import default_library
from ausweis.reading.strategies import TURN_TEMPLATES, readout_path
from ausweis.reading.turnwise import TurnwiseReader

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
@click.option("--limit", type=click.IntRange(min=1), help="Only the first so many calls.")
@click.option("--work", type=click.Path(path_type=Path), default=Path("runs/readouts"), show_default=True)
def train(model: str, labelled: tuple[Path, ...], limit: int | None, work: Path) -> None:
    """Train the readouts from labelled calls."""
    engine = LlamaEngine.load(model)
    library = default_library()
    templates = {speaker: library.get(name) for speaker, name in TURN_TEMPLATES.items()}
    reader = TurnwiseReader(engine, templates, library.get("call-start"))
    calls = [one for path in labelled for one in read_labelled(path)][:limit]
    stamp = "-".join([engine.info.model_sha256[:8], *(template.sha256[:8] for template in templates.values())])
    with click.progressbar(calls, label="Reading", item_show_func=lambda one: one.call.id if one else "") as shown:
        examples = collect(engine, reader, shown, shown_in(templates.values()), work / stamp)
    names = ", ".join(path.name for path in labelled)
    for speaker, template in templates.items():
        readout = learn(examples[speaker], template, engine, f"learned from {names}")
        path = readout_path(template, engine.info.model_id)
        readout.save(path)
        click.echo(f"{path}: {len(readout.labels)} labels; {readout.notes}")


if __name__ == "__main__":
    train()
