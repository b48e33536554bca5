"""How likely each outcome of a call is, and what most likely happened where it has that outcome.

Each unsure event happened or did not, each defect is there or is not; they are taken as independent. Every
combination is a joint outcome with a weight, judged by the same `decide`; where there are too many, so many of them
are drawn (Monte Carlo, stratified by event). The probabilities are the reader's: the result is as well calibrated as
they are.

That result is evidence, and no probability yet: the longer a call, the more lines there are in which something may be
read that is not there, and violations are rarer in the field than in the calls that a reader learns from. How much of
that holds depends on the reader: its calibration comes with the facts. So the weight of "violation" is brought to what
it means (`in_the_field`), and shared out anew.
"""

import math
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

from ausweis.facts import Calibration, Event
from ausweis.judging.decide import Scenario, decide
from ausweis.judging.evidence import EVENT_THRESHOLD, Moment
from ausweis.policies.form import EXPECTED
from ausweis.policies.rules import Rules
from ausweis.vocabulary import Outcome

INCONCLUSIVE: Outcome = "inconclusive"
TIES: tuple[Outcome, ...] = ("inconclusive", "violation", "compliant", "not_applicable")
"""Of two outcomes with the same weight, the one that stands first here."""
UNSURE = (0.02, 0.9999)
"""Between these an event is unsure; beyond them it counts as certain."""
MOST = 512
"""All joint outcomes are weighed if there are no more than these; otherwise so many are drawn."""


JointOutcome = tuple[bool, ...]
"""For each unsure event, whether it happened."""


AT_ITS_WORD = Calibration(reference=EXPECTED, longer=0.0, surest=1.0)
"""For a reader that was never measured: its weight counts as it is, whatever the length, where a policy expects as many
violations as one that says nothing."""
NEARLY_NONE = 1e-9
USUAL_TURNS = 20
"""The length of most calls that a reader learned from before it saw long ones."""
LONG_TURNS = 50
"""From here on length makes no difference: among calls of 50 to 140 turns the longer ones are not more often wrong."""


class Outlook(NamedTuple):
    """`weights`: the probability of each outcome that may be. `decisions`: what most likely happened where it is.

    `certain`: the reader was unsure of nothing. `unmeasured`: how much the reader misses is not known.
    """

    weights: dict[Outcome, float]
    decisions: dict[Outcome, Scenario]
    certain: bool
    unmeasured: bool = False

    @property
    def likeliest(self) -> Outcome:
        """The outcome of the greatest weight."""
        return max((outcome for outcome in TIES if outcome in self.decisions), key=lambda name: self.weights[name])

    def in_the_field(self, expected: float, turns: int, calibration: Calibration | None) -> "Outlook":
        """The same where so many of all calls are violations; what is certain stays certain.

        Nothing is, if the reader is unmeasured: a call in which it found no action is a violation as often as any.
        """
        if self.certain and not self.unmeasured:
            return self
        violation = self.weights.get("violation", 0.0)
        risk = in_the_field(violation, expected, turns, calibration or AT_ITS_WORD)
        if self.unmeasured:
            risk = max(risk, expected * self.weights.get("not_applicable", 0.0))
        others = {outcome: weight for outcome, weight in self.weights.items() if outcome != "violation"}
        rest = (1.0 - risk) / sum(others.values()) if others else 0.0
        weights: dict[Outcome, float] = {"violation": risk}
        weights |= {outcome: weight * rest for outcome, weight in others.items()}
        return self._replace(weights=weights)


def doublings(turns: int) -> float:
    """How often the length of a usual call is doubled: from none to that of `LONG_TURNS`."""
    return math.log2(min(max(turns, USUAL_TURNS), LONG_TURNS) / USUAL_TURNS)


def in_the_field(weight: float, expected: float, turns: int, calibration: Calibration) -> float:
    """How likely a call is a violation whose joint outcomes give it this weight, where `expected` of all calls are.

    The prior odds are shifted (Saerens et al. 2002); the order of calls of one length stays.
    """
    bounded = min(max(weight, 1.0 - calibration.surest), calibration.surest)
    odds = _log_odds(bounded) + calibration.longer * doublings(turns)
    return 1.0 / (1.0 + math.exp(-(odds + _log_odds(expected) - _log_odds(calibration.reference))))


def _log_odds(probability: float) -> float:
    bounded = min(max(probability, NEARLY_NONE), 1.0 - NEARLY_NONE)
    return math.log(bounded / (1.0 - bounded))


def weigh(moments: Sequence[Moment], events: Sequence[Event], defects: Iterable[float], rules: Rules) -> Outlook:
    """Weigh the joint outcomes. `defects`: how likely each defect of the recording is."""
    defects = list(defects)
    call = _Weighed.of(moments, events, 1.0 - _all_whole(defects), rules)
    weights: dict[Outcome, float] = {}
    likeliest: dict[Outcome, tuple[float, JointOutcome]] = {}
    for joint, weight in _joint_outcomes(call.unsure, call.probabilities).items():
        for outcome, share in call.outcomes(joint).items():
            weights[outcome] = weights.get(outcome, 0.0) + weight * share
            likelihood = _likelihood(joint, call.probabilities) * share
            if outcome not in likeliest or likelihood > likeliest[outcome][0]:
                likeliest[outcome] = (likelihood, joint)
    decisions = {outcome: call.decision(call.likelier(joint, outcome)) for outcome, (_, joint) in likeliest.items()}
    known = (*(event.probability for event in events), *defects)
    return Outlook(weights, decisions, all(probability in (0.0, 1.0) for probability in known))


@dataclass(frozen=True, slots=True)
class _Weighed:
    """What happened for `sure`, and what is `unsure`, with its probabilities. `defective`: how likely a defect is."""

    sure: list[Moment]
    unsure: list[Moment]
    probabilities: list[float]
    defective: float
    rules: Rules

    @classmethod
    def of(cls, moments: Sequence[Moment], events: Sequence[Event], defective: float, rules: Rules) -> "_Weighed":
        low, high = UNSURE
        sure = [moment for moment in moments if events[moment.place].probability >= high]
        unsure = [moment for moment in moments if low < events[moment.place].probability < high]
        return cls(sure, unsure, [events[moment.place].probability for moment in unsure], defective, rules)

    def decision(self, joint: JointOutcome) -> Scenario:
        """What holds in a joint outcome."""
        happened = [moment for moment, there in zip(self.unsure, joint, strict=True) if there]
        return decide(sorted([*self.sure, *happened], key=lambda moment: moment.place), self.rules)

    def outcomes(self, joint: JointOutcome) -> dict[Outcome, float]:
        """What a joint outcome comes to: each outcome with its share."""
        decision = self.decision(joint)
        doubt = self.defective if decision.doubtful else 0.0
        shares: dict[Outcome, float] = {decision.outcome: 1.0 - doubt, INCONCLUSIVE: doubt}
        return {outcome: share for outcome, share in shares.items() if share > 0.0}

    def likelier(self, joint: JointOutcome, outcome: Outcome) -> JointOutcome:
        """The joint outcome with all that is likelier otherwise, and need not be so for this outcome.

        Where joint outcomes are drawn, much of one is so by mere chance.
        """
        for place in sorted(range(len(joint)), key=lambda place: -abs(self.probabilities[place] - 0.5)):
            changed = (*joint[:place], self.probabilities[place] >= EVENT_THRESHOLD, *joint[place + 1 :])
            if changed != joint and outcome in self.outcomes(changed):
                joint = changed
        return joint


def _joint_outcomes(unsure: Sequence[Moment], probabilities: Sequence[float]) -> Mapping[JointOutcome, float]:
    """The joint outcomes with their weights, which sum to 1."""
    if 2 ** len(unsure) <= MOST:
        return {joint: _likelihood(joint, probabilities) for joint in product((True, False), repeat=len(unsure))}
    drawn = zip(*map(_drawn, unsure, probabilities), strict=True)
    return {joint: count / MOST for joint, count in Counter(drawn).items()}


def _drawn(moment: Moment, probability: float) -> list[bool]:
    """Whether the event happened in each of the joint outcomes: in its share of them.

    Which ones hangs on the event alone, so that another event beside it, or a likelier one, changes no other.
    """
    order = list(range(MOST))
    random.Random(f"{moment.turn} {moment.kind} {moment.subject}").shuffle(order)  # noqa: S311
    return [(place + 0.5) / MOST < probability for place in order]


def _likelihood(joint: JointOutcome, probabilities: Sequence[float]) -> float:
    return math.prod(p if happened else 1.0 - p for happened, p in zip(joint, probabilities, strict=True))


def _all_whole(probabilities: Iterable[float]) -> float:
    """How likely it is that no defect is there. Any one is reason enough for doubt, so they are not combined."""
    low, high = UNSURE
    whole = 1.0
    for probability in probabilities:
        whole *= 0.0 if probability >= high else 1.0 if probability <= low else 1.0 - probability
    return whole
