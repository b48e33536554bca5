"""The in-process engine: llama.cpp on this machine's processor.

What questions share, all messages before the last one, is evaluated once and kept, on the disk too. What each has of
its own is evaluated together with that of others, wave by wave. A closed question needs no generated token: its answer
is read from the probabilities at the place where the answer would begin.
"""

import os
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ausweis.engines.chat_format import ChatFormat, Piece, chat_format
from ausweis.engines.choices import walk
from ausweis.engines.json_answers import JsonWriter
from ausweis.engines.kept_prefixes import KeptPrefix
from ausweis.engines.llama_model import LlamaModel
from ausweis.engines.llama_trunk import BRANCHES, PIECE, Growth, Trunk
from ausweis.engines.protocol import EngineInfo, Request, Result
from ausweis.engines.weights import Progress, Weights, locate
from ausweis.errors import ContextError, EngineError, ModelError

__all__ = ["LlamaEngine"]

CONTEXT = 8192
"""Tokens of context unless told otherwise; about 230 MB of memory a trunk for the default model."""
TRUNKS = 3
"""Common beginnings kept evaluated, the latest used; each has a context of its own."""
ANSWER_ROOM = 16
"""Tokens left for the ways to the answers of a closed list."""

Logits = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Question:
    """A request as tokens: those that it shares with others, and its own. `place`: its number in the batch."""

    place: int
    request: Request
    shared: tuple[int, ...]
    own: tuple[int, ...]
    room: int


class LlamaEngine:
    """Not to be used by two threads at once.

    Raises:
        ModelError: the weights are missing, not what the catalogue says, or too large for this machine.
    """

    def __init__(self, weights: Weights, *, context: int | None = None, threads: int | None = None) -> None:
        self._model = LlamaModel(weights.path)
        trained = self._model.trained_context
        if context is not None and not 256 <= context <= trained:
            self._model.close()
            raise ModelError(f"the context must be between 256 and {trained} tokens for the model {weights.id}")
        self._size = context or min(CONTEXT, trained)
        self._threads = threads or len(os.sched_getaffinity(0))
        self._format: ChatFormat = chat_format(weights.chat_format, self._model.chat_template)
        self._writer = JsonWriter(self._model)
        self._trunks: OrderedDict[tuple[int, ...], Trunk] = OrderedDict()
        self.info = EngineInfo(
            model_id=weights.id,
            model_sha256=weights.sha256,
            engine=f"llama.cpp (llama-cpp-python {self._model.api.__version__})",
            parameters={"temperature": 0, "context": self._size, "threads": self._threads},
            context_tokens=self._size,
        )

    @classmethod
    def load(
        cls, model: str, *, context: int | None = None, threads: int | None = None, progress: Progress | None = None
    ) -> "LlamaEngine":
        """Load a model of the catalogue by id, or any GGUF file by path."""
        return cls(locate(model, progress=progress), context=context, threads=threads)

    @property
    def calls_at_once(self) -> int:
        """One: what a call has of its own is evaluated together already."""
        return 1

    @property
    def vocabulary_size(self) -> int:
        """How many tokens the model knows."""
        return self._model.size

    def first_token(self, text: str) -> int:
        """The token with which an answer of this text would begin."""
        return self._model.tokens(text, special=False)[0]

    def special_tokens(self, request: Request) -> int:
        """How many special tokens, such as `<|im_end|>`, the prompt of a request has."""
        question = self._question(0, request)
        return sum(self._model.is_special(token) for token in (*question.shared, *question.own))

    def complete(self, requests: Sequence[Request]) -> list[Result]:
        """Answer a batch, in its order. The same batch gives the same numbers, whatever was asked before it."""
        results: dict[int, Result] = {}
        for trunk, planted, wave in self._waves(requests):
            answers = self._answer(trunk, wave)
            for question, answer in zip(wave, answers, strict=True):
                count = answer.evaluated_tokens + (planted if question is wave[0] else 0)
                results[question.place] = answer.model_copy(update={"evaluated_tokens": count})
        return [results[place] for place in range(len(requests))]

    def logits(self, requests: Sequence[Request]) -> Iterator[Logits]:
        """What the model computed at the place of each answer: one number a vocabulary token. To learn readouts."""
        found: dict[int, Logits] = {}
        for trunk, _, wave in self._waves(requests):
            grown = trunk.grow([Growth(branch, question.own) for branch, question in enumerate(wave, start=1)])
            found.update({question.place: logits for question, logits in zip(wave, grown, strict=True)})
        return (found[place] for place in range(len(requests)))

    def _waves(self, requests: Sequence[Request]) -> Iterator[tuple[Trunk, int, list[_Question]]]:
        """Questions that are evaluated together, with their trunk and how many tokens it cost to plant it."""
        groups: dict[tuple[int, ...], list[_Question]] = {}
        for place, request in enumerate(requests):
            question = self._question(place, request)
            groups.setdefault(question.shared, []).append(question)
        for shared, questions in groups.items():
            trunk, planted = self._trunk(shared)
            wave: list[_Question] = []
            for question in questions:
                if wave and (len(wave) == BRANCHES or not self._fits(shared, [*wave, question])):
                    trunk.clear()
                    yield trunk, planted, wave
                    wave, planted = [], 0
                wave.append(question)
            trunk.clear()
            yield trunk, planted, wave

    def _fits(self, shared: tuple[int, ...], wave: Sequence[_Question]) -> bool:
        own = sum(len(question.own) for question in wave)
        room = sum(question.room for question in wave)
        return own <= PIECE and len(shared) + own + room <= self._size

    def _question(self, place: int, request: Request) -> _Question:
        """The tokens of a request.

        Raises:
            ContextError: they do not fit the context.
        """
        pieces = self._format(request.messages)
        cut = max(number for number, piece in enumerate(pieces) if not piece.marker)
        begin = [] if self._model.begin_token is None else [self._model.begin_token]
        shared = tuple(begin + self._tokens(pieces[:cut]))
        own = tuple(self._tokens(pieces[cut:]))
        room = request.max_tokens if request.json_schema is not None else ANSWER_ROOM
        if len(shared) + len(own) + room > self._size:
            message = f"a prompt of {request.template or 'a question'} has {len(shared) + len(own)} tokens and needs"
            raise ContextError(f"{message} {room} more, but the context has {self._size} (option --context)")
        return _Question(place, request, shared, own, room)

    def _tokens(self, pieces: Sequence[Piece]) -> list[int]:
        return [token for piece in pieces for token in self._model.tokens(piece.text, special=piece.marker)]

    def _trunk(self, shared: tuple[int, ...]) -> tuple[Trunk, int]:
        trunk = self._trunks.pop(shared, None)
        planted = 0
        if trunk is None:
            if len(self._trunks) < TRUNKS:
                trunk = Trunk(self._model, self._size, self._threads)
            else:
                _, trunk = self._trunks.popitem(last=False)
            version = f"{self._model.api.__version__} threads={self._threads}"
            planted = trunk.plant(shared, KeptPrefix(self.info.model_sha256, version, shared))
        self._trunks[shared] = trunk
        return trunk, planted

    def _answer(self, trunk: Trunk, wave: Sequence[_Question]) -> list[Result]:
        grown = trunk.grow([Growth(branch, question.own) for branch, question in enumerate(wave, start=1)])
        closed = {
            branch: logits
            for branch, (question, logits) in enumerate(zip(wave, grown, strict=True), start=1)
            if question.request.json_schema is None and question.request.readout is None
        }
        chosen = self._choose(trunk, {branch: wave[branch - 1] for branch in closed}, closed)
        results = []
        for branch, (question, logits) in enumerate(zip(wave, grown, strict=True), start=1):
            request = question.request
            prompt, own = len(question.shared) + len(question.own), len(question.own)
            if request.json_schema is not None:
                text, written = self._writer.write(trunk, branch, logits, request.json_schema, request.max_tokens)
                results.append(Result(text=text, prompt_tokens=prompt, evaluated_tokens=own + written))
                continue
            if request.readout is not None:
                labels, probabilities, more = request.readout.labels, self._read_out(request, logits), 0
            else:
                labels, (probabilities, more) = request.choices, chosen[branch]
            results.append(
                Result(
                    text=labels[int(np.argmax(probabilities))],
                    probabilities=probabilities,
                    prompt_tokens=prompt,
                    evaluated_tokens=own + more,
                )
            )
        return results

    def _read_out(self, request: Request, logits: Logits) -> tuple[float, ...]:
        readout = request.readout
        if readout is None or readout.model_sha256 != self.info.model_sha256:
            raise EngineError(f"the readout of {request.template} was learned for another model")
        return readout.probabilities(logits)

    def _choose(
        self, trunk: Trunk, questions: dict[int, _Question], logits: dict[int, Logits]
    ) -> dict[int, tuple[tuple[float, ...], int]]:
        """For each branch the probabilities of its choices, and how many tokens were evaluated on the way to them.

        All questions go from fork to fork in step, so that each step is one evaluation.
        """
        walks = {}
        for branch, question in questions.items():
            choices = question.request.choices
            if not choices or len(set(choices)) != len(choices):
                raise EngineError(f"a question of {question.request.template} needs different answers, or a schema")
            answers = {choice: self._model.tokens(choice, special=False) for choice in choices}
            walks[branch] = walk(answers, self._model.end_token)
        found: dict[int, tuple[tuple[float, ...], int]] = {}
        counts = dict.fromkeys(walks, 0)
        waiting: dict[int, Logits | None] = dict.fromkeys(walks, None)
        while waiting:
            ways = {}
            for branch, known in waiting.items():
                try:
                    way = next(walks[branch]) if known is None else walks[branch].send(known)
                    while not way:
                        way = walks[branch].send(logits[branch])
                    ways[branch] = way
                except StopIteration as done:
                    shares: dict[str, float] = done.value
                    found[branch] = (tuple(round(share, 6) for share in shares.values()), counts[branch])
            ends = {branch: trunk.reach(branch) for branch in ways}
            grown = trunk.grow([Growth(branch, way) for branch, way in ways.items()]) if ways else []
            waiting = dict(zip(ways, grown, strict=True))
            for branch, end in ends.items():
                counts[branch] += len(ways[branch])
                trunk.cut(branch, end)
        return found

    def close(self) -> None:
        """Give all memory back."""
        for trunk in self._trunks.values():
            trunk.close()
        self._trunks.clear()
        self._model.close()
