"""Prompts as tokens: markers of the chat format, set by code, and contents, which are only text.

A part that is text is tokenised with special tokens off, so a caller who says `<|im_end|>` has said just these
characters.
"""

import secrets
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ausweis.engines.llama.model import LlamaModel
from ausweis.engines.llama.shared_prefix import Question
from ausweis.engines.protocol import Message, Request, Transcript
from ausweis.errors import ContextError, ModelError

__all__ = ["ChatFormat", "PromptPart", "PromptTokens", "chat_format"]

ANSWER_ROOM = 16
"""Tokens left for the ways to the answers of a closed list."""


class PromptPart(NamedTuple):
    """`special`: the text may hold special tokens."""

    text: str
    special: bool


ChatFormat = Callable[[Sequence[Message]], list[PromptPart]]
"""Ends where the assistant's reply begins."""


def _chatml(messages: Sequence[Message]) -> list[PromptPart]:
    parts = []
    for message in messages:
        parts += [PromptPart(f"<|im_start|>{message.role}\n", True), PromptPart(message.content, False)]
        parts.append(PromptPart("<|im_end|>\n", True))
    return [*parts, PromptPart("<|im_start|>assistant\n", True)]


def chat_format(name: str | None, template: str | None, end: str = "") -> ChatFormat:
    """The format with this name, else the one that the Jinja `template` of a model file describes, else ChatML.

    `end`: the end of a text, with which some templates end an answer.
    """
    if name == "chatml" or (name is None and template is None):
        return _chatml
    if template is None:
        raise ModelError(f"the chat format {name} is unknown and the model file describes none")
    return _from_template(template, end)


def _from_template(source: str, end: str) -> ChatFormat:
    """Render the template with a mark in the place of each content, and cut there: contents never pass through it."""
    from jinja2 import TemplateError
    from jinja2.ext import loopcontrols
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])

    def refuse(message: Any) -> None:
        raise TemplateError(str(message))

    environment.globals["raise_exception"] = refuse
    environment.globals["strftime_now"] = lambda _: ""
    try:
        compiled = environment.from_string(source)
    except TemplateError:
        raise ModelError("the chat template of the model file cannot be read") from None

    def render(messages: Sequence[Message]) -> list[PromptPart]:
        for candidate in (messages, _without_system(messages)):
            marks = [f"content{secrets.token_hex(8)}" for _ in candidate]
            roles = [{"role": m.role, "content": mark} for m, mark in zip(candidate, marks, strict=True)]
            try:
                text = compiled.render(messages=roles, add_generation_prompt=True, bos_token="", eos_token=end)
            except TemplateError:
                continue
            if all(text.count(mark) == 1 for mark in marks):
                parts = []
                for mark, message in zip(marks, candidate, strict=True):
                    before, _, text = text.partition(mark)
                    parts += [PromptPart(before, True), PromptPart(message.content, False)]
                return [*parts, PromptPart(text, True)]
        raise ModelError("the chat template of the model file does not take a system, user and assistant message")

    return render


def _without_system(messages: Sequence[Message]) -> list[Message]:
    """For models that know no system role: its text begins the first question."""
    first, *rest = messages
    if first.role != "system" or not rest:
        return list(messages)
    merged = Message(role=rest[0].role, content=f"{first.content}\n\n{rest[0].content}")
    return [merged, *rest[1:]]


class PromptTokens:
    """Of a model with its chat format, for a context of so many tokens."""

    def __init__(self, model: LlamaModel, chat_format: ChatFormat, size: int) -> None:
        self._model, self._format, self._size = model, chat_format, size

    def question(self, place: int, request: Request) -> Question:
        """The tokens of a request.

        Raises:
            ContextError: they do not fit the context.
        """
        parts = self._format(request.messages)
        prefix = self._prefix(parts)
        own = tuple(self._tokens(parts[_last_text(parts) :]))
        room = request.max_tokens if request.json_schema is not None else ANSWER_ROOM
        if len(prefix) + len(own) + room > self._size:
            message = f"a prompt of {request.template or 'a question'} has {len(prefix) + len(own)} tokens and needs"
            raise ContextError(f"{message} {room} more, but the context has {self._size} (option --context)")
        return Question(place, request, prefix, own, room)

    def transcript(self, transcript: Transcript) -> tuple[tuple[int, ...], list[list[int]]]:
        """What it begins with, and the tokens of each row."""
        rows = [self._model.tokens(f"{row}\n", special=False) for row in transcript.rows]
        return self._prefix(self._format(transcript.messages)), rows

    def asked(self, questions: Sequence[tuple[Message, Message]]) -> list[list[int]]:
        """The tokens of each question after a transcript, and of how its answer begins."""
        asked = []
        for question, answer in questions:
            parts = self._format((question.model_copy(update={"content": f"\n{question.content}"}),))
            begun = self._model.tokens(answer.content, special=False)
            asked.append(self._tokens(parts[_last_text(parts) :]) + begun)
        return asked

    def end_of_answer(self) -> int:
        """The token that ends an answer in the chat format; some model files name the end of a text instead."""
        parts = self._format((Message(role="user", content="?"), Message(role="assistant", content="!")))
        last = _last_text(parts)
        tokens = self._tokens(parts[last + 1 : last + 2])
        return tokens[0] if tokens and self._model.ends(tokens[0]) else self._model.end_token

    def _prefix(self, parts: Sequence[PromptPart]) -> tuple[int, ...]:
        """The tokens of all that stands before the text of the last message."""
        begin = [] if self._model.begin_token is None else [self._model.begin_token]
        return tuple(begin + self._tokens(parts[: _last_text(parts)]))

    def _tokens(self, parts: Sequence[PromptPart]) -> list[int]:
        return [token for part in parts for token in self._model.tokens(part.text, special=part.special)]


def _last_text(parts: Sequence[PromptPart]) -> int:
    """The place of the last message's text."""
    return max(place for place, part in enumerate(parts) if not part.special)
