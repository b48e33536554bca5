"""`ausweis store export`: decided calls become golden cases."""

from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ausweis.cli.store_options import login, opened, store_option

if TYPE_CHECKING:
    from ausweis.calls import Call
    from ausweis.facts import Facts
    from ausweis.judging.policy_files import PolicyFile

__all__ = ["export"]


@click.command(epilog="\b\nExample:\n  ausweis store export --out cases.jsonl")
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FILE", help="JSON Lines to write.")
@click.option(
    "--policy",
    "own",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A policy of your own that judged such calls: it is copied into the folder policies beside the cases.",
)
@store_option
def export(out: Path, own: tuple[Path, ...], address: str) -> None:
    """Write decided calls whose text is known as golden cases for `ausweis eval`, with personal data masked.

    Masking is no anonymising: read the cases before you hand them on. Scenario tags, and events of overruled calls, are
    yours to add. Incidents are labelled where the verdict or the reviewer names one. A policy that does not ship must
    stand beside the cases, so that they can be judged again.
    """
    from ausweis.judging.policy_files import find_policy
    from ausweis.store import CallFilter

    policies = {file.policy.id: file for file in map(find_policy, own)}
    with opened(address) as store:
        # Before it is written, so that no fault leaves a file that deletion does not know.
        store.register(out, "cases")
        labelled = list(store.export_cases(mask=_mask, by=login()))
        cases = [case.line() for case in labelled]
        decided = store.count(CallFilter(states=("confirmed", "overruled")))
        _write(out, cases)
    click.echo(f"{len(cases)} cases in {out}")
    _copy(policies, [str(case.gold.policy) for case in labelled], out.parent)
    if left := decided - len(cases):
        click.echo(f"{left} decided calls left out: their text is unknown, or of another number of turns")


def _write(path: Path, cases: list[str]) -> None:
    from ausweis.journal import replace_file

    # As the store is: masked words are still words of a call.
    replace_file(path, "".join(f"{case}\n" for case in cases), private=True)


def _copy(own: Mapping[str, "PolicyFile"], judged_by: Iterable[str], beside: Path) -> None:
    """Put the policies of the cases that do not ship beside them, and name those that were not given."""
    from ausweis.evals.labelled import POLICIES
    from ausweis.journal import replace_file
    from ausweis.judging.policy_files import shipped_policies

    folder = beside / POLICIES
    for name in dict.fromkeys(judged_by):
        if name in own:
            folder.mkdir(exist_ok=True)
            replace_file(folder / f"{name}.yaml", own[name].text)
            click.echo(f"policy {name} in {folder / f'{name}.yaml'}")
        elif name not in shipped_policies() and not (folder / f"{name}.yaml").exists():
            click.echo(f"the policy {name} does not ship: --policy FILE puts it beside the cases", err=True)


def _mask(call: "Call", facts: "Facts | None") -> list[str]:
    # Masking comes with the review: by name, since the store stands without it.
    masker: Any = import_module("ausweis.masking").Masker.of(call, facts)
    return [str(masker.turn(number)) for number in range(1, len(call.turns) + 1)]
