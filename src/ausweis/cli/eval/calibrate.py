"""`ausweis eval calibrate`: what a reader's probabilities mean, learned from labelled calls."""

from pathlib import Path

import click

__all__ = ["calibrate"]


@click.command(epilog="\b\nExample:\n  ausweis eval calibrate runs/eval-20260302T091400Z")
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--golden",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where a golden file of the run stands now; repeatable.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Keep it here. Default: the folder of learned parts (AUSWEIS_LEARNED), where the reader looks.",
)
@click.option("--dry-run", is_flag=True, help="Keep nothing for the reader: only tell, and draw the curves.")
def calibrate(run: Path, golden: tuple[Path, ...], out: Path | None, dry_run: bool) -> None:
    """Learn from the labelled calls of an eval RUN what its reader's probabilities mean, and keep it for the reader.

    Of the risk of calls, and with --strategy events of each kind of event. Tells Brier score and calibration error
    before and after, of calls whose authors were left out; `ausweis eval report RUN` draws both curves.
    """
    from ausweis.evals.calibrating import calibrate as learn

    learn(run, golden, out, click.echo, keep=not dry_run)
