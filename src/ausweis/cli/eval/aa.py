"""`ausweis eval aa`: the gate's own false alarms."""

from pathlib import Path

import click

from ausweis.cli.warning import warn

__all__ = ["aa"]


@click.command(epilog="\b\nExample:\n  ausweis eval aa runs/one runs/again")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the numbers as JSON on standard output.")
def aa(runs: tuple[Path, ...], as_json: bool) -> None:
    """Hold runs of one and the same system against each other: each repeat of each of RUNS is one.

    Runs from several machines, or with harmless changes of the calls, tell more than repeats on one machine.
    """
    from ausweis.errors import InputError
    from ausweis.evals.baseline import cases_of
    from ausweis.evals.case import Case
    from ausweis.evals.false_alarms import false_alarms

    paths = [path.resolve() for path in runs]
    if len(set(paths)) < len(paths):
        raise InputError("a run is named twice; it would be held against itself")
    systems = {_system(path) for path in runs}
    if len(systems) > 1:
        warn("these runs are of different systems; what is counted are not false alarms alone")
    split: dict[tuple[Path, int], list[Case]] = {}
    for path in runs:
        for case in cases_of(path):
            split.setdefault((path, case.repeat), []).append(case.model_copy(update={"repeat": 1}))
    alarms = false_alarms(list(split.values()))
    if as_json:
        click.echo(alarms.model_dump_json())
        return
    click.echo(f"{alarms.runs} runs, {alarms.rate.n} ordered pairs: the gate failed in {alarms.rate}")
    click.echo(f"calls whose outcome is not the same in all runs: {alarms.flips}")
    for name, count in alarms.reasons.items():
        click.echo(f"  {count} times: {name}")


def _system(path: Path) -> tuple[str, ...]:
    """What must be the same in all runs; the engine may differ, since other machines are a test too."""
    from ausweis.evals.baseline import finished, read_baseline

    system = finished(path).system if path.is_dir() else read_baseline(path).system
    return () if system is None else (system.strategy, system.model, *system.prompts)
