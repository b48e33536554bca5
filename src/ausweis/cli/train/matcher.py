"""`ausweis train matcher`: incidents that a company describes itself."""

from typing import Any

import click

from ausweis.cli.train.options import options_of, training_options

__all__ = ["matcher"]


@click.command(epilog="\b\nExample:\n  ausweis train matcher yours.jsonl evals/incidents/described-train.jsonl")
@training_options
@click.option("--template", default="incidents", show_default=True, help="Or another version, or a file.")
def matcher(**given: Any) -> None:
    """Learn a matcher from LABELLED calls whose incidents have descriptions: what a description says, whatever it is.

    Shows how well descriptions are told that were left out, learns from all, and writes it beside the template.
    """
    from ausweis.training.matcher_run import train_matcher

    train_matcher(options_of(given))
