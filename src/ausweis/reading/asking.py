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
from ausweis.prompts import Template
from ausweis.reading.dialogue import weighed
from ausweis.reading.labels import meaning, speaker_of
from ausweis.reading.pieces import Piece, growing, with_context
from ausweis.reading.reader import PromptStamp

__all__ = ["Asking", "TranscriptAsking", "WindowAsking"]


class Asking(Protocol):
    """Asks about pieces, and says what the answers mean."""

    exclusive: bool
    """Whether the labels share out one whole."""

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
        requests = []
        for piece, lines in with_context(pieces):
            template = self._templates[piece.speaker]
            messages = template.render({"lines": [line._asdict() for line in lines]}, language=call.language)
            requests.append(Request(messages=messages, choices=template.labels, template=template.name))
        return requests

    def answers(self, pieces: Sequence[Piece], results: Sequence[Result]) -> list[dict[str, float]]:
        """The labels of the speaker's template."""
        return [
            dict(zip(self._templates[piece.speaker].labels, result.probabilities, strict=True))
            for piece, result in zip(pieces, results, strict=True)
        ]


class TranscriptAsking:
    """Asks about each piece with all lines before it; the readout of the template tells the answer."""

    exclusive = False

    def __init__(self, template: Template, readout: Readout) -> None:
        """Refuses labels that mean nothing.

        Raises:
            PromptError: one does.
        """
        _check(readout.labels)
        self._template = template
        self._dialogue = readout.dialogue
        self._stamp = PromptStamp(f"{template.id}:readout", template.version, readout.sha256)
        self._readouts = {
            speaker: readout.only([label for label in readout.labels if speaker_of(label) == speaker])
            for speaker in ("agent", "caller")
        }

    @property
    def prompts(self) -> tuple[PromptStamp, ...]:
        """The template and its readout."""
        return PromptStamp(self._template.id, self._template.version, self._template.sha256), self._stamp

    def requests(self, call: Call, pieces: Sequence[Piece]) -> list[Request]:
        """Each piece with all before it; of a very long call, with what stands not too far before."""
        requests = []
        for piece, lines in growing(pieces):
            readout = self._readouts[piece.speaker]
            messages = self._template.render({"lines": [line._asdict() for line in lines]}, language=call.language)
            requests.append(
                Request(messages=messages, choices=readout.labels, readout=readout, template=self._template.name)
            )
        return requests

    def answers(self, pieces: Sequence[Piece], results: Sequence[Result]) -> list[dict[str, float]]:
        """The labels of the speaker; what a caller gives is weighed with what the agent asked."""
        found = [
            dict(zip(self._readouts[piece.speaker].labels, result.probabilities, strict=True))
            for piece, result in zip(pieces, results, strict=True)
        ]
        return weighed(pieces, found, self._dialogue) if self._dialogue else found


def _check(labels: Sequence[str]) -> None:
    for label in labels:
        meaning(label)
