"""`ausweis train risk` and `roles`: what calibrations come to, and who is the agent, told by the talk."""

from itertools import product
from pathlib import Path

import click

__all__ = ["risk", "roles"]


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


_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(epilog="\b\nExample:\n  ausweis train roles evals/golden/dev.jsonl evals/golden/test.jsonl")
@click.argument("learn", type=_FILE)
@click.argument("show", type=_FILE)
@click.option("--calls", type=click.IntRange(min=2), default=130, show_default=True, help="Of each file, evenly taken.")
def roles(learn: Path, show: Path, calls: int) -> None:
    """Learn from the calls of LEARN how sure the talk makes it who is the agent, and show it on those of SHOW."""
    from ausweis.training.roles import show_roles

    show_roles(learn, show, calls, click.echo)
