"""Findings of calls in the store as an Excel file, or as CSV with a line for each."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ausweis.cli.report_files import write_report
from ausweis.cli.store_options import login
from ausweis.vocabulary import Language

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ausweis.store import CallFilter, Store

__all__ = ["export_tables"]


def export_tables(
    store: "Store",
    out: Path,
    kind: str,
    which: "CallFilter",
    *,
    language: Language,
    agents: bool,
    serve: str | None,
) -> None:
    """Write the calls of a filter, the worst first, masked. The audit log keeps who did.

    Raises:
        RunError: the file cannot be written.
        StoreError: the store cannot be read or written.
    """
    keys = store.keys(which)
    store.log("exported", who=login(), content=f"{len(keys)} calls as {kind}")
    content = (
        partial(_book, store, keys, language, agents=agents, serve=serve)
        if kind == "xlsx"
        else partial(_csv, store, keys, language, agents=agents)
    )
    write_report(store, out, keys, content)
    click.echo(f"{len(keys)} calls")


def _book(store: "Store", keys: "Sequence[int]", language: Language, *, agents: bool, serve: str | None) -> bytes:
    from ausweis.views.call_book import call_book, records_of
    from ausweis.views.words import Words

    words = Words(language)
    return call_book(
        records_of(store, keys),
        words,
        title=f"Ausweis: {words.text('calls')}",
        by=login(),
        notes=[words.text("book_calls", count=words.number(len(keys)))],
        agents=agents,
        serve=serve,
    )


def _csv(store: "Store", keys: "Sequence[int]", language: Language, *, agents: bool) -> str:
    from ausweis.reports.csv_files import table_csv
    from ausweis.views.call_book import records_of
    from ausweis.views.call_tables import Manner, call_line, finding_lines, finding_table
    from ausweis.views.words import Words

    words = Words(language)
    lines = (call_line(record, words, masked=True) for record in records_of(store, keys))
    rows = (row for line in lines for row in finding_lines(line))
    return table_csv(finding_table(Manner(None, agents=agents)), rows)
