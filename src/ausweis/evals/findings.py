"""What is found in a call, as short words that can be compared: of the label and of a verdict alike."""

from collections.abc import Callable, Iterable
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from ausweis.evals.labelled import LabelledCall
from ausweis.judging.verdict import Verdict
from ausweis.vocabulary import AuthorisationStatus, Caller, Outcome, ViolationType

__all__ = ["FIELDS", "Findings"]

FIELDS = ("violations", "factors", "actions", "caller", "authorisation")
"""What two verdicts of one call may differ in, besides the outcome."""


class Findings(BaseModel):
    """`violations`, `factors` and `actions` are words such as `late_authentication@7`, by turn.

    A factor has its status besides: `pin@4:verified`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    outcome: Outcome
    violations: tuple[str, ...] = ()
    caller: Caller
    authorisation: AuthorisationStatus
    factors: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()

    @classmethod
    def of_verdict(cls, verdict: Verdict) -> Self:
        """What a verdict says."""
        return cls(
            outcome=verdict.outcome,
            violations=_words(verdict.violations, lambda one: f"{one.type}@{one.turn}"),
            caller=verdict.caller,
            authorisation=verdict.authorisation.status,
            factors=_words(verdict.factors, lambda one: f"{one.factor}@{one.turn}:{one.status}"),
            actions=_words(verdict.actions, lambda one: f"{one.category}@{one.turn}"),
        )

    @classmethod
    def of_gold(cls, labelled: LabelledCall, by_rules: Verdict) -> Self:
        """What a label says; of its events, `by_rules` (the verdict on them) knows what became of each factor."""
        gold = labelled.gold
        judged = cls.of_verdict(by_rules)
        return cls(
            outcome=gold.outcome,
            violations=_words(gold.violations, lambda one: f"{one.type}@{one.turn}"),
            caller=gold.caller,
            authorisation=gold.authorisation,
            factors=judged.factors,
            actions=judged.actions,
        )

    @property
    def first_violation_turn(self) -> int | None:
        """The earliest turn of a violation."""
        return min((turn_of(one) for one in self.violations), default=None)

    @property
    def violation_types(self) -> frozenset[ViolationType]:
        """The types of violation, each once."""
        return frozenset(one.partition("@")[0] for one in self.violations)  # type: ignore[misc]


def turn_of(word: str) -> int:
    """The turn of such a word."""
    return int(word.partition("@")[2].partition(":")[0])


def _words(found: Iterable[Any], word: Callable[[Any], str]) -> tuple[str, ...]:
    return tuple(sorted({word(one) for one in found}, key=lambda one: (turn_of(one), one)))
