"""`ausweis train adapter`: a model that reads calls better, by a small file of changes to it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ausweis.cli.train.probe import common_options, go_on_options, options_of, version_option

if TYPE_CHECKING:
    from ausweis.training.options import GoingOn

__all__ = ["adapter"]


@click.command(epilog="\b\nExample:\n  ausweis train adapter cases.jsonl evals/golden/train.jsonl --model model.gguf")
@common_options
@click.option("--template", default="transcript", show_default=True, help="Or another version, or a file.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Another folder of learned parts, which AUSWEIS_LEARNED can name. Default: where the reader looks.",
)
@version_option
@go_on_options
@click.option(
    "--layers",
    type=click.IntRange(min=1),
    default=4,
    show_default=True,
    metavar="N",
    help="How many layers are adapted, down from the last one that is read.",
)
@click.option("--rank", type=click.IntRange(1, 256), default=16, show_default=True, help="Of the adapter's matrices.")
@click.option(
    "--rate", type=click.FloatRange(0, 1, min_open=True), default=2e-4, show_default=True, help="Of learning."
)
@click.option(
    "--tokens",
    type=click.IntRange(min=64),
    default=2000,
    show_default=True,
    metavar="N",
    help="Of the calls that are learned at once; of a longer call its beginning.",
)
@click.option(
    "--device", metavar="NAME", help="Of PyTorch, such as cpu or cuda. Default: a graphics card if there is one."
)
@click.option(
    "--minutes",
    type=click.FloatRange(min=0),
    default=10.0,
    show_default=True,
    help="After so many, what was learned is kept under --work, so that a stopped training goes on.",
)
def adapter(
    going_on: "GoingOn | None",
    layers: int,
    rank: int,
    rate: float,
    tokens: int,
    device: str | None,
    minutes: float,
    **given: Any,
) -> None:
    """Learn an adapter of the model (LoRA) together with the probe that reads it, from LABELLED calls.

    Some writing passes are left out: by them it is seen when to stop, and how well calls are judged that nothing was
    learned from. Writes the adapter for llama.cpp and the probe into the folder of learned parts. Three rounds, unless
    --rounds says otherwise.
    """
    from ausweis.cli.progress import steps_shown
    from ausweis.training.adapter import AdapterPlan
    from ausweis.training.adapter_run import AdapterOptions, train_adapter

    options = options_of(given)
    plan = AdapterPlan(layers, rank, options.rounds or AdapterPlan.rounds, rate, tokens)
    train_adapter(options, AdapterOptions(plan, steps_shown, device, minutes), going_on)
