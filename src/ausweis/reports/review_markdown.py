"""The daily review as Markdown: for a wiki, a ticket or a chat that renders it."""

from collections.abc import Iterator

from ausweis.reports.markdown import cell
from ausweis.reports.review_calls import ReviewedCall
from ausweis.reports.review_page import (
    change_in_words,
    heading,
    no_calls_in_words,
    objections_in_words,
    part_in_words,
    people_in_words,
    usual_in_words,
)
from ausweis.reports.review_source import Review
from ausweis.views.words import Words

__all__ = ["review_markdown"]


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


def _call(call: ReviewedCall, struck: str, words: Words) -> Iterator[str]:
    row, worst = call.row, call.worst
    grade = words.word(row.severity or row.state) if row.severity or struck else words.text("needs_review")
    what = cell(worst.title if worst else words.word(row.outcome))
    if struck:
        what = f"~~{cell(struck)}~~ {words.text('people_say')} {cell(words.happened(row))}"
    yield f"### {grade}: {what}, {words.text('call')} <code>{cell(row.call_id)}</code>"
    yield ""
    place = (row.started_at or str(row.day), row.queue, row.team)
    sure = "" if struck else f"{words.text('confidence')} {words.share(row.confidence)}"
    yield ", ".join(filter(None, [*map(cell, filter(None, place)), sure, words.word(row.state)]))
    yield ""
    for finding in call.findings:
        at = f", {finding.at}" if finding.at else ""
        why = finding.why or words.text("count_added")
        yield f"- **{cell(finding.title)}** ({words.text('turn')} {finding.turn}{at}): {cell(why)}"
        if finding.should:
            yield f"  {words.text('should')}: {cell(finding.should)}"
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
