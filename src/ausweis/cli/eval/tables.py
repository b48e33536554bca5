"""What `ausweis eval` prints: numbers with their intervals."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from ausweis.cli.run_table import console

if TYPE_CHECKING:
    from ausweis.evals.metrics import Summary
    from ausweis.evals.metrics.estimate import Estimate
    from ausweis.evals.metrics.incidents import IncidentSummary, KindNumbers
    from ausweis.evals.metrics.outcomes import ReviewYield
    from ausweis.evals.metrics.own_words import OwnWordSummary
    from ausweis.evals.running import Evaluation

__all__ = ["show_summary"]

_FEWEST = 5
"""Tags with fewer calls are not shown."""


def show_summary(evaluation: "Evaluation") -> None:
    """The numbers of what the labels tell: of outcomes, of own words, of incidents."""
    from ausweis.evals.metrics import rows_of

    summary = evaluation.summary
    _estimates("", rows_of(summary))
    if summary.accuracy.n:
        _outcomes(summary)
    if summary.own_words is not None:
        _own_words(summary.own_words)
    if summary.incidents is not None:
        _incidents(summary.incidents)
    _tail(evaluation)


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
    for part in summary.slices:
        if part.accuracy.n >= _FEWEST:
            shares = (part.accuracy, part.false_alarms, part.precision, part.recall)
            tags.add_row(part.tag, str(part.accuracy.n), *map(str, shares))
    out.print(tags)


def _own_words(numbers: "OwnWordSummary") -> None:
    from rich.table import Table

    table = Table("own words", "language", "labelled", "recall", "precision", "F1", title="own factors and categories")
    table.title_justify = "left"
    for name, every in numbers.events.items():
        for language, one in (("all", every), *((word, part[name]) for word, part in numbers.languages.items())):
            table.add_row(name, language, str(one.recall.n), str(one.recall), str(one.precision), str(one.f1))
    console().print(table)


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


def _reviews(reviews: "Sequence[ReviewYield]") -> None:
    from rich.table import Table

    table = Table("violations expected", "reviewed", "of those, violations", "of violations, reviewed")
    table.title, table.title_justify = "a day's calls, the riskiest reviewed (weighted from the labels)", "left"
    for review in reviews:
        table.add_row(f"{review.expected:.0%}", f"{review.reviewed:.0%}", str(review.precision), str(review.found))
    if reviews:
        console().print(table)


def _estimates(title: str, rows: "Sequence[tuple[str, Estimate]]") -> None:
    from rich.table import Table

    table = Table("number", "value (95 % interval)", "of", title=title or None, title_justify="left")
    for name, estimate in rows:
        table.add_row(name, str(estimate), str(estimate.n))
    console().print(table)


def _tail(evaluation: "Evaluation") -> None:
    summary, live = evaluation.summary, evaluation.manifest.live
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
