"""Figures: what was reported and what people say of it, how far they agree, and what is missed."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple
from urllib.parse import urlencode

from starlette.responses import Response

from ausweis.pages.counts import Trend, highest, trend_of
from ausweis.serve.desk import RequestContext
from ausweis.serve.question import ListQuery
from ausweis.serve.web import answer, date_of
from ausweis.store import ALL_INCIDENTS, ALL_VIOLATIONS, FEWEST, Counted, Series, Subject, count_objections
from ausweis.vocabulary import GRAVEST, VIOLATIONS

__all__ = ["figures_page"]

DAYS = 30
"""Days that are shown where none are chosen, up to the last that there are calls of."""
_CHOICES = (7, DAYS)
_ANY = "*"


class Period(NamedTuple):
    """Days, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many they are."""
        return (self.last - self.first).days + 1


class FigureLine(NamedTuple):
    """The figures of a type, queue or team, and where the calls of each number are; `trend` without one's days."""

    name: str
    numbers: Counted
    addresses: dict[str, str]
    trend: Trend | None = None


class Plots(NamedTuple):
    """Rows whose trends are drawn to one scale: `top` is the share that fills the height."""

    rows: list[FigureLine]
    top: float


def figures_page(context: RequestContext) -> Response:
    """All figures of the days and of what is asked for."""
    store, known = context.store, context.store.days()
    subject, words = _subject(context), context.words
    all_of = "incidents" if subject.incident else "violations"
    shown: dict[str, Any] = {}
    if known is not None:
        period = _period(context, Period(*known))
        found = store.figures(*period, subject)
        base = ListQuery(show="all", first=str(period.first), last=str(period.last))
        queues = {replace(base, queue=name or ""): series for name, series in found.queues.items()}
        teams = {replace(base, team=name or ""): series for name, series in found.teams.items()}
        shown = {
            "period": period,
            "periods": _periods(context, Period(*known), period),
            "total": _plots([_row("", base, subject, found.every, period)]),
            "names": _names(context, base, period),
            "queues": _plots([_row(q.queue, q, subject, series, period, told=q.queue) for q, series in queues.items()]),
            "teams": _plots([_row(q.team, q, subject, series, period, told=q.team) for q, series in teams.items()]),
        }
    return answer(
        context,
        "figures.html.j2",
        here="figures",
        what=context.asked.get("what", "") if subject != ALL_VIOLATIONS else "",
        subject=subject,
        choices=_choices(context),
        subject_name=words.word(subject.name) if subject.name else words.text(all_of),
        fewest=FEWEST,
        agreement=store.agreement(),
        recall=store.field_recall(),
        incidents=store.field_recall(of="incidents"),
        objections=count_objections(store.objections(), date.today()),
        **shown,
    )


def _subject(context: RequestContext) -> Subject:
    what = context.asked.get("what", "")
    if what in VIOLATIONS:
        return Subject(name=what)
    if what == _ANY:
        return ALL_INCIDENTS
    return Subject(incident=True, name=what) if what in context.desk.lists.get().incidents else ALL_VIOLATIONS


def _choices(context: RequestContext) -> dict[str, list[tuple[str, str]]]:
    """What figures may be of, violations and incidents each by value and words."""
    words = context.words
    types = [(kind, words.word(kind)) for kind in GRAVEST]
    kinds = [(kind, words.word(kind)) for kind in context.desk.lists.get().incidents]
    return {
        "violations": [("", words.text("all_violations")), *types],
        "incidents": [(_ANY, words.text("all_incidents")), *kinds],
    }


def _period(context: RequestContext, known: Period) -> Period:
    """The days that are asked for, of those that there are calls of."""
    asked = [date_of(context.asked.get(name, "")) for name in ("first", "last")]
    last = min(max(asked[1] or known.last, known.first), known.last)
    first = asked[0] or _before(known._replace(last=last), DAYS)
    first = min(max(first, known.first), known.last)
    return Period(min(first, last), max(first, last))


def _before(known: Period, days: int) -> date:
    """The first of so many days up to the last, of those that are known."""
    return max(known.first, date.fromordinal(max(1, known.last.toordinal() - days + 1)))


def _periods(context: RequestContext, known: Period, shown: Period) -> list[tuple[str, str, bool]]:
    """Periods to be chosen: name, address, and whether it is the one that is shown."""
    what = {"what": context.asked["what"]} if context.asked.get("what") else {}
    some = {context.words.text("last_days", days=days): known._replace(first=_before(known, days)) for days in _CHOICES}
    some[context.words.text("all_days")] = known
    current = next((name for name, period in some.items() if period == shown), None)
    return [
        (name, f"/figures?{urlencode({'first': period.first, 'last': period.last} | what)}", name == current)
        for name, period in some.items()
    ]


def _names(context: RequestContext, base: ListQuery, period: Period) -> list[FigureLine]:
    """Each type and kind that there is, types first, the gravest first."""
    counted = context.store.counted_by_name(*period)
    types = [Subject(name=kind) for kind in GRAVEST]
    kinds = sorted((one for one in counted if one.incident), key=lambda one: (-counted[one].reported, one.name or ""))
    return [
        FigureLine(context.words.word(one.name or ""), counted[one], _addresses(base, one))
        for one in (*types, *kinds)
        if one in counted
    ]


def _row(
    name: str, base: ListQuery, subject: Subject, series: Series, period: Period, *, told: str = _ANY
) -> FigureLine:
    """`told`: empty where these calls have no name by which a queue of them could be asked for."""
    addresses = _addresses(base, subject) if told else {}
    return FigureLine(name, series.total, addresses, trend_of(name, series.days, *period))


def _addresses(base: ListQuery, subject: Subject) -> dict[str, str]:
    """Where the calls are that each number counts."""
    name = subject.name or ""
    here = replace(base, incident=name or _ANY) if subject.incident else replace(base, violation=name)
    asked = {
        "calls": base,
        "asked": replace(base, looked=name or "yes") if subject.incident else base,
        "reported": replace(here, outcome="violation") if subject == ALL_VIOLATIONS else here,
        "confirmed": replace(here, finding="confirmed"),
        "overruled": replace(here, finding="overruled"),
        "open": replace(here, finding="open"),
        "added": replace(here, finding="added"),
    }
    return {word: f"/{question.query()}" for word, question in asked.items()}


def _plots(rows: Iterable[FigureLine]) -> Plots:
    some = sorted((row for row in rows if row.numbers.calls), key=lambda row: (not row.name, row.name))
    return Plots(some, highest(row.trend for row in some if row.trend) or 1)
