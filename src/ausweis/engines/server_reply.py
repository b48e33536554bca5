"""What a server replied: text, the alternatives to each of its tokens, and how much was computed."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ausweis.engines.server_dialects import END

__all__ = ["Position", "Reply", "Unusable"]

_MARKERS = (b"<|", b"</s>", b"<eos>", b"<end_of_turn>")
_LOWEST = -1e4


class Unusable(Exception):  # noqa: N818  (says that the same request may be sent again)
    """A reply that is none to what was asked. `what` goes on a sentence that begins with the server."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class Position(NamedTuple):
    """One token of an answer. `options` are log-probabilities: of it, and of the likeliest other ones."""

    token: bytes
    options: dict[bytes, float]


@dataclass(frozen=True, slots=True)
class Reply:
    """`positions`: None where the server tells no log-probabilities. `whole`: the answer was not cut off."""

    text: str
    whole: bool
    positions: list[Position] | None
    prompt_tokens: int
    evaluated_tokens: int

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> "Reply":
        """The reply in a body as OpenAI defined it.

        Raises:
            Unusable: it has no such body.
        """
        try:
            first = content["choices"][0]
            text, reason = first["message"]["content"], first.get("finish_reason")
        except (LookupError, TypeError, AttributeError):
            raise Unusable("sent a reply without an answer") from None
        if not isinstance(text, str):
            raise Unusable("sent a reply whose answer is no text")
        prompt, evaluated = _counts(content.get("usage"))
        return cls(text, reason != "length", _positions(first.get("logprobs"), text), prompt, evaluated)


def _counts(usage: Any) -> tuple[int, int]:
    """Tokens of the prompt, and tokens that were computed; 0 where the server does not tell."""
    usage = usage if isinstance(usage, dict) else {}
    details = usage.get("prompt_tokens_details")
    cached = _count(details.get("cached_tokens")) if isinstance(details, dict) else 0
    prompt = _count(usage.get("prompt_tokens"))
    return prompt, max(0, prompt - cached) + _count(usage.get("completion_tokens"))


def _count(value: Any) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def _positions(logprobs: Any, text: str) -> list[Position] | None:
    """The tokens of the text; None where the log-probabilities do not belong to it.

    Tokens before the text, such as those of a thought that was cut off, are left out.
    """
    entries = logprobs.get("content") if isinstance(logprobs, dict) else None
    try:
        positions = [_position(entry) for entry in entries or ()]
    except (TypeError, ValueError, LookupError, AttributeError):
        return None
    tokens = [b"" if position.token == END else position.token for position in positions]
    wanted = text.encode()
    for start, token in enumerate(tokens):
        if token and b"".join(tokens[start:]).startswith(wanted):
            return positions[start:]
    return None


def _position(entry: Mapping[str, Any]) -> Position:
    options: dict[bytes, float] = {}
    for option in (entry, *(entry.get("top_logprobs") or ())):
        value = float(option["logprob"])
        if not math.isnan(value):
            text = _bytes(option)
            options[text] = max(value, _LOWEST, options.get(text, _LOWEST))
    return Position(_bytes(entry), options)


def _bytes(option: Mapping[str, Any]) -> bytes:
    found = option.get("bytes")
    text = bytes(found) if isinstance(found, list) else str(option["token"]).encode(errors="replace")
    return END if not text or text.startswith(_MARKERS) else text
