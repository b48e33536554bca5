"""The in-process engine: llama.cpp on this machine's processor.

What a template begins with, all messages before the last one, is a prefix that questions share: it is evaluated once
and kept, on the disk too. What questions have of their own is evaluated together, batch by batch. A closed question
needs no generated token: its answer is read from the probabilities where it would begin. A transcript is read once, and
probes tell from the states of a few layers what each of its rows means.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from importlib.metadata import version
from itertools import accumulate, islice
from threading import Condition, Lock
from typing import Any

import numpy as np

from ausweis.engines.learned_index import kinds_for
from ausweis.engines.llama.answers import (
    SEQUENCES,
    Answering,
    JsonWriter,
    Logits,
    SharedPrefixContext,
    batches_of,
    choose,
)
from ausweis.engines.llama.context import CachedPrefix, States, TranscriptContext
from ausweis.engines.llama.model import LlamaModel, PromptTokens, TokenRequest, chat_format
from ausweis.engines.matcher import LineInBasis, LineProbe
from ausweis.engines.protocol import Request, Result, Transcript
from ausweis.engines.weights import LocalModel, locate
from ausweis.engines.weights.catalogue import LONG_CONTEXT
from ausweis.errors import ContextError, EngineError, ModelError
from ausweis.machine import usable_cpus
from ausweis.provenance import ModelProvenance

CONTEXT = 8192
"""Tokens of context unless told otherwise; about 230 MB of memory each for the default model. A model that nothing was
learned for is asked about a call in one prompt, and gets `LONG_CONTEXT`."""
CONTEXTS = 3
"""Prefixes kept evaluated, the latest used; each has a context of its own."""
TOGETHER = 4
"""Calls that a model answers about at once where each is one long answer: on two cores 1.8 times as fast as one."""
COMPARED = 500
"""Descriptions that rows are compared with whose states are kept: some hundred kilobytes each."""
PATIENCE = 0.2
"""Seconds for which the first of several threads waits for the others: prompts take milliseconds, answers seconds."""

Answered = Result | EngineError


def engine_name() -> str:
    """The engine with its version, as verdicts and recordings name it."""
    return f"llama.cpp (llama-cpp-python {version('llama-cpp-python')})"


def usual_context(sha256: str) -> int:
    """How many tokens a model looks at, unless it was trained for fewer or is told otherwise."""
    return CONTEXT if kinds_for(sha256) else LONG_CONTEXT


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
        self._size = context or min(usual_context(weights.sha256), trained)
        self._threads = threads or usable_cpus()
        chat = chat_format(weights.chat_format, self._model.chat_template, self._model.end_text)
        self._prompts = PromptTokens(self._model, chat, self._size)
        self._end = self._prompts.end_of_answer()
        # What a transcript has of its own is evaluated together already; answers of `events` are long.
        self.calls_at_once = together or (1 if kinds_for(weights.sha256) else TOGETHER)
        self._gathered = Gathered(self._completed, self.calls_at_once)
        self._gpu = {"layers": "on the GPU"} if self._model.on_gpu else {}
        self._writer = JsonWriter(self._model)
        self._compared: dict[tuple[Transcript, tuple[int, ...]], States] = {}
        self._contexts: OrderedDict[tuple[tuple[int, ...], tuple[int, ...]], Any] = OrderedDict()
        """The latest used last, by prefix and by the layers whose states they tell, if any."""
        self.info = ModelProvenance(
            id=weights.id,
            sha256=weights.sha256,
            engine=engine_name(),
            parameters={"temperature": 0, "context": self._size, "threads": self._threads, **self._gpu},
            context_tokens=self._size,
        )

    @classmethod
    def load(
        cls, model: str, *, context: int | None = None, threads: int | None = None, together: int | None = None
    ) -> "LlamaEngine":
        """Load a model of the catalogue by id, or any GGUF file by path."""
        return cls(locate(model), context=context, threads=threads, together=together)

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

    def _completed(self, requests: Sequence[Request]) -> list[Answered]:
        """The answer to each request, or why it has none."""
        results: dict[int, Answered] = {}
        groups: defaultdict[tuple[int, ...], list[TokenRequest]] = defaultdict(list)
        for place, request in enumerate(requests):
            try:
                question = self._prompts.question(place, request)
                groups[question.prefix].append(question)
            except EngineError as error:
                results[place] = error
        for prefix, group in groups.items():
            context: SharedPrefixContext
            context, computed = self._context(prefix)
            for batch in batches_of(group, sequences=SEQUENCES, free=self._size - len(prefix)):
                context.clear()
                logits = context.evaluate(batch.runs)
                asked = list(enumerate(batch.questions, start=1))
                answers = context.answer(
                    {number: self._answering(one.request, logits[number]) for number, one in asked}
                )
                # What is shared counts once: with the first question that has it.
                evaluated = dict.fromkeys(answers, 0) | {1: computed}
                computed = 0
                for run in batch.runs:
                    evaluated[run.owners[0]] += len(run.tokens)
                for number, one in asked:
                    answer, written = answers[number]
                    if isinstance(answer, Result):
                        tokens = {"prompt_tokens": len(prefix) + len(one.own)}
                        tokens["evaluated_tokens"] = evaluated[number] + written
                        answer = answer.model_copy(update=tokens)
                    results[one.place] = answer
        return [results[place] for place in range(len(requests))]

    def read(self, transcript: Transcript) -> list[Result]:
        """What the probes tell of each row, then of the call. What was read before changes nothing."""
        probes, every = transcript.probes, transcript.all_probes
        if not probes:
            return []
        if any(probe.model_sha256 != self.info.sha256 for probe in every):
            raise EngineError(f"the probe of {transcript.template} was learned for another model")
        layers = probes[0].layers
        compared = [self._states_of(line, layers) for line in transcript.compared]
        lengths: list[int] = []
        told: list[tuple[float, ...]] = []
        lines: list[tuple[LineProbe, LineInBasis]] = []
        prompt, computed, context, rows = self._reading(transcript, layers)
        for probe, states in zip(probes, rows, strict=True):
            lengths.append(len(states))
            told.append(probe.probabilities(states, compared))
            if transcript.questions and isinstance(probe, LineProbe):
                lines.append((probe, probe.in_basis(states)))
        evaluated = [computed + lengths[0], *lengths[1:]]
        asked = self._asked(context, transcript)
        if lines:
            evaluated[-1] += sum(map(len, asked))
            questions = lines[0][0].matcher.questions(asked)
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

    def _reading(
        self, transcript: Transcript, layers: tuple[int, ...]
    ) -> tuple[int, int, TranscriptContext, Iterator[States]]:
        """How many tokens the prefix has, how many of them had to be evaluated, what reads, and the rows' states."""
        prefix, rows = self._prompts.transcript(transcript)
        if len(prefix) >= self._size:
            message = f"what {transcript.template or 'a transcript'} begins with has {len(prefix)} tokens"
            raise ContextError(f"{message}, but the context has {self._size} (option --context)")
        context, computed = self._context(prefix, layers)
        return len(prefix), computed, context, context.read(rows)

    def _asked(self, context: TranscriptContext, transcript: Transcript) -> list[States]:
        """Of the questions after what was read: those that rows are compared with, or those about the call."""
        questions = transcript.questions or transcript.about
        return list(context.ask(self._prompts.asked(questions))) if questions else []

    def _states_of(self, compared: Transcript, layers: tuple[int, ...]) -> States:
        """Of what rows are compared with; kept, since descriptions are the same for every call."""
        key = (compared, layers)
        if key not in self._compared:
            if len(self._compared) >= COMPARED:
                self._compared.clear()
            _, _, _, (self._compared[key],) = self._reading(compared, layers)
        return self._compared[key]

    def _context(self, prefix: tuple[int, ...], layers: tuple[int, ...] = ()) -> tuple[Any, int]:
        """The context that is kept for this prefix, or another one of its kind, or a new one; what was evaluated."""
        context = self._contexts.pop((prefix, layers), None)
        computed = 0
        if context is None:
            if len(self._contexts) >= CONTEXTS:
                (_, other), context = self._contexts.popitem(last=False)
                if other != layers:
                    context.close()
                    context = None
            if context is None:
                about = (self._model, self._size, self._threads)
                context = TranscriptContext(*about, layers) if layers else SharedPrefixContext(*about)
            maker = f"{self._model.api.__version__} threads={self._threads}{' gpu' if self._gpu else ''}"
            try:
                computed = context.set_prefix(prefix, CachedPrefix(self.info.sha256, maker, prefix))
            except BaseException:
                context.close()
                raise
        self._contexts[prefix, layers] = context
        return context, computed

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


class Gathered:
    """Texts that up to `threads` threads want at the same time, asked of `complete` together by the first of them.

    Choices are answered by themselves: their numbers may not depend on which other calls are read at the same time.
    """

    def __init__(self, complete: Callable[[Sequence[Request]], list[Answered]], threads: int) -> None:
        self._complete, self._threads = complete, threads
        self._waiting: dict[Future[list[Answered]], Sequence[Request]] = {}
        self._changed = Condition()
        self._busy = Lock()
        self._closed = False

    def ask(self, requests: Sequence[Request]) -> list[Answered]:
        """The answers to these requests, in their order.

        Raises:
            EngineError: it was closed; or as `complete`, to all whose requests were among them.
        """
        answered: Future[list[Answered]] = Future()
        with self._changed:
            self._waiting[answered] = requests
            self._changed.notify_all()
        with self._busy:
            if not answered.done():
                self._answer(answered, requests)
        return answered.result()

    def close(self) -> None:
        """Let nobody ask any more, and wait for who is being answered."""
        self._closed = True
        with self._busy:
            pass

    def _answer(self, own: "Future[list[Answered]]", first: Sequence[Request]) -> None:
        """Answer these requests, and texts that others wait for meanwhile."""
        with self._changed:
            if _has_choices(first):
                group = [own]
            else:
                self._changed.wait_for(lambda: len(self._waiting) >= self._threads, PATIENCE)
                group = [one for one, requests in self._waiting.items() if not _has_choices(requests)]
                # In the order of the prompts, not of the threads: the same calls give the same numbers.
                group.sort(key=lambda one: [request.messages[-1].content for request in self._waiting[one]])
            asked = {one: self._waiting.pop(one) for one in group}
        try:
            if self._closed:
                raise EngineError("the model was closed")
            results = iter(self._complete([request for requests in asked.values() for request in requests]))
            for one, requests in asked.items():
                one.set_result(list(islice(results, len(requests))))
        except BaseException as error:
            for one in asked:
                one.set_exception(error)


def _has_choices(requests: Sequence[Request]) -> bool:
    return any(request.choices for request in requests)
