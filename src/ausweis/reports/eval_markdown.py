"""A gate's result as Markdown: the comment on a pull request."""

from collections.abc import Iterator

from ausweis.evals.comparing import Change, Comparison
from ausweis.evals.gate import Gate
from ausweis.reports.markdown import cell

__all__ = ["gate_markdown"]

SHOWN = 20
"""Calls named of each kind."""
_MARK = {"passed": "✅", "failed": "❌", "error": "⚠️", "undecided": "❔", "skipped": "➖"}


def gate_markdown(gate: Gate) -> str:
    """Heading, what differs, numbers, calls that stopped it, calls that changed. It quotes no call.

    Ids and messages may hold anything (a pipe, a link, somebody's @name): they are shown, and do nothing.
    """
    return "\n".join(_lines(gate)) + "\n"


def _lines(gate: Gate) -> Iterator[str]:
    yield f"## Ausweis eval gate: {gate.verdict}"
    yield ""
    yield f"Differs from the baseline: {'; '.join(map(cell, gate.differs)) or 'nothing'}."
    yield ""
    yield "| | check | result |"
    yield "|---|---|---|"
    for check in gate.checks:
        yield f"| {_MARK[check.state]} | {cell(check.name)} | {cell(check.message)} |"
    for check in gate.stopped[:SHOWN]:
        yield f"| {_MARK[check.state]} | {_id(check.name)} | {cell(check.message)} |"
    if len(gate.stopped) > SHOWN:
        yield f"| | and {len(gate.stopped) - SHOWN} more calls | |"
    yield ""
    yield from _comparison(gate.comparison)


def _comparison(comparison: Comparison) -> Iterator[str]:
    yield f"{comparison.calls} calls compared."
    for title, changes in (("Better", comparison.better), ("Worse", comparison.worse)):
        if changes:
            yield ""
            yield f"**{title}** ({len(changes)})"
            yield ""
            yield "| call | label | before | after |"
            yield "|---|---|---|---|"
            yield from (_row(change) for change in changes[:SHOWN])
            if len(changes) > SHOWN:
                yield f"| and {len(changes) - SHOWN} more | | | |"
    if comparison.relabelled:
        yield ""
        yield f"Labels changed in {len(comparison.relabelled)} calls, on both sides of the comparison."
    if comparison.new:
        yield ""
        yield f"New, not in the baseline: {len(comparison.new)} calls."


def _row(change: Change) -> str:
    return f"| {_id(change.id)} | {change.label} | {change.before} | {change.after} |"


def _id(text: str) -> str:
    """A call id; not in backticks, since a table has no safe way to write a pipe between them."""
    return f"<code>{cell(text)}</code>"
