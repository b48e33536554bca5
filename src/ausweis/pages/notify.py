"""The summary of a review to a webhook or mailbox: counts and numbers of calls.

It holds no word of a call, no agent and no id of a call (ids are often names of files with a number or a name of a
person): calls are named by their number in the store.
"""

import re
import smtplib
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from html import escape
from typing import Any, NamedTuple
from urllib.parse import SplitResult, parse_qs, unquote, urlencode, urlsplit

import httpx
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential

from ausweis.calls.text import clean
from ausweis.errors import InputError
from ausweis.pages.counts import ShareChange
from ausweis.pages.markup import environment
from ausweis.pages.review import Review
from ausweis.pages.review_page import (
    change_in_words,
    heading,
    no_calls_in_words,
    objections_in_words,
    part_in_words,
    people_in_words,
    usual_in_words,
)
from ausweis.pages.words import Words, time_of

MOST_CALLS = 20
"""Calls named, the worst first."""
MOST_OBJECTIONS = 10
LONGEST_NAME = 60
"""Letters of the name of a queue or team."""
ATTEMPTS = 4
SECONDS = 20
"""Until an attempt is given up."""
_ACTING = re.compile(r"(?<=[@:.\]])(?=\S)")
_WORD_JOINER = "\u2060"
_PORTS = {"smtp": 587, "smtps": 465}


class MailLine(NamedTuple):
    """A line of a list. `badge`: how grave or how urgent; `link`: empty without the address of the desk."""

    badge: str
    text: str
    link: str = ""
    urgent: bool = False


class MailPart(NamedTuple):
    """A part of the mail: its heading and lines."""

    title: str
    lines: list[MailLine]


def mail(review: Review, to: str, sender: str, *, today: date | None = None) -> EmailMessage:
    """The mail of each morning, as text and as HTML. It asks nothing of any network when it is opened."""
    words, wanted, day = Words(review.wanted.language), review.wanted, ""
    if wanted.serve:
        asked = {"show": "all", "first": str(wanted.first), "last": str(wanted.last)}
        asked |= {"queue": wanted.queues[0]} if len(wanted.queues) == 1 else {}
        asked |= {"team": wanted.teams[0]} if len(wanted.teams) == 1 else {}
        day = f"{wanted.serve}/?{urlencode(asked)}"
    parts = [
        MailPart(words.text("mail_counts"), list(_figures(review, words))),
        MailPart(words.text("mail_new", day=words.short_day(review.since.day)), list(_new(review, words))),
        MailPart(words.text("worst"), list(_worst(review, words))),
        MailPart(words.text("mail_objections"), list(_objections(review, words, today or date.today()))),
    ]
    parts = [part for part in parts if part.lines]
    message = EmailMessage()
    message["Subject"] = _subject(review, words)
    message["From"] = _one_line(sender)
    message["To"] = _one_line(to)
    message["Date"] = formatdate(localtime=True)
    message["Message-ID"] = make_msgid(domain="ausweis.invalid")
    message["Auto-Submitted"] = "auto-generated"
    lead = "" if review.now.calls else no_calls_in_words(review)
    plain = [heading(review), *(["", lead] if lead else [])]
    for part in parts:
        plain += ["", f"{part.title}:"]
        for line in part.lines:
            plain.append(f"- {line.badge}: {line.text}" if line.badge else f"- {line.text}")
            plain += [f"  {line.link}"] if line.link else []
    plain += ["", f"{words.text('mail_day')}: {day}"] if day else []
    message.set_content("\n".join([*plain, "", words.text("mail_why")]) + "\n")
    page = environment("ausweis.pages").get_template("mail.html.j2")
    html = page.render(title=heading(review), lead=lead, parts=parts, day=day, w=words, t=words.text)
    message.add_alternative(html, subtype="html")
    # Behind the parts, which would take it along.
    message["Content-Language"] = words.language
    return message


def _one_line(text: str) -> str:
    """The text on one line, without control characters."""
    return " ".join(clean(text).split())


def _tamed(change: ShareChange) -> ShareChange:
    """The change with a name that only shows: on one line, not too long, no mention and no link.

    What mail and chat programs make those of, they do not find with a word joiner in it, which nobody sees.
    """
    if change.where is None:
        return change
    kind, name = change.where
    short = _one_line(name)
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


def _figures(review: Review, words: Words) -> Iterator[MailLine]:
    if review.now.calls:
        for figure in review.figures:
            share = "" if figure.name == "calls" else f", {words.share(figure.share)}"
            told = f"{words.number(figure.count)} {part_in_words(figure.name, words)}{share}"
            yield MailLine("", f"{told} ({usual_in_words(figure, words)})")


def _new(review: Review, words: Words) -> Iterator[MailLine]:
    new = review.since
    yield from (MailLine("", change_in_words(_tamed(change), words)) for change in review.changes)
    if new.kinds:
        yield MailLine("", _one_line(words.text("mail_new_kinds", kinds=", ".join(map(words.word, new.kinds)))))
    if new.raised:
        yield MailLine("", words.count("mail_raised", new.raised))
    if new.ruled:
        yield MailLine("", words.count("mail_ruled", new.ruled))
    if new.waiting:
        yield MailLine("", words.count("mail_waiting", new.waiting))


def _worst(review: Review, words: Words) -> Iterator[MailLine]:
    for row in review.worst[:MOST_CALLS]:
        said = [f"{words.text('call')} {row.key}", words.happened(row), time_of(row)]
        said += [words.word(row.state)] if row.state != "open" else []
        yield MailLine(
            words.word(row.severity) if row.severity else "",
            _one_line(", ".join(filter(None, said))),
            f"{review.wanted.serve}/calls/{row.key}" if review.wanted.serve else "",
        )


def _objections(review: Review, words: Words, today: date) -> Iterator[MailLine]:
    for one in review.open_objections[:MOST_OBJECTIONS]:
        what = words.right(one.call) if one.call.corrected else words.happened(one.call)
        said = words.text("mail_objection", call=one.call.key, what=what, day=words.day(one.deadline))
        link = f"{review.wanted.serve}/objections/{one.key}" if review.wanted.serve else ""
        yield MailLine(words.left(one.deadline, today), _one_line(said), link, urgent=one.deadline <= today)


def summary(review: Review) -> dict[str, Any]:
    """What is sent: counts, the usual shares, what changed, and the worst calls by their number in the store.

    No quote and no agent; and no id either, since ids are often names of files with a number or a name of a person.
    Names of queues and teams are as they are, but in `text`, which chat programs act on: there they only show, with
    `&<>` as Slack wants them (https://api.slack.com/reference/surfaces/formatting#escaping).
    """
    wanted, words = review.wanted, Words(review.wanted.language)
    return {
        "schema": "ausweis/review-summary@1",
        "first": str(wanted.first),
        "last": str(wanted.last),
        "calls": review.now.calls,
        "flagged": review.flagged,
        "counts": {figure.name: figure.count for figure in review.figures if figure.name != "calls"},
        "usual_shares": {
            figure.name: round(figure.usual, 4) for figure in review.figures[1:] if figure.usual is not None
        },
        # What people say of what was reported, which `counts` tells.
        "decisions": {
            figure.name: {name: getattr(figure.people, name) for name in ("confirmed", "overruled", "open")}
            for figure in review.figures
            if figure.people is not None
        },
        "looked_for_incidents": review.now.of("incident"),
        "changes": [change_in_words(change, words) for change in review.changes],
        "worst": [
            {
                "call": row.key,
                "severity": row.severity,
                "violations": list(row.violations),
                "incidents": list(row.incidents),
                "turn": row.first_violation_turn,
                **({"link": f"{wanted.serve}/calls/{row.key}"} if wanted.serve else {}),
            }
            for row in review.worst[:MOST_CALLS]
        ],
        "objections": {"open": review.objections.waiting, "overdue": review.objections.overdue},
        "text": escape(_summary_text(review), quote=False),
    }


def check_address(address: str) -> None:
    """Refuse an address before the work begins.

    Raises:
        InputError: it is none that can be notified.
    """
    try:
        parts = urlsplit(address)
        # Said only when it is asked for: a port that is none.
        _ = parts.port
        if parts.scheme in ("http", "https") and parts.hostname and httpx.URL(address).host:
            return
        if parts.scheme in _PORTS and parts.hostname and "@" in unquote(parts.path.strip("/")):
            return
    except (ValueError, httpx.InvalidURL):
        pass
    raise InputError(
        "--notify needs https://… or smtp://[USER:PASSWORD@]HOST[:PORT]/TO@EXAMPLE.ORG; smtps:// for TLS from the start"
    )


def notify(address: str, review: Review, *, sleep: Callable[[float], None] = time.sleep) -> None:
    """Send the summary; a fault that may pass is tried again, `ATTEMPTS` times in all.

    Raises:
        InputError: it could not be sent; the message names the host and never the address, which may hold a secret.
    """
    check_address(address)
    parts = urlsplit(address)
    send = _send_mail if parts.scheme in _PORTS else _send_web
    tried = Retrying(
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_exponential(multiplier=1, max=15),
        retry=retry_if_exception(_may_pass),
        reraise=True,
        sleep=sleep,
    )
    try:
        tried(send, parts, review)
    except (httpx.HTTPError, httpx.InvalidURL, smtplib.SMTPException, OSError, ValueError) as error:
        raise InputError(f"the summary could not be sent to {parts.hostname} ({_why(error)})") from None


def _may_pass(error: BaseException) -> bool:
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code == 429 or error.response.status_code >= 500
    if isinstance(error, smtplib.SMTPResponseException):
        return 400 <= error.smtp_code < 500
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(400 <= code < 500 for code, _ in error.recipients.values())
    if isinstance(error, (smtplib.SMTPNotSupportedError, ssl.SSLError)):
        return False
    return isinstance(error, (httpx.TransportError, smtplib.SMTPException, OSError))


def _why(error: Exception) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return f"answer {error.response.status_code}"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"answer {error.smtp_code}"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "the server offers no STARTTLS; use smtps://, or ?starttls=no for a server on this machine"
    return type(error).__name__


def _send_web(parts: SplitResult, review: Review) -> None:
    # A redirect would carry the summary to a host that nobody named.
    response = httpx.post(parts.geturl(), json=summary(review), timeout=SECONDS, follow_redirects=False)
    if not response.is_success:
        raise httpx.HTTPStatusError("not taken", request=response.request, response=response)


def _send_mail(parts: SplitResult, review: Review) -> None:
    host, port = str(parts.hostname), parts.port or _PORTS[parts.scheme]
    to = unquote(parts.path.strip("/"))
    message = mail(review, to, parse_qs(parts.query).get("from", [to])[0])
    secure = ssl.create_default_context()
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=SECONDS, context=secure)
    else:
        server = smtplib.SMTP(host, port, timeout=SECONDS)
    with server:
        if parts.scheme == "smtp" and parse_qs(parts.query).get("starttls") != ["no"]:
            server.starttls(context=secure)
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(message)


def _summary_text(review: Review) -> str:
    """The summary as plain text, with names that do nothing in a mail either."""
    words = Words(review.wanted.language)
    lines = [heading(review), ""]
    for figure in review.figures:
        usual = usual_in_words(figure, words)
        people = people_in_words(figure.people, words)
        count = f"{words.number(figure.count)} {part_in_words(figure.name, words)} ({usual})"
        lines.append(f"{count}: {people}" if people else count)
    told = [change_in_words(_tamed(change), words) for change in review.changes]
    if told:
        lines += ["", words.text("changed") + ":", *told]
    if review.objections.waiting:
        lines += ["", f"{words.text('objections')}: {objections_in_words(review)}"]
    if review.worst:
        lines += ["", words.text("worst") + ":"]
    for row in review.worst[:MOST_CALLS]:
        grade = words.word(row.severity) if row.severity else ""
        lines.append(f"{grade}: {words.text('call')} {row.key}, {words.happened(row)}")
    return "\n".join(lines) + "\n"
