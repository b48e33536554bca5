"""`ausweis train probe`: a probe for a model, a template or calls of your own."""

from pathlib import Path
from typing import Any

import click

from ausweis.cli.train.options import options_of, training_options

__all__ = ["probe"]

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(
    epilog="\b\nExample:\n  ausweis train probe evals/golden/train.jsonl --model model.gguf --out probe.safetensors"
)
@training_options
@click.option(
    "--template", default="transcript", show_default=True, help="Or incidents; or another version, or a file."
)
@click.option("--go-on", type=_FILE, metavar="PROBE", help="Go on from this probe of the same template and model.")
@click.option(
    "--rehearse",
    multiple=True,
    type=_FILE,
    metavar="LABELLED",
    help="With --go-on: labelled calls that it has learned from. May be given several times.",
)
@click.option(
    "--rehearsed", type=click.IntRange(min=1), metavar="N", help="So many of those, drawn by chance. Default: all."
)
def probe(go_on: Path | None, rehearse: tuple[Path, ...], rehearsed: int | None, **given: Any) -> None:
    """Learn a probe from LABELLED calls: it reads answers from what the model computed over the transcript.

    Shows how well calls are judged whose writing pass was left out, learns from all, and writes the probe beside its
    template.
    """
    from ausweis.errors import InputError
    from ausweis.training.probe_run import GoingOn, train_probe

    if rehearse and not go_on:
        raise InputError("--rehearse is for --go-on")
    train_probe(options_of(given), GoingOn(go_on, rehearse, rehearsed) if go_on else None)
