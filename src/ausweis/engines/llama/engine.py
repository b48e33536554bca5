"""The in-process engine: llama.cpp on this machine's processor.

What a template begins with, all messages before the last one, is a prefix that questions share: it is evaluated once
and kept, on the disk too. What questions have of their own is evaluated together, batch by batch, and what several of
them begin with only once. A closed question needs no generated token: its answer is read from the probabilities at the
place where it would begin. Answers that take more tokens go on together, one evaluation a step. A transcript is read
once, and probes tell from the states of a few layers what each of its rows means.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.metadata import version
from itertools import accumulate
from typing import TypeVar, cast

import numpy as np

from ausweis.engines.learned_index import kinds_for
from ausweis.engines.llama.answers import Answer, Answering, JsonWriter, Logits, choose
from ausweis.engines.llama.context import CachedPrefix, LlamaContext, States
from ausweis.engines.llama.gathered import Gathered
from ausweis.engines.llama.model import LlamaModel
from ausweis.engines.llama.prompts import PromptTokens, chat_format
from ausweis.engines.llama.shared_prefix import SEQUENCES, Batch, Question, SharedPrefixContext, batches_of, by_prefix
from ausweis.engines.llama.transcript import TranscriptContext
from ausweis.engines.matcher import LineInBasis, LineProbe
from ausweis.engines.protocol import Request, Result, Transcript
from ausweis.engines.weights import LocalModel, Progress, locate
from ausweis.engines.weights.catalogue import LONG_CONTEXT
from ausweis.errors import ContextError, EngineError, ModelError
from ausweis.machine import usable_cpus
from ausweis.provenance import ModelProvenance

__all__ = ["LlamaEngine", "engine_name"]

_C = TypeVar("_C", bound=LlamaContext)
_Kind = tuple[int, ...]
"""Of a context: the layers whose states it tells."""

CONTEXT = 8192
"""Tokens of context unless told otherwise; about 230 MB of memory each for the default model. A model that nothing was
learned for is asked about a call in one prompt, and gets `LONG_CONTEXT`."""
CONTEXTS = 3
"""Prefixes kept evaluated, the latest used; each has a context of its own."""
TOGETHER = 4
"""Calls that a model answers about at once where each is one long answer: on two cores 1.8 times as fast as one."""
COMPARED = 500
"""Descriptions that rows are compared with whose states are kept: some hundred kilobytes each."""


def engine_name() -> str:
    """The engine with its version, as verdicts and recordings name it."""
    return f"llama.cpp (llama-cpp-python {version('llama-cpp-python')})"


class LlamaEngine:
    """Several threads may ask it to `complete`, `together` of them at once; `read` is for one.

    Raises:
        ModelError: the weights are missing, not what the catalogue says, or too large for this machine.
    """

    def __init__(
        self,
        weights: LocalModel,
        *,
        context: int | None = None,
        threads: int | None = None,
        together: int | None = None,
    ) -> None:
        self._model = LlamaModel(weights.path)
        trained = self._model.trained_context
        if context is not None and not 256 <= context <= trained:
            self._model.close()
            raise ModelError(f"the context must be between 256 and {trained} tokens for the model {weights.id}")
        self._size = context or min(CONTEXT if kinds_for(weights.sha256) else LONG_CONTEXT, trained)
        self._threads = threads or usable_cpus()
        chat = chat_format(weights.chat_format, self._model.chat_template, self._model.end_text)
        self._prompts = PromptTokens(self._model, chat, self._size)
        self._end = self._prompts.end_of_answer()
        # What a transcript has of its own is evaluated together already; answers of `events` are long.
        self.calls_at_once = together or (1 if kinds_for(weights.sha256) else TOGETHER)
        self._gathered = Gathered(self._completed, self.calls_at_once)
        self._gpu = {"layers": "on the GPU"} if self._model.on_gpu else {}
        self._writer = JsonWriter(self._model)
        self._compared: dict[tuple[Transcript, _Kind], States] = {}
        self._contexts: OrderedDict[tuple[tuple[int, ...], _Kind], LlamaContext] = OrderedDict()
        self.info = ModelProvenance(
            id=weights.id,
            sha256=weights.sha256,
            engine=engine_name(),
            parameters={"temperature": 0, "context": self._size, "threads": self._threads, **self._gpu},
            context_tokens=self._size,
        )

    @classmethod
    def load(
        cls,
        model: str,
        *,
        context: int | None = None,
        threads: int | None = None,
        together: int | None = None,
        progress: Progress | None = None,
    ) -> "LlamaEngine":
        """Load a model of the catalogue by id, or any GGUF file by path."""
        return cls(locate(model, progress=progress), context=context, threads=threads, together=together)

    @property
    def layers(self) -> int:
        """How many layers the model has."""
        return self._model.layers

    def complete(self, requests: Sequence[Request]) -> list[Result]:
        """Answer in order. The same requests give the same numbers, whatever was asked before them.

        What several threads ask at the same time is answered together.
        """
        results = []
        for answered in self._gathered.ask(requests):
            if isinstance(answered, EngineError):
                raise answered
            results.append(answered)
        return results

    def _completed(self, requests: Sequence[Request]) -> list[Result | EngineError]:
        """The answer to each request, or why it has none."""
        results: dict[int, Result | EngineError] = {}
        questions: list[Question] = []
        for place, request in enumerate(requests):
            try:
                questions.append(self._prompts.question(place, request))
            except EngineError as error:
                results[place] = error
        for prefix, group in by_prefix(questions).items():
            context, computed = self._shared_prefix(prefix)
            for batch in batches_of(group, sequences=SEQUENCES, free=self._size - len(prefix)):
                context.clear()
                answers = self._answer(context, batch)
                # What is shared counts once: with the first question that has it.
                evaluated = dict.fromkeys(answers, 0) | {1: computed}
                computed = 0
                for run in batch.runs:
                    evaluated[run.owners[0]] += len(run.tokens)
                for sequence, question in enumerate(batch.questions, start=1):
                    answer, written = answers[sequence]
                    results[question.place] = (
                        answer
                        if isinstance(answer, EngineError)
                        else Result(
                            text=answer.text,
                            probabilities=tuple(round(probability, 6) for probability in answer.probabilities),
                            unsure=answer.unsure,
                            prompt_tokens=len(question.prefix) + len(question.own),
                            evaluated_tokens=evaluated[sequence] + written,
                        )
                    )
        return [results[place] for place in range(len(requests))]

    def read(self, transcript: Transcript) -> list[Result]:
        """What the probes tell of each row, then of the call. What was read before changes nothing.

        Raises:
            ContextError: a row, or a question after them, does not fit the context.
            EngineError: the probes are of another model.
        """
        probes, every = transcript.probes, transcript.all_probes
        if not probes:
            return []
        kind = self._kind_of(transcript)
        compared = [self._states_of(line, kind) for line in transcript.compared]
        lengths: list[int] = []
        told: list[tuple[float, ...]] = []
        lines: list[tuple[LineProbe, LineInBasis]] = []
        prompt, computed, context, rows = self._reading(transcript, kind)
        for probe, states in zip(probes, rows, strict=True):
            lengths.append(len(states))
            told.append(probe.probabilities(states, compared))
            if transcript.questions and isinstance(probe, LineProbe):
                lines.append((probe, probe.in_basis(states)))
        evaluated = [computed + lengths[0], *lengths[1:]]
        asked = self._asked(context, transcript)
        if lines:
            evaluated[-1] += sum(map(len, asked))
            questions = lines[0][0].questions(asked)
            answers = (probe.answered(line, questions) for probe, line in lines)
            told = [(*row, *answered) for row, answered in zip(told, answers, strict=True)]
        elif transcript.answer_probe is not None:
            told.append(transcript.answer_probe.probabilities(asked))
            lengths.append(sum(map(len, asked)))
            evaluated.append(lengths[-1])
        return [
            Result(
                text=probe.labels[int(np.argmax(probabilities))],
                probabilities=probabilities,
                prompt_tokens=prompt + read,
                evaluated_tokens=tokens,
            )
            for probe, probabilities, read, tokens in zip(every, told, accumulate(lengths), evaluated, strict=True)
        ]

    def states(self, transcript: Transcript, layers: tuple[int, ...]) -> Iterator[States]:
        """What the model computed about each row, then about each question, to learn probes.

        See `TranscriptContext.read` and `ask`. To be taken to its end before anything else is asked.
        """
        _, _, context, rows = self._reading(transcript, layers)
        yield from rows
        yield from self._asked(context, transcript)

    def tokens_of(self, transcript: Transcript) -> tuple[tuple[int, ...], list[list[int]]]:
        """The tokens that a transcript begins with, and those of each row."""
        return self._prompts.transcript(transcript)

    def _kind_of(self, transcript: Transcript) -> _Kind:
        """Of the context that its probes read."""
        if any(probe.model_sha256 != self.info.sha256 for probe in transcript.all_probes):
            raise EngineError(f"the probe of {transcript.template} was learned for another model")
        return transcript.probes[0].layers

    def _reading(self, transcript: Transcript, kind: _Kind) -> tuple[int, int, TranscriptContext, Iterator[States]]:
        """How many tokens the prefix has, how many of them had to be evaluated, what reads, and the rows' states."""
        prefix, rows = self.tokens_of(transcript)
        if len(prefix) >= self._size:
            message = f"what {transcript.template or 'a transcript'} begins with has {len(prefix)} tokens"
            raise ContextError(f"{message}, but the context has {self._size} (option --context)")
        make = partial(TranscriptContext, self._model, self._size, self._threads, kind)
        context, computed = self._context(prefix, kind, make)
        return len(prefix), computed, context, context.read(rows)

    def _asked(self, context: TranscriptContext, transcript: Transcript) -> list[States]:
        """Of the questions after what was read: those that rows are compared with, or those about the call."""
        questions = transcript.questions or transcript.about
        return list(context.ask(self._prompts.asked(questions))) if questions else []

    def _states_of(self, compared: Transcript, kind: _Kind) -> States:
        """Of what rows are compared with; kept, since descriptions are the same for every call."""
        key = (compared, kind)
        if key not in self._compared:
            if len(self._compared) >= COMPARED:
                self._compared.clear()
            _, _, _, (self._compared[key],) = self._reading(compared, kind)
        return self._compared[key]

    def _shared_prefix(self, prefix: tuple[int, ...]) -> tuple[SharedPrefixContext, int]:
        """A context for questions with this prefix, and how many tokens of it had to be evaluated."""
        return self._context(prefix, (), lambda: SharedPrefixContext(self._model, self._size, self._threads))

    def _context(self, prefix: tuple[int, ...], kind: _Kind, make: Callable[[], _C]) -> tuple[_C, int]:
        """The context that is kept for this prefix, or another one of its kind, or a new one."""
        context = self._contexts.pop((prefix, kind), None)
        computed = 0
        if context is None:
            if len(self._contexts) >= CONTEXTS:
                (_, other), context = self._contexts.popitem(last=False)
                if other != kind:
                    context.close()
                    context = None
            context = context or make()
            maker = f"{self._model.api.__version__} threads={self._threads}{' gpu' if self._gpu else ''}"
            try:
                computed = context.set_prefix(prefix, CachedPrefix(self.info.sha256, maker, prefix))
            except BaseException:
                context.close()
                raise
        self._contexts[prefix, kind] = context
        return cast("_C", context), computed

    def _answer(self, context: SharedPrefixContext, batch: Batch) -> dict[int, tuple[Answer | EngineError, int]]:
        """For each sequence its answer, and how many tokens were evaluated beyond the question."""
        logits = context.evaluate(batch.runs)
        questions = enumerate(batch.questions, start=1)
        return context.answer(
            {number: self._answering(question.request, logits[number]) for number, question in questions}
        )

    def _answering(self, request: Request, logits: Logits) -> Answering:
        if request.json_schema is not None:
            return self._writer.write(request.json_schema, request.max_tokens, logits, unsure=request.unsure)
        choices = request.choices
        if not choices or len(set(choices)) != len(choices):
            raise EngineError(f"a question of {request.template} needs different answers, or a schema")
        answers = {choice: self._model.tokens(choice, special=False) for choice in choices}
        return choose(answers, self._end, logits)

    def close(self) -> None:
        """Give all memory back; what is being answered is broken off."""
        for context in self._contexts.values():
            context.stopped = True
        self._gathered.close()
        for context in self._contexts.values():
            context.close()
        self._contexts.clear()
        self._model.close()
