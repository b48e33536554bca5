"""What is known about a recording besides its sound: a JSON file of the same name beside it.

{"agent": "a17", "queue": "billing", "started_at": "2026-03-02T09:14:00+01:00", "channels": ["agent", "caller"]}
"""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationError, model_validator

from ausweis.calls.checks import explain
from ausweis.calls.json_format import parse
from ausweis.calls.text import decode
from ausweis.errors import InputError
from ausweis.opening import read_file
from ausweis.vocabulary import Language, Side


class Sidecar(BaseModel, extra="forbid", frozen=True):
    """The keys of a call that are no words, all optional; `channels` says who speaks on the first and the second."""

    id: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    language: Language | None = None
    agent: str | None = None
    team: str | None = None
    queue: str | None = None
    started_at: str | None = None
    direction: Literal["inbound", "outbound"] | None = None
    channels: tuple[Side, Side] | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _both_sides(self) -> "Sidecar":
        if self.channels is not None and self.channels[0] == self.channels[1]:
            raise ValueError("channels must name the agent and the caller, each once")
        return self

    @classmethod
    def read(cls, path: Path | None) -> "Sidecar":
        """What stands in a file; an empty one where there is none.

        Raises:
            InputError: the file cannot be read, or says something that a call has no place for.
        """
        if path is None:
            return cls()
        document: Any = None
        try:
            document = parse(decode(read_file(path, str(path)), str(path)), str(path))
            return cls.model_validate(document)
        except FileNotFoundError:
            return cls()
        except OSError as error:
            raise InputError(f"the file cannot be read ({error.strerror})", place=str(path)) from None
        except ValidationError as error:
            message = f"the file beside the recording does not fit: {explain(error, document)}"
            raise InputError(message, place=str(path)) from None

    def of_call(self) -> dict[str, Any]:
        """The keys that the call takes over."""
        return self.model_dump(exclude={"channels"}, exclude_none=True)
