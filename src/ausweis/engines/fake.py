"""An engine without a model: it gives the answers that a script says. For tests of prompts, readers and programs.

As a file (`--engine fake:answers.yaml`, see docs/engines.md); the first entry that fits a question answers it. An entry
names a template by id or id@version, a piece of the last message (`contains`) or a regular expression (`matches`), and
an `answer`: a choice, a probability for each, or JSON; or the `error` with which the engine fails.
"""

import hashlib
import json
import math
import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field, StrictFloat, StrictInt, field_validator, model_validator

from ausweis.engines.protocol import Request, Result, Transcript, mismatch
from ausweis.errors import ContextError, EngineError, InputError
from ausweis.provenance import ModelProvenance

Answer = str | Mapping[str, Any]
"""A choice, a probability for each choice, or JSON as text or as a mapping: what the question asks for."""

MOST_TOKENS = 1_000_000_000
_MOST = 1_000_000
"""Of a probability as written; those of an answer are set in proportion to their sum."""


class Script(BaseModel, extra="forbid", frozen=True):
    """One entry: which questions it fits (all that is given must hold), and what becomes of them."""

    template: str | None = None
    contains: str | None = None
    matches: str | None = None
    answer: str | dict[str, Any] | None = None
    error: str | None = None

    @field_validator("matches")
    @classmethod
    def _is_an_expression(cls, matches: str | None) -> str | None:
        if matches is not None:
            try:
                re.compile(matches)
            except (re.error, OverflowError, RecursionError) as error:
                raise ValueError(f"is no regular expression: {error}") from None
        return matches

    @model_validator(mode="after")
    def _says_one_thing(self) -> "Script":
        if (self.answer is None) == (self.error is None):
            raise ValueError("needs either an answer or an error")
        return self

    def fits(self, request: Request) -> bool:
        """Whether this entry answers the request."""
        last = request.messages[-1].content if request.messages else ""
        return (
            self.template in (None, request.template, request.template.partition("@")[0])
            and (self.contains is None or self.contains in last)
            and (self.matches is None or re.search(self.matches, last) is not None)
        )


Answers = Callable[[Request], Answer] | Mapping[str, Answer] | Sequence[Script | Mapping[str, Any]]
"""A function; answers by template; or a script."""


class _File(BaseModel, extra="forbid"):
    model_id: str = "fake"
    context_tokens: Annotated[StrictInt, Field(ge=1, le=MOST_TOKENS)] = 8192
    delay: Annotated[StrictFloat, Field(ge=0, le=60, allow_inf_nan=False)] = 0.0
    answers: tuple[Script, ...]

    @field_validator("answers")
    @classmethod
    def _are_json(cls, answers: tuple[Script, ...]) -> tuple[Script, ...]:
        try:
            json.dumps([script.answer for script in answers], allow_nan=False)
        except (TypeError, ValueError):
            raise ValueError("an answer holds what JSON cannot, such as .nan, .inf or a date") from None
        return answers


class FakeEngine:
    """Answers from a function, a mapping or a script. `requests` are those that it saw, in their order.

    A function may raise `EngineError` for a failure. `delay` is in seconds a request. With `keep_requests` false,
    `requests` stays empty, so that a long run needs no more memory. The hash in `info` is that of the script or name.
    """

    calls_at_once = 1

    def __init__(
        self,
        answers: Answers,
        *,
        model_id: str = "fake",
        model_sha256: str | None = None,
        context_tokens: int = 8192,
        delay: float = 0.0,
        keep_requests: bool = True,
    ) -> None:
        if isinstance(answers, Mapping):
            answers = [{"template": name, "answer": answer} for name, answer in answers.items()]
        scripts = () if callable(answers) else tuple(map(Script.model_validate, answers))
        self._answer = answers if callable(answers) else _by_script(scripts)
        self.templates = frozenset(script.template.partition("@")[0] for script in scripts if script.template)
        self._delay = delay
        self._keep = keep_requests
        self._closed = False
        self.requests: list[Request] = []
        self.info = ModelProvenance(
            id=model_id,
            sha256=model_sha256 or hashlib.sha256(model_id.encode()).hexdigest(),
            engine="fake",
            context_tokens=context_tokens,
        )

    @classmethod
    def from_file(cls, path: Path) -> "FakeEngine":
        """The engine that a YAML file describes; its hash is that of the file.

        Raises:
            InputError: the file cannot be read, or says something impossible.
        """
        from ausweis.user_yaml import read_model

        content, text = read_model(path, _File, "the scripted answers", InputError)
        return cls(
            content.answers,
            model_id=content.model_id,
            model_sha256=hashlib.sha256(text.encode()).hexdigest(),
            context_tokens=content.context_tokens,
            delay=content.delay,
            keep_requests=False,
        )

    def complete(self, requests: Sequence[Request]) -> list[Result]:
        """Answer each request as the script says."""
        if self._closed:
            raise EngineError("the engine is closed")
        return [self._complete(request) for request in requests]

    def read(self, transcript: Transcript) -> list[Result]:
        """Answer about each row as the script says."""
        return self.complete(list(transcript.requests()))

    def _complete(self, request: Request) -> Result:
        if self._keep:
            self.requests.append(request)
        if self._delay:
            time.sleep(self._delay)
        tokens = sum(-(-len(message.content) // 4) for message in request.messages)
        if tokens > self.info.context_tokens:
            raise ContextError(f"the prompt has {tokens} tokens, the context {self.info.context_tokens}")
        return _result(request, self._answer(request), tokens)

    def close(self) -> None:
        """Answer nothing more."""
        self._closed = True


def _by_script(scripts: tuple[Script, ...]) -> Callable[[Request], Answer]:
    def answer(request: Request) -> Answer:
        script = next((script for script in scripts if script.fits(request)), None)
        if script is None:
            raise EngineError(f"no scripted answer fits a question of {request.template or 'no template'}; add one")
        if script.answer is None:
            raise EngineError(script.error or "")
        return script.answer

    return answer


def _result(request: Request, answer: Answer, prompt_tokens: int) -> Result:
    """The result, as a real engine would give it; a scripted answer that no engine may give is refused."""
    probabilities: tuple[float, ...] = ()
    if request.choices:
        probabilities = _probabilities(request, answer)
        text = request.choices[probabilities.index(max(probabilities))]
    else:
        try:
            text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False, allow_nan=False)
        except (TypeError, ValueError):  # a date, no number
            raise _fault(request, "is no JSON") from None
        if request.json_schema is not None and (wrong := mismatch(text, request.json_schema)):
            raise _fault(request, wrong)
    evaluated = prompt_tokens + (0 if request.choices else -(-len(text) // 4))
    return Result(text=text, probabilities=probabilities, prompt_tokens=prompt_tokens, evaluated_tokens=evaluated)


def _probabilities(request: Request, answer: Answer) -> tuple[float, ...]:
    wanted = {answer: 1.0} if isinstance(answer, str) else answer
    strange = [name for name in wanted if name not in request.choices]
    if strange:
        raise _fault(request, f"is none of the {len(request.choices)} choices: {strange[0]!r}")
    weights = [wanted.get(choice, 0.0) for choice in request.choices]
    numbers = (isinstance(weight, int | float) and not isinstance(weight, bool) for weight in weights)
    if not all(is_number and 0 <= weight <= _MOST for is_number, weight in zip(numbers, weights, strict=True)):
        raise _fault(request, f"has a probability that is no number from 0 on, or above {_MOST:,}")
    total = math.fsum(weights)
    if not total:
        raise _fault(request, "gives no choice a probability above 0")
    return tuple(weight / total for weight in weights)


def _fault(request: Request, what: str) -> EngineError:
    return EngineError(f"the scripted answer for {request.template or 'no template'} {what}")
