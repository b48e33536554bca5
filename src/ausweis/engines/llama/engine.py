"""The in-process engine: llama.cpp on this machine's processor.

What a template begins with, all messages before the last one, is evaluated once and kept, on the disk too. What the
questions of a batch have of their own is evaluated together, and each piece that several of them begin with only
once. A closed question needs no generated token: its answer is read from the probabilities at the place where it would
begin. Answers that take more tokens go on together, one evaluation a step. A transcript is read once, and probes tell
from the states of a few layers what each of its rows means.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.metadata import version
from typing import NamedTuple, cast

import numpy as np

from ausweis.engines.llama.answering import Answer, Answering, Logits
from ausweis.engines.llama.batches import Question, Wave, by_beginning, waves_of
from ausweis.engines.llama.chat_format import ChatFormat, Piece, chat_format
from ausweis.engines.llama.choices import choose
from ausweis.engines.llama.context import LlamaContext
from ausweis.engines.llama.json_answers import JsonWriter
from ausweis.engines.llama.model import LlamaModel
from ausweis.engines.llama.open_answers import go_on
from ausweis.engines.llama.prefix_cache import KeptPrefix
from ausweis.engines.llama.shared_prefix import BRANCHES, Trunk
from ausweis.engines.llama.states import States
from ausweis.engines.llama.transcript import TranscriptContext
from ausweis.engines.protocol import Message, Request, Result, Transcript
from ausweis.engines.weights.local import Progress, Weights, locate
from ausweis.errors import ContextError, EngineError, ModelError
from ausweis.machine import usable_cpus
from ausweis.provenance import ModelProvenance

__all__ = ["LlamaEngine", "engine_name"]

CONTEXT = 8192
"""Tokens of context unless told otherwise; about 230 MB of memory each for the default model."""
CONTEXTS = 3
"""Common beginnings kept evaluated, the latest used; each has a context of its own."""
COMPARED = 500
"""Descriptions that rows are compared with whose states are kept: some hundred kilobytes each."""
ANSWER_ROOM = 16
"""Tokens left for the ways to the answers of a closed list."""


def engine_name() -> str:
    """The engine with its version, as verdicts and recordings name it."""
    return f"llama.cpp (llama-cpp-python {version('llama-cpp-python')})"


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
        self._threads = threads or usable_cpus()
        self._format: ChatFormat = chat_format(weights.chat_format, self._model.chat_template)
        self._end = self._end_of_answer()
        self._writer = JsonWriter(self._model)
        self._compared: dict[tuple[Transcript, tuple[int, ...]], States] = {}
        self._contexts: OrderedDict[tuple[tuple[int, ...], tuple[int, ...]], LlamaContext] = OrderedDict()
        self.info = ModelProvenance(
            id=weights.id,
            sha256=weights.sha256,
            engine=engine_name(),
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
    def layers(self) -> int:
        """How many layers the model has."""
        return self._model.layers

    def first_token(self, text: str) -> int:
        """The token with which an answer of this text would begin."""
        return self._model.tokens(text, special=False)[0]

    def special_tokens(self, request: Request) -> int:
        """How many special tokens, such as `<|im_end|>`, the prompt of a request has."""
        question = self._question(0, request)
        return sum(self._model.is_special(token) for token in (*question.beginning, *question.own))

    def complete(self, requests: Sequence[Request]) -> list[Result]:
        """Answer a batch, in its order. The same batch gives the same numbers, whatever was asked before it."""
        results: dict[int, Result] = {}
        questions = [self._question(place, request) for place, request in enumerate(requests)]
        for beginning, group in by_beginning(questions).items():
            trunk, planted = self._trunk(beginning)
            for wave in waves_of(group, branches=BRANCHES, free=self._size - len(beginning)):
                trunk.clear()
                answers = self._answer(trunk, wave)
                # What is shared counts once: with the first question that has it.
                shares = dict.fromkeys(range(1, len(wave.questions) + 1), 0)
                shares[1] += planted
                planted = 0
                for run in wave.runs:
                    shares[run.owners[0]] += len(run.tokens)
                for branch, question in enumerate(wave.questions, start=1):
                    answer, written = answers[branch]
                    results[question.place] = Result(
                        text=answer.text,
                        probabilities=tuple(round(one, 6) for one in answer.probabilities),
                        prompt_tokens=len(question.beginning) + len(question.own),
                        evaluated_tokens=shares[branch] + written,
                    )
        return [results[place] for place in range(len(requests))]

    def read(self, transcript: Transcript) -> list[Result]:
        """What the probes tell of each row. What was read before changes nothing.

        Raises:
            ContextError: a row does not fit the context.
            EngineError: the probes are of another model.
        """
        probes = transcript.probes
        if not probes:
            return []
        if any(one.model_sha256 != self.info.sha256 for one in probes):
            raise EngineError(f"the probe of {transcript.template} was learned for another model")
        compared = [self._states_of(one, probes[0].layers) for one in transcript.compared]
        results = []
        reading = self._reading(transcript, probes[0].layers)
        prompt, planted = len(reading.beginning), reading.planted
        for probe, states in zip(probes, reading.states, strict=True):
            prompt += len(states)
            probabilities = probe.probabilities(states, compared)
            results.append(
                Result(
                    text=probe.labels[int(np.argmax(probabilities))],
                    probabilities=probabilities,
                    prompt_tokens=prompt,
                    evaluated_tokens=planted + len(states),
                )
            )
            planted = 0
        return results

    def states(self, transcript: Transcript, layers: tuple[int, ...]) -> Iterator[States]:
        """What the model computed about each row, to learn probes: see `TranscriptContext.read`.

        To be taken to its end before anything else is asked.
        """
        return self._reading(transcript, layers).states

    def _reading(self, transcript: Transcript, layers: tuple[int, ...]) -> "_Reading":
        pieces = self._format(transcript.messages)
        beginning = self._beginning(pieces)
        if len(beginning) >= self._size:
            message = f"what {transcript.template or 'a transcript'} begins with has {len(beginning)} tokens"
            raise ContextError(f"{message}, but the context has {self._size} (option --context)")
        context, planted = self._transcript(beginning, layers)
        rows = [self._model.tokens(f"{row}\n", special=False) for row in transcript.rows]
        return _Reading(beginning, planted, context.read(rows))

    def _states_of(self, compared: Transcript, layers: tuple[int, ...]) -> States:
        """Of what rows are compared with; kept, since descriptions are the same for every call."""
        found = self._compared.get((compared, layers))
        if found is None:
            if len(self._compared) >= COMPARED:
                self._compared.clear()
            (found,) = self.states(compared, layers)
            self._compared[compared, layers] = found
        return found

    def _question(self, place: int, request: Request) -> Question:
        """The tokens of a request.

        Raises:
            ContextError: they do not fit the context.
        """
        pieces = self._format(request.messages)
        beginning = self._beginning(pieces)
        own = tuple(self._tokens(pieces[_last_text(pieces) :]))
        room = request.max_tokens if request.json_schema is not None else ANSWER_ROOM
        if len(beginning) + len(own) + room > self._size:
            message = f"a prompt of {request.template or 'a question'} has {len(beginning) + len(own)} tokens and needs"
            raise ContextError(f"{message} {room} more, but the context has {self._size} (option --context)")
        return Question(place, request, beginning, own, room)

    def _beginning(self, pieces: Sequence[Piece]) -> tuple[int, ...]:
        """The tokens of all that stands before the text of the last message."""
        begin = [] if self._model.begin_token is None else [self._model.begin_token]
        return tuple(begin + self._tokens(pieces[: _last_text(pieces)]))

    def _tokens(self, pieces: Sequence[Piece]) -> list[int]:
        return [token for piece in pieces for token in self._model.tokens(piece.text, special=piece.marker)]

    def _end_of_answer(self) -> int:
        """The token that ends an answer in the chat format; some model files name the end of a text instead."""
        pieces = self._format((Message(role="user", content="?"), Message(role="assistant", content="!")))
        last = _last_text(pieces)
        tokens = self._tokens(pieces[last + 1 : last + 2])
        return tokens[0] if tokens and self._model.ends(tokens[0]) else self._model.end_token

    def _trunk(self, beginning: tuple[int, ...]) -> tuple[Trunk, int]:
        """A context for questions with this beginning, and how many tokens it cost to plant it."""
        context, planted = self._planted(beginning, (), lambda: Trunk(self._model, self._size, self._threads))
        return cast("Trunk", context), planted

    def _transcript(self, beginning: tuple[int, ...], layers: tuple[int, ...]) -> tuple[TranscriptContext, int]:
        """A context that tells these layers, and how many tokens it cost to plant it."""
        make = partial(TranscriptContext, self._model, self._size, self._threads, layers)
        context, planted = self._planted(beginning, layers, make)
        return cast("TranscriptContext", context), planted

    def _planted(
        self, beginning: tuple[int, ...], layers: tuple[int, ...], make: Callable[[], LlamaContext]
    ) -> tuple[LlamaContext, int]:
        context = self._contexts.pop((beginning, layers), None)
        planted = 0
        if context is None:
            if len(self._contexts) >= CONTEXTS:
                (_, other), context = self._contexts.popitem(last=False)
                if other != layers:
                    context.close()
                    context = None
            context = context or make()
            maker = f"{self._model.api.__version__} threads={self._threads}"
            try:
                planted = context.plant(beginning, KeptPrefix(self.info.sha256, maker, beginning))
            except BaseException:
                context.close()
                raise
        self._contexts[beginning, layers] = context
        return context, planted

    def _answer(self, trunk: Trunk, wave: Wave) -> dict[int, tuple[Answer, int]]:
        """For each branch its answer, and how many tokens were evaluated beyond the question."""
        grown = trunk.grow(wave.runs)
        answering = {
            branch: self._answering(question.request, grown[branch])
            for branch, question in enumerate(wave.questions, start=1)
        }
        return go_on(trunk, answering)

    def _answering(self, request: Request, logits: Logits) -> Answering:
        if request.json_schema is not None:
            return self._writer.write(request.json_schema, request.max_tokens, logits)
        choices = request.choices
        if not choices or len(set(choices)) != len(choices):
            raise EngineError(f"a question of {request.template} needs different answers, or a schema")
        answers = {choice: self._model.tokens(choice, special=False) for choice in choices}
        return choose(answers, self._end, logits)

    def close(self) -> None:
        """Give all memory back."""
        for context in self._contexts.values():
            context.close()
        self._contexts.clear()
        self._model.close()


class _Reading(NamedTuple):
    """A transcript that is read: its beginning, what it cost to plant it, and the states of its rows."""

    beginning: tuple[int, ...]
    planted: int
    states: Iterator[States]


def _last_text(pieces: Sequence[Piece]) -> int:
    """The place of the last message's text."""
    return max(place for place, piece in enumerate(pieces) if not piece.marker)
