"""How likely each answer of a closed list is, from the alternatives that a server names for each token of its replies.

As in `llama.answers.choose`, but seen from outside: a reply shows only the forks on its own way, and at each only the
likeliest tokens. `Ways` puts together what several replies show, and says which answers to ask about next.

Servers tell the model's own probabilities, or those after the list was enforced; both work, as only tokens that begin
one of the answers count. Of several that begin an answer, the likeliest counts: models have learned to begin a word
with the token with which the tokeniser begins it, and a server that enforces a list goes the same way.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ausweis.engines.protocol import ALMOST_CERTAIN, NEGLIGIBLE, UnsureToken
from ausweis.engines.server.reply import END, IMPOSSIBLE, Position, Reply

__all__ = ["Shares", "Ways", "has_impossible_value", "unsure_tokens"]

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
        if missing and self._is_unmasked(before, known.options):
            # No token that is not named is likelier than the least likely one that is.
            unseen = math.exp(min(known.options.values()) - highest)
            if mass * unseen / (total + unseen) >= NEGLIGIBLE:
                shares.open.append((mass * unseen / (total + unseen), missing))
        return [(before + option, group, mass * weights[option] / total) for option, group in ways.items()]

    def _likeliest(self, name: str, before: bytes, options: Mapping[bytes, float]) -> bytes:
        text = self._texts[name]
        fitting = (option for option in options if _fits(text, before + option))
        return max(fitting, key=lambda option: options[option], default=b"")

    def _is_unmasked(self, before: bytes, options: Iterable[bytes]) -> bool:
        return any(not any(_fits(text, before + option) for text in self._texts.values()) for option in options)


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
