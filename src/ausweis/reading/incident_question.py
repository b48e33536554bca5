"""What is looked for beyond authentication, and how likely a line is it."""

from dataclasses import dataclass
from typing import NamedTuple

from ausweis.facts import OneSided, Side
from ausweis.reading.chunks import Chunk
from ausweis.vocabulary import INCIDENTS, IncidentId

__all__ = ["Chance", "IncidentQuestion"]


@dataclass(frozen=True, slots=True)
class IncidentQuestion:
    """A known incident, or a description of the policy; of that, whose words are looked at (None: both)."""

    id: IncidentId | None = None
    description: str | None = None
    speaker: Side | None = None

    @property
    def speakers(self) -> tuple[str, ...]:
        """Whose words it may be in."""
        side = self.speaker if self.id is None else INCIDENTS[self.id].speaker
        return ("agent", "caller") if side is None else (side,)

    @property
    def asked(self) -> str | OneSided:
        """As facts name what was looked for."""
        if self.id is not None or self.speaker is None:
            return self.id or str(self.description)
        return OneSided(description=str(self.description), speaker=self.speaker)

    @property
    def text(self) -> str:
        """The description that the model is asked by."""
        return INCIDENTS[self.id].question if self.id is not None else str(self.description)


class Chance(NamedTuple):
    """How likely a chunk, or a part of one, is what a question asks for."""

    question: IncidentQuestion
    chunk: Chunk
    probability: float
