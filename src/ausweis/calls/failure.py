"""A call without a verdict: where it is, and why it has none."""

import re
from collections.abc import Collection
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from ausweis.calls.call import Kind as UnreadableKind
from ausweis.calls.call import UnreadableCall
from ausweis.errors import ContextError, EngineError, PromptError, unforeseen

FailureKind = Literal[UnreadableKind, "engine", "context", "prompt"]
"""Those of `UnreadableCall`; engine: no usable answer; context: the call is longer than the model's context; prompt: a
template cannot be filled."""
_SCORING: frozenset[FailureKind] = frozenset({"engine", "context", "prompt"})
_PART = re.compile(r"(?:\[\d+\]|:\d+)$")
"""What of a place stands behind the file: line, column, or number in an array."""


class Failure(BaseModel, extra="forbid", frozen=True):
    """`place` is a path, with `:line` where known. `message` is one sentence and has no words of the call."""

    schema_: Annotated[Literal["ausweis/failure@1"], Field(alias="schema")] = "ausweis/failure@1"
    call_id: str | None = None
    place: str | None = None
    kind: FailureKind
    message: str

    @classmethod
    def unreadable(cls, call: UnreadableCall) -> "Failure":
        """A call that could not be read from its file."""
        return cls(call_id=call.call_id, place=call.place, kind=call.kind, message=call.message)

    @classmethod
    def of(cls, error: Exception, call_id: str | None) -> "Failure":
        """What went wrong with one call. Of an unforeseen error only its type is told."""
        if not isinstance(error, EngineError | PromptError):
            return cls(call_id=call_id, kind="internal", message=unforeseen(error))
        kind: FailureKind = "prompt" if isinstance(error, PromptError) else "engine"
        if isinstance(error, ContextError):
            kind = "context"
        return cls(call_id=call_id, place=error.place, kind=kind, message=error.message)

    @property
    def was_read(self) -> bool:
        """Whether its call was read from its file, and failed after that."""
        return self.call_id is not None and (self.place is None or self.kind in _SCORING)

    def is_in(self, files: Collection[str]) -> bool:
        """Whether it came up while one of these files was read; True where nobody knows which."""
        place = self.place
        while place not in files and place is not None:
            shorter = _PART.sub("", place)
            if shorter == place:
                return False
            place = shorter
        return True
