"""What a label or a verdict says of a call, as short words that can be compared."""

from collections.abc import Callable, Iterable
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field

from ausweis.evals.labelled import GoldEvent, LabelledCall
from ausweis.facts import Event, is_nothing
from ausweis.judging.verdict import Verdict
from ausweis.vocabulary import AuthorisationStatus, Caller, Outcome, ViolationType

__all__ = ["FIELDS", "Conclusion", "event_words", "ids_of", "incident_words", "incidents_said", "parts_of"]

FIELDS = ("violations", "factors", "actions", "caller", "authorisation", "incidents", "own_words")
"""What two verdicts of one call may differ in, besides the outcome."""


class Conclusion(BaseModel):
    """`violations`, `factors`, `actions` and `incidents` are words such as `late_authentication@7`, by turn.

    A factor has its status besides: `pin@4:verified`. Without an `outcome`, the label tells of incidents alone.
    `own_words`: the events about own words of the policy, judged or not, as `gives berth_number@4`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    outcome: Outcome | None = None
    violations: tuple[str, ...] = ()
    caller: Caller
    authorisation: AuthorisationStatus
    factors: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    incidents: tuple[str, ...] = ()
    own_words: Annotated[tuple[str, ...], Field(exclude_if=is_nothing)] = ()

    @classmethod
    def of_verdict(cls, verdict: Verdict) -> Self:
        """What a verdict says of authentication."""
        return cls(
            outcome=verdict.outcome,
            violations=_words(verdict.violations, lambda part: f"{part.type}@{part.turn}"),
            caller=verdict.caller,
            authorisation=verdict.authorisation.status,
            factors=_words(verdict.factors, lambda part: f"{part.factor}@{part.turn}:{part.status}"),
            actions=_words(verdict.actions, lambda part: f"{part.category}@{part.turn}"),
        )

    @classmethod
    def of_gold(cls, labelled: LabelledCall, by_rules: Verdict) -> Self:
        """What a label says; of its events, `by_rules` (the verdict on them) knows what became of each factor."""
        gold = labelled.gold
        judged = cls.of_verdict(by_rules)
        return cls(
            outcome=gold.outcome,
            violations=_words(gold.violations, lambda part: f"{part.type}@{part.turn}"),
            caller=gold.caller,
            authorisation=gold.authorisation,
            factors=judged.factors,
            actions=judged.actions,
            incidents=incident_words((event.id, event.turn) for event in gold.incidents.events)
            if gold.incidents
            else (),
            own_words=event_words(gold.events, (word.id for word in by_rules.own_words)),
        )

    @property
    def first_violation_turn(self) -> int | None:
        """The earliest turn of a violation."""
        return min(map(turn_of, self.violations), default=None)

    @property
    def violation_types(self) -> frozenset[ViolationType]:
        """The types of violation, each once."""
        return frozenset(word.partition("@")[0] for word in self.violations)  # type: ignore[misc]


def incident_words(places: Iterable[tuple[str, int]]) -> tuple[str, ...]:
    """Incidents as words, from their ids and turns."""
    return _words(places, lambda place: f"{place[0]}@{place[1]}")


def event_words(events: Iterable[Event | GoldEvent], subjects: Iterable[str]) -> tuple[str, ...]:
    """The events about these subjects as words."""
    wanted = set(subjects)
    return _words((event for event in events if event.subject in wanted), lambda e: f"{e.kind} {e.subject}@{e.turn}")


def ids_of(words: Iterable[str]) -> frozenset[str]:
    """What stands before the turn in such words."""
    return frozenset(word.partition("@")[0] for word in words)


def incidents_said(conclusion: Conclusion) -> str:
    """The incidents, each once, for a person."""
    return ", ".join(sorted(ids_of(conclusion.incidents))) or "no incident"


def parts_of(word: str) -> tuple[str, int, str]:
    """Name, turn and status of such a word; the status is empty of all but factors."""
    name, _, rest = word.partition("@")
    turn, _, status = rest.partition(":")
    return name, int(turn), status


def turn_of(word: str) -> int:
    """The turn of such a word."""
    return parts_of(word)[1]


def _words(parts: Iterable[Any], word: Callable[[Any], str]) -> tuple[str, ...]:
    return tuple(sorted({word(part) for part in parts}, key=lambda text: (turn_of(text), text)))
