"""What `ausweis eval` prints: numbers with their intervals."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from ausweis.cli.run_table import console

if TYPE_CHECKING:
    from ausweis.evals.metrics import Summary
    from ausweis.evals.metrics.estimate import Estimate
    from ausweis.evals.metrics.field import Review
    from ausweis.evals.metrics.incidents import IncidentSummary, KindNumbers
    from ausweis.evals.running import Evaluation

__all__ = ["show_summary"]

_FEWEST = 5
"""Tags with fewer calls are not shown."""


def show_summary(found: "Evaluation") -> None:
    """The numbers of what the labels tell: of outcomes, of incidents, or of both."""
    from ausweis.evals.metrics import rows_of

    summary = found.summary
    _estimates("", rows_of(summary))
    if summary.accuracy.n:
        _outcomes(summary)
    if summary.incidents is not None:
        _incidents(summary.incidents)
    _tail(found)


def _outcomes(summary: "Summary") -> None:
    from rich.table import Table

    out = console()
    confusion = Table("label", *next(iter(summary.confusion.values())), title="outcomes", title_justify="left")
    for label, row in summary.confusion.items():
        confusion.add_row(label, *(str(number or "·") for number in row.values()))
    out.print(confusion)
    types = Table("violation", "precision", "recall", "labelled", title="types", title_justify="left")
    for name, pair in summary.by_type.items():
        types.add_row(name, str(pair["precision"]), str(pair["recall"]), str(pair["recall"].n))
    out.print(types)
    _reviews(summary.reviews)
    tags = Table("tag", "calls", "outcome accuracy", "false alarms", "violation precision", "violation recall")
    for one in summary.slices:
        if one.accuracy.n >= _FEWEST:
            shares = (one.accuracy, one.false_alarms, one.precision, one.recall)
            tags.add_row(one.tag, str(one.accuracy.n), *map(str, shares))
    out.print(tags)


def _incidents(numbers: "IncidentSummary") -> None:
    from rich.table import Table

    table = Table("incident", "calls", "found", "precision", "average precision", title="incidents")
    table.title_justify = "left"
    kinds: list[tuple[str, KindNumbers]] = list(numbers.kinds.items())
    if numbers.own is not None:
        kinds.append(("a company's own", numbers.own))
    for name, kind in kinds:
        ranked = "–" if kind.average_precision is None else f"{kind.average_precision:.2f}"
        table.add_row(name, str(kind.found.n), str(kind.found), str(kind.precision), ranked)
    console().print(table)


def _reviews(found: "Sequence[Review]") -> None:
    from rich.table import Table

    table = Table("violations expected", "reviewed", "of those, violations", "of violations, reviewed")
    table.title, table.title_justify = "a day's calls, the riskiest reviewed (weighted from the labels)", "left"
    for one in found:
        table.add_row(f"{one.expected:.0%}", f"{one.reviewed:.0%}", str(one.precision), str(one.found))
    if found:
        console().print(table)


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
