"""The verdict: what the policy says about the facts of one call, and why.

Reasons are codes with their values; `sentences` puts them into words.
"""

import json
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from ausweis.facts import Event, Mention, Shown
from ausweis.policies.form import Permission
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
    is_nothing,
    with_own,
)

SCHEMA: Literal["ausweis/verdict@2"] = "ausweis/verdict@2"
Turn = Annotated[int, Field(ge=1)]
Probability = Annotated[float, Field(ge=0, le=1)]


class _Part(BaseModel, extra="forbid", frozen=True, populate_by_name=True):
    pass


class _Reason(_Part):
    code: str


class _Lacking(_Reason):
    """What the level lacked: the smallest sets of factors any one of which would have completed it."""

    level: str
    missing: tuple[tuple[WordId, ...], ...]


class UnmetReason(_Lacking):
    """Nothing, or too little, was verified before the action."""

    code: Literal["no_authentication", "insufficient_factors"]


class LateReason(_Lacking):
    """The level was met after the action: by which factor, in which turn."""

    code: Literal["late_authentication"] = "late_authentication"
    turn: Turn
    factor: WordId


class LeakReason(_Lacking):
    """The agent said the values of these factors; of several the level is the strictest one."""

    code: Literal["factor_leaked"] = "factor_leaked"
    told: tuple[WordId, ...]


class RejectionReason(_Lacking):
    """An answer was rejected in this turn, no right one followed, and the action was made."""

    code: Literal["action_after_failed_authentication"] = "action_after_failed_authentication"
    turn: Turn


class ThirdPartyReason(_Reason):
    """What would have let the third party act; nothing where the policy allows none."""

    code: Literal["unauthorised_third_party"] = "unauthorised_third_party"
    accepted: tuple[Permission, ...]


class AddedReason(_Reason):
    """A reviewer found the violation; no verdict says why."""

    code: Literal["added"] = "added"


# fmt: off
CheckCode = Literal[
    "caller_known", "caller_unknown", "caller_not_needed", "caller_not_recognisable", "enough_verified",
    "too_little_verified", "verification_not_recognisable", "met_before_actions", "not_met_before_actions",
    "order_not_recognisable", "no_action", "nothing_leaked", "leaked", "no_factor", "leak_not_recognisable",
    "third_party_allowed", "third_party_not_allowed", "no_third_party", "third_party_not_recognisable",
    "rejection_heeded", "rejection_ignored", "no_rejection", "rejection_not_recognisable",
]
# fmt: on


class CheckResultReason(_Reason):
    """What a check came to."""

    code: CheckCode


class ConfidenceReason(_Reason):
    """Too little confidence in the outcome, in a critical violation, or in who of the two is the agent."""

    code: Literal["outcome_unsure", "critical_unsure", "roles_unsure"]
    confidence: Annotated[float, Field(ge=0, le=1)]


class TurnsReason(_Reason):
    """Turns that a person should hear: an unsure violation or incident, an unknown speaker, words to the evaluator."""

    code: Literal["violation_unsure", "incident_unsure", "unknown_speakers", "speaks_to_the_evaluator"]
    turns: Annotated[tuple[Turn, ...], Field(min_length=1)]


class HeardBadly(_Part):
    """Words that were heard badly, letter for letter as the turn has them; no `quote` where none was heard.

    `about`: the factor or category that the verdict hangs on here. Times in seconds.
    """

    turn: Turn
    quote: str | None = None
    start: float | None = None
    end: float | None = None
    about: WordId | None = None


class BadlyHeardReason(_Reason):
    """Turns that were heard badly and that the verdict hangs on; `heard` at which words, where that is known."""

    code: Literal["badly_heard"] = "badly_heard"
    turns: Annotated[tuple[Turn, ...], Field(min_length=1)]
    heard: Annotated[tuple[HeardBadly, ...], Field(exclude_if=is_nothing)] = ()


class WordsReason(_Reason):
    """Own words of the policy that nobody looked for when the call was read."""

    code: Literal["own_words_not_read"] = "own_words_not_read"
    words: Annotated[tuple[WordId, ...], Field(min_length=1)]


class PlainReason(_Reason):
    """A reason that has no values; the last four are notes of the reading."""

    code: Literal[
        "inconclusive",
        "caller_unclear",
        "unmeasured_reader",
        "quote_not_in_turn",
        "wrong_speaker",
        "not_in_words",
        "hardly_likely",
    ]


_BY_CODE = Field(discriminator="code")
ViolationReason = Annotated[
    UnmetReason | LateReason | LeakReason | RejectionReason | ThirdPartyReason | AddedReason, _BY_CODE
]
ReviewReason = Annotated[ConfidenceReason | TurnsReason | BadlyHeardReason | WordsReason | PlainReason, _BY_CODE]


class Evidence(_Part):
    """The words that say so: letter for letter in the turn. `start` and `end` of the turn, in seconds."""

    turn: Turn
    quote: str
    start: float | None = None
    end: float | None = None

    @classmethod
    def at(cls, place: Event | Mention | Shown) -> "Evidence":
        """What facts tell at a place."""
        return cls(turn=place.turn, quote=place.quote, start=place.start, end=place.end)


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
    reason: CheckResultReason
    evidence: tuple[Evidence, ...] = ()


class Incident(_Part):
    """A critical incident beyond authentication. `description`: of a company's own, as its policy describes it.

    `probability`: how sure the reader is of it. The first evidence is the incident; further ones show that it is one.
    """

    id: str
    turn: Turn
    severity: Severity
    description: str | None = None
    evidence: tuple[Evidence, ...] = ()
    probability: Probability = 1.0


class Verdict(_Part):
    """The answer for one call. `own_words`: those of the policy, so that all that the verdict names has a name."""

    schema_: Annotated[Literal["ausweis/verdict@2"], Field(alias="schema")] = SCHEMA
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


def comparable(verdict_json: str) -> str:
    """A verdict's JSON without what differs from time to time: the seconds, and the tokens that had to be computed.

    The tokens depend on what the engine still held of the call before.
    """
    verdict = json.loads(verdict_json)
    for name in ("seconds", "tokens"):
        (verdict.get("provenance") or {}).pop(name, None)
    return json.dumps(verdict, ensure_ascii=False, separators=(",", ":"))
