"""The daily review as Markdown: for a wiki, a ticket or a chat that renders it."""

from collections.abc import Iterator

from ausweis.reports.markdown import cell
from ausweis.reports.review_calls import ReviewedCall, clock
from ausweis.reports.review_page import (
    change_in_words,
    finding_words,
    heading,
    no_calls_in_words,
    part_in_words,
    usual_in_words,
)
from ausweis.reports.review_source import Review
from ausweis.reports.review_words import OUTCOMES, SEVERITIES, STATES, TEXTS, number, share
from ausweis.vocabulary import Language

__all__ = ["review_markdown"]


def review_markdown(review: Review) -> str:
    """Counts, changes, then each call to review with its moments and quotes; the rest as a table."""
    return "\n".join(_lines(review)) + "\n"


def _lines(review: Review) -> Iterator[str]:
    language = review.wanted.language
    texts = TEXTS[language]
    yield f"# {texts['kind']}: {heading(review)}"
    yield ""
    if not review.now.calls:
        yield no_calls_in_words(review)
        return
    for figure in review.figures:
        of = "" if figure.name == "calls" else f"{share(figure.share, language)}, "
        name, usual = part_in_words(figure.name, language), usual_in_words(figure, language)
        yield f"- **{number(figure.count, language)} {name}** ({of}{usual})"
    yield ""
    yield f"## {texts['changed']}"
    yield ""
    yield from (f"- {cell(change_in_words(one, language))}" for one in review.changes)
    if not review.changes:
        yield texts["unchanged"]
    yield ""
    yield f"## {texts['worst']}"
    for call in review.calls:
        yield ""
        yield from _call(call, language)
    if review.rest:
        yield ""
        yield from _rest(review, language)
    yield ""
    yield texts["masked"] if review.wanted.masked else f"**{texts['unmasked']}**"
    yield ""
    yield texts["human"]


def _call(call: ReviewedCall, language: Language) -> Iterator[str]:
    texts, row, worst = TEXTS[language], call.row, call.worst
    grade = SEVERITIES[language][row.severity] if row.severity else texts["needs_review"]
    what = worst.words if worst else OUTCOMES[language][row.outcome]
    yield f"### {grade}: {cell(what)}, {texts['call']} <code>{cell(row.call_id)}</code>"
    yield ""
    place = [row.started_at or str(row.day), row.queue or "", row.team or ""]
    sure = texts["confidence"].format(value=share(row.confidence, language))
    yield ", ".join([*(cell(one) for one in place if one), sure, STATES[language][row.state]])
    yield ""
    for found in call.found:
        at = f", {clock(found.start)}" if found.start is not None else ""
        yield f"- **{cell(found.words)}** ({texts['turn'].format(turn=found.turn)}{at}): {cell(found.why)}"
        if found.should:
            yield f"  {texts['should']}: {cell(found.should)}"
    yield from (f"- {texts['why_review']}: {cell(reason)}" for reason in call.reasons)
    yield ""
    for turn in call.excerpt.turns:
        who, mark = texts[f"{turn.speaker}_turn"], " ◀" if turn.broken else ""
        yield f"> {turn.number} {who}: {cell(''.join(piece.text for piece in turn.pieces))}{mark}"
        yield ">"


def _rest(review: Review, language: Language) -> Iterator[str]:
    texts = TEXTS[language]
    yield f"## {texts['rest']}"
    yield ""
    yield f"| {texts['call']} | {texts['time']} | {texts['where']} | {texts['finding']} |"
    yield "|---|---|---|---|"
    for row in review.rest:
        where = ", ".join(one for one in (row.queue, row.team) if one)
        cells = (row.call_id, row.started_at or str(row.day), where, finding_words(row, language))
        yield f"| {' | '.join(map(cell, cells))} |"
