"""`ausweis store import`: run folders into the store, with transcripts that a user names."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ausweis.cli.store_options import DISPLACED, MISFITS, login, opened, store_option
from ausweis.cli.warning import warn
from ausweis.errors import RunError

if TYPE_CHECKING:
    from ausweis.calls import Call, UnreadableCall
    from ausweis.store import Imported, StoreSink

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
    from ausweis.batch.state import without_facts

    chosen = _holding_runs(runs)
    sinks, failed = {}, False
    with opened(address, make=True) as store:
        for run in chosen:
            try:
                sink = store.sink(run, by=login())
                sink.take_up()
            except RunError as error:
                warn(str(error))
                failed = True
            else:
                sinks[run] = sink
        unreadable = _add_given_texts(paths, list(sinks.values()))
        for run, sink in sinks.items():
            sink.find_texts()
            if lost := sink.done.lost:
                warn(f"{without_facts(lost, run)}, left out: `ausweis score … --run {run} --resume` reads them")
            click.echo(f"{run}: {_told(sink.done)}")
    if displaced := sum(sink.done.displaced for sink in sinks.values()):
        click.echo(DISPLACED.format(displaced))
    if misfits := sum(sink.done.misfits for sink in sinks.values()):
        click.echo(MISFITS.format(misfits))
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
        warn(f"passed over, since they hold no run: {', '.join(map(str, others))}")
    return [path for path in given if path not in others]


def _told(done: "Imported") -> str:
    replaced = f", {done.replaced} replaced" if done.replaced else ""
    missing = f"; {done.without_text} without text" if done.without_text else ""
    return f"{done.new} new, {done.same} as they were{replaced}{missing}"


@dataclass
class _Way:
    """Runs that read their calls in one way, the latest first. `unreadable`: what cannot be read so, by its place."""

    sinks: "list[StoreSink]"
    unreadable: "dict[str, UnreadableCall]" = field(default_factory=dict)

    def calls(self, paths: tuple[str, ...]) -> "Iterator[Call]":
        from ausweis.calls import UnreadableCall
        from ausweis.store.importing import read_as

        judged = set[str]().union(*(sink.judged for sink in self.sinks))
        for call in read_as(paths, self.sinks[0].manifest.inputs):
            if isinstance(call, UnreadableCall):
                self.unreadable[call.place] = call
            elif call.id in judged:
                yield call


def _add_given_texts(paths: tuple[str, ...], sinks: "Sequence[StoreSink]") -> "list[UnreadableCall]":
    """Give the store the texts of the runs' calls; what could be read in no way.

    Raises:
        AusweisError: a path cannot be used, or the store not be written.
    """
    if not paths or not sinks:
        return []
    ways: dict[str, _Way] = {}
    # Where two runs judged a call, the later one's way of reading stays.
    for sink in sorted(sinks, key=lambda sink: sink.manifest.started, reverse=True):
        inputs = sink.manifest.inputs.model_copy(update={"paths": (), "recordings": None})
        ways.setdefault(inputs.model_dump_json(), _Way([])).sinks.append(sink)
    for way in reversed(ways.values()):
        way.sinks[0].add_texts(way.calls(paths))
    first, *others = (way.unreadable for way in ways.values())
    return [call for place, call in first.items() if all(place in other for other in others)]
