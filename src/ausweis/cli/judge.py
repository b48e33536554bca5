"""`ausweis judge`: the facts of stored calls, judged by another policy, without the model."""

from datetime import date
from typing import TYPE_CHECKING

import click

from ausweis.cli.options import day_option, json_option, login, opened, policy_option, store_option
from ausweis.cli.output import show_json, warn

if TYPE_CHECKING:
    from ausweis.batch import Rejudged


@click.command(epilog="\b\nExample:\n  ausweis judge --policy ours.yaml --day 2026-03-01/ --dry-run")
@policy_option
@day_option("Only calls of this day, or of FIRST/LAST, as 2026-03-01/ for all since then.")
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@store_option
@json_option
@click.pass_context
def judge(
    context: click.Context,
    policy: str,
    days: tuple[date | None, date | None],
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
    with opened(address) as store:
        try:
            result = rejudge(store, chosen, CallFilter(first=days[0], last=days[1]), by=login(), keep=not dry_run)
        except KeyboardInterrupt:
            warn("stopped: the same command judges all of them")
            context.exit(130)
    if result.not_looked_for:
        names = ", ".join(sorted(result.not_looked_for))
        warn(f"calls were read without looking for {names}: score them with this policy")
    _show_json(result) if as_json else _show(result)
    context.exit(exit_code(result.tally.counts))


def _show_json(result: "Rejudged") -> None:
    from dataclasses import asdict

    body = {
        **result.tally.counts.ordered().model_dump(),
        "outcomes_before_and_after": [
            {"old": old, "new": new, "calls": number} for (old, new), number in sorted(result.outcomes.items())
        ],
        "changed": result.changed,
        "changes": [asdict(change) for change in result.changes],
    }
    show_json(body)


def _show(result: "Rejudged") -> None:
    from rich.text import Text

    from ausweis.cli.tables import counts_sentence, print_table

    outcomes = [(old, new, number) for (old, new), number in sorted(result.outcomes.items())]
    print_table("outcomes", ("before", "now", "calls"), outcomes)
    if result.changes:
        rows = [
            (
                Text(change.call_id),
                Text("\n  ".join((change.old, *change.old_violations, *change.old_incidents))),
                Text("\n  ".join((change.new, *change.new_violations, *change.new_incidents))),
            )
            for change in result.changes
        ]
        print_table("changed", ("call", "before", "now"), rows, fold=(0,))
    if result.changed > len(result.changes):
        click.echo(f"and {result.changed - len(result.changes)} more that changed")
    click.echo(f"{result.changed} calls changed")
    click.echo(counts_sentence(result.tally.counts, result.tally.to_review))
