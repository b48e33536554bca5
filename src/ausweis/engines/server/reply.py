"""What a server replied: text, the alternatives to each of its tokens, and how much was computed.

Log-probabilities are believed where they can be true. What servers are known to tell, and what is taken:

- An alternative that was masked, or is very unlikely: -9999.0 (vLLM, OpenAI), the lowest float (llama-server), minus
  infinity, or null (what cannot write minus infinity). It counts as impossible. Not all of one place can be: one token
  came.
- A token of certainty: 0.0, alone or with impossible ones beside it. A little more than 0 is rounding.
- NaN, other numbers above 0, plus infinity, what is no number, and alternatives that are clearly more than certain
  together, such as several of 0.0: nonsense, and the whole reply is none (`Nonsense`).

Only places of the answer are looked at, not those of a thought before it.
"""

import bisect
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

__all__ = ["END", "IMPOSSIBLE", "Nonsense", "Position", "Reply", "Unusable", "count"]

END = b"\x00"
"""Stands for the end of an answer, where the model may also go on to a longer one."""
_MARKERS = (b"<|", b"</s>", b"<eos>", b"<end_of_turn>")
IMPOSSIBLE = -1000.0
"""A log-probability that stands for all that are as low, or lower: no model tells such a one of a token."""
_ROUNDING = 0.01
"""So much above 0 a log-probability may be."""
_MOST = 1.1
"""So much may alternatives be together, each rounded to one decimal."""
_MOST_ALTERNATIVES = 1000
"""Several times as many as are ever asked for."""
_LONGEST_TOKEN = 64
"""Characters that the tokens of an answer have at most on average: vocabularies have longer ones, of blanks."""
_MOST_TOKENS = 2**31


class Unusable(Exception):  # noqa: N818  (says that the same request may be sent again)
    """A reply that is none to what was asked. `what` goes on a sentence that begins with the server."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class Nonsense(Unusable):
    """A reply with log-probabilities that cannot be true."""

    def __init__(self) -> None:
        super().__init__("told log-probabilities that cannot be true, such as NaN, numbers above 0 or 0 for all")


class Position(NamedTuple):
    """One token of an answer. `options` are log-probabilities, from `IMPOSSIBLE` to 0: of it, and of other ones."""

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
    def of(cls, content: Mapping[str, Any], most: int, *, forced: bool = False) -> "Reply":
        """The reply in a body as OpenAI defined it. `most`: how many tokens were asked for at most.

        With `forced`, all that may come at a place can be impossible: a schema left nothing else.

        Raises:
            Nonsense: its log-probabilities cannot be true.
            Unusable: it has no such body, or is longer than was asked for.
        """
        try:
            first = content["choices"][0]
            text, reason = first["message"]["content"], first.get("finish_reason")
        except (LookupError, TypeError, AttributeError):
            raise Unusable("sent a reply without an answer") from None
        if not isinstance(text, str):
            raise Unusable("sent a reply whose answer is no text")
        logprobs = first.get("logprobs")
        entries = logprobs.get("content") if isinstance(logprobs, dict) else None
        entries = entries if isinstance(entries, list) else []
        # Some servers tell of the end as well; no count needs to be exact to bound the work.
        if len(text) > most * _LONGEST_TOKEN or len(entries) > 2 * most:
            raise Unusable("sent an answer that is longer than was asked for")
        prompt, evaluated = _counts(content.get("usage"))
        return cls(text, reason != "length", _positions(entries, text, forced), prompt, evaluated)


def _counts(usage: Any) -> tuple[int, int]:
    """Tokens of the prompt, and tokens that were computed; 0 where the server does not tell."""
    usage = usage if isinstance(usage, dict) else {}
    details = usage.get("prompt_tokens_details")
    cached = count(details.get("cached_tokens")) if isinstance(details, dict) else 0
    prompt = count(usage.get("prompt_tokens"))
    return prompt, max(0, prompt - cached) + count(usage.get("completion_tokens"))


def count(value: Any) -> int:
    """A number of tokens; 0 for what cannot be one."""
    return value if type(value) is int and 0 < value < _MOST_TOKENS else 0


def _positions(entries: Sequence[Any], text: str, forced: bool) -> list[Position] | None:
    """The tokens of the text and the one after it; None where the log-probabilities do not belong to it.

    Tokens before the text, such as those of a thought that was cut off, are left out. Takes time in proportion to the
    number of tokens times the length of the text, which are both bounded.
    """
    try:
        tokens = [b"" if token == END else token for token in map(_bytes, entries)]
        whole, wanted = b"".join(tokens), text.encode(errors="replace")
        starts = list(itertools.accumulate(map(len, tokens), initial=0))
        # The last place where the text is, as a thought may say it before.
        first = next(
            (
                place
                for place in reversed(range(len(tokens)))
                if tokens[place] and whole.startswith(wanted, starts[place])
            ),
            None,
        )
        if first is None:
            return None
        stop = bisect.bisect_left(starts, starts[first] + len(wanted)) + 1
        *before, last = (_position(entry, forced) for entry in entries[first:stop])
    except (TypeError, ValueError, LookupError, AttributeError):
        return None
    if stop > len(entries):
        return [*before, last]
    # What comes after the text ends it, however the server spells that.
    own = last.options.pop(last.token)
    return [*before, Position(END, {**last.options, END: max(own, last.options.get(END, IMPOSSIBLE))})]


def _position(entry: Mapping[str, Any], forced: bool) -> Position:
    alternatives = entry.get("top_logprobs") or ()
    if len(alternatives) > _MOST_ALTERNATIVES:
        raise Nonsense
    options: dict[bytes, float] = {}
    for option in (entry, *alternatives):
        text = _bytes(option)
        options[text] = max(_logprob(option["logprob"]), options.get(text, IMPOSSIBLE))
    nothing = max(options.values()) == IMPOSSIBLE and not forced
    if nothing or math.fsum(map(math.exp, options.values())) > _MOST:
        raise Nonsense
    return Position(_bytes(entry), options)


def _logprob(value: Any) -> float:
    if value is None:
        return IMPOSSIBLE
    if isinstance(value, bool) or not isinstance(value, int | float) or not value <= _ROUNDING:
        raise Nonsense
    return float(max(min(value, 0.0), IMPOSSIBLE))


def _bytes(option: Mapping[str, Any]) -> bytes:
    data = option.get("bytes")
    text = bytes(data) if isinstance(data, list) else option["token"].encode(errors="replace")
    return END if not text or text.startswith(_MARKERS) else text
