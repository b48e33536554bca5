"""A call cut into chunks that are asked about one by one, each with what was said before it.

A turn is one chunk, unless it is long: then it is cut at sentence ends, so that the quote is short and the question
narrow. A chunk is shown in a window, with the two before it: what they hold decides nearly always what it means, and
each question stays short whatever the length of the call; or at the end of all that was said till then. No question
hangs on the answer to another. `place_of` finds the part of a turn that a model quotes.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from ausweis.calls.call import Call
from ausweis.engines.protocol import Request
from ausweis.prompts import Template
from ausweis.vocabulary import Side, Speaker

LONGEST = 320
"""Characters of a chunk; a sentence that is longer is cut between words."""
LINES_BEFORE = 2
"""Chunks that are shown before the one that is asked about: the question that it answers, and what led to it."""
LENGTH_BEFORE = 110
"""Characters of such a chunk, its last ones."""

_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+")
_SIGN = re.compile(r"\S")
_OPENED = re.compile(r"(?<=[<\[]) ")
"""What servers are sent behind a bracket, and models copy into quotes."""
_WHOLE_WORDS = re.compile(r"\s*\S.*(?=\s)", re.DOTALL)


class SpokenLine(NamedTuple):
    """What one speaker said, as the templates show it."""

    speaker: str
    text: str


class Chunk(NamedTuple):
    """Part of a turn, or all of it; `text` stands letter for letter in the turn, from the character `begin` on.

    Turn numbers start at 1, characters at 0.
    """

    turn: int
    speaker: str
    text: str
    begin: int = 0

    def place(self, call: Call) -> dict[str, Any]:
        """Turn, quote, and when it was said, in seconds: as facts name it."""
        start, end = call.turn(self.turn).times(self.begin, self.begin + len(self.text))
        return {"turn": self.turn, "quote": self.text, "start": start, "end": end}


def spoken_chunks(call: Call) -> list[Chunk]:
    """The chunks of all turns in order; a turn without words has none."""
    return [
        Chunk(number, read_as(turn.speaker), text, begin)
        for number, turn in enumerate(call.turns, start=1)
        for begin, text in _cut(turn.text.rstrip())
    ]


def read_as(speaker: Speaker) -> Side:
    """An unknown speaker is read as the agent: what an agent may have told there must not go unread."""
    return "agent" if speaker == "unknown" else speaker


def _cut(text: str) -> Iterator[tuple[int, str]]:
    """Where each chunk begins, and the chunk."""
    start = end = _word_from(text, 0)
    for sentence_end in [*(match.start() for match in _SENTENCE_END.finditer(text)), len(text)]:
        if sentence_end - start > LONGEST and end > start:
            yield start, text[start:end].rstrip()
            start = _word_from(text, end)
        while sentence_end - start > LONGEST:
            words = _WHOLE_WORDS.match(text, start, start + LONGEST)
            cut = words.end() if words else start + LONGEST
            yield start, text[start:cut].rstrip()
            start = _word_from(text, cut)
        end = sentence_end
    if start < len(text):
        yield start, text[start:].rstrip()


def _word_from(text: str, place: int) -> int:
    """Where the next word begins: blanks before it belong to no chunk, however many they are."""
    word = _SIGN.search(text, place)
    return word.start() if word else len(text)


def with_context(chunks: Sequence[Chunk]) -> Iterator[tuple[Chunk, list[SpokenLine]]]:
    """Each chunk with the lines that are shown: some before it, and itself as the last."""
    for place, chunk in enumerate(chunks):
        before = chunks[max(0, place - LINES_BEFORE) : place]
        lines = [SpokenLine(earlier.speaker, earlier.text[-LENGTH_BEFORE:]) for earlier in before]
        yield chunk, [*lines, SpokenLine(chunk.speaker, chunk.text)]


def line_question(
    template: Template, call: Call, lines: Iterable[SpokenLine], turn: int | None = None, **more: object
) -> Request:
    """The closed question of a template about the last of these lines, one of a turn. `more`: what else it shows."""
    inputs = {"lines": [line._asdict() for line in lines], **more}
    messages = template.render(inputs, language=call.language)
    return Request(messages=messages, choices=template.labels, template=template.name, turn=turn)


def place_of(quote: str, text: str) -> tuple[int, int] | None:
    """Where the quote stands in the text; blanks may differ, nothing else.

    It begins with a whole word, while its last one may be cut off, as schemas bound the length of quotes. A single
    character shows nothing, unless it is the whole text.
    """
    places = [match.span() for match in re.finditer(r"\S+", text)]
    flat = " ".join(text[begin:end] for begin, end in places)
    whole = " ".join(quote.split())
    for wanted in dict.fromkeys((whole, _OPENED.sub("", whole))):
        begin = flat.find(wanted) if len(wanted) > 1 or wanted == flat else -1
        first = len(wanted.partition(" ")[0])
        while begin >= 0 and (_in_word(flat, begin) or _in_word(flat, begin + first)):
            begin = flat.find(wanted, begin + 1)
        if wanted and begin >= 0:
            return _place(flat, places, begin), _place(flat, places, begin + len(wanted) - 1) + 1
    return None


def _in_word(text: str, place: int) -> bool:
    """Whether a word goes on at this place."""
    return text[max(place - 1, 0) : place].isalnum() and text[place : place + 1].isalnum()


def _place(flat: str, places: Sequence[tuple[int, int]], sign: int) -> int:
    """Where in the text a sign is that stands here in its words with single blanks between."""
    return places[flat.count(" ", 0, sign)][0] + sign - (flat.rfind(" ", 0, sign) + 1)
