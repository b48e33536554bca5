"""A run in short, on standard output: the worst calls, the counts, what failed."""

import itertools
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ausweis.batch.manifest import Counts
from ausweis.batch.state import failures
from ausweis.batch.worst import Row, totals_in, worst

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["ROWS", "console", "counts_sentence", "show_run"]

ROWS = 30
_QUOTE = 80
_PIPED_WIDTH = 180


def console() -> "Console":
    """Standard output; wide where it is no terminal, as then nothing says how wide it may be."""
    from rich.console import Console

    out = Console(highlight=False)
    return out if out.is_terminal else Console(highlight=False, width=_PIPED_WIDTH)


def show_run(folder: Path, counts: Counts) -> None:
    """The table of the worst calls, then outcomes, violations, incidents and failures.

    Quotes hold personal data: they are shown on a terminal alone, as what is piped ends in logs and mails.
    """
    rows = worst(folder, ROWS)
    if rows:
        _table(rows, quotes=sys.stdout.isatty())
        if counts.verdicts > len(rows):
            click.echo(f"and {counts.verdicts - len(rows)} more calls")
    totals = totals_in(folder)
    click.echo(counts_sentence(counts, totals.to_review))
    if totals.incidents:
        click.echo(f"incidents: {_by_number(totals.incidents)}")
    _failures(folder, counts)


def counts_sentence(counts: Counts, to_review: int) -> str:
    """Outcomes of a run and calls to review on one line, violations on the next, where there are any."""
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


def _table(rows: list[Row], *, quotes: bool) -> None:
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
    console().print(table)


def _shortened(quote: str) -> str:
    from ausweis.calls.text import clean

    text = " ".join(clean(quote).split())
    return text if len(text) <= _QUOTE else text[: _QUOTE - 1].rstrip() + "…"


def _failures(folder: Path, counts: Counts) -> None:
    if not counts.failed:
        return
    click.echo(f"{counts.failed} calls failed:")
    for failure in itertools.islice(failures(folder), ROWS):
        where = failure.place or (f"call {failure.call_id}" if failure.call_id else "input")
        click.echo(f"  {where}: {failure.message} [{failure.kind}]")
    if counts.failed > ROWS:
        click.echo(f"  and {counts.failed - ROWS} more, in {folder / 'failures.jsonl'}")
