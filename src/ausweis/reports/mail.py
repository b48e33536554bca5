"""The mail that somebody opens each morning: counts, the worst calls with their links, objections, what is new.

Like the summary it holds no word of a call, no agent and no id of a call: calls are named by their number in the store.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import NamedTuple
from urllib.parse import urlencode

from ausweis.calls.text import clean
from ausweis.reports.review_counts import Change
from ausweis.reports.review_page import change_in_words, heading, no_calls_in_words, part_in_words, usual_in_words
from ausweis.reports.review_source import Review
from ausweis.store import CallRow
from ausweis.views.deadlines import left
from ausweis.views.templates import environment
from ausweis.views.words import Words, time_of

__all__ = ["LONGEST_NAME", "MOST_CALLS", "mail", "one_line", "tamed"]

MOST_CALLS = 20
"""Calls named, the worst first."""
MOST_OBJECTIONS = 10
LONGEST_NAME = 60
"""Letters of the name of a queue or team."""
_ACTING = re.compile(r"(?<=[@:.\]])(?=\S)")
_WORD_JOINER = "\u2060"


class Line(NamedTuple):
    """A line of a list. `badge`: how grave or how urgent; `link`: empty without the address of the desk."""

    badge: str
    text: str
    link: str = ""
    urgent: bool = False


@dataclass(frozen=True)
class Part:
    """A part of the mail: its heading and lines."""

    title: str
    lines: tuple[Line, ...]


def mail(review: Review, to: str, sender: str, *, today: date | None = None) -> EmailMessage:
    """The mail, as text and as HTML. It asks nothing of any network when it is opened."""
    words = Words(review.wanted.language)
    parts = [part for part in _parts(review, words, today or date.today()) if part.lines]
    message = EmailMessage()
    message["Subject"] = _subject(review, words)
    message["From"] = one_line(sender)
    message["To"] = one_line(to)
    message["Date"] = formatdate(localtime=True)
    message["Message-ID"] = make_msgid(domain="ausweis.invalid")
    message["Auto-Submitted"] = "auto-generated"
    lead = "" if review.now.calls else no_calls_in_words(review)
    day = _day_link(review)
    message.set_content("\n".join(_text(heading(review), lead, parts, words, day)) + "\n")
    page = environment("ausweis.reports").get_template("mail.html.j2")
    html = page.render(title=heading(review), lead=lead, parts=parts, day=day, w=words, t=words.text)
    message.add_alternative(html, subtype="html")
    # Behind the parts, which would take it along.
    message["Content-Language"] = words.language
    return message


def one_line(text: str) -> str:
    """The text on one line, without control characters."""
    return " ".join(clean(text).split())


def tamed(change: Change) -> Change:
    """The change with a name that only shows: on one line, not too long, no mention and no link.

    What mail and chat programs make those of, they do not find with a word joiner in it, which nobody sees.
    """
    if change.where is None:
        return change
    kind, name = change.where
    short = one_line(name)
    short = short if len(short) <= LONGEST_NAME else f"{short[: LONGEST_NAME - 1]}…"
    return replace(change, where=(kind, _ACTING.sub(_WORD_JOINER, short)))


def _subject(review: Review, words: Words) -> str:
    if not review.now.calls:
        return words.text("mail_subject_none", day=heading(review))
    counts = {figure.name: figure.count for figure in review.figures}
    return words.text(
        "mail_subject",
        day=heading(review),
        violations=words.number(counts.get("violation", 0)),
        incidents=words.number(counts.get("incident", 0)),
        review=words.number(review.to_review),
    )


def _parts(review: Review, words: Words, today: date) -> Iterator[Part]:
    yield Part(words.text("mail_counts"), tuple(_figures(review, words)))
    yield Part(words.text("mail_new", day=words.short_day(review.since.day)), tuple(_new(review, words)))
    yield Part(words.text("worst"), tuple(_worst(review, words)))
    yield Part(words.text("mail_objections"), tuple(_objections(review, words, today)))


def _figures(review: Review, words: Words) -> Iterator[Line]:
    if review.now.calls:
        for figure in review.figures:
            share = "" if figure.name == "calls" else f", {words.share(figure.share)}"
            told = f"{words.number(figure.count)} {part_in_words(figure.name, words)}{share}"
            yield Line("", f"{told} ({usual_in_words(figure, words)})")


def _new(review: Review, words: Words) -> Iterator[Line]:
    new = review.since
    yield from (Line("", change_in_words(tamed(change), words)) for change in review.changes)
    if new.kinds:
        yield Line("", one_line(words.text("mail_new_kinds", kinds=", ".join(map(words.word, new.kinds)))))
    if new.raised:
        yield Line("", words.count("mail_raised", new.raised))
    if new.ruled:
        yield Line("", words.count("mail_ruled", new.ruled))
    if new.waiting:
        yield Line("", words.count("mail_waiting", new.waiting))


def _worst(review: Review, words: Words) -> Iterator[Line]:
    for row in review.worst[:MOST_CALLS]:
        said = [f"{words.text('call')} {row.key}", words.happened(row), time_of(row)]
        said += [words.word(row.state)] if row.state != "open" else []
        yield Line(
            words.word(row.severity) if row.severity else "",
            one_line(", ".join(filter(None, said))),
            _call_link(review, row),
        )


def _objections(review: Review, words: Words, today: date) -> Iterator[Line]:
    for one in review.open_objections[:MOST_OBJECTIONS]:
        what = words.right(one.call) if one.call.corrected else words.happened(one.call)
        said = words.text("mail_objection", call=one.call.key, what=what, day=words.day(one.deadline))
        link = f"{review.wanted.serve}/objections/{one.key}" if review.wanted.serve else ""
        yield Line(left(one.deadline, words, today), one_line(said), link, urgent=one.deadline <= today)


def _text(title: str, lead: str, parts: list[Part], words: Words, day: str) -> Iterator[str]:
    yield title
    if lead:
        yield from ("", lead)
    for part in parts:
        yield from ("", f"{part.title}:")
        for line in part.lines:
            yield f"- {line.badge}: {line.text}" if line.badge else f"- {line.text}"
            if line.link:
                yield f"  {line.link}"
    if day:
        yield from ("", f"{words.text('mail_day')}: {day}")
    yield from ("", words.text("mail_why"))


def _call_link(review: Review, row: CallRow) -> str:
    return f"{review.wanted.serve}/calls/{row.key}" if review.wanted.serve else ""


def _day_link(review: Review) -> str:
    """All calls of the review at the desk."""
    wanted = review.wanted
    if not wanted.serve:
        return ""
    asked = {"show": "all", "first": str(wanted.first), "last": str(wanted.last)}
    asked |= {"queue": wanted.queues[0]} if len(wanted.queues) == 1 else {}
    asked |= {"team": wanted.teams[0]} if len(wanted.teams) == 1 else {}
    return f"{wanted.serve}/?{urlencode(asked)}"
