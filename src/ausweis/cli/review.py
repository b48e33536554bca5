"""`ausweis review`: what a day's calls show, on a page for the people who decide."""

from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ausweis.cli.options import PATH, day_option, desk_address, language_option, login, opened, store_option
from ausweis.cli.output import warn, write_report
from ausweis.errors import InputError

if TYPE_CHECKING:
    from ausweis.pages.review import Review
    from ausweis.store import Store

_KINDS = {".html": "html", ".htm": "html", ".md": "markdown", ".xlsx": "xlsx"}
_MOST_QUEUES = 20
"""Queues that are named where none of those that were asked for is known."""
_UNHEARD = (
    "recordings are not linked, as names of files often hold numbers or persons; with AUSWEIS_SERVE=URL, links lead to "
    "the call in ausweis serve, with --unmasked into the file"
)
_EPILOG = """\b
Examples:
  ausweis review --day yesterday --out reports
  ausweis review --day 2026-03-02/2026-03-08 --out week.html --out week.xlsx
  ausweis review --day yesterday --out today.html --notify https://hooks.example.org/T0/B0
"""


@click.command(epilog=_EPILOG)
@day_option("A date such as 2026-03-02, yesterday, today, or several days: FIRST/LAST.", required=True)
@store_option
@click.option(
    "--out",
    "outs",
    required=True,
    multiple=True,
    type=PATH,
    metavar="FILE|FOLDER",
    help="A file, of the format that its name ends in: .html, .md or .xlsx; or a folder, for a page named after "
    "the day. Repeatable.",
)
@language_option
@click.option("--queue", "queues", multiple=True, metavar="NAME", help="Only this queue. Repeatable.")
@click.option("--team", "teams", multiple=True, metavar="NAME", help="Only this team. Repeatable.")
@click.option("--unmasked", is_flag=True, help="Show personal data in quotes; kept in the store's audit log.")
@click.option("--agents", is_flag=True, help="Show the pseudonyms of agents.")
@click.option(
    "--notify", "targets", multiple=True, metavar="URL", help="Send a summary to https://… or smtp://…/TO. Repeatable."
)
def review(
    days: tuple[date | None, date | None],
    address: str,
    outs: tuple[Path, ...],
    unmasked: bool,
    targets: tuple[str, ...],
    **shown: Any,
) -> None:
    """Write the review of a day: counts and what changed, then the calls to review, worst first.

    Personal data in quotes is masked. Every page is remembered in the store, so that deleting a call removes it too.
    Links lead to the address of `ausweis serve` in AUSWEIS_SERVE.
    """
    from ausweis.pages.notify import check_address
    from ausweis.pages.review import Wanted, review_of

    first, last = _compared(*days)
    wanted = Wanted(first=first, last=last, masked=not unmasked, serve=desk_address(), **shown)
    for target in targets:
        check_address(target)
    if csv := next((out for out in outs if out.suffix.lower() == ".csv"), None):
        raise InputError("a review is .html, .md or .xlsx; for findings as CSV: ausweis store export", place=str(csv))
    name = f"review-{last}.html" if first == last else f"review-{first}-to-{last}.html"
    paths = [out / name if out.is_dir() or out.suffix.lower() not in _KINDS else out for out in outs]
    kinds = {path: _KINDS[path.suffix.lower()] for path in paths}
    with opened(address) as store:
        source = review_of(store, wanted)
        if not source.now.calls:
            warn(_no_calls(store, source))
        if unmasked:
            # Who had the pages made, once for each call that they show as it is: those in full, or in xlsx every one.
            in_full = [call.row.key for call in source.calls]
            for key in (*source.keys, *source.added) if "xlsx" in kinds.values() else in_full:
                store.log("unmasked", who=login(), key=key)
        for path, kind in kinds.items():
            keys = [*source.keys, *(source.added if kind == "xlsx" else ())]
            write_report(store, path, keys, partial(_content, store, source, kind))
    if wanted.masked and not wanted.serve and "html" in kinds.values() and any(one.recordings for one in source.calls):
        warn(_UNHEARD)
    _notify(targets, source)


def _compared(first: date | None, last: date | None) -> tuple[date, date]:
    """The days, if all those that they are compared with are days.

    Raises:
        InputError: the first or the last is not named, or they would be before the year 1.
    """
    from ausweis.pages.review import BEFORE

    if first is None or last is None:
        raise InputError("--day needs a first and a last day here")
    if first.toordinal() <= BEFORE:
        raise InputError("--day is too early to be compared with days before; name a later one")
    return first, last


def _no_calls(store: "Store", source: "Review") -> str:
    """That there are none, and of which days and queues there are some."""
    from ausweis.calls.text import clean

    wanted, queues = source.wanted, store.queues()
    asked = str(wanted.last) if wanted.days == 1 else f"{wanted.first} to {wanted.last}"
    told = f"no calls are known of {asked}{' with this --queue' if wanted.queues else ''}"
    span = source.known or store.days()
    if span is None:
        return f"{told}; the store has none yet"
    such = "such calls" if wanted.queues and source.known else "calls"
    told = f"{told}; the store knows {such} from {span[0]} to {span[1]}"
    if set(wanted.queues) <= set(queues):
        return told
    names = [" ".join(clean(queue).split()) for queue in queues[:_MOST_QUEUES]]
    more = " and others" if len(queues) > _MOST_QUEUES else ""
    return f"{told}, and the queues {', '.join(names)}{more}" if names else f"{told}, and no queue"


def _notify(targets: tuple[str, ...], source: "Review") -> None:
    """Tell all of them, also when one fails.

    Raises:
        InputError: some could not be told.
    """
    from ausweis.pages.notify import notify

    failed = []
    for target in targets:
        try:
            notify(target, source)
            warn("summary sent")
        except InputError as error:
            failed.append(error.message)
    if failed:
        raise InputError("; ".join(failed))


def _content(store: "Store", source: "Review", kind: str) -> str | bytes:
    from ausweis.pages.review_page import heading, review_markdown, review_page
    from ausweis.pages.words import Words
    from ausweis.pages.workbook import call_book, records_of

    if kind != "xlsx":
        return {"html": review_page, "markdown": review_markdown}[kind](source)
    wanted, words = source.wanted, Words(source.wanted.language)
    return call_book(
        records_of(store, [*source.keys, *source.added]),
        words,
        title=f"{words.text('kind')}: {heading(source)}",
        by=login(),
        agents=wanted.agents,
        serve=wanted.serve,
        masked=wanted.masked,
    )
