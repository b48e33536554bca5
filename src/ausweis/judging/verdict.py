"""The verdict: what the policy says about the facts of one call. One a line in `verdicts.jsonl`.

Version 1 is still read: it had sentences where there are reasons now, and called the id of an incident its kind.
"""

from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field

from ausweis.facts import is_nothing
from ausweis.judging.reasons import CheckReason, ReviewReason, ViolationReason
from ausweis.provenance import Provenance
from ausweis.vocabulary import (
    ActionKind,
    AuthorisationStatus,
    Caller,
    CheckId,
    CheckResult,
    FactorStatus,
    Outcome,
    OwnWord,
    Severity,
    ViolationType,
    Vocabulary,
    WordId,
    with_own,
)

__all__ = [
    "EARLIER_SCHEMA",
    "SCHEMA",
    "Action",
    "Authorisation",
    "Check",
    "Evidence",
    "Incident",
    "UsedFactor",
    "Verdict",
    "Violation",
]

SCHEMA: Literal["ausweis/verdict@2"] = "ausweis/verdict@2"
EARLIER_SCHEMA = "ausweis/verdict@1"
Turn = Annotated[int, Field(ge=1)]
Probability = Annotated[float, Field(ge=0, le=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Evidence(_Part):
    """The words that say so: letter for letter in the turn. `start` and `end` of the turn, in seconds."""

    turn: Turn
    quote: str
    start: float | None = None
    end: float | None = None


class Violation(_Part):
    """One broken rule at one turn."""

    type: ViolationType
    turn: Turn
    severity: Severity
    action: WordId | None = None
    reason: ViolationReason
    evidence: tuple[Evidence, ...] = ()


class UsedFactor(_Part):
    """A factor that came up in the call, and what became of it."""

    factor: WordId
    turn: Turn
    quote: str
    status: FactorStatus


class Action(_Part):
    """A protected action; `level` is what the policy wants for it, `met` whether it was reached before."""

    turn: Turn
    kind: ActionKind
    category: WordId
    quote: str
    level: str
    met: bool


class Authorisation(_Part):
    """Whether a third party was allowed to act for the account holder."""

    status: AuthorisationStatus
    turn: Turn | None = None
    quote: str | None = None


class Check(_Part):
    """One question of the review, answered."""

    id: CheckId
    result: CheckResult
    reason: CheckReason
    evidence: tuple[Evidence, ...] = ()


class Incident(_Part):
    """A critical incident beyond authentication. `description`: of a company's own, as its policy describes it.

    `probability`: how sure the reader is of it. The first evidence is the incident; further ones show that it is one.
    """

    id: Annotated[str, Field(validation_alias=AliasChoices("id", "kind"))]
    turn: Turn
    severity: Severity
    description: str | None = None
    evidence: tuple[Evidence, ...] = ()
    probability: Probability = 1.0


def _current(schema: Any) -> Any:
    return SCHEMA if schema == EARLIER_SCHEMA else schema


class Verdict(_Part):
    """The answer for one call. `own_words`: those of the policy, so that all that the verdict names has a name."""

    schema_: Annotated[Literal["ausweis/verdict@2"], Field(alias="schema"), BeforeValidator(_current)] = SCHEMA
    call_id: str
    outcome: Outcome
    violations: tuple[Violation, ...] = ()
    first_violation_turn: Turn | None = None
    caller: Caller
    factors: tuple[UsedFactor, ...] = ()
    actions: tuple[Action, ...] = ()
    authorisation: Authorisation
    checks: tuple[Check, ...]
    incidents: tuple[Incident, ...] = ()
    risk: Probability
    confidence: Probability
    needs_review: bool
    review_reasons: tuple[ReviewReason, ...] = ()
    provenance: Provenance | None = None
    own_words: Annotated[tuple[OwnWord, ...], Field(exclude_if=is_nothing)] = ()

    @property
    def vocabulary(self) -> Vocabulary:
        """All factors and categories that the policy knows."""
        return with_own(self.own_words)
