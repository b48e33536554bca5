"""`ausweis store import`: run folders into the store."""

from pathlib import Path

import click

from ausweis.cli.store_options import DISPLACED, login, opened, store_option

__all__ = ["import_runs"]


@click.command("import")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RUN…")
@click.option("--calls", "paths", multiple=True, metavar="PATH", help="Transcripts, if not where they were.")
@store_option
def import_runs(runs: tuple[Path, ...], paths: tuple[str, ...], address: str) -> None:
    """Take up run folders; twice is as good as once, and a run that grew is taken up where it stands.

    The text of calls is taken from --calls, else from the run's own transcripts, else from the files that it was given.
    """
    from ausweis.calls import Call, read_calls
    from ausweis.store import Added

    with opened(address, make=True) as store:
        added = again = Added(0)
        displaced = 0
        if paths:
            added = store.add_calls(call for call in read_calls(paths) if isinstance(call, Call))
        for run in runs:
            done = store.import_run(run, by=login())
            displaced += done.displaced
            replaced = f", {done.replaced} replaced" if done.replaced else ""
            missing = f"; {done.without_text} without text" if done.without_text else ""
            click.echo(f"{run}: {done.new} new, {done.same} as they were{replaced}{missing}")
        if added.misfits:
            # By now their verdicts may be there.
            found = (call for call in read_calls(paths) if isinstance(call, Call) and call.id in added.misfits)
            again = store.add_calls(found)
    if displaced := displaced + added.displaced + again.displaced:
        click.echo(DISPLACED.format(displaced))
    if again.misfits:
        click.echo(f"{len(again.misfits)} texts left out: their verdicts are of another number of turns")
