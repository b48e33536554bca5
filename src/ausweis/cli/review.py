"""`ausweis review`: what a day's calls show, on a page for the people who decide."""

from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ausweis.cli.report_files import write_report
from ausweis.cli.store_options import address_of, login, opened, serve_address
from ausweis.cli.warning import warn
from ausweis.vocabulary import LANGUAGES

if TYPE_CHECKING:
    from ausweis.pages.review import Review, Wanted
    from ausweis.store import Store

__all__ = ["review"]

ENDINGS = {"html": ".html", "markdown": ".md", "xlsx": ".xlsx"}
_KINDS = {ending: kind for kind, ending in ENDINGS.items()} | {".htm": "html"}
_MOST_QUEUES = 20
"""Queues that are named where none of those that were asked for is known."""
_NO_STORE = "there is no store; fill one: ausweis score CALLS --policy NAME"
_UNHEARD = (
    "recordings are not linked, as names of files often hold numbers or persons; with --serve URL, links lead to the "
    "call in ausweis serve, with --unmasked into the file"
)
_EPILOG = """\b
Examples:
  ausweis review --day yesterday --out reports
  ausweis review --day 2026-03-02 --format html --format xlsx --out reports
  ausweis review --day yesterday --out today.html --notify https://hooks.example.org/T0/B0
"""


@click.command(epilog=_EPILOG)
@click.option("--day", required=True, metavar="DATE|yesterday|today", help="The (last) day, such as 2026-03-02.")
@click.option("--days", type=click.IntRange(1, 366), default=1, show_default=True, help="Number of days, up to --day.")
@click.option("--store", "address", metavar="ADDR", help="The store. Default: $AUSWEIS_STORE, or ausweis.sqlite.")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE|FOLDER",
    help="A file, or a folder in which files are named after the day.",
)
@click.option(
    "--format",
    "formats",
    multiple=True,
    type=click.Choice(list(ENDINGS)),
    help="Format of the page. Repeatable. Default: as the file of --out ends, or html.",
)
@click.option("--language", type=click.Choice(LANGUAGES), default="de", show_default=True, help="Language of the page.")
@click.option("--queue", "queues", multiple=True, metavar="NAME", help="Only this queue. Repeatable.")
@click.option("--team", "teams", multiple=True, metavar="NAME", help="Only this team. Repeatable.")
@click.option(
    "--full", type=click.IntRange(0, 2000), default=200, show_default=True, help="Calls shown in full; in xlsx all are."
)
@click.option("--unmasked", is_flag=True, help="Show personal data in quotes; kept in the store's audit log.")
@click.option("--agents", is_flag=True, help="Show the pseudonyms of agents.")
@click.option("--serve", metavar="URL", help="Address of ausweis serve, for links to it.")
@click.option(
    "--notify", "targets", multiple=True, metavar="URL", help="Send a summary to https://… or smtp://…/TO. Repeatable."
)
def review(
    day: str,
    days: int,
    address: str | None,
    out: Path,
    formats: tuple[str, ...],
    unmasked: bool,
    serve: str | None,
    targets: tuple[str, ...],
    **shown: Any,
) -> None:
    """Write the review of a day: counts and what changed, then the calls to review, worst first.

    Personal data in quotes is masked. Every page is remembered in the store, so that deleting a call removes it too.
    """
    from ausweis.pages.notify import check_address
    from ausweis.pages.review import Wanted, review_of

    first, last = days_of(day, days)
    wanted = Wanted(first=first, last=last, masked=not unmasked, serve=serve_address(serve), **shown)
    for target in targets:
        check_address(target)
    paths = paths_of(out, formats, wanted)
    with opened(address_of(address), missing=_NO_STORE) as store:
        source = review_of(store, wanted)
        if not source.now.calls:
            warn(_no_calls(store, source))
        if unmasked:
            _log_unmasked(store, source, every="xlsx" in paths)
        for kind, path in paths.items():
            write_report(store, path, source.keys, partial(_content, store, source, kind))
    if "html" in paths and wanted.masked and not wanted.serve and any(call.recordings for call in source.calls):
        warn(_UNHEARD)
    _notify(targets, source)


def days_of(text: str, number: int) -> tuple[date, date]:
    """The first and the last of so many days, up to the one that is meant.

    Raises:
        InputError: none is, or those that they are compared with would be before the year 1.
    """
    from ausweis.errors import InputError
    from ausweis.pages.review import BEFORE

    last = day_of(text)
    if last.toordinal() < number + BEFORE:
        raise InputError("--day is too early to be compared with days before; name a later one")
    return last - timedelta(days=number - 1), last


def day_of(text: str) -> date:
    """The day that is meant.

    Raises:
        InputError: none is.
    """
    from ausweis.errors import InputError

    today = date.today()
    if text in ("today", "yesterday"):
        return today - timedelta(days=text == "yesterday")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError("--day needs a date such as 2026-03-02, or yesterday, or today") from None


def paths_of(out: Path, formats: tuple[str, ...], wanted: "Wanted") -> dict[str, Path]:
    """Where each format goes: `out` itself, whose ending says which, or a file in it named after the days.

    Raises:
        InputError: several formats, or another one than its ending says, cannot go into a file.
    """
    from ausweis.errors import InputError

    kinds = tuple(dict.fromkeys(formats))
    own = None if out.is_dir() else _KINDS.get(out.suffix.lower())
    if own is None:
        name = f"review-{wanted.last}" if wanted.days == 1 else f"review-{wanted.first}-to-{wanted.last}"
        return {kind: out / f"{name}{ENDINGS[kind]}" for kind in kinds or ("html",)}
    if len(kinds) > 1:
        raise InputError("several formats need a folder; name one with --out", place=str(out))
    if kinds not in ((), (own,)):
        message = f"a file of this name holds {own}, not {kinds[0]}; end it in {ENDINGS[kinds[0]]}, or name a folder"
        raise InputError(message, place=str(out))
    return {own: out}


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
    from ausweis.errors import InputError
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
    from ausweis.pages.review_page import review_markdown, review_page

    if kind == "xlsx":
        return _book(store, source)
    return {"html": review_page, "markdown": review_markdown}[kind](source)


def _book(store: "Store", source: "Review") -> bytes:
    """All calls to review, each with its findings."""
    from ausweis.pages.review_page import heading
    from ausweis.pages.words import Words
    from ausweis.pages.workbook import call_book, records_of

    wanted, words = source.wanted, Words(source.wanted.language)
    return call_book(
        records_of(store, source.keys),
        words,
        title=f"{words.text('kind')}: {heading(source)}",
        by=login(),
        notes=[words.text("book_calls", count=words.number(len(source.keys)))],
        agents=wanted.agents,
        serve=wanted.serve,
        masked=wanted.masked,
    )


def _log_unmasked(store: "Store", source: "Review", *, every: bool) -> None:
    """Who had the pages made, once for each call that they show as it is: those in full, or `every` one."""
    for key in source.keys if every else [call.row.key for call in source.calls]:
        store.log("unmasked", who=login(), key=key)
