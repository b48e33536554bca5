"""`ausweis eval aa`: the gate's own false alarms."""

from pathlib import Path

import click

__all__ = ["aa"]


@click.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="The numbers as JSON on standard output.")
def aa(runs: tuple[Path, ...], as_json: bool) -> None:
    """Hold runs of one and the same system against each other: each repeat of each of RUNS is one.

    Runs from several machines, or with harmless changes of the calls, tell more than repeats on one machine.
    """
    from ausweis.evals.baseline import cases_of
    from ausweis.evals.case import Case
    from ausweis.evals.false_alarms import false_alarms

    split: dict[tuple[Path, int], list[Case]] = {}
    for path in runs:
        for case in cases_of(path):
            split.setdefault((path, case.repeat), []).append(case.model_copy(update={"repeat": 1}))
    found = false_alarms(list(split.values()))
    if as_json:
        click.echo(found.model_dump_json())
        return
    click.echo(f"{found.runs} runs, {found.rate.n} ordered pairs: the gate failed in {found.rate}")
    click.echo(f"calls whose outcome is not the same in all runs: {found.flips}")
    for name, count in found.reasons.items():
        click.echo(f"  {count} times: {name}")
