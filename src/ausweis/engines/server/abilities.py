"""What a server can do, found by asking: it may say yes to a list or a schema, ignore it and answer anything.

The question that is asked has an answer, and the list and the schema have only others. What comes back shows whether
they are enforced. No call is sent for it.
"""

from dataclasses import dataclass
from typing import Any

from ausweis.engines.server.connection import Connection, Unsupported
from ausweis.engines.server.dialects import BARE_LISTS, SCHEMAS, ListDialect, SchemaDialect, list_in_schema
from ausweis.engines.server.reply import Nonsense, Reply, Unusable
from ausweis.engines.strict_json import strict_json
from ausweis.errors import ModelError

__all__ = ["Abilities", "abilities_of"]

_QUESTION = "What is two plus two? Answer with one digit."
_LIST = ("seventeen kumquats", "forty tamarinds", "no quince")
_SCHEMA = {
    "type": "object",
    "properties": {"fruit": {"type": "string", "enum": list(_LIST)}},
    "required": ["fruit"],
    "additionalProperties": False,
}
_ALTERNATIVES = (200, 20, 5)
"""How many alternatives to a token to ask for: llama-server names any number, most others at most 20, some 5."""
_ROOM = 100


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
    trial = _Trial(connection, model)
    schemas = None
    for dialect in SCHEMAS:
        if await trial.enforces_schema(dialect):
            schemas = dialect
            break
    for lists in (*BARE_LISTS, *([list_in_schema(schemas)] if schemas else ())):
        if await trial.enforces_list(lists):
            return Abilities(lists, schemas, await trial.alternatives(lists))
    message = f"{connection.server} answers whatever it likes, where one of a list is asked for"
    raise ModelError(f"{message}: it needs grammars, structured outputs or JSON schemas, as llama-server and vLLM have")


@dataclass(frozen=True)
class _Trial:
    connection: Connection
    model: str

    async def enforces_schema(self, dialect: SchemaDialect) -> bool:
        reply = await self._ask(dialect.fields(_SCHEMA))
        try:
            answer = strict_json(reply.text) if reply else None
        except ValueError:
            return False
        return isinstance(answer, dict) and list(answer) == ["fruit"] and answer["fruit"] in _LIST

    async def enforces_list(self, dialect: ListDialect) -> bool:
        reply = await self._ask(dialect.fields(_LIST))
        return reply is not None and dialect.answer(reply.text) in _LIST

    async def alternatives(self, dialect: ListDialect) -> int:
        for count in _ALTERNATIVES:
            reply = await self._ask({**dialect.fields(_LIST), "logprobs": True, "top_logprobs": count})
            named = [len(position.options) for position in (reply.positions if reply else None) or ()]
            if named and max(named) > 1 and reply and dialect.answer(reply.text) in _LIST:
                return count
        return 0

    async def _ask(self, fields: dict[str, Any]) -> Reply | None:
        """The reply; None where the server does not take the question in this form."""
        body = {
            "model": self.model,
            "messages": [{"role": "user", "content": _QUESTION}],
            "temperature": 0,
            "max_tokens": _ROOM,
            **fields,
        }
        try:
            return Reply.of(await self.connection.post("chat/completions", body, trying=True), _ROOM)
        except Nonsense as nonsense:
            raise ModelError(f"{self.connection.server} {nonsense.what}") from None
        except (Unsupported, Unusable):
            return None
