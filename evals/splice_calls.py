"""Long calls from short labelled ones: `python evals/splice_calls.py evals/golden/train.jsonl --out FILE`.

Puts stretches of talk in which nothing happens between the turns of labelled calls; what is true of a call stays true.
A stretch is a line of JSON: language, trade, surface, and turns.
"""

import json
import random
from itertools import islice
from pathlib import Path

import click

from ausweis.calls import Turn
from ausweis.evals import read_all
from ausweis.evals.splicing import Stretch, splice

HERE = Path(__file__).parent


def read_stretches(path: Path) -> list[Stretch]:
    """The stretches of a JSONL file."""
    found = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [
        Stretch(
            one["language"], one["trade"], one["surface"], tuple(Turn.model_validate(turn) for turn in one["turns"])
        )
        for one in found
    ]


@click.command(help=__doc__)
@click.argument("labelled", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--stretches",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=HERE / "stretches.jsonl",
    show_default=True,
)
@click.option("--turns", nargs=2, type=int, default=(50, 110), show_default=True, help="Least and most turns.")
@click.option("--count", type=click.IntRange(min=1), help="Of the calls, drawn by chance; all, unless given.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
def main(
    labelled: tuple[Path, ...], stretches: Path, turns: tuple[int, int], count: int | None, seed: int, out: Path
) -> None:
    """Splice, write."""
    chance = random.Random(seed)  # noqa: S311
    calls = read_all(labelled)
    chance.shuffle(calls)
    stock = read_stretches(stretches)
    found = (splice(one, stock, chance.randint(*turns), chance) for one in calls)
    fitting = (one.model_dump_json(exclude_unset=True, exclude_none=True) for one in found if one is not None)
    lines = list(islice(fitting, count))
    out.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    click.echo(f"{out}: {len(lines)} calls")


if __name__ == "__main__":
    main()
