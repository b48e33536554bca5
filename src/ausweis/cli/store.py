"""`ausweis store`: the upkeep of the store, its reviewers, and what is exported from it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from ausweis.cli.options import (
    PATH,
    Days,
    day_option,
    desk_address,
    json_option,
    language_option,
    login,
    opened,
    store_option,
    warn_of_key,
)
from ausweis.cli.output import show_json, write_file, write_report
from ausweis.errors import InputError
from ausweis.vocabulary import Language

if TYPE_CHECKING:
    from ausweis.calls import Call
    from ausweis.facts import Facts
    from ausweis.store import CallFilter, Deleted, Invitation, Reviewer, Role, State, Store

STATES: tuple["State", ...] = ("open", "confirmed", "overruled", "not_sure", "disputed")
DECIDED: tuple["State", ...] = ("confirmed", "overruled")


@click.group()
def store() -> None:
    """Look after the store of calls, facts, verdicts and decisions: a SQLite file, or a PostgreSQL database."""


_DELETE_EPILOG = """\b
Examples:
  ausweis store delete 0815
  ausweis store delete --days 90
"""


@store.command(epilog=_DELETE_EPILOG)
@click.argument("call_id", required=False)
@click.option("--days", type=click.IntRange(min=0), metavar="N", help="All calls of more days ago: for a daily timer.")
@click.option(
    "--gone",
    multiple=True,
    type=PATH,
    metavar="DIR",
    help="What was here or below was removed for good, not moved. Repeatable.",
)
@store_option
def delete(call_id: str | None, days: int | None, gone: tuple[Path, ...], address: str) -> None:
    """Remove one call, or all that are too old, from the store and from all files that were written of them.

    Those are pages, cases, verdicts, answers. For one call, the files of the database are then searched for its longest
    sentences and its id. Exit code 2 where something is left, or where such a file is not where it was: then nothing is
    removed.
    """
    if (call_id is None) == (days is None):
        raise InputError("say which calls go: ausweis store delete ID, or --days N for all that are older")
    with opened(address) as store:
        if call_id is None:
            deleted = store.expire(int(days or 0), today=date.today(), gone=gone, by=login())
            click.echo(f"{deleted.calls} calls removed")
        else:
            deleted = store.delete(call_id, gone=gone, by=login())
    _show_deleted(deleted)
    if call_id is not None:
        click.echo("searched: nothing of the call is left in the store")


def _show_deleted(deleted: "Deleted") -> None:
    """What was removed where, what is the user's own, and what could not be searched."""
    lost = "not there, and not searched: {}; if its disk is not mounted, it may still hold the call"
    told = {"removed from {}": deleted.removed, "yours to delete: {}": deleted.kept, lost: deleted.missing}
    for line in (words.format(path) for words, paths in told.items() for path in paths):
        click.echo(line)


@store.command(epilog="\b\nExample:\n  ausweis store sample 2026-03-02 --number 50")
@click.argument("days", type=Days(), metavar="DAY")
@click.option(
    "--number", "-n", type=click.IntRange(min=1), default=20, show_default=True, metavar="N", help="Calls to draw."
)
@store_option
def sample(days: tuple[date | None, date | None], number: int, address: str) -> None:
    """Draw calls of DAY, or of FIRST/LAST, that are not to review.

    They stand in the desk as sampled; its figures tell what they show.
    """
    first, last = days
    if first is None or last is None:
        raise InputError("name a first and a last day: FIRST/LAST")
    with opened(address) as store:
        for key in store.draw_sample(first, last, number, by=login()):
            click.echo(store.record(key).row.call_id)


_REVIEWERS_EPILOG = """\b
Examples:
  ausweis store reviewers
  ausweis store reviewers Petra invite --role lead
  ausweis store reviewers Petra withdraw
"""


@store.command(epilog=_REVIEWERS_EPILOG)
@click.argument("name", required=False)
@click.argument("change", required=False, type=click.Choice(["invite", "renew", "withdraw"]))
@click.option("--role", type=click.Choice(["reviewer", "lead"]), help="What NAME may do.")
@click.option("--no-key", is_flag=True, help="Invite without a key: the company's sign-on tells who somebody is.")
@json_option
@store_option
def reviewers(
    name: str | None,
    change: Literal["invite", "renew", "withdraw"] | None,
    role: "Role | None",
    no_key: bool,
    as_json: bool,
    address: str,
) -> None:
    """List reviewers with their roles and keys; or `invite` NAME, `renew` its key, `withdraw` it, or give it a --role.

    The link that signs somebody in is shown once; it begins with AUSWEIS_SERVE, the address of the desk. Who was
    withdrawn is let in no more, what they decided stays, and `renew` brings them back. Leads can do the same in the
    desk. Each change is an entry of the audit log.
    """
    if (name is None) != (change is None and role is None):
        raise InputError("say who, and what: ausweis store reviewers NAME invite, renew, withdraw, or --role ROLE")
    if role is not None and change not in (None, "invite"):
        raise InputError("--role goes with invite, or stands alone")
    if as_json and name is not None:
        raise InputError("--json is for the list: ausweis store reviewers --json")
    with opened(address) as store:
        if as_json:
            show_json([_about(reviewer) for reviewer in store.reviewers()])
        elif name is None:
            _list_reviewers(store)
        elif change == "invite":
            _show_invitation(store.invite(name, role or "reviewer", by=login(), with_key=not no_key))
        elif change == "renew":
            _show_invitation(store.renew_key(name, by=login()))
        elif change == "withdraw":
            click.echo(f"{store.withdraw_key(name, by=login()).name}: withdrawn")
        elif role is not None:
            reviewer = store.change_role(name, role, by=login())
            click.echo(f"{reviewer.name}: {reviewer.role}")


def _about(reviewer: "Reviewer") -> dict[str, Any]:
    about = {key: getattr(reviewer, key) for key in ("name", "role", "made", "withdrawn")}
    return about | {"has_key": bool(reviewer.mark)}


def _list_reviewers(store: "Store") -> None:
    known = store.reviewers()
    for one in known:
        key = f"key of {one.made[:10]}" if one.mark else "no key"
        click.echo(f"{one.name}\t{one.role}\t{f'withdrawn on {one.withdrawn[:10]}' if one.withdrawn else key}")
    if not known:
        click.echo("nobody is invited yet: ausweis store reviewers NAME invite", err=True)


def _show_invitation(invitation: "Invitation") -> None:
    click.echo(f"{invitation.reviewer.name}: {invitation.reviewer.role}")
    if invitation.own_key:
        click.echo(f"Open {desk_address() or 'http://127.0.0.1:8321'}/invitation#{invitation.own_key}")
        click.echo("Whoever has this link is signed in by it; it is not shown again.", err=True)


_EXPORT_EPILOG = """\b
Examples:
  ausweis store export --out cases.jsonl
  ausweis store export --out march.xlsx --day 2026-03-01/2026-03-31
  ausweis store export --out open.csv --state open
"""


@store.command(epilog=_EXPORT_EPILOG)
@click.option(
    "--out",
    required=True,
    type=PATH,
    metavar="FILE",
    help="The file to write: a table where it ends in .xlsx or .csv, else golden cases in JSON Lines.",
)
@day_option("Only calls of this day, or of FIRST/LAST.")
@click.option(
    "--state",
    "states",
    type=click.Choice(STATES),
    multiple=True,
    help="In a table: calls of this state. Repeatable. Default: confirmed and overruled.",
)
@language_option
@click.option("--agents", is_flag=True, help="In a table: show the pseudonyms of agents.")
@store_option
def export(
    out: Path,
    days: tuple[date | None, date | None],
    states: tuple["State", ...],
    language: Language,
    agents: bool,
    address: str,
) -> None:
    """Write decided calls as golden cases for `ausweis eval`, or as a table for Excel, with personal data masked.

    A table has a row for each finding: what was said, why it counts, what would have been right, what reviewers
    decided, and their notes. It is remembered in the store, so that deleting a call removes it too. In xlsx, links lead
    to the address of `ausweis serve` in AUSWEIS_SERVE.

    Scenario tags of golden cases, and events of overruled calls, are yours to add.
    Incidents are labelled where the verdict or the reviewer names one. A policy that does not ship must stand beside
    the cases, so that they can be judged again.

    Masking is no anonymising: read what you hand on.
    """
    from ausweis.store import CallFilter

    kind = out.suffix.lower().removeprefix(".")
    which = CallFilter(first=days[0], last=days[1])
    if kind in ("xlsx", "csv"):
        links = desk_address()
        with opened(address) as store:
            which = replace(which, states=states or DECIDED)
            export_tables(store, out, kind, which, language=language, agents=agents, serve=links)
    elif states:
        raise InputError("golden cases are of decided calls; --state is for xlsx and csv")
    else:
        with opened(address) as store:
            _export_cases(store, out, which)


def _export_cases(store: "Store", out: Path, which: "CallFilter") -> None:
    from ausweis.labelled import POLICIES
    from ausweis.policies import shipped_policies

    # Before it is written, so that no fault leaves a file that deletion does not know.
    store.register(out, "cases")
    cases = list(store.export_cases(which, mask=_mask, by=login()))
    # As the store is: masked words are still words of a call.
    write_file(out, "".join(f"{case.line()}\n" for case in cases), mode=0o600)
    click.echo(f"{len(cases)} cases in {out}")
    for name in dict.fromkeys(str(case.gold.policy) for case in cases):
        beside = out.parent / POLICIES / f"{name}.yaml"
        if name not in shipped_policies() and not beside.exists():
            click.echo(f"the policy {name} does not ship: copy its file to {beside}", err=True)


def _mask(call: "Call", facts: "Facts") -> list[str]:
    # Masking comes with the review: by name, since the store stands without it.
    masker: Any = import_module("ausweis.masking").Masker.of(call, facts)
    return [str(masker.turn(number)) for number in range(1, len(call.turns) + 1)]


def export_tables(
    store: "Store", out: Path, kind: str, which: "CallFilter", *, language: Language, agents: bool, serve: str | None
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


@store.command(epilog="\b\nExample:\n  ausweis store verify 3f2a9c…")
@click.argument("head", required=False)
@store_option
def verify(head: str | None, address: str) -> None:
    """Check every entry of the audit log, the tables, and that what reports rest on is as it was written.

    That is runs, calls, texts, facts, verdicts, samples and decisions. Note the head that it prints down elsewhere:
    given as HEAD, it must still be in the log. Exit code 2, with the first broken entry, row or table, where something
    was changed, removed or added. Names the tables whose rows are not checked.
    """
    with opened(address) as store:
        number = store.verify_chain(head)
        log, unvouched = store.chain(), store.unvouched()
    click.echo(f"{number} entries, all as they were written")
    click.echo(f"rows of these tables are not checked: {', '.join(unvouched)}")
    if searches := [entry for entry in log if entry.what == "searched"]:
        click.echo(f"{len(searches)} searches behind the mask, the last by {searches[0].who} at {searches[0].at}")
    if log:
        click.echo(f"head: {log[0].hash}")
    warn_of_key(address)
