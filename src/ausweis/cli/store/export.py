"""`ausweis store export`: decided calls become golden cases."""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ausweis.cli.store_options import login, opened, store_option

if TYPE_CHECKING:
    from ausweis.calls import Call
    from ausweis.facts import Facts

__all__ = ["export"]


@click.command(epilog="\b\nExample:\n  ausweis store export --out cases.jsonl")
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FILE", help="JSON Lines to write.")
@store_option
def export(out: Path, address: str) -> None:
    """Write decided calls whose text is known as golden cases for `ausweis eval`, with personal data masked.

    Masking is no anonymising: read the cases before you hand them on. Scenario tags, and events of overruled calls, are
    yours to add. Incidents are labelled where the verdict or the reviewer names one.
    """
    from ausweis.store import CallFilter

    with opened(address) as store:
        # Before it is written, so that no fault leaves a file that deletion does not know.
        store.register(out, "cases")
        cases = [case.line() for case in store.export_cases(mask=_mask, by=login())]
        decided = store.count(CallFilter(states=("confirmed", "overruled")))
        _write(out, cases)
    click.echo(f"{len(cases)} cases in {out}")
    if left := decided - len(cases):
        click.echo(f"{left} decided calls left out: their text is unknown, or of another number of turns")


def _write(path: Path, cases: list[str]) -> None:
    from ausweis.journal import replace_file

    # As the store is: masked words are still words of a call.
    replace_file(path, "".join(f"{case}\n" for case in cases), private=True)


def _mask(call: "Call", facts: "Facts | None") -> list[str]:
    # Masking comes with the review: by name, since the store stands without it.
    masker: Any = import_module("ausweis.masking").Masker.of(call, facts)
    return [str(masker.turn(number)) for number in range(1, len(call.turns) + 1)]
