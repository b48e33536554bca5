"""The in-process engine: llama.cpp on this machine's processor.

Questions that begin alike share what is alike: the messages before the last one are evaluated once and kept, and within
a batch each question goes on from what it has in common with the one before. A closed question needs no generated
token: its answer is read from the probabilities at the place where the answer would begin.
"""

import os
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ausweis.engines.chat_format import ChatFormat, Piece, chat_format
from ausweis.engines.choices import choice_probabilities
from ausweis.engines.json_answers import JsonWriter
from ausweis.engines.llama_lane import Lane
from ausweis.engines.llama_model import LlamaModel
from ausweis.engines.protocol import EngineInfo, Request, Result
from ausweis.engines.weights import Progress, Weights, locate
from ausweis.errors import ContextError, EngineError, ModelError

__all__ = ["LlamaEngine"]

CONTEXT = 8192
"""Tokens of context unless told otherwise; about 230 MB of memory a lane for the default model."""
LANES = 2
"""Beginnings kept evaluated, the latest used; each has a context of its own."""


class LlamaEngine:
    """Answers requests one after another. Not to be used by two threads at once."""

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
        self._lanes: OrderedDict[tuple[int, ...], Lane] = OrderedDict()
        self._fresh: set[tuple[int, ...]] = set()
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
        """Load a model of the catalogue by id, or any GGUF file by path.

        Raises:
            ModelError: the weights are missing, not what the catalogue says, or too large for this machine.
        """
        return cls(locate(model, progress=progress), context=context, threads=threads)

    @property
    def vocabulary_size(self) -> int:
        """How many tokens the model knows."""
        return self._model.size

    def complete(self, requests: Sequence[Request]) -> list[Result]:
        """Answer a batch, in its order. The same batch gives the same numbers, whatever was asked before it."""
        self._fresh.clear()
        return [self._answer(request) for request in requests]

    def logits(self, request: Request) -> NDArray[np.float32]:
        """What the model computed at the answer's place: one number a token of the vocabulary. To train readouts."""
        lane, tokens, _ = self._place(request)
        _advance(lane, tokens)
        return lane.logits().copy()

    def _answer(self, request: Request) -> Result:
        lane, tokens, count = self._place(request)
        count += _advance(lane, tokens)
        if request.json_schema is not None:
            text, written = self._writer.write(lane, request.json_schema, request.max_tokens)
            lane.rewind(len(tokens))
            return Result(text=text, prompt_tokens=len(tokens), evaluated_tokens=count + written)
        if request.readout is not None:
            probabilities = self._read_out(request, lane)
        else:
            probabilities, more = self._choose(request, lane, tokens)
            count += more
        best = int(np.argmax(probabilities))
        labels = request.readout.labels if request.readout else request.choices
        return Result(
            text=labels[best],
            probabilities=probabilities,
            prompt_tokens=len(tokens),
            evaluated_tokens=count,
        )

    def _read_out(self, request: Request, lane: Lane) -> tuple[float, ...]:
        readout = request.readout
        if readout is None or readout.model_sha256 != self.info.model_sha256:
            raise EngineError(f"the readout of {request.template} was trained for another model")
        return readout.probabilities(lane.logits())

    def _choose(self, request: Request, lane: Lane, tokens: list[int]) -> tuple[tuple[float, ...], int]:
        if len(set(request.choices)) != len(request.choices) or not request.choices:
            raise EngineError(f"the question of {request.template} needs a list of different answers, or a schema")
        answers = {choice: self._model.tokens(choice, special=False) for choice in request.choices}
        asked: list[int] = []

        def logits(way: tuple[int, ...]) -> NDArray[np.float32]:
            asked.append(_advance(lane, tokens + list(way)) if way else 0)
            return lane.logits()

        found = choice_probabilities(answers, self._model.end_token, logits)
        return tuple(round(found[choice], 6) for choice in request.choices), sum(asked)

    def _place(self, request: Request) -> tuple[Lane, list[int], int]:
        """The lane for a request, the request's tokens, and how many of them were evaluated to prepare the lane."""
        pieces = self._format(request.messages)
        cut = max(place for place, piece in enumerate(pieces) if not piece.marker)
        begin = [] if self._model.begin_token is None else [self._model.begin_token]
        prefix = tuple(begin + self._tokens(pieces[:cut]))
        tokens = [*prefix, *self._tokens(pieces[cut:])]
        room = request.max_tokens if request.json_schema is not None else 16
        if len(tokens) + room > self._size:
            message = f"the prompt of {request.template or 'a question'} has {len(tokens)} tokens and needs room for"
            raise ContextError(f"{message} {room} more; the context has {self._size} (option --context)")
        lane, evaluated = self._lane(prefix)
        return lane, tokens, evaluated

    def _tokens(self, pieces: Sequence[Piece]) -> list[int]:
        return [token for piece in pieces for token in self._model.tokens(piece.text, special=piece.marker)]

    def _lane(self, prefix: tuple[int, ...]) -> tuple[Lane, int]:
        """The lane that holds this beginning; at its first use in a batch it holds nothing else."""
        lane, evaluated = self._lanes.pop(prefix, None), 0
        if lane is None:
            lane, evaluated = self._free_lane(), len(prefix)
            lane.extend(list(prefix))
        elif prefix not in self._fresh:
            lane.rewind(len(prefix))
        self._fresh.add(prefix)
        self._lanes[prefix] = lane
        return lane, evaluated

    def _free_lane(self) -> Lane:
        if len(self._lanes) < LANES:
            return Lane(self._model, self._size, self._threads)
        _, lane = self._lanes.popitem(last=False)
        lane.rewind(0)
        return lane

    def close(self) -> None:
        """Give all memory back."""
        for lane in self._lanes.values():
            lane.close()
        self._lanes.clear()
        self._model.close()


def _advance(lane: Lane, tokens: list[int]) -> int:
    """Bring the lane to just these tokens; the last one is always evaluated anew. Returns how many were evaluated."""
    common = 0
    for here, there in zip(lane.tokens, tokens[:-1], strict=False):
        if here != there:
            break
        common += 1
    lane.rewind(common)
    lane.extend(tokens[common:])
    return len(tokens) - common
