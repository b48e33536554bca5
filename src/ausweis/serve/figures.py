"""Figures: how far reviewers agree, what is missed in the field, and whether things get better."""

from datetime import date
from typing import NamedTuple

from starlette.responses import Response

from ausweis.serve.desk import RequestContext
from ausweis.serve.rendering import answer
from ausweis.store import Column, count_objections
from ausweis.views.trends import Trend, highest, trends

__all__ = ["figures_page"]

DAYS = 30
"""Days that a trend shows, up to the last that there are calls of."""


class Plots(NamedTuple):
    """Trends that are drawn to one scale: `top` is the share that fills the height."""

    lines: list[Trend]
    top: float


def figures_page(context: RequestContext) -> Response:
    """All figures."""
    store = context.store
    return answer(
        context,
        "figures.html.j2",
        here="figures",
        agreement=store.agreement(),
        recall=store.field_recall(),
        incidents=store.field_recall(of="incidents"),
        total=_plots(context),
        queues=_plots(context, "queue"),
        teams=_plots(context, "team"),
        objections=count_objections(store.objections(), date.today()),
    )


def _plots(context: RequestContext, by: Column | None = None) -> Plots:
    days = context.store.days()
    if days is None or by == "day":
        return Plots([], 1)
    first = max(days[0], date.fromordinal(max(1, days[1].toordinal() - DAYS + 1)))
    columns: tuple[Column, ...] = ("day", by) if by else ("day",)
    lines = trends(context.store.day_counts(first, days[1], by=columns), first, days[1], by)
    return Plots(sorted(lines, key=lambda line: (not line.name, line.name)), highest(lines) or 1)
