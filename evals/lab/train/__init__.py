"""`python -m evals.lab train`: learns what the reader needs from labelled calls."""

import click

from ausweis.cli import LazyGroup

__all__ = ["train"]

COMMANDS = {
    "probe": "Learn the probe of a template for a model.",
    "answers": "Learn to read answers to questions about a call as a whole.",
    "matcher": "Learn to tell incidents by a company's own descriptions.",
    "words": "Learn to read factors and categories of a policy's own by their descriptions.",
    "roles": "Learn the words that tell the agent from the caller.",
}


HOMES = {"answers": "probe", "matcher": "probe", "words": "probe"}


@click.command(cls=LazyGroup, package="evals.lab.train", table=COMMANDS, homes=HOMES)
def train() -> None:
    """Learn from labelled calls what the reader needs for a model, a template or incidents of your own.

    Needs PyTorch: pip install --group lab.
    """
    from importlib.util import find_spec

    from ausweis.errors import InputError

    if any(find_spec(name) is None for name in ("scipy", "sklearn", "torch")):
        raise InputError("learning needs PyTorch: pip install --group lab")
