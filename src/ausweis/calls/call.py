"""A call and its turns: the contract that every reader of transcripts produces."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ausweis.vocabulary import Speaker

__all__ = ["Call", "Turn"]

Seconds = Annotated[float, Field(ge=0)]
Chance = Annotated[float, Field(ge=0, le=1)]


class Turn(BaseModel):
    """What one speaker said without the other coming between. `start` and `end` in seconds from the call's start.

    `confidence`: how sure the speech recogniser is of the words, where one wrote them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    speaker: Speaker
    start: Seconds | None = None
    end: Seconds | None = None
    text: str
    confidence: Chance | None = None


class Call(BaseModel):
    """One recorded conversation. Turn numbers start at 1: turn *n* is `turns[n - 1]`.

    `roles_confidence`: how sure it is who is agent and who is caller, where that was found out from the talk.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(min_length=1, max_length=200)]
    language: Literal["de", "en"] = "de"
    agent: str | None = None
    team: str | None = None
    queue: str | None = None
    started_at: str | None = None
    direction: Literal["inbound", "outbound"] | None = None
    turns: tuple[Turn, ...]
    roles_confidence: Chance | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)

    def turn(self, number: int) -> Turn:
        """The turn with this number, counted from 1."""
        return self.turns[number - 1]
