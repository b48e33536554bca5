"""Answers under way: generators that say which tokens to evaluate next, and get the logits after them.

`choose` tells how likely each answer of a closed list is; nothing is generated. The answers' tokens form a tree. At
each fork the model's probabilities are shared out among the ways on that the list allows; an answer's probability is
the product along its way. A fork that is reached with little probability is not looked into: its answers share what
reached it evenly.

`JsonWriter` writes JSON that fits a schema: each token is the likeliest of those that llguidance allows. In-process
schemas of the bindings are ignored or widened without a word (`response_format`), so the mask is ours, and a schema
that cannot be enforced is an error.
"""

import itertools
import json
import warnings
from collections.abc import Generator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ausweis.engines.llama.model import LlamaModel
from ausweis.engines.protocol import ALMOST_CERTAIN, NEGLIGIBLE, UnsureToken
from ausweis.errors import EngineError

__all__ = ["Answer", "Answering", "JsonWriter", "Logits", "Step", "choose"]

Logits = NDArray[np.float32]
"""One number a vocabulary token."""


class Step(NamedTuple):
    """Tokens to evaluate after the question; with `keep` the next step goes on after them, else they are forgotten."""

    tokens: Sequence[int]
    keep: bool


class Answer(NamedTuple):
    """A text, with the probability of each choice where there were choices; `unsure` as in `Result`."""

    text: str
    probabilities: tuple[float, ...] = ()
    unsure: tuple[UnsureToken, ...] | None = None


Answering = Generator[Step, Logits, Answer]


def choose(answers: Mapping[str, Sequence[int]], end: int, logits: Logits) -> Answering:
    """Ask for the logits at one fork after another; the probabilities sum to 1, the likeliest answer is the text.

    `answers` are the tokens of each answer; `end` stands for the place where a shorter answer ends; `logits` are those
    where the answer begins.

    Raises:
        EngineError: the model gives something else than numbers, as broken weights do.
    """
    probabilities: dict[str, float] = {}
    forks: list[tuple[tuple[int, ...], list[str], float]] = [((), list(answers), 1.0)]
    while forks:
        way, names, probability = forks.pop()
        if len(names) == 1 or probability < NEGLIGIBLE:
            probabilities.update(dict.fromkeys(names, probability / len(names)))
            continue
        ways: dict[int, list[str]] = {}
        for name in names:
            tokens = answers[name]
            ways.setdefault(tokens[len(way)] if len(tokens) > len(way) else end, []).append(name)
        shares = np.ones(1)
        if len(ways) > 1:
            here = (yield Step(way, keep=False)) if way else logits
            shares = _softmax(here[list(ways)])
        for share, (token, below) in zip(shares, ways.items(), strict=True):
            forks.append(((*way, token), below, probability * float(share)))
    return Answer(max(answers, key=probabilities.__getitem__), tuple(probabilities[name] for name in answers))


def _softmax(values: Logits) -> NDArray[np.float64]:
    if not np.isfinite(values).all():
        raise EngineError("the model gave no numbers for the answers: see that its file is whole")
    shifted: NDArray[np.float64] = np.exp(values.astype(np.float64) - float(values.max()))
    shares: NDArray[np.float64] = shifted / shifted.sum()
    return shares


class JsonWriter:
    """Writes answers with one model."""

    def __init__(self, model: LlamaModel) -> None:
        self._model = model

    @cached_property
    def _tokenizer(self) -> Any:
        # About a second, so only where a schema is asked for.
        from llguidance.llamacpp import lltokenizer_from_vocab

        with warnings.catch_warnings():
            # llguidance still uses an older name of a function in the bindings.
            warnings.simplefilter("ignore", DeprecationWarning)
            return lltokenizer_from_vocab(self._model.vocabulary, slices=[])

    def write(self, schema: Mapping[str, Any], limit: int, logits: Logits, *, unsure: bool = False) -> Answering:
        """Write the JSON text of an answer; `logits` are those at the place where it begins.

        With `unsure`, it tells the tokens that were not certain, each among those that the schema allows there.

        Raises:
            EngineError: the schema cannot be enforced, the answer is longer than `limit` tokens, or the model gives
                something else than numbers, as broken weights do.
        """
        from llguidance import LLMatcher
        from llguidance.numpy import allocate_token_bitmask, fill_next_token_bitmask

        grammar = LLMatcher.grammar_from_json_schema(json.dumps(schema), overrides={"whitespace_flexible": False})
        matcher = LLMatcher(self._tokenizer, grammar, log_level=0)
        mask = allocate_token_bitmask(1, self._model.size)
        answer: list[int] = []
        doubts: dict[int, float] = {}
        while not matcher.is_error() and not matcher.is_stopped():
            chosen = matcher.compute_ff_tokens()
            if not chosen:
                fill_next_token_bitmask(matcher, mask)
                allowed = np.unpackbits(mask.view(np.uint8), bitorder="little")[: self._model.size].astype(bool)
                told = np.where(allowed, logits, -np.inf)
                chosen = [int(told.argmax())]
                if not np.isfinite(told[chosen[0]]):
                    raise EngineError("the model gave no numbers for the answer: see that its file is whole")
                if self._model.ends(chosen[0]):
                    break
                if unsure and (probability := float(_softmax(told[allowed]).max())) < ALMOST_CERTAIN:
                    doubts[len(answer)] = round(probability, 4)
            if not matcher.consume_tokens(chosen):
                break
            answer += chosen
            if len(answer) > limit:
                raise EngineError(f"the answer is longer than {limit} tokens")
            logits = yield Step(chosen, keep=True)
        if matcher.is_error():
            raise EngineError(f"the schema of the answer cannot be enforced: {matcher.get_error().splitlines()[0]}")
        text = self._model.text(answer).decode("utf-8", errors="replace")
        return Answer(text, unsure=self._places(answer, doubts) if unsure else None)

    def _places(self, answer: list[int], doubts: Mapping[int, float]) -> tuple[UnsureToken, ...]:
        """Where in the bytes of the answer the tokens stand that were not certain."""
        lengths = (len(self._model.text([token])) for token in answer)
        ends = list(itertools.accumulate(lengths, initial=0))
        return tuple(UnsureToken(ends[place], ends[place + 1], doubts[place]) for place in doubts)
