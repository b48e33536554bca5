"""How likely the call is a violation, and how likely the outcome is right, over all worlds that may have been.

Each unsure event happened or did not, each defect is there or is not; they are taken as independent. Every
combination is a world with a weight, judged by the same `decide`. The probabilities are the reader's: the result is as
well calibrated as they are.
"""

from collections.abc import Iterable, Sequence
from itertools import product

from ausweis.judging.decide import decide
from ausweis.judging.rules import Rules
from ausweis.judging.timeline import EVENT_THRESHOLD, Moment
from ausweis.reading.facts import Event
from ausweis.vocabulary import Outcome

__all__ = ["outcome_weights"]

UNSURE = (0.02, 0.98)
"""Between these an event is unsure; beyond them it counts as certain."""
MOST_UNSURE = 7
"""So many unsure events, those nearest to one half, are tried out (128 worlds); the others are rounded."""


def outcome_weights(
    found: Sequence[Moment], events: Sequence[Event], defects: Iterable[float], rules: Rules
) -> dict[Outcome, float]:
    """The probability of each outcome; they sum to 1. `defects`: how likely each defect of the recording is."""
    unsure = _unsure(found, events)
    places = {moment.place for moment in unsure}
    settled = [
        moment for moment in found if moment.place in places or events[moment.place].probability >= EVENT_THRESHOLD
    ]
    defective = 1.0 - _all_whole(defects)
    weights: dict[Outcome, float] = {}
    for choice in product((True, False), repeat=len(unsure)):
        weight, absent = 1.0, set()
        for happened, moment in zip(choice, unsure, strict=True):
            probability = events[moment.place].probability
            weight *= probability if happened else 1.0 - probability
            if not happened:
                absent.add(moment.place)
        decision = decide([moment for moment in settled if moment.place not in absent], rules)
        doubt = defective if decision.doubtful else 0.0
        weights[decision.outcome] = weights.get(decision.outcome, 0.0) + weight * (1.0 - doubt)
        if doubt:
            weights["inconclusive"] = weights.get("inconclusive", 0.0) + weight * doubt
    return weights


def _unsure(found: Sequence[Moment], events: Sequence[Event]) -> list[Moment]:
    low, high = UNSURE
    unsure = [moment for moment in found if low < events[moment.place].probability < high]
    unsure.sort(key=lambda moment: (abs(events[moment.place].probability - 0.5), moment.place))
    return unsure[:MOST_UNSURE]


def _all_whole(probabilities: Iterable[float]) -> float:
    """How likely it is that no defect is there. Any one of them is reason enough for doubt, so they need no worlds."""
    low, high = UNSURE
    whole = 1.0
    for probability in probabilities:
        whole *= 0.0 if probability >= high else 1.0 if probability <= low else 1.0 - probability
    return whole
