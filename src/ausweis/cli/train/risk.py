"""`ausweis train risk`: what calibrations of risk come to."""

from itertools import product
from math import isnan
from pathlib import Path

import click

from ausweis.errors import InputError

__all__ = ["risk"]

_SHARE = click.FloatRange(0, 1, min_open=True, max_open=True)
_LOG_ODDS = click.FloatRange(-20, 20)
"""Beyond these a doubling alone makes a call certain, whatever was read."""


@click.command(epilog="\b\nExample:\n  ausweis train risk runs/eval-1 --longer -1.0 --longer -1.5")
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--expected", type=_SHARE, multiple=True, metavar="SHARE", help="Of all calls, violations.")
@click.option(
    "--reference",
    type=_SHARE,
    multiple=True,
    metavar="SHARE",
    help="The share of violations at which what was read of a call of usual length is taken as it is.",
)
@click.option(
    "--longer",
    type=_LOG_ODDS,
    multiple=True,
    metavar="LOG-ODDS",
    help="What each doubling of the turns adds; a negative number takes.",
)
@click.option(
    "--surest",
    type=click.FloatRange(0.5, 1, min_open=True),
    multiple=True,
    metavar="SHARE",
    help="No verdict is surer than this.",
)
def risk(
    run: Path,
    expected: tuple[float, ...],
    reference: tuple[float, ...],
    longer: tuple[float, ...],
    surest: tuple[float, ...],
) -> None:
    """Show what other calibrations of risk would come to on the calls of an eval RUN.

    Each option may be given several times; without any, the calibration in use is shown.
    """
    from ausweis.judging.policy import EXPECTED
    from ausweis.judging.risk import CALIBRATION, Calibration
    from ausweis.training.risk import show_calibrations

    if any(map(isnan, (*expected, *reference, *longer, *surest))):
        raise InputError("a calibration is made of numbers, and nan is none")
    chosen = zip(
        (reference, longer, surest), (CALIBRATION.reference, CALIBRATION.longer, CALIBRATION.surest), strict=True
    )
    choices = product(*(given or (used,) for given, used in chosen))
    show_calibrations(run, expected or (EXPECTED,), [Calibration(*choice) for choice in choices], click.echo)
