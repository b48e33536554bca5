"""`ausweis eval gate` stops a prompt, model or policy that judges worse; `bless` alone moves the baseline."""

from pathlib import Path

import click

__all__ = ["bless", "gate"]


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
    junit_path: Path | None,
    markdown_path: Path | None,
    as_json: bool,
) -> None:
    """Hold an eval RUN against the baseline.

    Fails on a broad paired drop that is neither chance nor small, on a must-pass call judged wrong, and on calls that
    are missing or have no verdict. Exit codes: 0 passed, 1 failed, 2 wrong use.
    """
    from ausweis.evals.baseline import cases_of, finished, read_baseline
    from ausweis.evals.gate import gate as hold
    from ausweis.reports.eval_markdown import gate_markdown
    from ausweis.reports.junit import junit

    result = hold(
        read_baseline(baseline).cases, cases_of(run), live=finished(run).live, alpha=alpha, least_drop=least_drop
    )
    _write(junit_path, junit(result))
    _write(markdown_path, gate_markdown(result))
    if as_json:
        click.echo(result.model_dump_json())
    else:
        stopped = [check for check in result.cases if check.state != "passed"]
        for check in (*result.checks, *stopped):
            click.echo(f"{check.state:<7} {check.name}: {check.message}")
        better, worse = len(result.comparison.better), len(result.comparison.worse)
        verdict = "passed" if result.passed else "failed"
        click.echo(f"gate {verdict}: {result.comparison.calls} calls, {better} better, {worse} worse")
    context.exit(0 if result.passed else 1)


def _write(path: Path | None, text: str) -> None:
    if path is not None:
        from ausweis.journal import make_folder, replace_file

        make_folder(path.parent)
        replace_file(path, text)
