"""`ausweis eval bless`: the only way in which the baseline moves."""

from pathlib import Path

import click

__all__ = ["bless"]


@click.command(epilog="\b\nExample:\n  ausweis eval bless runs/new --message 'Tells offers from changes'")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--message", required=True, help="Why this is the new baseline.")
@click.option(
    "--baseline",
    type=click.Path(path_type=Path),
    default=Path("evals/baselines/turnwise.jsonl"),
    show_default=True,
    help="Where to write; the recorded answers go beside it.",
)
@click.option("--fewer", is_flag=True, help="The baseline may lose calls.")
def bless(run: Path, message: str, baseline: Path, fewer: bool) -> None:
    """Make an eval RUN the baseline, and put its recorded answers beside it."""
    from ausweis.evals.baseline import bless as bless_run
    from ausweis.evals.baseline import recordings_path

    blessed = bless_run(run, baseline, message, fewer=fewer)
    size = recordings_path(baseline).stat().st_size
    click.echo(f"{baseline}: {len(blessed.cases)} calls; {recordings_path(baseline).name}: {size / 1024:.0f} KiB")
