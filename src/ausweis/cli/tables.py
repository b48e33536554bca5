"""Tables that commands print: what calls came to, and the numbers of an eval."""

import sys
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import click

from ausweis.batch.tally import SHOWN

if TYPE_CHECKING:
    from rich.console import Console

    from ausweis.batch import CallLine, Counts, Tally
    from ausweis.evals.comparing import SideBySide
    from ausweis.evals.folder import Live
    from ausweis.evals.metrics import Summary
    from ausweis.evals.metrics.incidents import IncidentSummary
    from ausweis.evals.running import Evaluation

_QUOTE = 80
_PIPED_WIDTH = 180
_FEWEST = 5
"""Tags with fewer calls are not shown."""


def console(*, err: bool = False) -> "Console":
    """Standard output, or error; wide where it is no terminal, as then nothing says how wide it may be."""
    from rich.console import Console

    out = Console(highlight=False, stderr=err)
    return out if out.is_terminal else Console(highlight=False, stderr=err, width=_PIPED_WIDTH)


def print_table(
    title: str,
    columns: Iterable[str],
    rows: Iterable[Iterable[Any]],
    *,
    fold: Collection[int] = (),
    no_wrap: Collection[int] = (),
    err: bool = False,
) -> None:
    """Print a table; what is `Text` of Rich holds no markup. `fold`, `no_wrap`: columns that are too wide else."""
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, title=title or None, title_justify="left")
    for place in fold:
        table.columns[place].overflow = "fold"
    for place in no_wrap:
        table.columns[place].no_wrap = True
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else str(cell) for cell in row))
    console(err=err).print(table)


def show_tally(tally: "Tally", *, err: bool = False) -> None:
    """The table of the worst calls, then outcomes, violations, incidents and failures; with `err` on standard error.

    Quotes hold personal data: they are shown on a terminal alone, as what is piped ends in logs and mails.
    """
    if tally.worst:
        _worst(tally.worst, quotes=(sys.stderr if err else sys.stdout).isatty(), err=err)
        if tally.counts.verdicts > len(tally.worst):
            click.echo(f"and {tally.counts.verdicts - len(tally.worst)} more calls", err=err)
    click.echo(counts_sentence(tally.counts, tally.to_review), err=err)
    if tally.incidents:
        click.echo(f"incidents: {_by_number(tally.incidents)}", err=err)
    if tally.failures:
        click.echo(f"{len(tally.failures)} calls failed:", err=err)
        for failure in tally.failures[:SHOWN]:
            where = failure.place or (f"call {failure.call_id}" if failure.call_id else "input")
            click.echo(f"  {where}: {failure.message} [{failure.kind}]", err=err)
        if len(tally.failures) > SHOWN:
            click.echo(f"  and {len(tally.failures) - SHOWN} more; --json names them all", err=err)


def counts_sentence(counts: "Counts", to_review: int) -> str:
    """Outcomes and calls to review on one line, violations on the next, where there are any."""
    outcomes = ", ".join(f"{number} {outcome}" for outcome, number in counts.ordered().outcomes.items())
    text = f"{counts.verdicts} calls judged" + (f": {outcomes}" if outcomes else "")
    if to_review:
        text += f"; {to_review} to review" + (f", {counts.needs_review} of them unsure" if counts.needs_review else "")
    if counts.violations:
        text += f"\nviolations: {_by_number(counts.violations)}"
    return text


def _by_number(counts: Mapping[Any, int]) -> str:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{number} {word}" for word, number in ordered)


def _worst(calls: "list[CallLine]", *, quotes: bool, err: bool) -> None:
    from rich.text import Text

    rows = []
    for call in calls:
        found = (*call.violations, *(f"{kind} ({turn})" for kind, turn in call.incidents.items()))
        turn = "" if call.turn is None else str(call.turn)
        cells: tuple[str, ...] = (call.call_id, call.outcome, "\n".join(found), turn, f"{call.risk:.2f}")
        cells += ("yes" if call.needs_review else "", *([_shortened(call.quote)] if quotes else []))
        rows.append(map(Text, cells))
    columns = ("call", "outcome", "found", "turn", "risk", "unsure", *(["quote"] if quotes else []))
    # Ids and what was found are words without blanks, some of them long: cut on narrow screens rather than the quote.
    print_table("", columns, rows, fold=(0, 2), no_wrap=(1, 3, 4), err=err)


def _shortened(quote: str) -> str:
    from ausweis.calls.text import clean

    text = " ".join(clean(quote).split())
    return text if len(text) <= _QUOTE else text[: _QUOTE - 1].rstrip() + "…"


def show_evaluation(evaluation: "Evaluation") -> None:
    """The numbers of what the labels of an eval tell, with their intervals: of outcomes, own words, incidents."""
    from ausweis.evals.metrics import rows_of

    summary = evaluation.summary
    rows = [(name, estimate, estimate.n) for name, estimate in rows_of(summary)]
    print_table("", ("number", "value (95 % interval)", "of"), rows)
    if summary.accuracy.n:
        _outcomes(summary)
    if summary.own_words is not None:
        own, languages = summary.own_words.events, summary.own_words.languages
        events = [
            (name, language, one.recall.n, one.recall, one.precision, one.f1)
            for name, every in own.items()
            for language, one in (("all", every), *((word, part[name]) for word, part in languages.items()))
        ]
        columns = ("own words", "language", "labelled", "recall", "precision", "F1")
        print_table("own factors and categories", columns, events)
    if summary.incidents is not None:
        _incidents(summary.incidents)
    if summary.cost.seconds_median is not None:
        click.echo(f"{summary.cost.seconds_median:.2f} s a call (median), {summary.cost.seconds_total:.0f} s in all")
    if summary.failed:
        click.echo(f"{summary.failed} calls have no verdict")


def answers_sentence(runs: "Iterable[Live | None]") -> str:
    """How many answers a command used again and how many it asked, of all runs; nothing where it used none."""
    counts = [live for live in runs if live is not None]
    text = f"{sum(live.recorded for live in counts)} answers used again, {sum(live.asked for live in counts)} asked"
    for live in counts:
        if live.checked:
            apart = f"probabilities differ by {live.largest_difference:.3f} at the most"
            text += f"\n{live.checked} answers of {len(live.sample)} calls asked again: {apart}"
    return text if counts else ""


def show_runs(runs: "SideBySide") -> None:
    """Runs side by side, each against the first."""
    from ausweis.pages.compare_page import COLUMNS, run_rows

    print_table("", COLUMNS, run_rows(runs))


def _outcomes(summary: "Summary") -> None:
    confusion = [(label, *(number or "·" for number in row.values())) for label, row in summary.confusion.items()]
    print_table("outcomes", ("label", *next(iter(summary.confusion.values()))), confusion)
    types = [(name, one["precision"], one["recall"], one["recall"].n) for name, one in summary.by_type.items()]
    print_table("types", ("violation", "precision", "recall", "labelled"), types)
    if summary.reviews:
        reviews = [(f"{one.expected:.0%}", f"{one.reviewed:.0%}", one.precision, one.found) for one in summary.reviews]
        columns = ("violations expected", "reviewed", "of those, violations", "of violations, reviewed")
        print_table("a day's calls, the riskiest reviewed (weighted from the labels)", columns, reviews)
    tags = [
        (part.tag, part.accuracy.n, part.accuracy, part.false_alarms, part.precision, part.recall)
        for part in summary.slices
        if part.accuracy.n >= _FEWEST
    ]
    print_table(
        "", ("tag", "calls", "outcome accuracy", "false alarms", "violation precision", "violation recall"), tags
    )


def _incidents(numbers: "IncidentSummary") -> None:
    rows = [
        (name, kind.found.n, kind.found, kind.precision, "–" if ranked is None else f"{ranked:.2f}")
        for name, kind in (*numbers.kinds.items(), *([("a company's own", numbers.own)] if numbers.own else []))
        for ranked in (kind.average_precision,)
    ]
    print_table("incidents", ("incident", "calls", "found", "precision", "average precision"), rows)
