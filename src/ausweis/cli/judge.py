"""`ausweis judge`: the facts of a run, judged by another policy, without the model."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ausweis.cli.warning import warn

if TYPE_CHECKING:
    from ausweis.batch import Rejudged

__all__ = ["judge"]


@click.command(epilog="\b\nExample:\n  ausweis judge runs/monday --policy ours.yaml")
@click.argument("run", type=click.Path(path_type=Path), metavar="RUN")
@click.option(
    "--policy", required=True, metavar="NAME|FILE", help="A name that `ausweis policies list` shows, or a file."
)
@click.option(
    "--run",
    "folder",
    type=click.Path(path_type=Path),
    metavar="NEWDIR",
    help="Folder to write into. Default: RUN-<policy>.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what changed as JSON on standard output.")
@click.pass_context
def judge(context: click.Context, run: Path, policy: str, folder: Path | None, as_json: bool) -> None:
    """Judge the facts of RUN by another policy, without the model, and show what changed.

    The verdicts go into a new run folder; RUN stays as it is, but for a note of where that is, by which
    `ausweis store delete` finds it. What was broken off begins anew with the same command. Exit codes: 0 done,
    2 wrong use, 3 some calls of RUN have failed, 4 something unforeseen, 130 stopped.
    """
    from ausweis.batch.rejudging import rejudge, source_manifest
    from ausweis.batch.run_folder import RunFolder
    from ausweis.batch.state import without_facts
    from ausweis.cli.score import exit_code
    from ausweis.policies import find_policy

    chosen = find_policy(policy)
    source_manifest(run, chosen)
    # `.` and `..` have no name to put another one in place of.
    named = run.resolve() if run.name in ("", "..") else run
    target = folder or named.with_name(f"{run.resolve().name}-{chosen.policy.id}")
    try:
        with RunFolder.open(target, judged_from=run) as new:
            result = rejudge(run, chosen, new)
    except KeyboardInterrupt:
        warn("stopped: the same command begins anew")
        context.exit(130)
    if result.lost:
        warn(f"{without_facts(result.lost, run)}: they failed here; `ausweis score … --run {run} --resume` reads them")
    if result.not_looked_for:
        names = ", ".join(sorted(result.not_looked_for))
        warn(f"{run}: calls were read without looking for {names}: score them with this policy")
    _show_json(result) if as_json else _show(result)
    context.exit(exit_code(result.counts))


def _show_json(result: "Rejudged") -> None:
    import json
    from dataclasses import asdict

    body = {
        "run": str(result.run),
        **result.counts.ordered().model_dump(),
        "outcomes_before_and_after": [
            {"old": old, "new": new, "calls": number} for (old, new), number in sorted(result.outcomes.items())
        ],
        "changed": result.changed,
        "changes": [asdict(change) for change in result.changes],
    }
    click.echo(json.dumps(body, ensure_ascii=False))


def _show(result: "Rejudged") -> None:
    from rich.table import Table
    from rich.text import Text

    from ausweis.batch.worst import totals_in
    from ausweis.cli.run_table import console, counts_sentence

    out = console()
    matrix = Table("before", "now", "calls", title="outcomes", title_justify="left")
    for (old, new), number in sorted(result.outcomes.items()):
        matrix.add_row(old, new, str(number), style="" if old == new else "bold")
    out.print(matrix)
    if result.changes:
        changes = Table("call", "before", "now", title="changed", title_justify="left")
        changes.columns[0].overflow = "fold"
        for change in result.changes:
            before = Text("\n  ".join((change.old, *change.old_violations, *change.old_incidents)))
            after = Text("\n  ".join((change.new, *change.new_violations, *change.new_incidents)))
            changes.add_row(Text(change.call_id), before, after)
        out.print(changes)
    if result.changed > len(result.changes):
        click.echo(f"and {result.changed - len(result.changes)} more that changed")
    click.echo(f"{result.changed} calls changed")
    click.echo(counts_sentence(result.counts, totals_in(result.run).to_review))
    click.echo(f"run folder: {result.run}")
