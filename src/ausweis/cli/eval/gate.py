"""`ausweis eval gate` stops a prompt, model or policy that judges worse; `bless` alone moves the baseline."""

import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ausweis.cli.warning import warn

if TYPE_CHECKING:
    from ausweis.evals.gate import Gate

__all__ = ["bless", "gate"]

SHOWN = 20
"""Calls named of each kind."""


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
@click.option("--fewer", is_flag=True, help="The baseline may lose calls and must-pass marks.")
def bless(run: Path, message: str, baseline: Path, fewer: bool) -> None:
    """Make an eval RUN the baseline, and put its recorded answers beside it.

    Names the calls that are judged worse than in the baseline before. What had to pass there has to here.
    """
    from ausweis.evals.baseline import bless as bless_run
    from ausweis.evals.baseline import recordings_path

    blessed = bless_run(run, baseline, message, fewer=fewer, warn=warn)
    size = recordings_path(baseline).stat().st_size
    click.echo(f"{baseline}: {len(blessed.cases)} calls; {recordings_path(baseline).name}: {size / 1024:.0f} KiB")


def _floors(context: click.Context, parameter: click.Parameter, texts: tuple[str, ...]) -> dict[str, float]:
    """Names and numbers, from texts such as `recall=0.85`."""
    floors = {}
    for text in texts:
        name, _, number = text.rpartition("=")
        try:
            floors[name.strip()] = float(number)
        except ValueError:
            floors[""] = math.nan
    if not all(name and 0 <= least <= 1 for name, least in floors.items()):
        raise click.BadParameter("say a name and a number from 0 to 1, as recall=0.85")
    return floors


@click.command(epilog="\b\nExample:\n  ausweis eval gate runs/new --junit gate.xml")
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--baseline",
    type=click.Path(path_type=Path),
    default=Path("evals/baselines/turnwise.jsonl"),
    show_default=True,
    help="A file of `eval bless`.",
)
@click.option("--alpha", type=click.FloatRange(0, 1), default=0.05, show_default=True, help="Chance allowed for.")
@click.option("--least-drop", type=click.FloatRange(0, 1), default=0.03, show_default=True, help="Smaller drops pass.")
@click.option(
    "--at-least",
    multiple=True,
    callback=_floors,
    metavar="NAME=NUMBER",
    help="The least that a number of the report may be, as recall=0.85. Repeatable.",
)
@click.option(
    "--most-worse", type=click.IntRange(min=0), metavar="N", help="The most calls that may be judged worse than before."
)
@click.option("--junit", "junit_path", type=click.Path(path_type=Path), metavar="FILE", help="Write JUnit XML.")
@click.option("--markdown", "markdown_path", type=click.Path(path_type=Path), metavar="FILE", help="Write Markdown.")
@click.option("--json", "as_json", is_flag=True, help="Print all of it as JSON on standard output.")
@click.pass_context
def gate(
    context: click.Context,
    run: Path,
    baseline: Path,
    alpha: float,
    least_drop: float,
    at_least: dict[str, float],
    most_worse: int | None,
    junit_path: Path | None,
    markdown_path: Path | None,
    as_json: bool,
) -> None:
    """Hold an eval RUN against the baseline.

    Fails on a broad paired drop that is neither chance nor small, on a must-pass call judged wrong, on a policy that
    lets labelled violations pass, and on calls that are missing or have no verdict. Undecided where something got worse
    in too few calls to tell it from chance: set floors. Exit codes: 0 passed, 1 failed or undecided, 2 wrong use.
    """
    from ausweis.evals.baseline import read_baseline
    from ausweis.evals.folder import finished, read_cases
    from ausweis.evals.gate import gate as hold
    from ausweis.pages.gate_report import gate_markdown, junit

    manifest = finished(run)
    result = hold(
        read_baseline(baseline),
        read_cases(run),
        manifest,
        alpha=alpha,
        least_drop=least_drop,
        at_least=at_least,
        most_worse=most_worse,
    )
    _write(junit_path, junit(result))
    _write(markdown_path, gate_markdown(result))
    if as_json:
        click.echo(result.model_dump_json())
    else:
        _show(result)
    context.exit(0 if result.verdict == "passed" else 1)


def _show(gate: "Gate") -> None:
    click.echo(f"differs from the baseline: {'; '.join(gate.differs) or 'nothing'}")
    worse = [check for check in gate.cases if check.state == "worse"]
    for checks in (gate.checks, gate.stopped[:SHOWN], worse[:SHOWN]):
        for check in checks:
            click.echo(f"{check.state:<9} {check.name}: {check.message}")
    if (more := len(gate.stopped[SHOWN:]) + len(worse[SHOWN:])) > 0:
        click.echo(f"and {more} more calls; --markdown and --junit name them, `ausweis eval compare` shows their facts")
    better, lost = len(gate.comparison.better), len(gate.comparison.worse)
    click.echo(f"gate {gate.verdict}: {gate.comparison.calls} calls, {better} better, {lost} worse")
    if gate.verdict == "undecided":
        click.echo("Too few calls to tell a loss from chance: set floors with --at-least recall=0.85 or --most-worse 0")


def _write(path: Path | None, text: str) -> None:
    if path is not None:
        from ausweis.journal import make_folder, replace_file

        make_folder(path.parent)
        replace_file(path, text)
