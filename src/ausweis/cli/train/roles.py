"""`ausweis train roles`: who is the agent, told by the talk."""

from pathlib import Path

import click

__all__ = ["roles"]

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(epilog="\b\nExample:\n  ausweis train roles evals/golden/dev.jsonl evals/golden/test.jsonl")
@click.argument("learn", type=_FILE)
@click.argument("show", type=_FILE)
@click.option("--calls", type=click.IntRange(min=2), default=130, show_default=True, help="Of each file, evenly taken.")
def roles(learn: Path, show: Path, calls: int) -> None:
    """Learn from the calls of LEARN how sure the talk makes it who is the agent, and show it on those of SHOW."""
    from ausweis.training.roles import show_roles

    show_roles(learn, show, calls, click.echo)
