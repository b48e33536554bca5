"""Prompts as tokens: what questions and transcripts begin with, and what is their own."""

from collections.abc import Sequence

from ausweis.engines.llama.batches import Question
from ausweis.engines.llama.chat_format import ChatFormat, PromptPart
from ausweis.engines.llama.model import LlamaModel
from ausweis.engines.protocol import Message, Request, Transcript
from ausweis.errors import ContextError

__all__ = ["PromptTokens"]

ANSWER_ROOM = 16
"""Tokens left for the ways to the answers of a closed list."""


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
