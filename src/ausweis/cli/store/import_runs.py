"""`ausweis store import`: run folders into the store."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ausweis.cli.store_options import DISPLACED, login, opened, store_option
from ausweis.errors import RunError

if TYPE_CHECKING:
    from ausweis.store import Imported

__all__ = ["import_runs"]


@click.command(
    "import", epilog="\b\nExamples:\n  ausweis store import runs/*\n  ausweis store import runs/monday --calls calls/"
)
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RUN…")
@click.option("--calls", "paths", multiple=True, metavar="PATH", help="Transcripts, if not where they were.")
@store_option
@click.pass_context
def import_runs(context: click.Context, runs: tuple[Path, ...], paths: tuple[str, ...], address: str) -> None:
    """Take up run folders; twice is as good as once, and a run that grew is taken up where it stands.

    The text of calls is taken from --calls, else from the run's own transcripts, else from the files that it was given.
    Of several, as runs/* gives them, those that hold no run are passed over. Where one cannot be taken up, the others
    are all the same; exit code 2 then.
    """
    from ausweis.cli.given_texts import add_given_texts

    chosen = _holding_runs(runs)
    sinks, failed = {}, False
    with opened(address, make=True) as store:
        for run in chosen:
            try:
                sink = store.sink(run, by=login())
                sink.take_up()
            except RunError as error:
                click.echo(f"ausweis: {error}", err=True)
                failed = True
            else:
                sinks[run] = sink
        unreadable = add_given_texts(paths, list(sinks.values()))
        for run, sink in sinks.items():
            sink.find_texts()
            click.echo(f"{run}: {_told(sink.done)}")
    if displaced := sum(sink.done.displaced for sink in sinks.values()):
        click.echo(DISPLACED.format(displaced))
    if misfits := sum(sink.done.misfits for sink in sinks.values()):
        click.echo(f"{misfits} texts left out: their verdicts are of another number of turns")
    if unreadable:
        click.echo(f"{len(unreadable)} texts left out: they cannot be read, the first: {unreadable[0]}")
    context.exit(2 if failed else 0)


def _holding_runs(given: tuple[Path, ...]) -> list[Path]:
    """Those to take up; what is there and holds no run is passed over, unless nothing does."""
    from ausweis.batch.manifest import read_manifest

    def holds_none(path: Path) -> bool:
        try:
            return read_manifest(path) is None and path.exists()
        except RunError:
            return False

    others = [path for path in given if holds_none(path)]
    if len(others) == len(given):
        return others
    if others:
        click.echo(f"ausweis: passed over, since they hold no run: {', '.join(map(str, others))}", err=True)
    return [path for path in given if path not in others]


def _told(done: "Imported") -> str:
    replaced = f", {done.replaced} replaced" if done.replaced else ""
    missing = f"; {done.without_text} without text" if done.without_text else ""
    return f"{done.new} new, {done.same} as they were{replaced}{missing}"
