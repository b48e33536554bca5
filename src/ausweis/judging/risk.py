"""How likely each outcome is, over all worlds that may have been, and the likeliest world of each outcome.

Each unsure event happened or did not, each defect is there or is not; they are taken as independent. Every
combination is a world with a weight, judged by the same `decide`. The probabilities are the reader's: the result is as
well calibrated as they are.
"""

from collections.abc import Iterable, Sequence
from itertools import product
from typing import NamedTuple

from ausweis.judging.decide import Decision, decide
from ausweis.judging.rules import Rules
from ausweis.judging.timeline import EVENT_THRESHOLD, Moment
from ausweis.reading.facts import Event
from ausweis.vocabulary import Outcome

__all__ = ["Outlook", "outlook"]

INCONCLUSIVE: Outcome = "inconclusive"
TIES: tuple[Outcome, ...] = ("inconclusive", "violation", "compliant", "not_applicable")
"""Of two outcomes with the same weight, the one that stands first here."""
UNSURE = (0.02, 0.98)
"""Between these an event is unsure; beyond them it counts as certain."""
MOST_UNSURE = 7
"""So many unsure events, those nearest to one half, are tried out (128 worlds); the others are rounded."""


class Outlook(NamedTuple):
    """`weights`: the probability of each outcome that may be; they sum to 1. `worlds`: the likeliest world of each."""

    weights: dict[Outcome, float]
    worlds: dict[Outcome, Decision]

    @property
    def likeliest(self) -> Outcome:
        """The outcome of the greatest weight."""
        return max(TIES, key=lambda outcome: self.weights.get(outcome, 0.0))


def outlook(found: Sequence[Moment], events: Sequence[Event], defects: Iterable[float], rules: Rules) -> Outlook:
    """Weigh all worlds. `defects`: how likely each defect of the recording is."""
    unsure = _unsure(found, events)
    places = {moment.place for moment in unsure}
    settled = [
        moment for moment in found if moment.place in places or events[moment.place].probability >= EVENT_THRESHOLD
    ]
    defective = 1.0 - _all_whole(defects)
    weights: dict[Outcome, float] = {}
    worlds: dict[Outcome, Decision] = {}
    greatest: dict[Outcome, float] = {}
    for choice in product((True, False), repeat=len(unsure)):
        weight, absent = 1.0, set()
        for happened, moment in zip(choice, unsure, strict=True):
            probability = events[moment.place].probability
            weight *= probability if happened else 1.0 - probability
            if not happened:
                absent.add(moment.place)
        decision = decide([moment for moment in settled if moment.place not in absent], rules)
        doubt = defective if decision.doubtful else 0.0
        for outcome, share in ((decision.outcome, weight * (1.0 - doubt)), (INCONCLUSIVE, weight * doubt)):
            if share > 0.0:
                weights[outcome] = weights.get(outcome, 0.0) + share
                if share > greatest.get(outcome, 0.0):
                    greatest[outcome], worlds[outcome] = share, decision
    return Outlook(weights, worlds)


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
