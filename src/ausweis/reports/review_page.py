"""The daily review as one HTML page; what it may do and hold: `pages`. It has no script at all."""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from ausweis.reports.pages import page_of
from ausweis.reports.review_calls import ReviewedCall
from ausweis.reports.review_counts import Change, Figure
from ausweis.reports.review_source import BEFORE, Review, Wanted
from ausweis.store import FEWEST, TEAM_MINIMUM, CallRow, Counted
from ausweis.views.glossary import Asks
from ausweis.views.trends import Trend, highest
from ausweis.views.words import Words, clock, time_of

__all__ = [
    "change_in_words",
    "heading",
    "no_calls_in_words",
    "objections_in_words",
    "part_in_words",
    "people_in_words",
    "review_page",
    "usual_in_words",
]

OPEN = 3
"""Calls that are opened already: the worst."""
SNIPPET = 160
"""Letters of the quote that stands in a closed call's line."""
_STEPS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0)


def review_page(review: Review) -> str:
    """The page."""
    words, wanted = Words(review.wanted.language), review.wanted
    heard = partial(_heard, wanted=wanted)
    total = [review.total] if review.total else []
    return page_of(
        "review_page.html.j2",
        "review.css",
        explained=True,
        review=review,
        wanted=wanted,
        title=heading(review),
        top=_scale([*total, *review.queues, *review.teams]),
        top_total=_scale(total),
        open=OPEN,
        minimum=TEAM_MINIMUM,
        fewest=FEWEST,
        before=BEFORE,
        before_first=wanted.first - timedelta(days=BEFORE),
        before_last=wanted.first - timedelta(days=1),
        no_calls=no_calls_in_words(review),
        objections=objections_in_words(review),
        w=words,
        t=words.text,
        asks=Asks(words),
        **_functions(words, wanted, heard),
    )


def heading(review: Review) -> str:
    """The day, or the first and the last one."""
    wanted, words = review.wanted, Words(review.wanted.language)
    last = words.long_day(wanted.last)
    return last if wanted.days == 1 else f"{words.long_day(wanted.first)} – {last}"


def no_calls_in_words(review: Review) -> str:
    """That there are no calls of these days, queues and teams, and of which other days there are some."""
    words = Words(review.wanted.language)
    here = "_here" if review.wanted.queues or review.wanted.teams else ""
    told = words.text(f"no_calls_days{here}")
    if review.known is None:
        return told
    first, last = map(words.long_day, review.known)
    return f"{told} {words.text(f'known_days{here}', first=first, last=last)}"


def objections_in_words(review: Review) -> str:
    """How many objections of the agent's side wait, and until when."""
    words, counts = Words(review.wanted.language), review.objections
    told = words.text("objections_waiting", waiting=words.number(counts.waiting), overdue=words.number(counts.overdue))
    return f"{told} {words.text('objections_due', day=words.day(counts.due))}" if counts.due else told


def part_in_words(name: str, words: Words) -> str:
    """What a figure or change counts: `violation:late_authentication` and the like."""
    _, _, word = name.partition(":")
    keys = {
        "calls": "figure_calls",
        "violation": "figure_violations",
        "incident": "figure_incidents",
        "needs_review": "figure_needs_review",
    }
    return words.word(word or name) if word or name not in keys else words.text(keys[name])


def usual_in_words(figure: Figure, words: Words) -> str:
    """`sonst 1,6 %`; of the number of calls, their mean; that nobody looked for it."""
    if figure.people is not None and not figure.calls:
        return words.text("not_looked_short")
    if figure.usual is None:
        return words.text("usual_none")
    return words.text("usual", usual=(words.number if figure.name == "calls" else words.share)(figure.usual))


def people_in_words(people: Counted | None, words: Words) -> str:
    """`3 bestätigt, 16 offen`; empty where nothing was reported."""
    named = ("confirmed", "overruled", "open") if people else ()
    counts = {name: getattr(people, name) for name in named}
    return ", ".join(f"{words.number(count)} {words.text(f'count_{name}')}" for name, count in counts.items() if count)


def change_in_words(change: Change, words: Words) -> str:
    """`Warteschlange billing, mit Verstoß: 15 % (12 von 80), sonst 6 %`."""
    figure = change.figure
    kind, name = change.where or ("", "")
    return words.text(
        "change",
        where=f"{words.text({'queue': 'phone_queue'}.get(kind, kind))} {name}, " if kind else "",
        what=part_in_words(figure.name, words),
        now=words.share(figure.share),
        count=words.number(figure.count),
        calls=words.number(figure.calls),
        usual=words.share(figure.usual or 0),
    )


def _functions(words: Words, wanted: Wanted, heard: Callable[..., Sequence[str]]) -> dict[str, Any]:
    """What the templates call."""
    return {
        "part": partial(part_in_words, words=words),
        "usual": partial(usual_in_words, words=words),
        "people": partial(people_in_words, words=words),
        "change": partial(change_in_words, words=words),
        "when": partial(_when, words=words, with_day=wanted.days > 1),
        "clock": clock,
        "line": _line,
        "snippet": _snippet,
        "heard": heard,
    }


def _scale(lines: Iterable[Trend]) -> float:
    """The scale that holds all lines: a round share."""
    top = highest(lines)
    return next(step for step in _STEPS if top <= step)


def _when(row: CallRow, *, words: Words, with_day: bool) -> str:
    """The time at which a call began; the day before it where the review has several."""
    time = time_of(row)
    return ", ".join(part for part in (words.short_day(row.day) if with_day or not time else "", time) if part)


def _heard(call: ReviewedCall, wanted: Wanted) -> Sequence[str]:
    """Where the call can be heard: its files, or where they stay unnamed, its page in `ausweis serve`."""
    if not wanted.masked:
        return call.audio
    return [f"{wanted.serve}/calls/{call.row.key}"] if wanted.serve and call.recorded else []


def _snippet(call: ReviewedCall) -> str:
    """What was said at the worst finding, in a line."""
    text = call.said or next((view.text for _, view in call.excerpt.turns), "")
    return text if len(text) <= SNIPPET else text[:SNIPPET].rsplit(" ", 1)[0] + " …"


def _line(trend: Trend, top: float, width: float, height: float, share: str = "share") -> list[tuple[float, float]]:
    """The days of a trend in a drawing of this size; shares beyond the scale lie on its edge."""
    step = width / max(1, len(trend.days) - 1)
    shares = [(place, getattr(day, share)) for place, day in enumerate(trend.days) if day.share is not None]
    return [(round(place * step, 1), round(height * (1 - min(1.0, one / top)), 1)) for place, one in shares]
