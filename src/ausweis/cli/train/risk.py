"""`ausweis train risk`: what calibrations of risk come to."""

from itertools import product
from pathlib import Path

import click

__all__ = ["risk"]


@click.command(epilog="\b\nExample:\n  ausweis train risk runs/eval-1 --longer 1.0 --longer 1.5")
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--expected", type=float, multiple=True, metavar="SHARE", help="Of all calls, violations.")
@click.option("--reference", type=float, multiple=True, metavar="TURNS", help="Up to so many, length is no evidence.")
@click.option("--longer", type=float, multiple=True, metavar="LOG-ODDS", help="What each doubling of the turns takes.")
@click.option("--surest", type=float, multiple=True, metavar="SHARE", help="No verdict is surer than this.")
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

    chosen = zip(
        (reference, longer, surest), (CALIBRATION.reference, CALIBRATION.longer, CALIBRATION.surest), strict=True
    )
    choices = product(*(given or (used,) for given, used in chosen))
    show_calibrations(run, expected or (EXPECTED,), [Calibration(*choice) for choice in choices], click.echo)
