"""Questions to a server: a request becomes one request of HTTP or several, and their replies one result.

In process, what is said in a call is put into tokens with all markers of the chat format off. A server makes tokens of
one text, the words of a call among it, and takes `<|im_end|>` for the end of a message whoever said it. Nobody outside
knows which markers a model has, but all known ones begin with an angle bracket or a square one and no blank after it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ausweis.calls.text import MARKER
from ausweis.engines.protocol import Message, Request, Result
from ausweis.engines.server.connection import Connection
from ausweis.engines.server.dialects import Abilities
from ausweis.engines.server.probabilities import Ways, has_impossible_value, unsure_tokens
from ausweis.engines.server.reply import Nonsense, Reply, Unusable
from ausweis.engines.strict_json import strict_json
from ausweis.errors import ContextError, EngineError, ModelError

__all__ = ["Questions", "as_sent", "without_markers"]

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
            if not _fits(reply.text, schema):
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
                content = await self.connection.post("chat/completions", body)
                reply = Reply.of(content, body["max_tokens"], forced=forced)
                # A server that cuts prompts off says nothing, but the rest of the prompt fills its context.
                if self.context and reply.prompt_tokens + 1 >= self.context:
                    raise ContextError(f"a prompt of {asked} fills the context of {self.context} tokens")
                check(reply)
            except Unusable as unusable:
                fault = unusable.what
            else:
                return reply
        raise EngineError(f"{self.connection.server} {fault} ({asked}, tried {TRIES} times)")


def _fits(text: str, schema: Mapping[str, Any]) -> bool:
    import jsonschema

    try:
        jsonschema.validate(strict_json(text), dict(schema))
    except (ValueError, RecursionError, jsonschema.ValidationError):
        return False
    except jsonschema.SchemaError:
        raise EngineError("the schema of the answer is none") from None
    return True


def without_markers(text: str) -> str:
    """The text, a blank after each bracket that could open a marker."""
    return MARKER.sub(r"\g<0> ", text)


def as_sent(messages: Sequence[Message]) -> list[dict[str, str]]:
    """The messages; all but the last are ours, and go as they are."""
    *ours, last = messages
    sent = [{"role": message.role, "content": message.content} for message in ours]
    return [*sent, {"role": last.role, "content": without_markers(last.content)}]
