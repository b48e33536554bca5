"""The daily review as one HTML page; what it may do and hold: `pages`. It has no script at all."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from markupsafe import Markup

from ausweis.reports.pages import beside, content_policy, environment
from ausweis.reports.review_calls import ReviewedCall, clock
from ausweis.reports.review_counts import Change, Figure
from ausweis.reports.review_source import BEFORE, Review, Wanted
from ausweis.reports.review_trends import Trend, top_of
from ausweis.reports.review_words import (
    OUTCOMES,
    SEVERITIES,
    STATES,
    TEXTS,
    day_in_words,
    number,
    share,
)
from ausweis.store import TEAM_MINIMUM
from ausweis.vocabulary import Language, name_of

__all__ = [
    "change_in_words",
    "finding_words",
    "heading",
    "no_calls_in_words",
    "part_in_words",
    "review_page",
    "usual_in_words",
]

OPEN = 3
"""Calls that are opened already: the worst."""
SNIPPET = 160
"""Letters of the quote that stands in a closed call's line."""


def review_page(review: Review) -> str:
    """The page."""
    style = beside("review.css")
    language = review.wanted.language
    heard = partial(_heard, wanted=review.wanted)
    lines = [one for one in (review.total, *review.queues, *review.teams) if one is not None]
    return (
        environment()
        .get_template("review_page.html.j2")
        .render(
            policy=content_policy(style),
            style=Markup(style),  # noqa: S704
            review=review,
            wanted=review.wanted,
            language=language,
            title=heading(review),
            top=top_of(lines),
            top_total=top_of([review.total] if review.total else []),
            open=OPEN,
            minimum=TEAM_MINIMUM,
            before=BEFORE,
            before_first=review.wanted.first - timedelta(days=BEFORE),
            before_last=review.wanted.first - timedelta(days=1),
            no_calls=no_calls_in_words(review),
            snippet=_snippet,
            heard=heard,
            unheard=any(one.recorded and not heard(one) for one in review.calls),
            **_words(language),
        )
    )


def heading(review: Review) -> str:
    """The day, or the first and the last one."""
    wanted = review.wanted
    first, last = (day_in_words(day, wanted.language) for day in (wanted.first, wanted.last))
    return last if wanted.days == 1 else f"{first} – {last}"


def no_calls_in_words(review: Review) -> str:
    """That there are no calls of these days, queues and teams, and of which other days there are some."""
    language = review.wanted.language
    here = "_here" if review.wanted.queues or review.wanted.teams else ""
    told = TEXTS[language][f"no_calls{here}"]
    if review.known is None:
        return told
    first, last = (day_in_words(day, language) for day in review.known)
    return f"{told} {TEXTS[language][f'known_days{here}'].format(first=first, last=last)}"


def part_in_words(name: str, language: Language) -> str:
    """What a figure or change counts: `violation:late_authentication` and the like."""
    texts = TEXTS[language]
    _, _, word = name.partition(":")
    if word:
        return name_of(word, language)
    return {
        "calls": texts["calls"],
        "violation": texts["violations"],
        "incident": texts["incidents"],
        "needs_review": texts["needs_review"],
        "inconclusive": texts["inconclusive"],
    }[name]


def usual_in_words(figure: Figure, language: Language) -> str:
    """`sonst 1,6 %`; of the number of calls, their mean."""
    if figure.usual is None:
        return TEXTS[language]["usual_none"]
    shown = number(figure.usual, language) if figure.name == "calls" else share(figure.usual, language)
    return TEXTS[language]["usual"].format(usual=shown)


def change_in_words(change: Change, language: Language) -> str:
    """`Warteschlange billing, mit Verstoß: 15 % (12 von 80), sonst 6 %`."""
    figure = change.figure
    where = f"{TEXTS[language][change.where[0]]} {change.where[1]}, " if change.where else ""
    return TEXTS[language]["change"].format(
        where=where,
        what=part_in_words(figure.name, language),
        now=share(figure.share, language),
        count=number(figure.count, language),
        calls=number(figure.calls, language),
        usual=share(figure.usual or 0, language),
    )


def finding_words(row: Any, language: Language) -> str:
    """Violations and incidents of a call in short, or its outcome."""
    found = [name_of(word, language) for word in (*row.violations, *row.incidents)]
    return ", ".join(found) or OUTCOMES[language][row.outcome]


def _words(language: Language) -> dict[str, Any]:
    def bound(function: Callable[..., str]) -> Callable[..., str]:
        return partial(function, language=language)

    return {
        "t": TEXTS[language],
        "severities": SEVERITIES[language],
        "outcomes": OUTCOMES[language],
        "states": STATES[language],
        "name_of": bound(name_of),
        "part": bound(part_in_words),
        "usual": bound(usual_in_words),
        "change": bound(change_in_words),
        "finding": bound(finding_words),
        "number": bound(number),
        "share": bound(share),
        "day": bound(day_in_words),
        "clock": clock,
        "when": _when,
        "line": _line,
    }


def _when(row: Any, *, with_day: bool, language: Language) -> str:
    """The time at which a call began, in its own time zone; the day before it where the review has several."""
    clock_time = row.started_at[11:16] if row.started_at and len(row.started_at) >= 16 else ""
    short = day_in_words(row.day, language, weekday=False)
    return ", ".join(part for part in (short if with_day or not clock_time else "", clock_time) if part)


def _heard(call: ReviewedCall, wanted: Wanted) -> Sequence[str]:
    """Where the call can be heard: its files, or where they stay unnamed, its page in `ausweis serve`."""
    if not wanted.masked:
        return call.audio
    return [f"{wanted.serve}/calls/{call.row.key}"] if wanted.serve and call.recorded else []


def _snippet(call: ReviewedCall) -> str:
    """What was said at the worst finding, in a line."""
    worst = call.worst
    turns = [one for one in call.excerpt.turns if worst and one.number == worst.turn] or list(call.excerpt.turns)[:1]
    text = " ".join("".join(piece.text for piece in one.pieces) for one in turns)
    return text if len(text) <= SNIPPET else text[:SNIPPET].rsplit(" ", 1)[0] + " …"


def _line(trend: Trend, top: float, width: float, height: float) -> list[tuple[float, float]]:
    """The points of a trend in a drawing of this size; shares beyond the scale lie on its edge."""
    return [
        (round(trend.place(one) * width, 1), round(height * (1 - min(1.0, one.share / top)), 1)) for one in trend.points
    ]
