"""How likely each outcome is, over all worlds that may have been, and the likeliest world of each outcome.

Each unsure event happened or did not, each defect is there or is not; they are taken as independent. Every
combination is a world with a weight, judged by the same `decide`. The probabilities are the reader's: the result is as
well calibrated as they are.

That result is evidence, and no probability yet: the longer a call, the more lines there are in which something may be
read that is not there, and violations are rarer in the field than in the calls that a reader learns from. So the weight
of "violation" is brought to what it means (`in_the_field`), and shared out anew.
"""

import math
from collections.abc import Iterable, Sequence
from itertools import product
from typing import NamedTuple

from ausweis.judging.decide import Decision, decide
from ausweis.judging.rules import Rules
from ausweis.judging.timeline import EVENT_THRESHOLD, Moment
from ausweis.reading.facts import Event
from ausweis.vocabulary import Outcome

__all__ = ["CALIBRATION", "USUAL_TURNS", "Calibration", "Outlook", "doublings", "in_the_field", "outlook"]

INCONCLUSIVE: Outcome = "inconclusive"
TIES: tuple[Outcome, ...] = ("inconclusive", "violation", "compliant", "not_applicable")
"""Of two outcomes with the same weight, the one that stands first here."""
UNSURE = (0.02, 0.9999)
"""Between these an event is unsure; beyond them it counts as certain."""
MOST_UNSURE = 9
"""So many unsure events, those nearest to one half, are tried out (512 worlds); the others are rounded."""


class Calibration(NamedTuple):
    """What the weight of "violation" among the worlds of a call means, in log-odds.

    `reference`: the share of violations for which the weight of a call of usual length is taken as it is. `longer`:
    what each doubling of a call's turns beyond `USUAL_TURNS` adds. `surest`: where the reader was unsure of anything,
    no weight counts for more, and none for less than what this leaves to 1: no whole call is read with certainty.
    """

    reference: float
    longer: float
    surest: float


CALIBRATION = Calibration(reference=0.17, longer=-1.9, surest=0.99)
"""Chosen on dev and on long calls whose writing pass was left out (`evals/LAB.md`, 22)."""
NEARLY_NONE = 1e-9
USUAL_TURNS = 20
"""The length of most calls that a reader learned from before it saw long ones."""
LONG_TURNS = 50
"""From here on length makes no difference: among calls of 50 to 140 turns the longer ones are not more often wrong."""


class Outlook(NamedTuple):
    """`weights`: the probability of each outcome that may be. `worlds`: the likeliest world of each.

    `certain`: the reader was unsure of nothing.
    """

    weights: dict[Outcome, float]
    worlds: dict[Outcome, Decision]
    certain: bool

    @property
    def likeliest(self) -> Outcome:
        """The outcome of the greatest weight, of those that are in any world."""
        return max((one for one in TIES if one in self.worlds), key=lambda outcome: self.weights[outcome])

    def in_the_field(self, expected: float, turns: int, calibration: Calibration | None = None) -> "Outlook":
        """The same where so many of all calls are violations; what is certain stays certain."""
        if self.certain:
            return self
        violation = self.weights.get("violation", 0.0)
        risk = in_the_field(violation, expected, turns, calibration or CALIBRATION)
        others = {outcome: weight for outcome, weight in self.weights.items() if outcome != "violation"}
        rest = (1.0 - risk) / sum(others.values()) if others else 0.0
        weights: dict[Outcome, float] = {"violation": risk}
        weights |= {outcome: one * rest for outcome, one in others.items()}
        return self._replace(weights=weights)


def doublings(turns: int) -> float:
    """How often the length of a usual call is doubled: from none to that of `LONG_TURNS`."""
    return math.log2(min(max(turns, USUAL_TURNS), LONG_TURNS) / USUAL_TURNS)


def in_the_field(weight: float, expected: float, turns: int, calibration: Calibration) -> float:
    """How likely a call is a violation whose worlds give it this weight, where `expected` of all calls are.

    The prior odds are shifted (Saerens et al. 2002); the order of calls of one length stays.
    """
    bounded = min(max(weight, 1.0 - calibration.surest), calibration.surest)
    odds = _log_odds(bounded) + calibration.longer * doublings(turns)
    return 1.0 / (1.0 + math.exp(-(odds + _log_odds(expected) - _log_odds(calibration.reference))))


def _log_odds(probability: float) -> float:
    bounded = min(max(probability, NEARLY_NONE), 1.0 - NEARLY_NONE)
    return math.log(bounded / (1.0 - bounded))


def outlook(found: Sequence[Moment], events: Sequence[Event], defects: Iterable[float], rules: Rules) -> Outlook:
    """Weigh all worlds. `defects`: how likely each defect of the recording is."""
    known = [*(event.probability for event in events), *(defects := list(defects))]
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
    return Outlook(weights, worlds, all(one in (0.0, 1.0) for one in known))


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
