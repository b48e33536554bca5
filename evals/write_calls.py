"""Labelled calls from scripts that people write by hand: `python evals/write_calls.py SCRIPT... --out FILE`.

`ausweis.evals.scripts` tells how a script looks. A call's id is the name of the script behind that of its folder, which
names the writing pass.
"""

import sys
from pathlib import Path

import click

from ausweis.errors import AusweisError
from ausweis.evals.scripts import labelled_of


@click.command(help=__doc__)
@click.argument("scripts", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--check", is_flag=True, help="Tell the turns, the outcome and the events of each call besides.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="The labelled calls (JSONL).")
def main(scripts: tuple[Path, ...], check: bool, out: Path | None) -> None:
    """Turn scripts into labelled calls; those with a mistake are named and left out."""
    lines, wrong = [], 0
    for path in scripts:
        try:
            writing_pass = path.resolve().parent.name
            labelled, problems = labelled_of(
                path.read_text(encoding="utf-8"), f"{writing_pass}-{path.stem}", writing_pass
            )
        except AusweisError as error:
            labelled, problems = None, [str(error)]
        for problem in problems:
            click.echo(f"{path}: {problem}")
        wrong += bool(problems)
        if check and labelled is not None:
            turns, gold = len(labelled.call.turns), labelled.gold
            click.echo(f"{path.name}: {turns} turns, {gold.outcome}, {len(gold.events)} events, {gold.tags.surface}")
        if labelled is not None and not problems:
            lines.append(labelled.model_dump_json(exclude_unset=True, exclude_none=True))
    if out is not None:
        out.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
