"""Long calls from short ones: `python -m evals.lab.splice_calls evals/golden/train.jsonl --out FILE`.

Stretches of talk in which nothing happens are put between the turns of labelled calls. What is true of a call stays
true: events and violations move with their turns. Only stretches of the call's language and look, and of its trade or
any, are put in, and not between a question and its answer. A stretch is a line of JSON: language, trade, surface, and
turns.
"""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import click

from ausweis.calls import Turn
from ausweis.labelled import LabelledCall, read_all

STRETCHES = Path(__file__).parents[1] / "stretches.jsonl"

TRADES = {
    "telecom": "telecom-de",
    "energy": "energy-de",
    "insurance": "insurance-de",
    "bank": "bank-en",
    "retail": "retail-en",
}
"""The policy of the calls of each trade."""
ANY = "any"
TALKS = frozenset({"gives", "asks", "accepts", "rejects"})
"""Events of an exchange that is not torn apart."""


@dataclass(frozen=True)
class Stretch:
    """Turns without an event. `trade`: one of `TRADES`, or `any`; `surface` as the tag of a call."""

    language: str
    trade: str
    surface: str
    turns: tuple[Turn, ...]


def splice(
    labelled: LabelledCall, stretches: Sequence[Stretch], turns: int, chance: random.Random
) -> LabelledCall | None:
    """The call with stretches, each used once, until it has about so many turns; None where none fits."""
    call, gold = labelled.call, labelled.gold
    fitting = [
        stretch
        for stretch in stretches
        if stretch.language == call.language
        and stretch.surface == gold.tags.surface
        and (stretch.trade == ANY or TRADES[stretch.trade] in labelled.policy)
    ]
    chance.shuffle(fitting)
    places = _places(labelled)
    inside: dict[int, list[Turn]] = {}
    length = len(call.turns)
    while fitting and places and length < turns:
        stretch = fitting.pop()
        inside.setdefault(chance.choice(places), []).extend(stretch.turns)
        length += len(stretch.turns)
    if not inside:
        return None
    spliced: list[Turn] = []
    moved: dict[int, int] = {}
    for number, turn in enumerate(call.turns, start=1):
        spliced.append(Turn(speaker=turn.speaker, text=turn.text))
        moved[number] = len(spliced)
        spliced += inside.get(number, [])
    first = gold.first_violation_turn
    return LabelledCall(
        call=call.model_copy(update={"id": f"{call.id}-spliced", "turns": tuple(spliced)}),
        gold=gold.model_copy(
            update={
                "events": tuple(one.model_copy(update={"turn": moved[one.turn]}) for one in gold.events),
                "violations": tuple(one.model_copy(update={"turn": moved[one.turn]}) for one in gold.violations),
                "first_violation_turn": None if first is None else moved[first],
                "twin": None,
            }
        ),
    )


def _places(labelled: LabelledCall) -> list[int]:
    """The turns behind which a stretch may stand: not the first nor the last, and not within an exchange."""
    talk = {one.turn for one in labelled.gold.events if one.kind in TALKS}
    return [number for number in range(2, len(labelled.call.turns)) if not {number, number + 1} & talk]


def read_stretches(path: Path) -> list[Stretch]:
    """The stretches of a JSONL file."""
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [
        Stretch(
            row["language"], row["trade"], row["surface"], tuple(Turn.model_validate(turn) for turn in row["turns"])
        )
        for row in rows
    ]


@click.command()
@click.argument("labelled", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--turns", nargs=2, type=int, default=(50, 110), show_default=True, help="Least and most turns.")
@click.option("--count", type=click.IntRange(min=1), help="Of the calls, drawn by chance; all, unless given.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
def main(labelled: tuple[Path, ...], turns: tuple[int, int], count: int | None, seed: int, out: Path) -> None:
    """Put stretches of talk into LABELLED calls, so that short calls become long ones."""
    chance = random.Random(seed)  # noqa: S311
    calls = read_all(labelled)
    chance.shuffle(calls)
    stock = read_stretches(STRETCHES)
    spliced = (splice(call, stock, chance.randint(*turns), chance) for call in calls)
    fitting = (call.line() for call in spliced if call is not None)
    lines = list(islice(fitting, count))
    out.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    click.echo(f"{out}: {len(lines)} calls")


if __name__ == "__main__":
    main()
