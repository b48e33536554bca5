"""Eval runs side by side, as Markdown and as one HTML page. They quote no call."""

from collections.abc import Iterator

from ausweis.evals.comparing import SideBySide
from ausweis.pages.gate_report import changes_markdown
from ausweis.pages.markup import cell, page_of

__all__ = ["COLUMNS", "compare_markdown", "compare_page", "run_rows"]

COLUMNS = ("run", "calls", "right", "found", "false alarms", "AP", "s a call", "better", "worse", "p")
"""Of violations: found, and false alarms among clean calls; AP: average precision of risk. Paired against the first."""


def run_rows(runs: SideBySide) -> Iterator[tuple[str, ...]]:
    """A row of `COLUMNS` for each run."""
    for name, one in runs.runs.items():
        shares = [_number(share) for share in (one.right, one.found, one.false_alarms, one.average_precision)]
        pair = runs.against_first.get(name)
        paired = ("", "", "") if pair is None else (str(len(pair.better)), str(len(pair.worse)), _number(pair.p))
        yield (name, str(one.calls), *shares, _number(one.seconds, 1), *paired)


def _number(value: float | None, digits: int = 3) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def compare_markdown(runs: SideBySide) -> str:
    """The table of runs, then for each the calls that got better or worse."""
    lines = [f"| {' | '.join(COLUMNS)} |", "|---" * len(COLUMNS) + "|"]
    lines += [f"| {' | '.join(map(cell, row))} |" for row in run_rows(runs)]
    for name, comparison in runs.against_first.items():
        lines += ["", f"## {cell(name)}", "", *changes_markdown(comparison)]
    return "\n".join(lines) + "\n"


def compare_page(runs: SideBySide) -> str:
    """The same as a page."""
    return page_of("compare_page.html.j2", "page.css", columns=COLUMNS, rows=list(run_rows(runs)), runs=runs)
