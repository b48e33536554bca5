"""Figures: what was reported and what people say of it, how far they agree, and what is missed."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple
from urllib.parse import urlencode

from starlette.responses import Response

from ausweis.pages.counts import Trend, scale_of
from ausweis.serve.desk import RequestContext
from ausweis.serve.question import ANY, ListQuery
from ausweis.serve.web import answer, date_of
from ausweis.store import ALL_INCIDENTS, ALL_VIOLATIONS, Counted, FieldRecall, Series, Subject, count_objections
from ausweis.vocabulary import GRAVEST, VIOLATIONS

DAYS = 30
"""Days that are shown where none are chosen, up to the last that there are calls of."""
LEAST = 20
"""Calls below which a queue has no row of its own: its shares would leap."""
_CHOICES = (7, DAYS)


class Period(NamedTuple):
    """Days, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many they are."""
        return (self.last - self.first).days + 1


class FigureLine(NamedTuple):
    """The figures of a type, queue or team, and where the calls of each number are; `trend`: None if no day is told."""

    name: str
    numbers: Counted
    addresses: dict[str, str]
    trend: Trend | None = None


class Plots(NamedTuple):
    """Rows whose trends are drawn to one scale, as in the report: `top` is the share that fills the height."""

    rows: list[FigureLine]
    top: float


def figures_page(context: RequestContext) -> Response:
    """All figures of the days and of what is asked for."""
    store, known = context.store, context.store.days()
    subject, words = _subject(context), context.words
    all_of = "incidents" if subject.incident else "violations"
    recalls = {of: store.field_recall(of=of) for of in ("violations", "incidents")}
    shown: dict[str, Any] = {}
    if known is not None:
        period = _period(context, Period(*known))
        found = store.figures(*period, subject)
        base = ListQuery(show="all", first=str(period.first), last=str(period.last))
        teams = {replace(base, team=name or ""): series for name, series in found.teams.items()}
        counted = store.counted_by_name(*period)
        total = found.every.total
        shown = {
            "period": period,
            "periods": _periods(context, Period(*known), period),
            "total": _plots([_row("", base, subject, found.every, period)]),
            "sentences": _sentences(context, subject, total, counted, recalls[all_of]),
            "names": _names(context, base, counted),
            "queues": _plots(_queues(context, base, subject, found.queues, period)),
            "teams": _plots([_row(q.team, q, subject, series, period, told=q.team) for q, series in teams.items()]),
            "reasons": store.reasons(*period).most_common(),
        }
    return answer(
        context,
        "figures.html.j2",
        here="figures",
        what=context.asked.get("what", "") if subject != ALL_VIOLATIONS else "",
        subject=subject,
        choices=_choices(context),
        subject_name=words.word(subject.name) if subject.name else words.text(all_of),
        least=LEAST,
        agreement=store.agreement(),
        recalls=recalls,
        objections=count_objections(store.objections(), date.today()),
        **shown,
    )


def _sentences(
    context: RequestContext, subject: Subject, total: Counted, counted: Mapping[Subject, Counted], recall: FieldRecall
) -> list[str]:
    """How often reports are right, how many are found, and what is most frequent."""
    words, of = context.words, "_incidents" if subject.incident else ""
    told = [words.count("sum_right", total.decided, confirmed=words.number(total.confirmed))]
    if subject.name is not None:
        return told
    known = "" if recall.recall is not None else "_few" if recall.sampled else "_none"
    share, low, high = (words.number(100 * (one or 0)) for one in (recall.recall, recall.low, recall.high))
    numbers = {"missed": words.number(recall.missed_in_sample), "sampled": words.number(recall.sampled)}
    told.append(words.text(f"sum_found{known}{of}", share=share, low=low, high=high, **numbers))
    kinds = [one for one in counted if one.name and one.incident == subject.incident and counted[one].reported]
    if kinds:
        most = max(kinds, key=lambda one: counted[one].reported)
        number = words.number(counted[most].reported)
        told.append(words.text("sum_most", what=words.word(most.name or ""), number=number))
    return told


def _subject(context: RequestContext) -> Subject:
    what = context.asked.get("what", "")
    if what in VIOLATIONS:
        return Subject(name=what)
    if what == ANY:
        return ALL_INCIDENTS
    return Subject(incident=True, name=what) if what in context.desk.lists.get().incidents else ALL_VIOLATIONS


def _choices(context: RequestContext) -> dict[str, list[tuple[str, str]]]:
    """What figures may be of, violations and incidents each by value and words."""
    words = context.words
    types = [(kind, words.word(kind)) for kind in GRAVEST]
    kinds = [(kind, words.word(kind)) for kind in context.desk.lists.get().incidents]
    return {
        "violations": [("", words.text("all_violations")), *types],
        "incidents": [(ANY, words.text("all_incidents")), *kinds],
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


def _names(context: RequestContext, base: ListQuery, counted: Mapping[Subject, Counted]) -> list[FigureLine]:
    """Each type and kind that there is, the gravest type first, then kinds; all of them first, where there are more."""
    names = {ALL_VIOLATIONS: "all_of_violations", ALL_INCIDENTS: "all_of_incidents"}
    kinds = sorted((one for one in counted if one.incident), key=lambda one: (-counted[one].reported, one.name or ""))
    order = [ALL_VIOLATIONS, *(Subject(name=kind) for kind in GRAVEST), *(one for one in kinds if one.name)]
    if len(kinds) > 2:
        order.insert(-len(kinds) + 1, ALL_INCIDENTS)
    return [
        FigureLine(
            context.words.word(one.name) if one.name else context.words.text(names[one]),
            counted[one],
            _addresses(base, one),
        )
        for one in order
        if one in counted
    ]


def _queues(
    context: RequestContext, base: ListQuery, subject: Subject, found: Mapping[str | None, Series], period: Period
) -> list[FigureLine]:
    """Queues of `LEAST` calls and more, the smaller ones as one row; nothing where all are small."""
    large = {name: series for name, series in found.items() if series.total.calls >= LEAST}
    small = {name: series for name, series in found.items() if name not in large}
    rows = []
    for name, series in large.items():
        rows.append(_row(name or "", replace(base, queue=name or ""), subject, series, period, told=name or ""))
    if large and small:
        days = dict.fromkeys(day for series in small.values() for day in series.days)
        together = {day: sum((one.days.get(day, Counted()) for one in small.values()), Counted()) for day in days}
        total = sum((series.total for series in small.values()), Counted())
        asked = ListQuery.of({"queue": "\n".join(filter(None, small))}).queues
        # An address holds so much; calls of no queue cannot be asked for.
        told = "" if {*asked} != {*small} else ANY
        name = context.words.count("small_queues", len(small))
        question = replace(base, queue="\n".join(asked))
        rows.append(_row(name, question, subject, Series(total, together), period, told=told))
    return rows


def _row(
    name: str, base: ListQuery, subject: Subject, series: Series, period: Period, *, told: str = ANY
) -> FigureLine:
    """`told`: empty where these calls have no name by which a queue of them could be asked for."""
    addresses = _addresses(base, subject) if told else {}
    return FigureLine(name, series.total, addresses, Trend(name, series.days, *period) if series.days else None)


def _addresses(base: ListQuery, subject: Subject) -> dict[str, str]:
    """Where the calls are that each number counts."""
    name = subject.name or ""
    here = replace(base, incident=name or ANY) if subject.incident else replace(base, violation=name)
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
    return Plots(some, scale_of(row.trend for row in some if row.trend))
