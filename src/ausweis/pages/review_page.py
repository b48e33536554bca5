"""The daily review as HTML and Markdown."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial

from ausweis.pages.counts import Figure, ShareChange, Trend, scale_of
from ausweis.pages.findings import CallView
from ausweis.pages.markup import cell, code, page_of
from ausweis.pages.review import BEFORE, Review, Wanted
from ausweis.pages.words import Glossary, Words, clock, time_of
from ausweis.store import TEAM_MINIMUM, CallRow, Counted

OPEN = 3
"""Calls that are opened already: the worst."""
SNIPPET = 160
"""Letters of the quote that stands in a closed call's line."""


def review_page(review: Review) -> str:
    """The page."""
    words, wanted = Words(review.wanted.language), review.wanted
    total = [review.total] if review.total else []
    return page_of(
        "review_page.html.j2",
        "review.css",
        explained=True,
        review=review,
        wanted=wanted,
        title=heading(review),
        top=scale_of([*total, *review.queues, *review.teams]),
        top_total=scale_of(total),
        open=OPEN,
        minimum=TEAM_MINIMUM,
        before=BEFORE,
        before_first=wanted.first - timedelta(days=BEFORE),
        before_last=wanted.first - timedelta(days=1),
        no_calls=no_calls_in_words(review),
        objections=objections_in_words(review),
        w=words,
        t=words.text,
        glossary=Glossary(words),
        part=partial(part_in_words, words=words),
        usual=partial(usual_in_words, words=words),
        people=partial(people_in_words, words=words),
        change=partial(change_in_words, words=words),
        when=partial(_when, words=words, with_day=wanted.days > 1),
        clock=clock,
        line=_line,
        snippet=_snippet,
        heard=partial(_heard, wanted=wanted),
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


def change_in_words(change: ShareChange, words: Words) -> str:
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


def _when(row: CallRow, *, words: Words, with_day: bool) -> str:
    """The time at which a call began; the day before it where the review has several."""
    time = time_of(row)
    return ", ".join(part for part in (words.short_day(row.day) if with_day or not time else "", time) if part)


def _heard(call: CallView, wanted: Wanted) -> Sequence[str]:
    """Where the call can be heard: its files, or where they stay unnamed, its page in `ausweis serve`."""
    # Names of files often hold a number or a person.
    if not wanted.masked:
        return [path.absolute().as_uri() for path in call.recordings]
    return [f"{wanted.serve}/calls/{call.row.key}"] if wanted.serve and call.recordings else []


def _snippet(call: CallView) -> str:
    """What was said at the worst finding, in a line."""
    text = call.said or next((view.text for _, view in call.excerpt.turns), "")
    return text if len(text) <= SNIPPET else text[:SNIPPET].rsplit(" ", 1)[0] + " …"


def _line(trend: Trend, top: float, width: float, height: float, share: str = "share") -> list[tuple[float, float]]:
    """The days of a trend in a drawing of this size; shares beyond the scale lie on its edge."""
    step = width / max(1, len(trend.days) - 1)
    shares = [(place, getattr(day, share)) for place, day in enumerate(trend.days.values()) if day.share is not None]
    return [(round(place * step, 1), round(height * (1 - min(1.0, one / top)), 1)) for place, one in shares]


def review_markdown(review: Review) -> str:
    """Counts, changes, then each call to review with its moments and quotes; the rest as a table."""
    return "\n".join(_lines(review, Words(review.wanted.language))) + "\n"


def _lines(review: Review, words: Words) -> Iterator[str]:
    yield f"# {words.text('kind')}: {heading(review)}"
    yield ""
    if not review.now.calls:
        yield no_calls_in_words(review)
        return
    for figure in review.figures:
        of = "" if figure.name == "calls" or not figure.calls else f"{words.share(figure.share)}, "
        name, usual = part_in_words(figure.name, words), usual_in_words(figure, words)
        told = people_in_words(figure.people, words)
        yield f"- **{words.number(figure.count)} {name}** ({of}{usual})" + (f": {told}" if told else "")
    if review.objections.waiting:
        yield f"- {words.text('objections')}: {objections_in_words(review)}"
    yield from ("", f"## {words.text('changed')}", "")
    yield from (f"- {cell(change_in_words(change, words))}" for change in review.changes)
    if not review.changes:
        yield words.text("unchanged")
    yield from ("", f"## {words.text('worst')}")
    for call in review.calls:
        yield ""
        yield from _call(call, review.struck.get(call.row.key, ""), words)
    if review.rest:
        yield ""
        yield from _rest(review, words)
    yield ""
    yield words.text("masked") if review.wanted.masked else f"**{words.text('unmasked')}**"
    yield from ("", words.text("human"))


def _call(call: CallView, struck: str, words: Words) -> Iterator[str]:
    row, worst = call.row, call.worst
    grade = words.word(row.severity or call.decided.state) if row.severity or struck else words.text("needs_review")
    what = cell(worst.title if worst else words.word(row.outcome))
    if struck:
        what = f"~~{cell(struck)}~~ {words.text('people_say')} {cell(words.happened(row))}"
    yield f"### {grade}: {what}, {words.text('call')} {code(row.call_id)}"
    yield ""
    place = (row.started_at or str(row.day), row.queue, row.team)
    sure = "" if struck else f"{words.text('confidence')} {words.share(row.confidence)}"
    yield ", ".join(filter(None, [*map(cell, filter(None, place)), sure, words.word(row.state)]))
    yield ""
    for first, *again in call.causes:
        moments = (f"{one.turn}, {one.at}" if one.at else str(one.turn) for one in (first, *again))
        at = "; ".join(dict.fromkeys(moments))
        why = " ".join(dict.fromkeys(one.why for one in (first, *again) if one.why)) or words.text("count_added")
        yield f"- **{cell(first.title)}** ({words.text('turn')} {at}): {cell(why)}"
        for should in dict.fromkeys(one.should for one in (first, *again) if one.should and not one.repeats):
            yield f"  {words.text('should')}: {cell(should)}"
    yield from (f"- {words.text('why_review')}: {cell(reason)}" for reason in call.reasons)
    yield ""
    for _, turn in call.excerpt.turns:
        who, mark = words.word(turn.speaker), " ◀" if turn.broken else ""
        yield f"> {turn.number} {who}: {cell(turn.text)}{mark}"
        yield ">"


def _rest(review: Review, words: Words) -> Iterator[str]:
    yield from (f"## {words.text('rest')}", "")
    yield f"| {' | '.join(map(words.text, ('call', 'time', 'where', 'finding')))} |"
    yield "|---|---|---|---|"
    for row in review.rest:
        where = ", ".join(part for part in (row.queue, row.team) if part)
        found = cell(words.happened(row))
        if struck := review.struck.get(row.key):
            found = f"~~{cell(struck)}~~ {words.text('people_say')} {found}"
        cells = map(cell, (row.call_id, row.started_at or str(row.day), where))
        yield f"| {' | '.join((*cells, found))} |"
