"""`train roles`: the words that tell who is the agent."""

from pathlib import Path

import click

from ausweis.cli.options import FILE

__all__ = ["roles"]


@click.command(epilog="\b\nExample:\n  python -m evals.lab train roles transcripts.jsonl evals/golden/train.jsonl")
@click.argument("calls", nargs=-1, required=True, type=FILE)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write this file alone. Default: in the folder of learned parts (AUSWEIS_LEARNED), where it is looked for.",
)
def roles(calls: tuple[Path, ...], out: Path | None) -> None:
    """Learn from CALLS, whose sides are known, the words that tell the agent from the caller.

    Any transcripts do, labelled or not. Names and what few calls have are left out.
    """
    from evals.lab.training.roles import learn_roles

    learn_roles(calls, out, click.echo)
