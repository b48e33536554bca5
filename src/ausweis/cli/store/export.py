"""`ausweis store export`: decided calls become golden cases, or rows of a spreadsheet."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ausweis.cli.report_files import format_of, write_report
from ausweis.cli.store_options import DAY, login, opened, serve_address, store_option
from ausweis.errors import InputError
from ausweis.vocabulary import LANGUAGES, Language

if TYPE_CHECKING:
    from ausweis.calls import Call
    from ausweis.facts import Facts
    from ausweis.policies import PolicyFile
    from ausweis.store import CallFilter, State, Store

__all__ = ["export", "export_tables"]

ENDINGS = {"cases": ".jsonl", "xlsx": ".xlsx", "csv": ".csv"}
STATES: tuple["State", ...] = ("open", "confirmed", "overruled", "not_sure", "disputed")
DECIDED: tuple["State", ...] = ("confirmed", "overruled")
_EPILOG = """\b
Examples:
  ausweis store export --out cases.jsonl
  ausweis store export --out march.xlsx --first 2026-03-01 --last 2026-03-31 --language de
  ausweis store export --out open.csv --state open
"""


@click.command(epilog=_EPILOG)
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FILE", help="The file to write.")
@click.option(
    "--format",
    "formats",
    type=click.Choice(list(ENDINGS)),
    multiple=True,
    help="Golden cases in JSON Lines, or findings as a table. Default: as the file of --out ends, else cases.",
)
@click.option("--first", type=DAY, metavar="DAY", help="First day, such as 2026-03-02. Default: all days.")
@click.option("--last", type=DAY, metavar="DAY", help="Last day, such as 2026-03-08.")
@click.option(
    "--state",
    "states",
    type=click.Choice(STATES),
    multiple=True,
    help="In a table: calls of this state. Repeatable. Default: confirmed and overruled.",
)
@click.option("--language", type=click.Choice(LANGUAGES), default="de", show_default=True, help="Language of a table.")
@click.option("--agents", is_flag=True, help="In a table: show the pseudonyms of agents.")
@click.option("--serve", metavar="URL", help="In xlsx: address of ausweis serve, for links to it.")
@click.option(
    "--policy",
    "own",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A policy of your own that judged such calls: it is copied into the folder policies beside the cases.",
)
@store_option
def export(
    out: Path,
    formats: tuple[str, ...],
    first: datetime | None,
    last: datetime | None,
    states: tuple["State", ...],
    language: Language,
    agents: bool,
    serve: str | None,
    own: tuple[Path, ...],
    address: str,
) -> None:
    """Write decided calls as golden cases for `ausweis eval`, or as a table for Excel, with personal data masked.

    A table has a row for each finding: what was said, why it counts, what would have been right, what reviewers
    decided, and their notes. It is remembered in the store, so that deleting a call removes it too.

    Scenario tags of golden cases, and events of overruled calls, are yours to add.
    Incidents are labelled where the verdict or the reviewer names one. A policy that does not ship must stand beside
    the cases, so that they can be judged again.

    Masking is no anonymising: read what you hand on.
    """
    from ausweis.store import CallFilter

    kind = format_of(out, formats, ENDINGS) or "cases"
    which = CallFilter(first=first.date() if first else None, last=last.date() if last else None)
    if kind == "cases":
        if states:
            raise InputError("golden cases are of decided calls; --state is for xlsx and csv")
        _export_cases(address, out, own, which)
        return
    if own:
        raise InputError("--policy is for golden cases")
    which = replace(which, states=states or DECIDED)
    links = serve_address(serve)
    with opened(address) as store:
        export_tables(store, out, kind, which, language=language, agents=agents, serve=links)


def _export_cases(address: str, out: Path, own: tuple[Path, ...], which: "CallFilter") -> None:
    from ausweis.policies import find_policy

    policies = {file.policy.id: file for file in map(find_policy, own)}
    with opened(address) as store:
        # Before it is written, so that no fault leaves a file that deletion does not know.
        store.register(out, "cases")
        labelled = list(store.export_cases(which, mask=_mask, by=login()))
        cases = [case.line() for case in labelled]
        _write(out, cases)
    click.echo(f"{len(cases)} cases in {out}")
    _copy(policies, [str(case.gold.policy) for case in labelled], out.parent)


def _write(path: Path, cases: list[str]) -> None:
    from ausweis.journal import replace_file

    # As the store is: masked words are still words of a call.
    replace_file(path, "".join(f"{case}\n" for case in cases), mode=0o600)


def _copy(own: Mapping[str, "PolicyFile"], judged_by: Iterable[str], beside: Path) -> None:
    """Put the policies of the cases that do not ship beside them, and name those that were not given."""
    from ausweis.journal import make_folder, replace_file
    from ausweis.labelled import POLICIES
    from ausweis.policies import shipped_policies

    folder = beside / POLICIES
    for name in dict.fromkeys(judged_by):
        if name in own:
            make_folder(folder)
            replace_file(folder / f"{name}.yaml", own[name].text)
            click.echo(f"policy {name} in {folder / f'{name}.yaml'}")
        elif name not in shipped_policies() and not (folder / f"{name}.yaml").exists():
            click.echo(f"the policy {name} does not ship: --policy FILE puts it beside the cases", err=True)


def _mask(call: "Call", facts: "Facts") -> list[str]:
    # Masking comes with the review: by name, since the store stands without it.
    masker: Any = import_module("ausweis.masking").Masker.of(call, facts)
    return [str(masker.turn(number)) for number in range(1, len(call.turns) + 1)]


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
    """Write the calls of a filter, the worst first, masked. The audit log keeps who did."""
    keys = store.keys(which)
    store.log("exported", who=login(), content=f"{len(keys)} calls as {kind}")
    content = (
        partial(_book, store, keys, language, agents=agents, serve=serve)
        if kind == "xlsx"
        else partial(_csv, store, keys, language, agents=agents)
    )
    write_report(store, out, keys, content)
    click.echo(f"{len(keys)} calls")


def _book(store: "Store", keys: Sequence[int], language: Language, *, agents: bool, serve: str | None) -> bytes:
    from ausweis.pages.words import Words
    from ausweis.pages.workbook import call_book, records_of

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


def _csv(store: "Store", keys: Sequence[int], language: Language, *, agents: bool) -> str:
    from ausweis.pages.findings import call_view
    from ausweis.pages.tables import finding_lines, table_csv, tables
    from ausweis.pages.words import Words
    from ausweis.pages.workbook import records_of

    words = Words(language)
    calls = (call_view(record, words, masked=True) for record in records_of(store, keys))
    _, findings = tables(words, agents=agents)
    return table_csv(findings, (row for call in calls for row in finding_lines(call)), words)
