"""The call that could not be read, as data: one bad call never stops the others."""

from dataclasses import dataclass
from typing import Literal

from ausweis.errors import AusweisError, CallFormatError, EncodingError, unforeseen

__all__ = ["Kind", "UnreadableCall"]

Kind = Literal["file", "encoding", "format", "empty", "speakers", "times", "duplicate", "recording", "internal"]
"""file: cannot be opened; encoding: not UTF-8; format: not what the format asks for; empty: no turns or no words;
speakers: unknown labels, or one side is missing; times: they run backwards; duplicate: the id was there before;
recording: it cannot be heard; internal: anything else, a fault of the program."""


@dataclass(frozen=True, slots=True)
class UnreadableCall:
    """Where (`place`: path, with `:line` where known), which call, and why: one sentence without words of the call."""

    place: str
    call_id: str | None
    message: str
    kind: Kind

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"

    @classmethod
    def of(cls, error: Exception, place: str, kind: Kind = "format", call_id: str | None = None) -> "UnreadableCall":
        """The error as data. `place`, `kind` and `call_id` hold where the error itself does not say.

        Of an error that nobody thought of, only the type is told.
        """
        if not isinstance(error, AusweisError):
            return cls(place, call_id, unforeseen(error), "internal")
        if isinstance(error, EncodingError):
            kind = "encoding"
        if isinstance(error, CallFormatError):
            call_id = error.call_id or call_id
        return cls(error.place or place, call_id, error.message, kind)
