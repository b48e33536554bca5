"""`python -m evals.lab`: the commands of the laboratory."""

import click

from ausweis.cli import SETTINGS, LazyGroup, main

COMMANDS = {
    "train": "Learn what the reader needs from labelled calls: probe, matcher …",
    "wording": "Choose the examples of a zero-shot template by search over labelled calls.",
}


@click.command("python -m evals.lab", cls=LazyGroup, package="evals.lab", table=COMMANDS, context_settings=SETTINGS)
def lab() -> None:
    """What is learned and tried in a checkout."""


if __name__ == "__main__":
    main(command=lab)
