"""`ausweis eval`: how far verdicts can be trusted, measured against the golden set."""

import click

from ausweis.cli import LazyGroup

__all__ = ["eval"]

COMMANDS = {
    "run": "Read and judge the golden set, and measure.",
    "compare": "Compare two eval runs call by call: what got better or worse, and by chance or not.",
    "gate": "Fail where a run is worse than the blessed baseline.",
    "bless": "Make a run the baseline, with its recorded answers.",
    "report": "Make one HTML page of an eval run.",
    "calibrate": "Learn what a reader's probabilities mean.",
    "validate": "Check a golden set.",
}


@click.command(cls=LazyGroup, package="ausweis.cli.eval", table=COMMANDS, homes={"bless": "gate"})
def eval() -> None:  # noqa: A001
    """Measure verdicts against the golden set, for any prompt version, model or policy.

    Needs scikit-learn and scipy: pip install 'ausweis[evals]'.
    """
    from importlib.util import find_spec

    from ausweis.errors import InputError

    if find_spec("sklearn") is None or find_spec("scipy") is None:
        raise InputError("ausweis eval needs scikit-learn and scipy: pip install 'ausweis[evals]'")
