"""What a server replied, believed where it can be true; and how likely each answer of a closed list is by it.

Log-probabilities: of an alternative that was masked or is very unlikely, servers tell -9999.0 (vLLM, OpenAI), the
lowest float (llama-server), minus infinity or null: it counts as impossible, but not all of one place can be. A token
of certainty is 0.0; a little more is rounding. NaN, other numbers above 0, plus infinity, what is no number, and
alternatives that are clearly more than certain together: the whole reply is none (`Nonsense`).

Only places of the answer are looked at, not those of a thought before it. As in `llama.answers.choose`, probabilities
are shared out from fork to fork; but a reply shows only forks on its own way, and at each only the likeliest tokens.
`Ways` puts together what several replies show, and says which answers to ask about next. Whether a server tells the
model's own probabilities or those after the list was enforced, only tokens that begin one of the answers count; of
several that begin an answer the likeliest, as a server that enforces a list goes that way.
"""

import bisect
import itertools
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ausweis.engines.protocol import ALMOST_CERTAIN, NEGLIGIBLE, UnsureToken

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
    """A reply that is none to what was asked. Its text goes on a sentence that begins with the server."""


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
        places = (place for place, token in enumerate(tokens) if token)
        first = max(place for place in places if whole.startswith(wanted, starts[place]))
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


_STRING_OR_WORD = re.compile(rb'"((?:[^"\\]|\\.)*)"(\s*:)?|([^\s"{}\[\]:,]+)', re.DOTALL)
"""Of JSON: what a string holds, and whether it is a key; or a number, `true`, `false`, `null`."""


@dataclass(slots=True)
class Shares:
    """`probabilities`: of all answers, which sum to 1. `open`: groups not yet told apart, and how likely each.

    `least`: how likely the way to each answer is at its worst fork, next to the likeliest way there, from 0 to 1.
    """

    probabilities: dict[str, float] = field(default_factory=dict)
    least: dict[str, float] = field(default_factory=dict)
    open: list[tuple[float, list[str]]] = field(default_factory=list)

    @property
    def next(self) -> list[str]:
        """The answers to ask about next; none if all that matters is known."""
        return max(self.open, key=lambda group: group[0])[1] if self.open else []


class Ways:
    """What is known of the ways to the answers `texts` (`ListDialect.texts`): options by the text before them."""

    def __init__(self, texts: Mapping[str, bytes]) -> None:
        self._texts = dict(texts)
        self._forks: dict[bytes, Position] = {}

    def learn(self, positions: Iterable[Position]) -> None:
        """Add what a reply shows. What is known stays: a later reply may show it after a shorter list was enforced."""
        before = b""
        for token, options in positions:
            known = self._forks.setdefault(before, Position(token, {}))
            for option, value in options.items():
                known.options.setdefault(option, value)
            if token == END:
                return
            before += token

    def shares(self) -> Shares:
        """Walk from fork to fork and share out. A fork that is hardly reached is not looked into."""
        shares = Shares(dict.fromkeys(self._texts, 0.0), dict.fromkeys(self._texts, 1.0))
        waiting = [(b"", list(self._texts), 1.0)]
        while waiting:
            before, names, mass = waiting.pop()
            known = self._forks.get(before)
            if len(names) == 1 or mass < NEGLIGIBLE:
                _evenly(names, mass, shares)
            elif known is None:
                shares.open.append((mass, names))
                _evenly(names, mass, shares)
            else:
                waiting += self._fork(before, known, names, mass, shares)
        return shares

    def _fork(
        self, before: bytes, known: Position, names: Sequence[str], mass: float, shares: Shares
    ) -> list[tuple[bytes, list[str], float]]:
        """Where it goes on from here: texts, the answers on this way, and how likely it is."""
        ways: dict[bytes, list[str]] = {}
        for name in names:
            ways.setdefault(self._likeliest(name, before, known.options), []).append(name)
        missing = ways.pop(b"", [])
        taken = before + known.token
        if (missing or len(ways) == 1) and all(self._texts[name].startswith(taken) for name in names):
            return [(taken, list(names), mass)]
        shares.least |= dict.fromkeys(missing, 0.0)
        if not ways:
            shares.open.append((mass, missing))
            _evenly(missing, mass, shares)
            return []
        highest = max(known.options[option] for option in ways)
        weights = {option: math.exp(known.options[option] - highest) for option in ways}
        total = sum(weights.values())
        for option, group in ways.items():
            shares.least |= {name: min(shares.least[name], weights[option]) for name in group}
        if missing and not all(
            any(_fits(text, before + option) for text in self._texts.values()) for option in known.options
        ):
            # No token that is not named is likelier than the least likely one that is.
            unseen = math.exp(min(known.options.values()) - highest)
            if mass * unseen / (total + unseen) >= NEGLIGIBLE:
                shares.open.append((mass * unseen / (total + unseen), missing))
        return [(before + option, group, mass * weights[option] / total) for option, group in ways.items()]

    def _likeliest(self, name: str, before: bytes, options: Mapping[bytes, float]) -> bytes:
        text = self._texts[name]
        fitting = (option for option in options if _fits(text, before + option))
        return max(fitting, key=lambda option: options[option], default=b"")


def _fits(text: bytes, begun: bytes) -> bool:
    return text.startswith(begun) or begun.startswith(text)


def _evenly(names: Sequence[str], mass: float, shares: Shares) -> None:
    for name in names:
        shares.probabilities[name] += mass / len(names)


def has_impossible_value(reply: Reply) -> bool:
    """Whether a value in a reply of JSON came although the server tells that it cannot; a schema forces all else."""
    impossible, end = [], 0
    for token, options in reply.positions or ():
        begin, end = end, end + (0 if token == END else len(token))
        if options[token] == IMPOSSIBLE:
            impossible.append((begin, end))
    values = [
        found.span(1 if found[3] is None else 3)
        for found in (_STRING_OR_WORD.finditer(reply.text.encode(errors="replace")) if impossible else ())
        if found[2] is None
    ]
    return any(begin < last and end > first for begin, end in impossible for first, last in values)


def unsure_tokens(reply: Reply) -> tuple[UnsureToken, ...] | None:
    """The tokens of a generated text that were not certain, by the server's own numbers; None where it tells none.

    Servers tell the probability among all tokens, most of them, and not among those that a schema allows: what the
    schema enforces may be told as unlikely, so that only values that the model chose mean something.
    """
    if reply.positions is None:
        return None
    unsure, begin = [], 0
    for token, options in reply.positions:
        if token == END:
            break
        probability = math.exp(options[token])
        if probability < ALMOST_CERTAIN:
            unsure.append(UnsureToken(begin, begin + len(token), round(probability, 4)))
        begin += len(token)
    return tuple(unsure)
