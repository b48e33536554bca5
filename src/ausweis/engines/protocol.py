"""What every engine offers: a batch of rendered prompts in, an answer for each out."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, SkipValidation

from ausweis.engines.matching import LineReadout
from ausweis.engines.readout import Readout

__all__ = ["Engine", "EngineInfo", "Message", "Request", "Result"]


class Message(BaseModel):
    """One role's part of a prompt. Roles are set by code, never by text of a call."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: Literal["system", "user", "assistant"]
    content: str


class Request(BaseModel):
    """One question: messages, and a closed list of answers, a readout or a JSON Schema for the answer.

    All messages but the last come from a template and hold nothing of a call: engines may keep what they make of it.

    With `choices`, the result has the probability of each choice (they sum to 1) and `text` is the likeliest.
    With a `readout` besides, which only an engine of its model can use, the choices are the readout's labels, each with
    a probability of its own; `compared` are the prompts whose last line it compares with the last line of this one.
    With `json_schema`, `text` is JSON that fits it. `max_tokens` bounds a generated answer.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    messages: tuple[Message, ...]
    choices: tuple[str, ...] = ()
    readout: SkipValidation[Readout | LineReadout] | None = None
    compared: tuple[tuple[Message, ...], ...] = ()
    json_schema: Mapping[str, Any] | None = None
    max_tokens: int = 512
    template: str = ""
    """Id and version of the template that asked, such as `agent-turn@1`."""

    def key(self, model_sha256: str) -> str:
        """SHA-256 over all that the answer depends on: the key of recorded answers."""
        body = {
            "messages": [[m.role, m.content] for m in self.messages],
            "choices": list(self.choices),
            "readout": self.readout.sha256 if self.readout else None,
            "schema": self.json_schema,
            "max_tokens": self.max_tokens,
            "model": model_sha256,
        }
        if self.compared:
            body["compared"] = [[[m.role, m.content] for m in one] for one in self.compared]
        return hashlib.sha256(json.dumps(body, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


class Result(BaseModel):
    """One answer. `probabilities` holds one number a choice, in the order of the choices; empty for a schema."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str
    probabilities: tuple[float, ...] = ()
    prompt_tokens: int = 0
    evaluated_tokens: int = 0
    """Tokens that the model had to compute, prompt and answer; what was shared counts once."""


class EngineInfo(BaseModel):
    """What answers: goes into the provenance of each verdict."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model_id: str
    model_sha256: str
    engine: str
    parameters: dict[str, Any] = Field(default_factory=dict)
    context_tokens: int


class Engine(Protocol):
    """Runs a model. `complete` keeps the order of the requests.

    Raises (from `complete`):
        ContextError: a prompt does not fit the context.
        EngineError: the model gave no usable answer.
        ModelError: the model cannot be asked any more, such as when a server is gone.
    """

    @property
    def info(self) -> EngineInfo:
        """Which weights answer, and how."""
        ...

    @property
    def calls_at_once(self) -> int:
        """How many threads should call `complete` at once: more than 1 where the engine waits for others."""
        ...

    def complete(self, requests: Sequence[Request]) -> list[Result]:
        """Answer a batch of requests, in their order."""
        ...

    def close(self) -> None:
        """Give memory and files back; the engine is of no use afterwards.

        Where `calls_at_once` is more than 1, it ends what other threads wait for.
        """
        ...
