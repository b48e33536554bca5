"""`ausweis eval compare`: what changed between two runs, and whether by chance."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ausweis.evals.comparing import CaseChange, Comparison

__all__ = ["compare"]


@click.command(epilog="\b\nExample:\n  ausweis eval compare runs/one runs/two")
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@click.option("--facts/--no-facts", default=True, show_default=True, help="Show the facts that differ.")
@click.option("--limit", type=click.IntRange(min=0), default=20, show_default=True, help="Calls shown of each kind.")
@click.option("--json", "as_json", is_flag=True, help="Print all of it as JSON on standard output.")
def compare(before: Path, after: Path, facts: bool, limit: int, as_json: bool) -> None:
    """Compare two eval runs, or a baseline file and a run, call by call.

    Better: judged as the label says now, and not before. Exit code 0 whatever the result; see `gate`.
    """
    from ausweis.evals.baseline import cases_of
    from ausweis.evals.comparing import compare as compare_cases

    comparison = compare_cases(cases_of(before), cases_of(after))
    if as_json:
        click.echo(comparison.model_dump_json())
        return
    _show(comparison)
    for title, changes in (
        ("better", comparison.better),
        ("worse", comparison.worse),
        ("other facts", comparison.other),
    ):
        _changes(title, changes, limit=limit, facts=facts)


def _show(comparison: "Comparison") -> None:
    """The numbers of a comparison."""
    from rich.table import Table

    from ausweis.cli.run_table import console

    table = Table("number", "before", "after", "better", "worse", "chance?", title=f"{comparison.calls} calls in both")
    table.title_justify = "left"
    for flip in comparison.flips:
        after = f"{flip.after:.3f}"
        table.add_row(
            f"{flip.name} right", f"{flip.before:.3f}", after, str(flip.better), str(flip.worse), f"p {flip.p:.3f}"
        )
    for difference in comparison.differences:
        interval = f"{difference.after - difference.before:+.3f} ({difference.low:+.3f} to {difference.high:+.3f})"
        table.add_row(difference.name, f"{difference.before:.3f}", f"{difference.after:.3f}", "", "", interval)
    console().print(table)
    for what, ids in (
        ("only in the first", comparison.missing),
        ("only in the second", comparison.new),
        ("with another label in the second", comparison.relabelled),
    ):
        if ids:
            click.echo(f"{len(ids)} calls {what}: {', '.join(ids[:8])}{' …' if len(ids) > 8 else ''}")


def _changes(title: str, changes: "tuple[CaseChange, ...]", *, limit: int, facts: bool) -> None:
    if not changes:
        return
    click.echo(f"\n{title}: {len(changes)} calls")
    for change in changes[:limit]:
        risk = f"risk {change.risk_before:.2f} -> {change.risk_after:.2f}"
        click.echo(f"  {change.id}: label {change.label}; {change.before} -> {change.after}; {risk}")
        for field, sides in change.facts.items() if facts else ():
            for word in dict.fromkeys((*sides["before"], *sides["after"])):
                was, now = word in sides["before"], word in sides["after"]
                if was != now:
                    labelled = "" if word in sides["label"] else "not "
                    click.echo(f"      {'+' if now else '-'} {field}: {word} ({labelled}in the label)")
    if len(changes) > limit:
        click.echo(f"  and {len(changes) - limit} more")
