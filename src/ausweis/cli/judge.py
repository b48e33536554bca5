"""`ausweis judge`: the facts of stored calls, judged by another policy, without the model."""

from datetime import datetime
from typing import TYPE_CHECKING

import click

from ausweis.cli.store_options import DAY, login, opened, store_option
from ausweis.cli.warning import warn

if TYPE_CHECKING:
    from ausweis.batch import Rejudged

__all__ = ["judge"]


@click.command(epilog="\b\nExample:\n  ausweis judge --policy ours.yaml --first 2026-03-01 --dry-run")
@click.option(
    "--policy", required=True, metavar="NAME|FILE", help="A name that `ausweis policies list` shows, or a file."
)
@click.option("--first", type=DAY, metavar="DAY", help="Only calls of this day and later, such as 2026-03-02.")
@click.option("--last", type=DAY, metavar="DAY", help="Only calls of this day and earlier.")
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@store_option
@click.option("--json", "as_json", is_flag=True, help="Print what changed as JSON on standard output.")
@click.pass_context
def judge(
    context: click.Context,
    policy: str,
    first: datetime | None,
    last: datetime | None,
    dry_run: bool,
    address: str,
    as_json: bool,
) -> None:
    """Judge the facts of the calls in the store by another policy, without the model, and show what changed.

    The new verdicts count from then on; those before are kept beside them. Exit codes: 0 done, 2 wrong use, 4 something
    unforeseen, 130 stopped: the same command goes on.
    """
    from ausweis.batch.rejudging import rejudge
    from ausweis.cli.score import exit_code
    from ausweis.policies import find_policy
    from ausweis.store import CallFilter

    chosen = find_policy(policy)
    which = CallFilter(first=first.date() if first else None, last=last.date() if last else None)
    with opened(address) as store:
        try:
            result = rejudge(store, chosen, which, by=login(), keep=not dry_run)
        except KeyboardInterrupt:
            warn("stopped: the same command judges all of them")
            context.exit(130)
    if result.not_looked_for:
        names = ", ".join(sorted(result.not_looked_for))
        warn(f"calls were read without looking for {names}: score them with this policy")
    _show_json(result) if as_json else _show(result)
    context.exit(exit_code(result.tally.counts))


def _show_json(result: "Rejudged") -> None:
    import json
    from dataclasses import asdict

    body = {
        **result.tally.counts.ordered().model_dump(),
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
    click.echo(counts_sentence(result.tally.counts, result.tally.to_review))
