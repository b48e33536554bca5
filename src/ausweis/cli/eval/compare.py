"""`ausweis eval compare`: what changed between two runs, and whether by chance."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ausweis.evals.comparing import Change, Comparison

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

    found = compare_cases(cases_of(before), cases_of(after))
    if as_json:
        click.echo(found.model_dump_json())
        return
    show_comparison(found)
    for title, changes in (("better", found.better), ("worse", found.worse), ("other facts", found.other)):
        _changes(title, changes, limit=limit, facts=facts)


def show_comparison(found: "Comparison") -> None:
    """The numbers of a comparison."""
    from rich.table import Table

    from ausweis.cli.run_table import console

    table = Table("number", "before", "after", "better", "worse", "chance?", title=f"{found.calls} calls in both")
    table.title_justify = "left"
    for flip in found.flips:
        after = f"{flip.after:.3f}"
        table.add_row(
            f"{flip.name} right", f"{flip.before:.3f}", after, str(flip.better), str(flip.worse), f"p {flip.p:.3f}"
        )
    for one in found.differences:
        interval = f"{one.after - one.before:+.3f} ({one.low:+.3f} to {one.high:+.3f})"
        table.add_row(one.name, f"{one.before:.3f}", f"{one.after:.3f}", "", "", interval)
    console().print(table)
    for what, ids in (
        ("only in the first", found.missing),
        ("only in the second", found.new),
        ("with another label in the second", found.relabelled),
    ):
        if ids:
            click.echo(f"{len(ids)} calls {what}: {', '.join(ids[:8])}{' …' if len(ids) > 8 else ''}")


def _changes(title: str, changes: "tuple[Change, ...]", *, limit: int, facts: bool) -> None:
    if not changes:
        return
    click.echo(f"\n{title}: {len(changes)} calls")
    for one in changes[:limit]:
        risk = f"risk {one.risk_before:.2f} -> {one.risk_after:.2f}"
        click.echo(f"  {one.id}: label {one.label}; {one.before} -> {one.after}; {risk}")
        for field, sides in one.facts.items() if facts else ():
            for word in dict.fromkeys((*sides["before"], *sides["after"])):
                was, now = word in sides["before"], word in sides["after"]
                if was != now:
                    labelled = "" if word in sides["label"] else "not "
                    click.echo(f"      {'+' if now else '-'} {field}: {word} ({labelled}in the label)")
    if len(changes) > limit:
        click.echo(f"  and {len(changes) - limit} more")
