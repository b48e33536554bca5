"""One HTML page of an eval run; what it may do and hold: `pages`."""

from collections.abc import Mapping, Sequence
from itertools import groupby

from ausweis.evals.calibrating import event_curve, risk_curve
from ausweis.evals.folder import EvalSource
from ausweis.evals.metrics.outcomes import NONE
from ausweis.evals.metrics.summary import Slice, Summary, rows_of
from ausweis.reports import plots
from ausweis.reports.eval_calls import call_views
from ausweis.reports.pages import page_of

__all__ = ["eval_page"]

SHADES = 4
"""Steps of the heat table."""
MARKS = ("wrong", "right", "no verdict", "facts differ", "flipped", "must pass", "needs review")


def eval_page(source: EvalSource) -> str:
    """The page."""
    calls, learned = call_views(source), source.calibrated
    learned_events = learned.events if learned else None
    present = {mark for call in calls for mark in call.marks}
    return page_of(
        "eval_page.html.j2",
        "page.css",
        "page.js",
        manifest=source.manifest,
        summary=source.summary,
        rows=rows_of(source.summary),
        confusion=_heat(source.summary),
        tags=_by_kind(source.summary.slices),
        curve=plots.risk_curve(source.cases, source.summary),
        calibration=plots.calibration(source.summary),
        risks=plots.probabilities(risk_curve(source), learned.risk if learned else None, "calls a violation at a risk"),
        events=plots.probabilities(event_curve(source), learned_events, "events so at a probability"),
        calls=calls,
        repeats=max(case.repeat for case in source.cases),
        marks=[mark for mark in MARKS if mark in present],
    )


def _heat(summary: Summary) -> Mapping[str, Sequence[tuple[str, int, int]]]:
    """For each label, verdicts with their count and shade (0: none, up to `SHADES`: all calls of the label)."""
    failed = any(row[NONE] for row in summary.confusion.values())
    heat = {}
    for label, row in summary.confusion.items():
        total = sum(row.values())
        cells = [(verdict, count) for verdict, count in row.items() if verdict != NONE or failed]
        heat[label] = [(verdict, count, -(-count * SHADES // total) if total else 0) for verdict, count in cells]
    return heat


def _by_kind(slices: Sequence[Slice]) -> list[tuple[str, list[Slice]]]:
    """Tags by what stands before their colon."""
    ordered = sorted(slices, key=lambda part: part.tag)
    return [(kind, list(parts)) for kind, parts in groupby(ordered, key=lambda part: part.tag.partition(":")[0])]
