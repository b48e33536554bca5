"""The in-process engine: llama.cpp on this machine's processor.

What a template begins with, all messages before the last one, is evaluated once and kept, on the disk too. What the
questions of a batch have of their own is evaluated together, and each piece that several of them begin with only
once. A closed question needs no generated token: its answer is read from the probabilities at the place where it would
begin, or, by a readout, from the states of a few layers at its last line. Answers that take more tokens go on together,
one evaluation a step.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version

import numpy as np

from ausweis.engines.answering import Answer, Answering, Logits
from ausweis.engines.chat_format import ChatFormat, Piece, chat_format
from ausweis.engines.choices import choose
from ausweis.engines.json_answers import JsonWriter
from ausweis.engines.kept_prefixes import KeptPrefix
from ausweis.engines.llama_answers import go_on
from ausweis.engines.llama_model import LlamaModel
from ausweis.engines.llama_states import States
from ausweis.engines.llama_trunk import BRANCHES, Trunk
from ausweis.engines.llama_waves import Question, Wave, by_beginning, waves_of
from ausweis.engines.matching import LineReadout
from ausweis.engines.protocol import EngineInfo, Message, Request, Result
from ausweis.engines.weights import Progress, Weights, locate
from ausweis.errors import ContextError, EngineError, ModelError
from ausweis.machine import usable_cpus

__all__ = ["LlamaEngine", "engine_name"]

CONTEXT = 8192
"""Tokens of context unless told otherwise; about 230 MB of memory a trunk for the default model."""
TRUNKS = 3
"""Common beginnings kept evaluated, the latest used; each has a context of its own."""
COMPARED = 500
"""Prompts that others are compared with whose states are kept: some hundred kilobytes each."""
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
        self._compared: dict[tuple[tuple[Message, ...], tuple[int, ...]], States] = {}
        self._trunks: OrderedDict[tuple[tuple[int, ...], tuple[int, ...]], Trunk] = OrderedDict()
        self.info = EngineInfo(
            model_id=weights.id,
            model_sha256=weights.sha256,
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
        question = self._question(0, request, line_end=False)
        return sum(self._model.is_special(token) for token in (*question.beginning, *question.own))

    def complete(self, requests: Sequence[Request]) -> list[Result]:
        """Answer a batch, in its order. The same batch gives the same numbers, whatever was asked before it."""
        results: dict[int, Result] = {}
        self._read_compared(requests)
        for trunk, planted, wave in self._waves(requests, lambda one: one.readout.layers if one.readout else ()):
            answers = self._answer(trunk, wave)
            # What is shared counts once: with the first question that has it.
            shares = dict.fromkeys(range(1, len(wave.questions) + 1), 0)
            shares[1] += planted
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

    def states(self, requests: Sequence[Request], layers: tuple[int, ...]) -> Iterator[States]:
        """What the model computed about the last line of each request, to learn readouts: see `Trunk.states`."""
        found: dict[int, States] = {}
        for trunk, _, wave in self._waves(requests, lambda _: layers):
            found |= self._states(trunk, wave)
        return (found[place] for place in range(len(requests)))

    def _waves(
        self, requests: Sequence[Request], layers_of: Callable[[Request], tuple[int, ...]]
    ) -> Iterator[tuple[Trunk, int, Wave]]:
        """Questions that are evaluated together, with their trunk and how many tokens it cost to plant it.

        Those for which states of layers are wanted end with their last line, and their trunk tells states.
        """
        groups: dict[tuple[int, ...], list[Question]] = {}
        for place, request in enumerate(requests):
            layers = layers_of(request)
            groups.setdefault(layers, []).append(self._question(place, request, line_end=bool(layers)))
        for layers, group in groups.items():
            for beginning, questions in by_beginning(group).items():
                trunk, planted = self._trunk(beginning, layers)
                for wave in waves_of(questions, branches=BRANCHES, free=self._size - len(beginning)):
                    trunk.clear()
                    yield trunk, planted, wave
                    planted = 0

    def _question(self, place: int, request: Request, *, line_end: bool) -> Question:
        """The tokens of a request; with `line_end`, up to the line break after its last line.

        Raises:
            ContextError: they do not fit the context.
        """
        pieces = self._format(request.messages)
        cut = max(number for number, piece in enumerate(pieces) if not piece.marker)
        begin = [] if self._model.begin_token is None else [self._model.begin_token]
        beginning = tuple(begin + self._tokens(pieces[:cut]))
        line = 0
        if line_end:
            text = pieces[cut].text
            own = tuple(self._model.tokens(f"{text}\n", special=False))
            before = text[: text.rfind("\n") + 1]
            line = max(1, len(own) - len(self._model.tokens(before, special=False)))
            room = 0
        else:
            own = tuple(self._tokens(pieces[cut:]))
            room = request.max_tokens if request.json_schema is not None else ANSWER_ROOM
        if len(beginning) + len(own) + room > self._size:
            message = f"a prompt of {request.template or 'a question'} has {len(beginning) + len(own)} tokens and needs"
            raise ContextError(f"{message} {room} more, but the context has {self._size} (option --context)")
        return Question(place, request, beginning, own, room, line)

    def _tokens(self, pieces: Sequence[Piece]) -> list[int]:
        return [token for piece in pieces for token in self._model.tokens(piece.text, special=piece.marker)]

    def _end_of_answer(self) -> int:
        """The token that ends an answer in the chat format; some model files name the end of a text instead."""
        pieces = self._format((Message(role="user", content="?"), Message(role="assistant", content="!")))
        last = max(number for number, piece in enumerate(pieces) if not piece.marker)
        tokens = self._tokens(pieces[last + 1 : last + 2])
        return tokens[0] if tokens and self._model.ends(tokens[0]) else self._model.end_token

    def _trunk(self, beginning: tuple[int, ...], layers: tuple[int, ...]) -> tuple[Trunk, int]:
        trunk = self._trunks.pop((beginning, layers), None)
        planted = 0
        if trunk is None:
            if len(self._trunks) >= TRUNKS:
                (_, kind), trunk = self._trunks.popitem(last=False)
                if kind != layers:
                    trunk.close()
                    trunk = None
            if trunk is None:
                trunk = Trunk(self._model, self._size, self._threads, layers)
            maker = f"{self._model.api.__version__} threads={self._threads}"
            planted = trunk.plant(beginning, KeptPrefix(self.info.model_sha256, maker, beginning))
        self._trunks[beginning, layers] = trunk
        return trunk, planted

    def _answer(self, trunk: Trunk, wave: Wave) -> dict[int, tuple[Answer, int]]:
        """For each branch its answer, and how many tokens were evaluated beyond the question."""
        if trunk.tells_states:
            states = self._states(trunk, wave)
            return {
                branch: (self._read_out(question.request, states[question.place]), 0)
                for branch, question in enumerate(wave.questions, start=1)
            }
        grown = trunk.grow(wave.runs)
        answering = {
            branch: self._answering(question.request, grown[branch])
            for branch, question in enumerate(wave.questions, start=1)
        }
        return go_on(trunk, answering)

    def _states(self, trunk: Trunk, wave: Wave) -> dict[int, States]:
        """The states that each question of a wave asks for, by its place in the batch."""
        lines = {branch: question.line for branch, question in enumerate(wave.questions, start=1)}
        states = trunk.states(wave.runs, lines)
        return {question.place: states[branch] for branch, question in enumerate(wave.questions, start=1)}

    def _read_compared(self, requests: Sequence[Request]) -> None:
        """Read what requests compare with, unless it is known: descriptions are the same for every call."""
        asked = ((request, request.readout.layers) for request in requests if request.readout is not None)
        wanted = list(dict.fromkeys((one, layers) for request, layers in asked for one in request.compared))
        unknown = [one for one in wanted if one not in self._compared]
        if len(self._compared) + len(unknown) > COMPARED:
            self._compared.clear()
            unknown = wanted
        for messages, layers in unknown:
            (states,) = self.states([Request(messages=messages)], layers)
            self._compared[messages, layers] = states

    def _read_out(self, request: Request, states: States) -> Answer:
        readout = request.readout
        if readout is None or readout.model_sha256 != self.info.model_sha256:
            raise EngineError(f"the readout of {request.template} was learned for another model")
        if isinstance(readout, LineReadout):
            compared = [self._compared[one, readout.layers] for one in request.compared]
            probabilities = readout.probabilities(states, compared)
        else:
            probabilities = readout.probabilities(states)
        return Answer(readout.labels[int(np.argmax(probabilities))], probabilities)

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
        for trunk in self._trunks.values():
            trunk.close()
        self._trunks.clear()
        self._model.close()
