"""Tells a webhook or a mailbox that a review is there: counts and numbers of calls, and not a word of a call."""

import smtplib
import ssl
import time
from collections.abc import Callable
from email.message import EmailMessage
from html import escape
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

import httpx
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential

from ausweis.errors import InputError
from ausweis.reports.mail import MOST_CALLS, mail, tamed
from ausweis.reports.review_page import (
    change_in_words,
    heading,
    objections_in_words,
    part_in_words,
    people_in_words,
    usual_in_words,
)
from ausweis.reports.review_source import Review
from ausweis.views.words import Words

__all__ = ["check_address", "notify", "summary"]

ATTEMPTS = 4
SECONDS = 20
"""Until an attempt is given up."""
_SMTP = ("smtp", "smtps")
_PORTS = {"smtp": 587, "smtps": 465}


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
        # The name that this format has for them.
        "flagged": review.to_review,
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
        "text": escape(_text(review), quote=False),
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
        if parts.scheme in _SMTP and parts.hostname and "@" in unquote(parts.path.strip("/")):
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
    send = _send_mail if parts.scheme in _SMTP else _send_web
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
    message = _mail(parts, review)
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


def _mail(parts: SplitResult, review: Review) -> EmailMessage:
    to = unquote(parts.path.strip("/"))
    return mail(review, to, parse_qs(parts.query).get("from", [to])[0])


def _text(review: Review) -> str:
    """The summary as plain text, with names that do nothing in a mail either."""
    words = Words(review.wanted.language)
    lines = [heading(review), ""]
    for figure in review.figures:
        usual = usual_in_words(figure, words)
        people = people_in_words(figure.people, words)
        count = f"{words.number(figure.count)} {part_in_words(figure.name, words)} ({usual})"
        lines.append(f"{count}: {people}" if people else count)
    told = [change_in_words(tamed(change), words) for change in review.changes]
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
