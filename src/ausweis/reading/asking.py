"""The two ways to ask about the pieces of a call: one by one in a small window, or line by line as a transcript grows.

A window suits a model that answers in words: the template of the speaker, its examples, two lines before the one in
question. A readout needs neither examples nor a question: it reads what the model understood of each line while it
read the call from the beginning, each line once.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from ausweis.calls.call import Call
from ausweis.engines.protocol import Request, Result
from ausweis.engines.readout import Readout
from ausweis.errors import PromptError
from ausweis.prompts import Template
from ausweis.reading.dialogue import EVIDENCE, weighed
from ausweis.reading.labels import STARTS_LATE, meaning, speakers_of
from ausweis.reading.pieces import BLOCK, Line, Piece, growing, with_context
from ausweis.reading.reader import PromptStamp

__all__ = ["Asking", "TranscriptAsking", "WindowAsking", "room_for", "transcripts"]


ROOM = 1000
"""Tokens of the context that are left for the instructions and a long line."""
CHARACTERS = 1.5
"""Of a transcript, for each token, where it has many for its length."""


class Asking(Protocol):
    """Asks about pieces, and says what the answers mean."""

    exclusive: bool
    """Whether the labels share out one whole."""
    tells_start: bool
    """Whether the first answer tells how likely it is that the recording starts late."""

    @property
    def prompts(self) -> tuple[PromptStamp, ...]:
        """What it asks with."""
        ...

    def requests(self, call: Call, pieces: Sequence[Piece]) -> list[Request]:
        """The questions, one a piece, in order."""
        ...

    def answers(self, pieces: Sequence[Piece], results: Sequence[Result]) -> list[dict[str, float]]:
        """For each piece, how likely each label is."""
        ...


class WindowAsking:
    """Asks about each piece with the template of its speaker, `agent` or `caller`."""

    exclusive = True
    tells_start = False

    def __init__(self, templates: Mapping[str, Template]) -> None:
        """Refuses labels that mean nothing.

        Raises:
            PromptError: one does.
        """
        self._templates = templates
        for template in templates.values():
            _check(template.labels)

    @property
    def prompts(self) -> tuple[PromptStamp, ...]:
        """The templates."""
        return tuple(PromptStamp(one.id, one.version, one.sha256) for one in self._templates.values())

    def requests(self, call: Call, pieces: Sequence[Piece]) -> list[Request]:
        """Each piece with the two before it."""
        return [_question(self._templates[piece.speaker], call, lines) for piece, lines in with_context(pieces)]

    def answers(self, pieces: Sequence[Piece], results: Sequence[Result]) -> list[dict[str, float]]:
        """The labels of the speaker's template."""
        return [
            dict(zip(self._templates[piece.speaker].labels, result.probabilities, strict=True))
            for piece, result in zip(pieces, results, strict=True)
        ]


class TranscriptAsking:
    """Asks about each piece with all lines before it; the readout of the template tells the answer."""

    exclusive = False

    def __init__(self, template: Template, readout: Readout, context: int) -> None:
        """Refuses labels that mean nothing, and a readout of another make. `context`: tokens that a prompt may have.

        Raises:
            PromptError: one does, or it is.
        """
        _check(readout.labels)
        speakers = {speaker for label in readout.labels for speaker in speakers_of(label) if label != STARTS_LATE}
        if len(speakers) < 2 or len(readout.dialogue) not in (0, len(EVIDENCE) + 1):
            raise PromptError("its readout does not fit this version of Ausweis: train it again", place=template.name)
        self.tells_start = STARTS_LATE in readout.labels
        self._template = template
        self._block = room_for(context)
        self._dialogue = readout.dialogue
        self._stamp = PromptStamp(f"{template.id}:readout", template.version, readout.sha256)
        self._readouts = {
            speaker: readout.only([label for label in readout.labels if speaker in speakers_of(label)])
            for speaker in ("agent", "caller")
        }

    @property
    def prompts(self) -> tuple[PromptStamp, ...]:
        """The template and its readout."""
        return PromptStamp(self._template.id, self._template.version, self._template.sha256), self._stamp

    def requests(self, call: Call, pieces: Sequence[Piece]) -> list[Request]:
        """Each piece with all before it; of a very long call, with what stands not too far before."""
        readouts = [self._readouts[piece.speaker] for piece in pieces]
        return [
            request.model_copy(update={"choices": readout.labels, "readout": readout})
            for request, readout in zip(transcripts(self._template, call, pieces, self._block), readouts, strict=True)
        ]

    def answers(self, pieces: Sequence[Piece], results: Sequence[Result]) -> list[dict[str, float]]:
        """The labels of the speaker; what a caller gives is weighed with what the agent asked."""
        found = [
            dict(zip(self._readouts[piece.speaker].labels, result.probabilities, strict=True))
            for piece, result in zip(pieces, results, strict=True)
        ]
        return weighed(pieces, found, self._dialogue) if self._dialogue else found


def room_for(context: int) -> int:
    """How many characters of a transcript a prompt may show, where the model looks at so many tokens."""
    return min(BLOCK, max(0, int(CHARACTERS * (context - ROOM))))


def transcripts(template: Template, call: Call, pieces: Sequence[Piece], block: int = BLOCK) -> list[Request]:
    """A question for each piece, with all lines before it: what a readout reads, and is learned from."""
    return [_question(template, call, lines) for _, lines in growing(pieces, block)]


def _question(template: Template, call: Call, lines: Sequence[Line]) -> Request:
    messages = template.render({"lines": [line._asdict() for line in lines]}, language=call.language)
    return Request(messages=messages, choices=template.labels, template=template.name)


def _check(labels: Sequence[str]) -> None:
    for label in labels:
        meaning(label)
