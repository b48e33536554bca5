"""`ausweis train roles`: how sure the talk makes it who is the agent.

Reads the beginning of labelled calls both ways round (`ausweis.audio.roles`), learns the slope of the probability over
the difference in events from the first file, and shows on the second how often the right way is taken and how well
the probability says so.
"""

import math
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from ausweis.audio.roles import SLOPE, Happens, difference
from ausweis.batch.setup import open_engine
from ausweis.calls.call import Call
from ausweis.evals import read_all
from ausweis.prompts import default_library
from ausweis.reading.strategies import PolicyText, open_reader

__all__ = ["show_roles"]


def show_roles(learn: Path, show: Path, calls: int, tell: Callable[[str], None]) -> None:
    """Learn the slope from so many calls of one file, evenly taken, and tell how it does on another.

    Raises:
        AusweisError: the model cannot be loaded, or a file cannot be read.
    """
    with closing(open_engine("llama")) as engine:
        reader = open_reader("turnwise", engine, default_library(), PolicyText((), ""))

        def happens(call: Call) -> float:
            return sum(event.probability for event in reader.read(call).facts.events)

        learned, shown = (_differences(path, calls, happens, tell) for path in (learn, show))
    slope = min(np.arange(0.1, 4.05, 0.05), key=lambda slope: _loss(learned, slope))
    tell(f"slope learned from {len(learned)} calls: {slope:.2f} (in use: {SLOPE})")
    for name, differences in ((learn.name, learned), (show.name, shown)):
        sure = [difference for difference in differences if _probability(abs(difference), SLOPE) >= 0.9]
        tell(
            f"{name}: right way in {_right(differences):.3f} of {len(differences)} calls; of the {len(sure)} that are "
            f"0.9 sure in {_right(sure):.3f}; log loss {_loss(differences, slope):.3f}, "
            f"as in use {_loss(differences, SLOPE):.3f}"
        )


def _differences(path: Path, calls: int, happens: Happens, tell: Callable[[str], None]) -> list[float]:
    labelled = read_all([path])
    places = np.linspace(0, len(labelled) - 1, min(calls, len(labelled))).astype(int)
    differences = []
    for number, place in enumerate(places, start=1):
        call = labelled[place].call
        turns = [turn for turn in call.turns if turn.speaker != "unknown"]
        differences.append(difference(turns, call.language, happens))
        if number % 20 == 0:
            tell(f"  {path.name}: {number} of {len(places)}")
    return differences


def _probability(difference: float, slope: float) -> float:
    return 1 / (1 + math.exp(-slope * difference))


def _right(differences: Sequence[float]) -> float:
    return sum(value > 0 for value in differences) / max(len(differences), 1)


def _loss(differences: Sequence[float], slope: float) -> float:
    return float(np.mean([math.log1p(math.exp(-slope * value)) for value in differences]))
