"""What a reader's probabilities mean, learned from calls whose label is known: a file of a few numbers, as JSON.

It is bound to a model, to the text of the template that names the strategy (`transcript` with a probe, `agent-turn`
without, `call-events`), and to the probe that reads the answers, where there is one.
"""

import hashlib
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ausweis.engines.learned_index import LearnedPart
from ausweis.errors import PromptError
from ausweis.facts import Calibration, EventKind
from ausweis.opening import read_bytes
from ausweis.provenance import PromptProvenance

__all__ = ["EventCalibration", "ReaderCalibration"]


class EventCalibration(BaseModel):
    """How likely an event is that a model names: `slope` times the log-odds that it says, plus an offset.

    `kinds`: the offset of each kind; `offset`: that of a kind of which nothing is known.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    slope: Annotated[float, Field(gt=0, le=100)] = 1.0
    offset: Annotated[float, Field(ge=-20, le=20)] = 0.0
    kinds: Mapping[EventKind, Annotated[float, Field(ge=-20, le=20)]] = Field(default_factory=dict)

    def probability(self, kind: EventKind, said: float) -> float:
        """How likely it is where the model says so much, more than 0 and less than 1."""
        odds = self.slope * math.log(said / (1.0 - said)) + self.kinds.get(kind, self.offset)
        return 1.0 / (1.0 + math.exp(-odds))


class ReaderCalibration(BaseModel):
    """What was learned of one reader: of the risk of whole calls, and of single events where these are stated by it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_: Annotated[Literal["ausweis/calibration@1"], Field(alias="schema")] = "ausweis/calibration@1"
    template: str
    template_sha256: str
    model_sha256: str
    risk: Calibration
    events: EventCalibration | None = None
    provenance: Annotated[PromptProvenance | None, Field(exclude=True)] = None
    """What verdicts name it by, such as `call-events:calibration`; None until it is loaded from an index."""

    @classmethod
    def load(cls, path: Path, part: LearnedPart) -> Self:
        """Read the file of an entry.

        Raises:
            PromptError: it holds no calibration, or that of another reader than the entry says.
        """
        try:
            data = read_bytes(path)
            read = cls.model_validate_json(data)
        except (OSError, ValidationError):
            raise PromptError("is no calibration, or a broken one: learn it again", place=str(path)) from None
        if (read.model_sha256, read.template_sha256) != (part.base.sha256, part.template.sha256):
            message = "was learned for another model or template than its index says: learn it again"
            raise PromptError(message, place=str(path))
        sha256 = hashlib.sha256(data).hexdigest()
        name = PromptProvenance(id=f"{part.template.id}:{part.kind}", version=part.version, sha256=sha256)
        return read.model_copy(update={"provenance": name})

    def data(self) -> bytes:
        """What its file has."""
        return (self.model_dump_json(by_alias=True, indent=2) + "\n").encode()
