"""Messages become parts of a prompt: markers of the chat format, set by code, and contents, which are only text.

A part that is text is tokenised with special tokens off, so a caller who says `<|im_end|>` has said just these
characters.
"""

import secrets
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ausweis.engines.protocol import Message
from ausweis.errors import ModelError

__all__ = ["ChatFormat", "PromptPart", "chat_format"]


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
    environment.globals["raise_exception"] = _refuse
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
                return _cut(text, marks, candidate)
        raise ModelError("the chat template of the model file does not take a system, user and assistant message")

    return render


def _cut(text: str, marks: Sequence[str], messages: Sequence[Message]) -> list[PromptPart]:
    parts = []
    for mark, message in zip(marks, messages, strict=True):
        before, _, text = text.partition(mark)
        parts += [PromptPart(before, True), PromptPart(message.content, False)]
    return [*parts, PromptPart(text, True)]


def _without_system(messages: Sequence[Message]) -> list[Message]:
    """For models that know no system role: its text begins the first question."""
    first, *rest = messages
    if first.role != "system" or not rest:
        return list(messages)
    merged = Message(role=rest[0].role, content=f"{first.content}\n\n{rest[0].content}")
    return [merged, *rest[1:]]


def _refuse(message: Any) -> None:
    from jinja2 import TemplateError

    raise TemplateError(str(message))
