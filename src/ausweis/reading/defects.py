"""What is wrong with a recording: it starts late, breaks off or is garbled, or was heard badly in places.

So an authentication may have been and cannot be heard, words may be others than were said, and nobody knows who speaks.

A word that an ASR model gives a probability of 0.5 is nothing odd on the telephone, and most turns have one. What
matters is how many words of a place are right: the mean of their probabilities tells that better than the least sure
word or the numbers alone (`evals/LAB.md`, 29).
"""

import math
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from ausweis.calls.call import Call
from ausweis.engines.heads import probability_of
from ausweis.engines.protocol import Request, Result
from ausweis.facts import RecordingDefect, Unsure
from ausweis.prompts import Template
from ausweis.reading.chunks import SpokenLine, line_question, read_as, spoken_chunks
from ausweis.reading.patterns import pattern
from ausweis.reading.plain_words import TO_THE_EVALUATOR
from ausweis.vocabulary import Speaker

FIRST_LINES = 3
LINE_LENGTH = 300
LATE = "middle"
"""The answer of `call-start` that says that the recording sets in late."""

OPENING = 0.4
"""The part of a call in which authentication has its place."""
GARBLED_TURNS = 0.3
"""From this share of turns with lost words in the opening on, what was asked and given there cannot be told."""
_LOST, _BREAK = pattern("lost"), pattern("breaks_off")

HEARD = 0.4
"""Words that are less sure on average cannot be relied on: half of them are right at most (`evals/LAB.md`, 34)."""
LEAST_SECONDS = 1.0
"""Speech without a word that is shorter holds no answer."""
UNHEARD = frozenset({"silence", "loop", "no words"})
"""Why text was cut (`audio.heard.CutReason`), where somebody may have spoken there all the same."""


def question(call: Call, template: Template) -> Request:
    """Ask about the first lines with words in them."""
    spoken = [turn for turn in call.turns if turn.text.strip()][:FIRST_LINES]
    lines = (SpokenLine(read_as(turn.speaker), turn.text[:LINE_LENGTH]) for turn in spoken)
    return line_question(template, call, lines)


def starts_late(start: Result, template: Template) -> float:
    """How likely the recording sets in late, by the answer to the question about its first lines."""
    return _calibrated(start.probabilities[template.labels.index(LATE)], template)


def defects_in(call: Call, late: float) -> dict[RecordingDefect, float]:
    """The defects that are at all likely, with their probabilities; all but `starts_late` are read from marks."""
    defects: dict[RecordingDefect, float] = {}
    if late >= 0.05:
        defects["starts_late"] = round(late, 4)
    opening = call.turns[: max(1, round(OPENING * len(call.turns)))]
    lost = sum(_LOST.search(turn.text) is not None for turn in opening)
    if lost and lost >= GARBLED_TURNS * len(opening):
        defects["garbled"] = 1.0
    if any(_BREAK.search(turn.text) for turn in opening):
        defects["breaks_off"] = 1.0
    return defects


def _calibrated(probability: float, template: Template) -> float:
    """The probability without the model's leaning, where the template has its measure (`slope` and `offset`)."""
    slope, offset = (template.parameters.get(name) for name in ("slope", "offset"))
    if not isinstance(slope, int | float) or not isinstance(offset, int | float):
        return probability
    within = min(max(probability, 1e-6), 1 - 1e-6)
    return probability_of(slope * math.log(within / (1 - within)) + offset)


def doubts(call: Call) -> dict[str, Any]:
    """The fields of facts that code fills: badly heard places, sureness of the roles, turns for a person to hear."""
    places = [*_unsure_words(call), *_unheard(call)]
    places.sort(key=lambda place: place.turn)
    numbered = [(number, turn) for number, turn in enumerate(call.turns, start=1) if turn.text.strip()]
    return {
        "unsure": tuple(places),
        "roles_confidence": call.roles_confidence,
        "unknown_speakers": tuple(number for number, turn in numbered if turn.speaker == "unknown"),
        "speaks_to_the_evaluator": tuple(
            number for number, turn in numbered if turn.speaker != "caller" and TO_THE_EVALUATOR.search(turn.text)
        ),
    }


def _unsure_words(call: Call) -> Iterator[Unsure]:
    """What the reader asks about at once, where its words are not sure."""
    for chunk in spoken_chunks(call):
        turn = call.turn(chunk.turn)
        words = [word.probability for word in turn.words_at(chunk.begin, chunk.begin + len(chunk.text))]
        # Of all words of the turn, where no more is known.
        sure = sum(words) / len(words) if words else turn.confidence
        if sure is not None and sure < HEARD:
            yield Unsure(speaker=turn.speaker, probability=round(sure, 3), **chunk.place(call))


class _Cut(BaseModel):
    """As `metadata.recording` has it."""

    start: float
    end: float
    reason: str
    speaker: Speaker = "unknown"


_CUTS = TypeAdapter(list[_Cut])


def _unheard(call: Call) -> Iterator[Unsure]:
    """The stretches of speech without a word; each comes after the last turn that began before it."""
    recording = call.metadata.get("recording")
    try:
        cuts = _CUTS.validate_python(recording.get("cuts", []) if isinstance(recording, dict) else [])
    except ValidationError:
        return
    # The earliest beginning of each turn and those after it, since turns may begin a little out of order.
    begins = list(accumulate((turn.start or 0.0 for turn in reversed(call.turns)), min))[::-1]
    for cut in cuts:
        before = bisect_right(begins, cut.start)
        if cut.reason in UNHEARD and cut.end - cut.start >= LEAST_SECONDS and before:
            yield Unsure(turn=before, speaker=cut.speaker, start=cut.start, end=cut.end, probability=0.0)
