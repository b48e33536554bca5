"""How sure the talk makes it who is the agent: `python evals/calibrate_roles.py`.

Reads the beginning of labelled calls both ways round (`ausweis.audio.roles`), learns the slope of the probability over
the difference in events from the first file, and shows on the second how often the right way is taken and how well
the probability says so.
"""

import math
from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np

from ausweis.audio.roles import SLOPE, Happens, difference
from ausweis.batch.setup import open_engine
from ausweis.evals import read_all
from ausweis.prompts import default_library
from ausweis.reading.strategies import PolicyText, open_reader

GOLDEN = Path(__file__).parent / "golden"


@click.command()
@click.option("--learn", type=click.Path(exists=True, path_type=Path), default=GOLDEN / "dev.jsonl", show_default=True)
@click.option("--show", type=click.Path(exists=True, path_type=Path), default=GOLDEN / "test.jsonl", show_default=True)
@click.option("--calls", type=click.IntRange(min=2), default=130, show_default=True, help="Of each file, evenly taken.")
def calibrate(learn: Path, show: Path, calls: int) -> None:
    """Learn the slope from one file, look at it on another."""
    engine = open_engine("llama")
    reader = open_reader("turnwise", engine, default_library(), PolicyText((), ""))

    def happens(call) -> float:  # type: ignore[no-untyped-def]
        return sum(event.probability for event in reader.read(call).facts.events)

    learned, shown = (_differences(path, calls, happens) for path in (learn, show))
    engine.close()
    slope = min(np.arange(0.1, 4.05, 0.05), key=lambda slope: _loss(learned, slope))
    click.echo(f"slope learned from {len(learned)} calls: {slope:.2f} (in use: {SLOPE})")
    for name, found in ((learn.name, learned), (show.name, shown)):
        sure = [one for one in found if _probability(abs(one), SLOPE) >= 0.9]
        click.echo(
            f"{name}: right way in {_right(found):.3f} of {len(found)} calls; of the {len(sure)} that are "
            f"0.9 sure in {_right(sure):.3f}; log loss {_loss(found, slope):.3f}, as in use {_loss(found, SLOPE):.3f}"
        )


def _differences(path: Path, calls: int, happens: Happens) -> list[float]:
    labelled = read_all([path])
    places = np.linspace(0, len(labelled) - 1, min(calls, len(labelled))).astype(int)
    found = []
    for number, place in enumerate(places, start=1):
        call = labelled[place].call
        turns = [turn for turn in call.turns if turn.speaker != "unknown"]
        found.append(difference(turns, call.language, happens))
        if number % 20 == 0:
            click.echo(f"  {path.name}: {number} of {len(places)}", err=True)
    return found


def _probability(difference: float, slope: float) -> float:
    return 1 / (1 + math.exp(-slope * difference))


def _right(found: Sequence[float]) -> float:
    return sum(one > 0 for one in found) / max(len(found), 1)


def _loss(found: Sequence[float], slope: float) -> float:
    return float(np.mean([math.log1p(math.exp(-slope * one)) for one in found]))


if __name__ == "__main__":
    calibrate()
