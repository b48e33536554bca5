"""The reasons in a verdict: codes with their values. `sentences` puts them into words.

What version 1 had as a sentence has the code `text` and is shown as it is.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from ausweis.facts import is_nothing
from ausweis.judging.policy import Permission
from ausweis.vocabulary import WordId

__all__ = [
    "BadlyHeardReason",
    "CheckCode",
    "CheckReason",
    "CheckResultReason",
    "ConfidenceReason",
    "HeardBadly",
    "LateReason",
    "LeakReason",
    "NoteReason",
    "PlainReason",
    "RejectionReason",
    "ReviewReason",
    "TextReason",
    "ThirdPartyReason",
    "TurnsReason",
    "UnmetReason",
    "ViolationReason",
    "WordsReason",
]

Turn = Annotated[int, Field(ge=1)]


class _Reason(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str


class TextReason(_Reason):
    """The sentence of a verdict of version 1."""

    code: Literal["text"] = "text"
    text: str


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


CheckCode = Literal[
    "caller_known",
    "caller_unknown",
    "caller_not_needed",
    "caller_not_recognisable",
    "enough_verified",
    "too_little_verified",
    "verification_not_recognisable",
    "met_before_actions",
    "not_met_before_actions",
    "order_not_recognisable",
    "no_action",
    "nothing_leaked",
    "leaked",
    "no_factor",
    "leak_not_recognisable",
    "third_party_allowed",
    "third_party_not_allowed",
    "no_third_party",
    "third_party_not_recognisable",
    "rejection_heeded",
    "rejection_ignored",
    "no_rejection",
    "rejection_not_recognisable",
]


class CheckResultReason(_Reason):
    """What a check came to."""

    code: CheckCode


class ConfidenceReason(_Reason):
    """Too little confidence in the outcome, in a critical violation, or in who of the two is the agent."""

    code: Literal["outcome_unsure", "critical_unsure", "roles_unsure"]
    confidence: Annotated[float, Field(ge=0, le=1)]


class TurnsReason(_Reason):
    """Turns that a person should hear: of an unsure violation or incident, or of somebody unknown."""

    code: Literal["violation_unsure", "incident_unsure", "unknown_speakers"]
    turns: Annotated[tuple[Turn, ...], Field(min_length=1)]


class HeardBadly(BaseModel):
    """Words that were heard badly, letter for letter as the turn has them; no `quote` where none was heard.

    `about`: the factor or category that the verdict hangs on here. Times in seconds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

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
    """A reason that has no values; the last five are notes of the reading."""

    code: Literal[
        "inconclusive",
        "caller_unclear",
        "unmeasured_reader",
        "quote_not_in_turn",
        "wrong_speaker",
        "not_in_words",
        "hardly_likely",
    ]


class NoteReason(_Reason):
    """A note of the reading that has no code, as in facts of earlier versions."""

    code: Literal["note"] = "note"
    text: str


def _coded(value: Any) -> Any:
    """A sentence of version 1 as a reason."""
    return TextReason(text=value) if isinstance(value, str) else value


_SENTENCES = BeforeValidator(_coded)
_BY_CODE = Field(discriminator="code")
ViolationReason = Annotated[
    UnmetReason | LateReason | LeakReason | RejectionReason | ThirdPartyReason | TextReason,
    _BY_CODE,
    _SENTENCES,
]
CheckReason = Annotated[CheckResultReason | TextReason, _BY_CODE, _SENTENCES]
ReviewReason = Annotated[
    ConfidenceReason | TurnsReason | BadlyHeardReason | WordsReason | PlainReason | NoteReason | TextReason,
    _BY_CODE,
    _SENTENCES,
]
