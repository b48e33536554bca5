"""How servers are told what an answer must look like. Each says it differently, and some ignore what they do not know.

A closed list is best enforced as bare text: the answer then begins where it begins for the in-process engine too, so
that its probabilities are the same. Where a server cannot do that, the list is the `enum` of a JSON Schema.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ausweis.engines.strict_json import strict_json

__all__ = ["BARE_LISTS", "END", "SCHEMAS", "ListDialect", "SchemaDialect", "list_in_schema"]

END = b"\x00"
"""Stands for the end of an answer, where the model may also go on to a longer one."""

_KEY = "answer"
_ROOM = 48
"""Tokens for what stands around an answer: braces, key and whatever blanks a server allows between them."""


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


def list_in_schema(dialect: SchemaDialect) -> ListDialect:
    """A closed list as a JSON Schema: an object, as some servers take nothing else at the top."""

    def fields(choices: Sequence[str]) -> dict[str, Any]:
        schema = {
            "type": "object",
            "properties": {_KEY: {"type": "string", "enum": list(choices)}},
            "required": [_KEY],
            "additionalProperties": False,
        }
        return dialect.fields(schema)

    return ListDialect(dialect.name, fields, bare=False)


def _openai(schema: Mapping[str, Any]) -> dict[str, Any]:
    named = {"name": _KEY, "strict": True, "schema": schema}
    return {"response_format": {"type": "json_schema", "json_schema": named}}


def _gbnf(choices: Sequence[str]) -> dict[str, Any]:
    return {"grammar": "root ::= " + " | ".join(_literal(choice) for choice in choices)}


def _literal(text: str) -> str:
    # llama.cpp ends the process on some grammars that it cannot read: nothing of a choice may end its literal.
    signs = (f"\\x{ord(sign):02X}" if sign in '"\\' or ord(sign) < 32 else sign for sign in text)
    return f'"{"".join(signs)}"'


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
