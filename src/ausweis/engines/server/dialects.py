"""How servers are told what an answer must look like, which of it a server enforces, and questions in this form.

Each says it differently, and some ignore what they do not know. A closed list is best enforced as bare text, so that
its probabilities are those of the in-process engine; else the list is the `enum` of a JSON Schema. What a server can do
is found by asking a question that has an answer, while list and schema have only others. No call is sent for it.

A server makes tokens of one text, the words of a call among it, and takes `<|im_end|>` for the end of a message whoever
said it. All known markers begin with an angle bracket or a square one and no blank after it: calls get one there.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ausweis.calls.text import MARKER
from ausweis.engines.protocol import Message, Request, Result, mismatch, strict_json
from ausweis.engines.server.connection import Connection, Unsupported
from ausweis.engines.server.reply import END, Nonsense, Reply, Unusable, Ways, has_impossible_value, unsure_tokens
from ausweis.errors import ContextError, EngineError, ModelError

_KEY = "answer"
_ROOM = 48
"""Tokens for what stands around an answer: braces, key and whatever blanks a server allows between them."""
_QUESTION = "What is two plus two? Answer with one digit."
_OTHERS = ("seventeen kumquats", "forty tamarinds", "no quince")
_ALTERNATIVES = (200, 20, 5)
"""How many alternatives to a token to ask for: llama-server names any number, most others at most 20, some 5."""
_TRIAL_ROOM = 100


@dataclass(frozen=True)
class SchemaDialect:
    """`fields` are what a request says so that its answer fits the schema."""

    name: str
    fields: Callable[[Mapping[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class ListDialect:
    """`fields` are what a request says so that its answer is one of a list: bare, or in JSON under a key."""

    name: str
    fields: Callable[[Sequence[str]], dict[str, Any]]
    bare: bool = True

    def answer(self, content: str) -> str | None:
        """The answer in the text of a reply."""
        if self.bare:
            return content.strip()
        try:
            answer = strict_json(content)
        except ValueError:
            return None
        if not isinstance(answer, dict) or list(answer) != [_KEY] or not isinstance(answer[_KEY], str):
            return None
        # Spelled in a way of its own, it would not be found among the tokens.
        return answer[_KEY] if content.startswith(_up_to(answer[_KEY], content)) else None

    def texts(self, choices: Sequence[str], content: str) -> dict[str, bytes]:
        """For each choice the text of a reply with it, to where the choice ends, written as the given reply is."""
        if self.bare:
            before = content[: len(content) - len(content.lstrip())]
            return {choice: (before + choice).encode() + END for choice in choices}
        return {choice: _up_to(choice, content).encode() for choice in choices}

    def room(self, choices: Sequence[str]) -> int:
        """Tokens that are enough for any of the answers."""
        return max(len(choice.encode()) for choice in choices) + _ROOM


def _up_to(choice: str, content: str) -> str:
    """JSON with this choice, to where it ends, written as `content` is; the choice is its only value."""
    before = content[: content.index('"', content.index(":"))]
    return before + json.dumps(choice, ensure_ascii="\\u" in content)


def _schema_of(key: str, choices: Sequence[str]) -> dict[str, Any]:
    """An object, as some servers take nothing else at the top."""
    properties = {key: {"type": "string", "enum": list(choices)}}
    return {"type": "object", "properties": properties, "required": [key], "additionalProperties": False}


def list_in_schema(dialect: SchemaDialect) -> ListDialect:
    """A closed list as a JSON Schema."""
    return ListDialect(dialect.name, lambda choices: dialect.fields(_schema_of(_KEY, choices)), bare=False)


def _openai(schema: Mapping[str, Any]) -> dict[str, Any]:
    named = {"name": _KEY, "strict": True, "schema": schema}
    return {"response_format": {"type": "json_schema", "json_schema": named}}


def _gbnf(choices: Sequence[str]) -> dict[str, Any]:
    # llama.cpp ends the process on some grammars that it cannot read: nothing of a choice may end its literal.
    literals = (
        "".join(f"\\x{ord(sign):02X}" if sign in '"\\' or ord(sign) < 32 else sign for sign in choice)
        for choice in choices
    )
    return {"grammar": "root ::= " + " | ".join(f'"{literal}"' for literal in literals)}


SCHEMAS = (
    SchemaDialect("json_schema", _openai),
    SchemaDialect("json_object", lambda schema: {"response_format": {"type": "json_object", "schema": schema}}),
    SchemaDialect("structured_outputs", lambda schema: {"structured_outputs": {"json": schema}}),
    SchemaDialect("guided_json", lambda schema: {"guided_json": schema}),
)
"""OpenAI's and llama-server's, llama-cpp-python's, vLLM's, older vLLM's: in the order in which to try them."""

BARE_LISTS = (
    ListDialect("grammar", _gbnf),
    ListDialect("structured_outputs", lambda choices: {"structured_outputs": {"choice": list(choices)}}),
    ListDialect("guided_choice", lambda choices: {"guided_choice": list(choices)}),
)
"""llama.cpp's (llama-server), vLLM's, older vLLM's: in the order in which to try them."""


@dataclass(frozen=True)
class Abilities:
    """`lists`: how a closed list is enforced; `schemas`: how a schema is, None if in no way.

    `alternatives`: how many tokens the server names at each place of an answer; 0 if it tells no log-probabilities.
    """

    lists: ListDialect
    schemas: SchemaDialect | None
    alternatives: int


async def abilities_of(connection: Connection, model: str) -> Abilities:
    """Ask until it is known.

    Raises:
        ModelError: the server enforces neither a list nor a schema, or tells log-probabilities that cannot be true.
    """

    async def reply_to(fields: Mapping[str, Any]) -> Reply | None:
        """None where the server does not take the question in this form."""
        messages = [{"role": "user", "content": _QUESTION}]
        body = {"model": model, "messages": messages, "temperature": 0, "max_tokens": _TRIAL_ROOM, **fields}
        try:
            return Reply.of(await connection.ask("chat/completions", body, trying=True), _TRIAL_ROOM)
        except Nonsense as nonsense:
            raise ModelError(f"{connection.server} {nonsense}") from None
        except (Unsupported, Unusable):
            return None

    async def enforces(dialect: SchemaDialect) -> bool:
        reply = await reply_to(dialect.fields(_schema_of("fruit", _OTHERS)))
        try:
            answer = strict_json(reply.text) if reply else None
        except ValueError:
            return False
        return isinstance(answer, dict) and list(answer) == ["fruit"] and answer["fruit"] in _OTHERS

    async def alternatives(dialect: ListDialect) -> int:
        for count in _ALTERNATIVES:
            reply = await reply_to({**dialect.fields(_OTHERS), "logprobs": True, "top_logprobs": count})
            named = max((len(position.options) for position in (reply.positions if reply else None) or ()), default=0)
            if named > 1 and reply and dialect.answer(reply.text) in _OTHERS:
                return count
        return 0

    schemas = None
    for dialect in SCHEMAS:
        if await enforces(dialect):
            schemas = dialect
            break
    for lists in (*BARE_LISTS, *([list_in_schema(schemas)] if schemas else ())):
        reply = await reply_to(lists.fields(_OTHERS))
        if reply and lists.answer(reply.text) in _OTHERS:
            return Abilities(lists, schemas, await alternatives(lists))
    message = f"{connection.server} answers whatever it likes, where one of a list is asked for"
    raise ModelError(f"{message}: it needs grammars, structured outputs or JSON schemas, as llama-server and vLLM have")


TRIES = 3
"""How often a server may answer with something that was not asked for."""
MOST_ASKED = 8
"""How often the answers of one list are asked about."""

RULED_OUT = 0.01
"""At each fork the answer that was given took the likeliest way, so by the server's own numbers it cannot be much less
likely than another. Penalties for repetition, which some servers set by themselves, shift it by a factor of 20."""


@dataclass(frozen=True)
class Questions:
    """Asks the model of this name. `context`: tokens; None where it is not known."""

    connection: Connection
    model: str
    abilities: Abilities
    context: int | None

    async def ask(self, request: Request) -> Result:
        """Answer one request."""
        asked = request.template or "a question"
        if request.json_schema is not None:
            return await self._json(request, request.json_schema, asked)
        if not request.choices or len(set(request.choices)) != len(request.choices):
            raise EngineError(f"{asked} needs different answers, or a schema")
        return await self._list(request, asked)

    async def _json(self, request: Request, schema: Mapping[str, Any], asked: str) -> Result:
        if self.abilities.schemas is None:
            raise ModelError(f"{self.connection.server} enforces no JSON schema, which {asked} needs")
        fields = {**self.abilities.schemas.fields(schema), "max_tokens": request.max_tokens}
        if request.unsure and self.abilities.alternatives:
            fields |= {"logprobs": True, "top_logprobs": 1}

        def check(reply: Reply) -> None:
            if not reply.whole and self.context and reply.prompt_tokens + request.max_tokens > self.context:
                message = f"a prompt of {asked} has {reply.prompt_tokens} tokens and its answer needs up to"
                raise ContextError(f"{message} {request.max_tokens}, but the context has {self.context}")
            if not reply.whole:
                raise EngineError(f"the answer to {asked} is longer than {request.max_tokens} tokens")
            if mismatch(reply.text, schema):
                raise Unusable("gave JSON that does not fit the schema")
            if request.unsure and has_impossible_value(reply):
                raise Nonsense

        reply = await self._sent(request, fields, asked, check)
        unsure = unsure_tokens(reply) if request.unsure else None
        return Result(
            text=reply.text, unsure=unsure, prompt_tokens=reply.prompt_tokens, evaluated_tokens=reply.evaluated_tokens
        )

    async def _list(self, request: Request, asked: str) -> Result:
        lists, count = self.abilities.lists, self.abilities.alternatives
        replies: list[Reply] = []

        def check(reply: Reply) -> None:
            if lists.answer(reply.text) not in group:
                raise Unusable("gave an answer that is not in the list")
            if count and reply.positions is None:
                raise Unusable("gave an answer without log-probabilities of its tokens")

        group: Sequence[str] = request.choices
        seen: set[frozenset[str]] = set()
        ways, answer = Ways({}), ""
        # First all answers are asked about, then those that the replies do not tell apart.
        while group and len(replies) < MOST_ASKED and frozenset(group) not in seen:
            seen.add(frozenset(group))
            fields = {**lists.fields(group), "max_tokens": lists.room(group)}
            fields |= {"logprobs": True, "top_logprobs": count} if count else {}
            replies.append(await self._sent(request, fields, asked, check))
            if len(replies) == 1:
                answer = lists.answer(replies[0].text) or ""
                ways = Ways(lists.texts(request.choices, replies[0].text))
            ways.learn(replies[-1].positions or ())
            group = ways.shares().next if count else ()
        shares = ways.shares()
        if count and shares.least[answer] < RULED_OUT:
            message = f"{self.connection.server} gave an answer that its own log-probabilities rule out"
            raise EngineError(f"{message} ({asked})")
        told = shares.probabilities if count else {choice: float(choice == answer) for choice in request.choices}
        probabilities = tuple(round(told[choice], 6) for choice in request.choices)
        return Result(
            text=request.choices[probabilities.index(max(probabilities))],
            probabilities=probabilities,
            prompt_tokens=replies[0].prompt_tokens,
            evaluated_tokens=sum(reply.evaluated_tokens for reply in replies),
        )

    async def _sent(
        self, request: Request, fields: Mapping[str, Any], asked: str, check: Callable[[Reply], None]
    ) -> Reply:
        body = {"model": self.model, "messages": as_sent(request.messages), "temperature": 0, **fields}
        forced, fault = request.json_schema is not None, ""
        for _ in range(TRIES):
            try:
                content = await self.connection.ask("chat/completions", body)
                reply = Reply.of(content, body["max_tokens"], forced=forced)
                # A server that cuts prompts off says nothing, but the rest of the prompt fills its context.
                if self.context and reply.prompt_tokens + 1 >= self.context:
                    raise ContextError(f"a prompt of {asked} fills the context of {self.context} tokens")
                check(reply)
            except Unusable as unusable:
                fault = str(unusable)
            else:
                return reply
        raise EngineError(f"{self.connection.server} {fault} ({asked}, tried {TRIES} times)")


def as_sent(messages: Sequence[Message]) -> list[dict[str, str]]:
    """The messages; the last, which is not ours, with a blank after each bracket that could open a marker."""
    *ours, last = messages
    sent = [{"role": message.role, "content": message.content} for message in ours]
    return [*sent, {"role": last.role, "content": MARKER.sub(r"\g<0> ", last.content)}]
