"""What every engine offers: a batch of rendered prompts in, an answer for each out; a transcript in, one a row out."""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, Protocol, Self, runtime_checkable

from pydantic import BaseModel, Field, SkipValidation, model_validator

from ausweis.errors import EngineError
from ausweis.provenance import ModelProvenance

if TYPE_CHECKING:
    from ausweis.engines.heads import AnswerProbe as CallHead
    from ausweis.engines.heads import Probe
    from ausweis.engines.matcher import LineProbe

    LineHead = Probe | LineProbe
    Head = LineHead | CallHead
else:
    # Heads hold arrays: whoever only names a transcript loads no library for them.
    Head = LineHead = CallHead = Any

NEGLIGIBLE = 0.02
"""A way to an answer of a closed list that is less likely is not followed further."""

ALMOST_CERTAIN = 0.9995
"""A token of a generated text that is likelier counts as certain."""


class Message(BaseModel, extra="forbid", frozen=True):
    """One role's part of a prompt. Roles are set by code, never by text of a call."""

    role: Literal["system", "user", "assistant"]
    content: str


class Request(BaseModel, extra="forbid", frozen=True):
    """One question: messages, and a closed list of answers or a JSON Schema for the answer.

    All messages but the last come from a template and hold nothing of a call: engines may keep what they make of it.

    With `choices`, the result has the probability of each choice (they sum to 1) and `text` is the likeliest.
    With `json_schema`, `text` is JSON that fits it; with `unsure` besides, the result names the tokens of it that the
    model was not sure of, where the engine can tell. `max_tokens` bounds a generated answer.
    """

    messages: tuple[Message, ...]
    choices: tuple[str, ...] = ()
    json_schema: Mapping[str, Any] | None = None
    unsure: bool = False
    max_tokens: int = 512
    template: str = ""
    """Id and version of the template that asked, such as `agent-turn@1`."""
    turn: int | None = None
    """The turn that it is about; None of the call as a whole."""

    def key(self, model_sha256: str) -> str:
        """SHA-256 over all that the answer depends on: the key of recorded answers."""
        return _sha256(_body(self.messages, self.choices, self.json_schema, self.max_tokens, model_sha256))


class Transcript(BaseModel, extra="forbid", frozen=True, arbitrary_types_allowed=True, hide_input_in_errors=True):
    """A call as one prompt, a row a line, which is read once from its beginning to its end.

    The last of the `messages` holds the `rows` and a line break between them; what stands before the first line of the
    call is part of the first row. `probes`: what tells the answer of each row; only an engine of their model can use
    them. `compared`: transcripts of one row, such as a description, that a probe compares each row with. `questions`:
    asked after the last row, each by itself, as two messages: the question, and how its answer begins; where the answer
    is about to be said, each row is compared with it too. `about`: questions about the call as a whole, which
    `answer_probe` reads. `turns`: the turn that each row is of. `asking`: the template of the `questions`.
    """

    messages: tuple[Message, ...]
    rows: tuple[str, ...]
    turns: tuple[int, ...] = ()
    probes: tuple[SkipValidation[LineHead], ...] = ()
    compared: tuple["Transcript", ...] = ()
    questions: tuple[tuple[Message, Message], ...] = ()
    about: tuple[tuple[Message, Message], ...] = ()
    answer_probe: SkipValidation[CallHead] | None = None
    template: str = ""
    asking: str = ""

    @model_validator(mode="after")
    def _probes_fit(self) -> Self:
        if self.probes and (len(self.probes) != len(self.rows) or len({probe.layers for probe in self.all_probes}) > 1):
            raise ValueError("there is a probe for each row, and all read the same layers")
        if self.turns and len(self.turns) != len(self.rows):
            raise ValueError("each row is of a turn")
        if self.questions and any(probe.asks is None for probe in self.probes):
            raise ValueError("only probes with a matcher compare rows with questions")
        if not self.questions and any(probe.asks for probe in self.probes):
            raise ValueError("a probe has labels that questions tell, but none is asked")
        if bool(self.about) is (self.answer_probe is None):
            raise ValueError("questions about the call, and what reads the answers, go together")
        if self.about and (self.questions or not self.probes):
            # Questions push each other's transcript out of a full context: no key of one would cover the other.
            raise ValueError("questions about the call are asked where rows have probes and are compared with none")
        return self

    @property
    def all_probes(self) -> tuple[Head, ...]:
        """What tells each result: that of each row, then that of the call, where there are questions about it."""
        return self.probes if self.answer_probe is None else (*self.probes, self.answer_probe)

    @property
    def templates(self) -> tuple[str, ...]:
        """What asks for each result."""
        about = () if self.answer_probe is None else (self.answer_probe.template,)
        return (*(self.template for _ in self.probes), *about)

    @property
    def all_turns(self) -> tuple[int | None, ...]:
        """The turn that each result is about; None where nobody says, and of the call."""
        turns = self.turns or (None,) * len(self.probes)
        return turns if self.answer_probe is None else (*turns, None)

    def until(self, place: int) -> tuple[Message, ...]:
        """What is read up to a row."""
        *before, last = self.messages
        return (*before, Message(role=last.role, content="\n".join(self.rows[: place + 1])))

    def requests(self) -> Iterator[Request]:
        """The question about each row, with all rows before it, as an engine without probes would be asked.

        Then one about the call, where there is any.
        """
        for place, (probe, turn) in enumerate(zip(self.probes, self.all_turns, strict=False)):
            yield Request(messages=self.until(place), choices=probe.labels, template=self.template, turn=turn)
        if (of_call := self.answer_probe) is not None:
            messages = (*self.messages, *self.about[0])
            yield Request(messages=messages, choices=of_call.labels, template=of_call.template)

    def keys(self, model_sha256: str) -> list[str]:
        """For each result, SHA-256 over all that it depends on: the keys of recorded answers."""
        compared = [line.messages for line in self.compared]
        if self.questions:
            # Asked at the end, so answered from all rows.
            compared += [self.messages, *self.questions]
        keys = list(self._keys_of_rows(model_sha256, compared))
        if (of_call := self.answer_probe) is not None:
            asked = _body(self.messages, of_call.labels, None, 512, model_sha256, of_call.sha256, self.about)
            keys.append(_sha256(asked))
        return keys

    def _keys_of_rows(self, model_sha256: str, compared: Sequence[Sequence[Message]]) -> Iterator[str]:
        """The key of each row covers all rows before it: what they have in common is hashed once for each probe."""
        *before, last = self.messages
        parts: dict[tuple[tuple[str, ...], str], tuple[Any, bytes, int]] = {}
        for place, probe in enumerate(self.probes):
            kind = probe.labels, probe.sha256
            if kind not in parts:
                messages = (*before, Message(role=last.role, content=""))
                body = _body(messages, probe.labels, None, 512, model_sha256, probe.sha256, compared)
                begin, mark, end = body.rpartition('"]], "model": ')
                parts[kind] = hashlib.sha256(begin.encode()), f"{mark}{end}".encode(), 0
            rows, end_of_body, done = parts[kind]
            said = "\n".join([*([""] if done else []), *self.rows[done : place + 1]])
            rows.update(json.dumps(said, ensure_ascii=False)[1:-1].encode())
            parts[kind] = rows, end_of_body, place + 1
            key = rows.copy()
            key.update(end_of_body)
            yield key.hexdigest()


def _sha256(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()


def _body(
    messages: Sequence[Message],
    choices: Sequence[str],
    schema: Mapping[str, Any] | None,
    max_tokens: int,
    model_sha256: str,
    probe_sha256: str | None = None,
    compared: Sequence[Sequence[Message]] = (),
) -> str:
    def told(some: Sequence[Message]) -> list[list[str]]:
        return [[message.role, message.content] for message in some]

    body: dict[str, Any] = {"messages": told(messages), "choices": list(choices), "readout": probe_sha256}
    body |= {"schema": schema, "max_tokens": max_tokens, "model": model_sha256}
    if compared:
        body["compared"] = [told(line) for line in compared]
    return json.dumps(body, sort_keys=True, ensure_ascii=False)


_Tokens = Annotated[int, Field(ge=0, le=2**40)]
_Chance = Annotated[float, Field(ge=0, le=1)]


class UnsureToken(NamedTuple):
    """A token of a generated text that was not certain; `begin` and `end` are its place in the bytes of the text."""

    begin: _Tokens
    end: _Tokens
    probability: _Chance


class Result(BaseModel, extra="forbid", frozen=True):
    """One answer. `probabilities` holds one number a choice, from 0 to 1, in the order of the choices, or none.

    `unsure`: of a generated text, the tokens that were less than `ALMOST_CERTAIN`; None where nobody tells.
    """

    text: str
    probabilities: tuple[_Chance, ...] = ()
    unsure: Annotated[tuple[UnsureToken, ...] | None, Field(exclude_if=lambda tokens: tokens is None)] = None
    prompt_tokens: _Tokens = 0
    evaluated_tokens: _Tokens = 0
    """Tokens that the model had to compute, prompt and answer; what was shared counts once."""

    def certainty(self, begin: int, end: int) -> float | None:
        """How likely the characters of `text` from `begin` up to `end` were, after those before; None if not told."""
        if self.unsure is None:
            return None
        first, last = (len(self.text[:place].encode(errors="replace")) for place in (begin, end))
        return math.prod(token.probability for token in self.unsure if token.begin < last and token.end > first)


class Engine(Protocol):
    """Runs a model. `complete` keeps the order of the requests.

    Raises (from `complete`):
        ContextError: a prompt does not fit the context.
        EngineError: the model gave no usable answer.
        ModelError: the model cannot be asked any more, such as when a server is gone.
    """

    @property
    def info(self) -> ModelProvenance:
        """Which weights answer, and how."""
        ...

    @property
    def calls_at_once(self) -> int:
        """How many threads should call `complete` at once: more than 1 where the engine waits for others."""
        ...

    def complete(self, requests: Sequence[Request]) -> list[Result]:
        """Answer requests, in their order."""
        ...

    def close(self) -> None:
        """Give memory and files back; the engine is of no use afterwards.

        Where `calls_at_once` is more than 1, it ends what other threads wait for.
        """
        ...


@runtime_checkable
class TranscriptEngine(Engine, Protocol):
    """An engine that has the states of its model, so that probes can read them; no server gives them away."""

    def read(self, transcript: Transcript) -> list[Result]:
        """What the probes of a transcript tell of its rows, in their order, then of the call; see `all_probes`.

        Each token is evaluated once.
        """
        ...


@runtime_checkable
class WrittenAnswers(Protocol):
    """An engine whose answers were written down before, and so are answers to certain templates alone."""

    templates: frozenset[str]
    """Their ids, as far as they are known."""


def transcript_engine(engine: Engine) -> TranscriptEngine:
    """The same engine, as one that reads transcripts.

    Raises:
        EngineError: it is none.
    """
    if not isinstance(engine, TranscriptEngine):
        raise EngineError(f"{engine.info.engine} cannot read a transcript by heads: give --strategy turnwise or events")
    return engine


def strict_json(text: str | bytes, *, any_number: bool = False) -> Any:
    """The value. Bytes are UTF-8. With `any_number`, NaN and infinities are left to whoever uses them.

    Raises:
        ValueError: it is no JSON, is nested too deeply, or holds NaN, an infinity, a number too large for a float or
            half a surrogate pair, which no file can hold.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8-sig")
    else:
        text.encode()
    try:
        value = json.loads(text) if any_number else json.loads(text, parse_constant=_finite, parse_float=_finite)
        if "\\ud" in text or "\\uD" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number that is none")
    return value


def mismatch(text: str, schema: Mapping[str, Any]) -> str | None:
    """Why a text is no JSON that fits a schema, in words that quote nothing of it; None where it does.

    Raises:
        EngineError: the schema is none.
    """
    import jsonschema

    try:
        jsonschema.validate(strict_json(text), dict(schema))
    except (ValueError, RecursionError):
        return "is no JSON"
    except jsonschema.ValidationError as error:
        # The library's own message quotes the answer, and an answer may quote a call.
        where = ".".join(str(step) for step in error.absolute_path) or "the top"
        return f"does not fit the schema at {where} ({error.validator})"
    except jsonschema.SchemaError:
        raise EngineError("the schema of the answer is none") from None
    return None
