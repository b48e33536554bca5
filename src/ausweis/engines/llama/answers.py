"""Answers under way, and questions that begin alike answered together.

Generators say which tokens to evaluate next, and get the logits after them. `choose` tells how likely each answer of a
closed list is; nothing is generated. The answers' tokens form a tree; at each fork the model's probabilities are shared
out among the ways on that the list allows. `JsonWriter` writes JSON that fits a schema: each token is the likeliest of
those that llguidance allows. The bindings' own schemas (`response_format`) are ignored or widened without a word, so
the mask is ours, and a schema that cannot be enforced is an error.

Sequence 0 of a context holds the prefix that all questions share. The sequence of a question goes on from there,
together with those that agree with it, then alone: a token that several sequences have is evaluated once, and many
sequences in one go. A batch is forgotten before the next begins, so the same batch gives the same numbers.
"""

import itertools
import json
import os
import warnings
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ausweis.engines.llama.context import CachedPrefix, Cell, LlamaContext, chunks
from ausweis.engines.llama.model import LlamaModel, TokenRequest
from ausweis.engines.protocol import ALMOST_CERTAIN, NEGLIGIBLE, Result, UnsureToken
from ausweis.errors import EngineError

Logits = NDArray[np.float32]
"""One number a vocabulary token."""


class Step(NamedTuple):
    """Tokens to evaluate after the question; with `keep` the next step goes on after them, else they are forgotten."""

    tokens: Sequence[int]
    keep: bool


Answering = Generator[Step, Logits, Result]


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
    likeliest = max(answers, key=probabilities.__getitem__)
    return Result(text=likeliest, probabilities=tuple(round(probabilities[name], 6) for name in answers))


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
        if not unsure:
            return Result(text=text)
        # Where in the bytes of the answer the tokens stand that were not certain.
        ends = list(itertools.accumulate((len(self._model.text([token])) for token in answer), initial=0))
        return Result(
            text=text, unsure=tuple(UnsureToken(ends[at], ends[at + 1], doubt) for at, doubt in doubts.items())
        )


SEQUENCES = 64
"""Questions answered together, at most."""


class Run(NamedTuple):
    """Tokens that go on the sequences of its `owners`; `ends` are those of them that end with it."""

    tokens: Sequence[int]
    owners: tuple[int, ...]
    ends: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """Questions with one prefix. The sequence of each is its number here, from 1; `runs` are what is their own."""

    questions: tuple[TokenRequest, ...]
    runs: tuple[Run, ...]

    @classmethod
    def of(cls, questions: Sequence[TokenRequest]) -> "Batch":
        """Find what the questions share."""
        runs = runs_of({sequence: question.own for sequence, question in enumerate(questions, start=1)})
        return cls(tuple(questions), tuple(runs))

    @property
    def tokens(self) -> int:
        """How many tokens the batch takes at most, its prefix left out."""
        return sum(len(run.tokens) for run in self.runs) + sum(question.room for question in self.questions)


def batches_of(questions: Sequence[TokenRequest], *, sequences: int, free: int) -> Iterator[Batch]:
    """As few batches as hold all questions: at most so many sequences in each, and so many tokens.

    A question that is alone makes a batch whatever it takes.
    """
    waiting = list(questions)
    while waiting:
        batch = Batch.of(waiting[:sequences])
        while batch.tokens > free and len(batch.questions) > 1:
            # Nearly all tokens may be shared, so what a smaller batch takes is known only by its tree.
            batch = Batch.of(batch.questions[: max(1, len(batch.questions) * free // batch.tokens)])
        yield batch
        del waiting[: len(batch.questions)]


def runs_of(sequences: Mapping[int, tuple[int, ...]]) -> list[Run]:
    """The runs of numbered sequences, each after the runs that it goes on from. A sequence without tokens has none."""
    runs: list[Run] = []
    waiting = [(0, [number for number, tokens in sequences.items() if tokens])]
    while waiting:
        depth, group = waiting.pop()
        reach = len(os.path.commonprefix([sequences[number] for number in group]))  # noqa: RUF071  (of tuples)
        if reach > depth:
            ends = tuple(number for number in group if len(sequences[number]) == reach)
            runs.append(Run(sequences[group[0]][depth:reach], tuple(group), ends))
        parts: dict[int, list[int]] = {}
        for number in group:
            if len(sequences[number]) > reach:
                parts.setdefault(sequences[number][reach], []).append(number)
        waiting += [(reach, part) for part in reversed(parts.values())]
    return runs


class SharedPrefixContext(LlamaContext):
    """A context of `size` tokens for the shared prefix and all sequences together."""

    def __init__(self, model: LlamaModel, size: int, threads: int) -> None:
        super().__init__(model, size, threads, sequences=SEQUENCES + 1)
        self._lengths: dict[int, int] = {}

    def set_prefix(self, tokens: Sequence[int], cached: CachedPrefix | None = None) -> int:
        """As of any context; all sequences are forgotten, too."""
        self._lengths.clear()
        return super().set_prefix(tokens, cached)

    def clear(self) -> None:
        """Forget all sequences but the shared prefix."""
        for sequence in self._lengths:
            self._api.llama_memory_seq_rm(self._memory, sequence, -1, -1)
        self._lengths.clear()

    def evaluate(self, runs: Sequence[Run]) -> dict[int, Logits]:
        """Evaluate runs of tokens, whose owners are sequences, each at the end of what its owners have.

        Sequences count from 1 to `SEQUENCES`. Returns, for each one that ends with a run, the logits after its last
        token: float32, one a vocabulary token.
        """
        logits_after: dict[int, Logits] = {}
        for chunk in chunks(self._cells(runs)):
            self._decode(chunk)
            for place, cell in enumerate(chunk):
                if cell.wanted:
                    pointer = self._api.llama_get_logits_ith(self._context, place)
                    logits = np.ctypeslib.as_array(pointer, shape=(self._model.size,)).copy()
                    logits_after.update(dict.fromkeys(cell.wanted, logits))
        return logits_after

    def answer(self, answering: Mapping[int, Answering]) -> dict[int, tuple[Result | EngineError, int]]:
        """For each sequence its answer, or why it has none, and how many tokens were evaluated for it.

        All answers that are open go on together, one evaluation a step.
        """
        answers: dict[int, tuple[Result | EngineError, int]] = {}
        counts = dict.fromkeys(answering, 0)
        known: dict[int, Logits | None] = dict.fromkeys(answering, None)
        while known:
            steps: dict[int, Step] = {}
            for sequence, logits in known.items():
                try:
                    # A generator that has not begun takes nothing but None.
                    steps[sequence] = next(answering[sequence]) if logits is None else answering[sequence].send(logits)
                except StopIteration as done:
                    answers[sequence] = (done.value, counts[sequence])
                except EngineError as error:
                    answers[sequence] = (error, counts[sequence])
            # What a sequence has, the shared prefix counted.
            ends = {one: self._lengths.get(one, self.length) for one, step in steps.items() if not step.keep}
            known = {**self.evaluate([Run(step.tokens, (one,), (one,)) for one, step in steps.items()])}
            for sequence, step in steps.items():
                counts[sequence] += len(step.tokens)
            for sequence, end in ends.items():
                self._api.llama_memory_seq_rm(self._memory, sequence, end, -1)
                self._lengths[sequence] = end
        return answers

    def _cells(self, runs: Sequence[Run]) -> list[Cell]:
        cells = []
        for tokens, owners, ends in runs:
            for sequence in owners:
                if sequence not in self._lengths:
                    self._api.llama_memory_seq_cp(self._memory, 0, sequence, 0, self.length)
                    self._lengths[sequence] = self.length
            start, last = self._lengths[owners[0]], len(tokens) - 1
            cells += [
                Cell(token, start + place, owners, ends if place == last else ()) for place, token in enumerate(tokens)
            ]
            self._lengths.update(dict.fromkeys(owners, start + len(tokens)))
        return cells
