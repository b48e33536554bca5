"""What every reading strategy offers: a call in, facts out."""

from typing import NamedTuple, Protocol

from ausweis.calls.call import Call
from ausweis.engines.reader_calibration import ReaderCalibration
from ausweis.facts import Facts
from ausweis.provenance import PromptProvenance

__all__ = ["Reader", "Reading", "prompts_of"]


class Reading(NamedTuple):
    """The facts of one call, and how many tokens the model computed for them."""

    facts: Facts
    tokens: int


class Reader(Protocol):
    """Reads calls with an engine. The same call gives the same facts, whatever was read before it.

    Raises (from `read`):
        EngineError: the model gave no usable answer for this call; other calls may still be read.
    """

    @property
    def strategy(self) -> str:
        """Its name, one of `STRATEGIES`."""
        ...

    @property
    def prompts(self) -> tuple[PromptProvenance, ...]:
        """The templates that it asks with, in fixed order."""
        ...

    @property
    def factors(self) -> frozenset[str]:
        """The factors that it can tell, own ones among them where it looks for these."""
        ...

    def read(self, call: Call) -> Reading:
        """Read one call."""
        ...


def prompts_of(calibration: ReaderCalibration | None) -> tuple[PromptProvenance, ...]:
    """How a reader's `prompts` name its calibration."""
    return () if calibration is None or calibration.provenance is None else (calibration.provenance,)
