"""What `ausweis eval` prints: numbers with their intervals."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from ausweis.cli.run_table import console

if TYPE_CHECKING:
    from ausweis.evals.metrics import Summary
    from ausweis.evals.metrics.estimate import Estimate
    from ausweis.evals.running import Evaluation

__all__ = ["rows_of", "show_summary"]

_FEWEST = 5
"""Tags with fewer calls are not shown."""


def rows_of(summary: "Summary") -> "list[tuple[str, Estimate]]":
    """The main numbers by name, in the order in which they are read."""
    rows = [
        ("outcome accuracy", summary.accuracy),
        ("outcome kappa", summary.kappa),
        ("violation precision", summary.precision),
        ("violation recall", summary.recall),
        ("violation F1", summary.f1),
        ("violation types F1", summary.types_f1),
        ("first violation turn", summary.first_turn),
        ("factor F1 (with turn)", summary.factor_f1),
        ("factor F1 (with turn and status)", summary.factor_status_f1),
        ("action F1 (with turn)", summary.action_f1),
        ("caller accuracy", summary.caller["accuracy"]),
        ("authorisation (where somebody else called)", summary.authorisation),
        ("average precision of risk", summary.average_precision),
        *((f"violations found, riskiest {part}", one) for part, one in summary.found_when_reviewed.items()),
        ("Brier score of confidence (0 is best)", summary.brier),
        ("coverage at outcome precision 0.95", summary.coverage),
        ("quotes verbatim", summary.quotes_verbatim),
        ("needs review", summary.needs_review),
    ]
    return rows if summary.flips is None else [*rows, ("verdicts that flip over repeats", summary.flips)]


def show_summary(found: "Evaluation") -> None:
    """The main numbers, the confusion, violation types and tags."""
    from rich.table import Table

    summary = found.summary
    out = console()
    _estimates("", rows_of(summary))
    confusion = Table("label", *next(iter(summary.confusion.values())), title="outcomes", title_justify="left")
    for label, row in summary.confusion.items():
        confusion.add_row(label, *(str(number or "·") for number in row.values()))
    out.print(confusion)
    types = Table("violation", "precision", "recall", "labelled", title="types", title_justify="left")
    for name, pair in summary.by_type.items():
        types.add_row(name, str(pair["precision"]), str(pair["recall"]), str(pair["recall"].n))
    out.print(types)
    tags = Table("tag", "calls", "outcome accuracy", "violation precision", "violation recall")
    for one in summary.slices:
        if one.accuracy.n >= _FEWEST:
            tags.add_row(one.tag, str(one.accuracy.n), str(one.accuracy), str(one.precision), str(one.recall))
    out.print(tags)
    _tail(found)


def _estimates(title: str, rows: "Sequence[tuple[str, Estimate]]") -> None:
    from rich.table import Table

    table = Table("number", "value (95 % interval)", "of", title=title or None, title_justify="left")
    for name, estimate in rows:
        table.add_row(name, str(estimate), str(estimate.n))
    console().print(table)


def _tail(found: "Evaluation") -> None:
    summary, live = found.summary, found.manifest.live
    cost = summary.cost
    if cost.seconds_median is not None:
        click.echo(f"{cost.seconds_median:.2f} s a call (median), {cost.seconds_total:.0f} s in all")
    if live is not None:
        click.echo(f"{live.recorded} answers from recordings, {live.asked} asked of the model")
        if live.checked:
            click.echo(
                f"{live.checked} answers of {len(live.sample)} calls asked again: probabilities differ by "
                f"{live.largest_difference:.3f} at the most"
            )
    if summary.failed:
        click.echo(f"{summary.failed} calls have no verdict")
