"""Calls as an Excel file: a sheet with a row for each call, one with a row for each finding, one about the file."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from ausweis.errors import NoCallError
from ausweis.store import CallRecord, Store
from ausweis.views.call_tables import Manner, call_line, call_table, finding_lines, finding_table
from ausweis.views.words import Words
from ausweis.views.workbook import Book

__all__ = ["call_book", "records_of"]


def call_book(
    records: Iterable[CallRecord],
    words: Words,
    *,
    title: str,
    by: str,
    notes: Sequence[str] = (),
    agents: bool = False,
    serve: str | None = None,
    masked: bool = True,
    reviewer: str | None = None,
) -> bytes:
    """The file. `by`: who has it made; `notes`: what else is to be said of it.

    `serve`: address of the desk, for links. `reviewer`: whose eyes it is for (`views.decided`).
    """
    manner = Manner(words, agents=agents, serve=serve)
    book = Book(title, words, (call_table(manner), finding_table(manner)))
    for record in records:
        line = call_line(record, words, masked=masked, reviewer=reviewer)
        book.add("calls", [line])
        book.add("findings", finding_lines(line))
    made = words.text("book_made", day=words.day(date.today()), by=by)
    counts = words.text("book_counts", counts=words.text("column_counts"))
    told = (title, made, *notes, counts, words.text("sheet_masked" if masked else "sheet_unmasked"))
    book.add_notes(words.text("sheet_about"), told)
    return book.content()


def records_of(store: Store, keys: Iterable[int]) -> Iterator[CallRecord]:
    """The calls of these keys, one at a time, but for those that have been deleted meanwhile."""
    for key in keys:
        try:
            yield store.record(key)
        except NoCallError:
            continue
