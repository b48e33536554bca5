"""Where a recording was heard badly: words that may be others than were said, and speech without any word.

And where it is unknown who speaks.

A word that an ASR model gives a probability of 0.5 is nothing odd on the telephone, and most turns have one. What
matters is how many words of a place are right: the mean of their probabilities tells that better than the least sure
word or the numbers alone (`evals/LAB.md`, 29).
"""

from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import TypedDict

from pydantic import BaseModel, TypeAdapter, ValidationError

from ausweis.calls.call import Call, Turn
from ausweis.facts import Unsure
from ausweis.reading.chunks import Chunk, spoken_chunks
from ausweis.vocabulary import Speaker

__all__ = ["HEARD", "Doubts", "doubts"]

HEARD = 0.4
"""Words that are less sure on average cannot be relied on: half of them are right at most (`evals/LAB.md`, 34)."""
LEAST_SECONDS = 1.0
"""Speech without a word that is shorter holds no answer."""
UNHEARD = frozenset({"silence", "loop", "no words"})
"""Why text was cut (`audio.heard.CutReason`), where somebody may have spoken there all the same."""


class Doubts(TypedDict):
    """As `Facts` names them."""

    unsure: tuple[Unsure, ...]
    roles_confidence: float | None
    unknown_speakers: tuple[int, ...]


def doubts(call: Call) -> Doubts:
    """Which places were heard badly, how sure the roles are, and in which turns nobody knows who speaks."""
    places = [*_unsure_words(call), *_unheard(call)]
    places.sort(key=lambda place: place.turn)
    unknown = tuple(
        number for number, turn in enumerate(call.turns, start=1) if turn.speaker == "unknown" and turn.text.strip()
    )
    return {"unsure": tuple(places), "roles_confidence": call.roles_confidence, "unknown_speakers": unknown}


def _unsure_words(call: Call) -> Iterator[Unsure]:
    """What the reader asks about at once, where its words are not sure."""
    for chunk in spoken_chunks(call):
        sure = _sure(call.turn(chunk.turn), chunk)
        if sure is not None and sure < HEARD:
            start, end = chunk.times(call)
            yield Unsure(
                turn=chunk.turn,
                speaker=call.turn(chunk.turn).speaker,
                quote=chunk.text,
                start=start,
                end=end,
                probability=round(sure, 3),
            )


def _sure(turn: Turn, chunk: Chunk) -> float | None:
    """The mean probability of the words of a chunk; of all words of the turn where no more is known."""
    sure = [word.probability for word in turn.words_at(chunk.begin, chunk.begin + len(chunk.text))]
    return sum(sure) / len(sure) if sure else turn.confidence


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
