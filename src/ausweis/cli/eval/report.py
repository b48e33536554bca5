"""`ausweis eval report`: what a person looks at."""

from pathlib import Path

import click

__all__ = ["report"]


@click.command(epilog="\b\nExample:\n  ausweis eval report runs/eval-20260302T091400Z")
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE", help="File to write. Default: report.html in RUN."
)
@click.option(
    "--golden",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where a golden file of the run stands now; repeatable.",
)
def report(run: Path, out: Path | None, golden: tuple[Path, ...]) -> None:
    """Make one HTML page of an eval RUN: numbers, curves, and every call with what was missed or invented in it.

    The page needs no other file and no network. It holds the transcripts of the golden set.
    """
    from ausweis.evals.folder import read_source
    from ausweis.journal import make_folder, replace_file
    from ausweis.pages.eval_page import eval_page

    path = out or run / "report.html"
    source = read_source(run, golden)
    text = eval_page(source)
    make_folder(path.parent)
    replace_file(path, text)
    click.echo(f"{path}: {source.summary.calls} calls, {len(text.encode()) / 1024:.0f} KiB")
