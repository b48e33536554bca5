"""How likely each outcome is, over all worlds that may have been, and the likeliest world of each outcome.

Each unsure event happened or did not, each defect is there or is not; they are taken as independent. Every
combination is a world with a weight, judged by the same `decide`; where there are too many, so many of them are drawn
(Monte Carlo, stratified by event). The probabilities are the reader's: the result is as well calibrated as they are.

That result is evidence, and no probability yet: the longer a call, the more lines there are in which something may be
read that is not there, and violations are rarer in the field than in the calls that a reader learns from. So the weight
of "violation" is brought to what it means (`in_the_field`), and shared out anew.
"""

import math
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
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
WORLDS = 512
"""All worlds are weighed if there are no more than these; otherwise so many are drawn."""


World = tuple[bool, ...]
"""For each unsure event, whether it happened."""


class Calibration(NamedTuple):
    """What the weight of "violation" among the worlds of a call means, in log-odds.

    `reference`: the share of violations for which the weight of a call of usual length is taken as it is. `longer`:
    what each doubling of a call's turns beyond `USUAL_TURNS` adds. `surest`: where the reader was unsure of anything,
    no weight counts for more, and none for less than what this leaves to 1: no whole call is read with certainty.
    """

    reference: float
    longer: float
    surest: float


CALIBRATION = Calibration(reference=0.17, longer=-1.5, surest=0.99)
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
    """Weigh the worlds. `defects`: how likely each defect of the recording is."""
    known = [*(event.probability for event in events), *(defects := list(defects))]
    low, high = UNSURE
    unsure = [moment for moment in found if low < events[moment.place].probability < high]
    sure = [moment for moment in found if events[moment.place].probability >= high]
    defective = 1.0 - _all_whole(defects)

    def decided(world: World) -> Decision:
        happened = [moment for moment, there in zip(unsure, world, strict=True) if there]
        return decide(sorted([*sure, *happened], key=lambda moment: moment.place), rules)

    probabilities = [events[moment.place].probability for moment in unsure]
    weights: dict[Outcome, float] = {}
    likeliest: dict[Outcome, tuple[float, World]] = {}
    for world, weight in _worlds([events[moment.place] for moment in unsure]).items():
        for outcome, share in _outcomes(decided(world), defective).items():
            weights[outcome] = weights.get(outcome, 0.0) + weight * share
            likelihood = _likelihood(world, probabilities) * share
            if outcome not in likeliest or likelihood > likeliest[outcome][0]:
                likeliest[outcome] = (likelihood, world)
    decisions = {}
    for outcome, (_, world) in likeliest.items():
        # In a world that was drawn, much is so by mere chance: what need not be so becomes what is likelier.
        for place in sorted(range(len(world)), key=lambda place: -abs(probabilities[place] - 0.5)):
            likelier = (*world[:place], probabilities[place] >= EVENT_THRESHOLD, *world[place + 1 :])
            if likelier != world and outcome in _outcomes(decided(likelier), defective):
                world = likelier
        decisions[outcome] = decided(world)
    return Outlook(weights, decisions, all(one in (0.0, 1.0) for one in known))


def _worlds(events: Sequence[Event]) -> Mapping[World, float]:
    """The worlds with their weights, which sum to 1."""
    if 2 ** len(events) <= WORLDS:
        probabilities = [event.probability for event in events]
        every = product((True, False), repeat=len(events))
        return {world: _likelihood(world, probabilities) for world in every}
    drawn = zip(*(_drawn(event) for event in events), strict=True)
    return {world: count / WORLDS for world, count in Counter(drawn).items()}


def _drawn(event: Event) -> list[bool]:
    """Whether the event happened in each of the worlds: in its share of them.

    Which ones hangs on the event alone, so that another event beside it, or a likelier one, changes no other world.
    """
    order = list(range(WORLDS))
    random.Random(f"{event.turn} {event.kind} {event.subject}").shuffle(order)  # noqa: S311
    return [(place + 0.5) / WORLDS < event.probability for place in order]


def _likelihood(world: World, probabilities: Sequence[float]) -> float:
    return math.prod(p if happened else 1.0 - p for happened, p in zip(world, probabilities, strict=True))


def _outcomes(decision: Decision, defective: float) -> dict[Outcome, float]:
    """What a decision comes to, where the recording is so likely defective: each outcome with its share."""
    doubt = defective if decision.doubtful else 0.0
    shares: dict[Outcome, float] = {decision.outcome: 1.0 - doubt, INCONCLUSIVE: doubt}
    return {outcome: share for outcome, share in shares.items() if share > 0.0}


def _all_whole(probabilities: Iterable[float]) -> float:
    """How likely it is that no defect is there. Any one of them is reason enough for doubt, so they need no worlds."""
    low, high = UNSURE
    whole = 1.0
    for probability in probabilities:
        whole *= 0.0 if probability >= high else 1.0 if probability <= low else 1.0 - probability
    return whole
