"""What a label says of critical incidents: which are known of, and the turns in which they happen.

`evals/incidents/CODEBOOK.md` says how to label.
"""

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ausweis.calls.call import Call
from ausweis.judging.policy import IncidentRule, Sentence, Word
from ausweis.vocabulary import INCIDENTS, IncidentId, Severity, Side

__all__ = ["GoldIncident", "IncidentLabel", "OwnIncident"]

_SEVERITY: Severity = "high"
"""Of all incidents that are asked for: an eval does not look at it."""
_Turn = Annotated[int, Field(ge=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class GoldIncident(_Part):
    """An incident at the turn in which it happens. `shown`: of a wrong price or deadline, where that comes to light.

    `quote`: the words by which it is told, of `shown` where that is given; for long turns, which are read in pieces.
    """

    id: Word
    turn: _Turn
    shown: _Turn | None = None
    quote: str | None = None

    @property
    def told(self) -> int:
        """The turn that tells it."""
        return self.shown or self.turn


class OwnIncident(_Part):
    """An incident of a company's own, as its policy describes it. `speaker`: whose words it is in; None: either's."""

    id: Word
    description: Sentence
    speaker: Side | None = None


class IncidentLabel(_Part):
    """The incidents of one call: what does not stand in `events` does not happen.

    `own`: what is asked by a description, whether it happens or not. `known`: the known kinds that the label tells of;
    None means all.
    """

    events: tuple[GoldIncident, ...] = ()
    own: tuple[OwnIncident, ...] = ()
    known: tuple[IncidentId, ...] | None = None

    @property
    def kinds(self) -> tuple[IncidentId, ...]:
        """The known kinds of which it is known whether they happen."""
        return tuple(kind for kind in INCIDENTS if self.known is None or kind in self.known)

    @property
    def turns(self) -> dict[str, frozenset[int]]:
        """What happens, by id, and in which turns."""
        return {
            event.id: frozenset(other.turn for other in self.events if other.id == event.id) for event in self.events
        }

    def asked(self) -> Iterator[IncidentRule]:
        """All that the label knows of, as a policy asks for it."""
        for kind in self.kinds:
            yield IncidentRule(kind=kind, severity=_SEVERITY)
        for own in self.own:
            yield IncidentRule(severity=_SEVERITY, **own.model_dump())

    @model_validator(mode="after")
    def _is_known_of(self) -> Self:
        ids = [*self.kinds, *(own.id for own in self.own)]
        if len(set(ids)) < len(ids) or len({own.description for own in self.own}) < len(self.own):
            raise ValueError("an incident is there twice")
        if any(event.id not in ids for event in self.events):
            raise ValueError("an incident is labelled that is neither among the known kinds nor the own ones")
        return self

    def check_turns(self, call: Call) -> None:
        """Refuse turns that the call cannot have the incident in.

        Raises:
            ValueError: a turn is behind the last one, or another speaker's; it is shown wrong before it is said; or a
                quote does not stand in its turn, or more than once.
        """
        sides: dict[str, Side | None] = {own.id: own.speaker for own in self.own}
        sides |= {kind: INCIDENTS[kind].speaker for kind in self.kinds}
        later = {kind for kind in self.kinds if INCIDENTS[kind].comes_to_light_later}
        for event in self.events:
            if max(event.turn, event.told) > len(call.turns):
                raise ValueError(f"an incident is labelled behind the last turn, {len(call.turns)}")
            side = sides[event.id]
            if side not in (None, call.turn(event.turn).speaker):
                raise ValueError(f"an incident is labelled in turn {event.turn}, which is not the {side}'s")
            if event.shown is not None and (event.id not in later or event.shown <= event.turn):
                raise ValueError(f"turn {event.turn} cannot be shown wrong by turn {event.shown}")
            if event.quote is not None and call.turn(event.told).text.count(event.quote) != 1:
                raise ValueError(f"the quote of an incident does not stand in turn {event.told} once")
