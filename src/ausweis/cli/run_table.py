"""What calls came to, in short: the worst, the counts, what failed."""

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

    from ausweis.batch import CallLine, Counts, Tally

__all__ = ["ROWS", "console", "counts_sentence", "show_tally"]

ROWS = 30
_QUOTE = 80
_PIPED_WIDTH = 180


def console(*, err: bool = False) -> "Console":
    """Standard output, or error; wide where it is no terminal, as then nothing says how wide it may be."""
    from rich.console import Console

    out = Console(highlight=False, stderr=err)
    return out if out.is_terminal else Console(highlight=False, stderr=err, width=_PIPED_WIDTH)


def show_tally(tally: "Tally", *, err: bool = False) -> None:
    """The table of the worst calls, then outcomes, violations, incidents and failures; with `err` on standard error.

    Quotes hold personal data: they are shown on a terminal alone, as what is piped ends in logs and mails.
    """
    if tally.worst:
        _table(tally.worst, quotes=(sys.stderr if err else sys.stdout).isatty(), err=err)
        if tally.counts.verdicts > len(tally.worst):
            click.echo(f"and {tally.counts.verdicts - len(tally.worst)} more calls", err=err)
    click.echo(counts_sentence(tally.counts, tally.to_review), err=err)
    if tally.incidents:
        click.echo(f"incidents: {_by_number(tally.incidents)}", err=err)
    if tally.failures:
        click.echo(f"{len(tally.failures)} calls failed:", err=err)
        for failure in tally.failures[:ROWS]:
            where = failure.place or (f"call {failure.call_id}" if failure.call_id else "input")
            click.echo(f"  {where}: {failure.message} [{failure.kind}]", err=err)
        if len(tally.failures) > ROWS:
            click.echo(f"  and {len(tally.failures) - ROWS} more; --json names them all", err=err)


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


def _table(rows: "list[CallLine]", *, quotes: bool, err: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    quote = ("quote",) if quotes else ()
    table = Table("call", "outcome", "found", "turn", "risk", "unsure", *quote)
    for column in (1, 3, 4):
        table.columns[column].no_wrap = True
    # Words without blanks, some of them long: cut on narrow screens rather than the quote.
    for column in (0, 2):
        table.columns[column].overflow = "fold"
    for row in rows:
        # As Text, so that brackets of a quote or an id are no markup.
        table.add_row(
            Text(row.call_id),
            Text(row.outcome),
            Text("\n".join((*row.violations, *(f"{kind} ({turn})" for kind, turn in row.incidents.items())))),
            Text("" if row.turn is None else str(row.turn)),
            Text(f"{row.risk:.2f}"),
            Text("yes" if row.needs_review else ""),
            *([Text(_shortened(row.quote))] if quotes else []),
        )
    console(err=err).print(table)


def _shortened(quote: str) -> str:
    from ausweis.calls.text import clean

    text = " ".join(clean(quote).split())
    return text if len(text) <= _QUOTE else text[: _QUOTE - 1].rstrip() + "…"
