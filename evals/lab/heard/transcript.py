"""The words of a call that were heard in a stretch of time."""

from collections.abc import Iterable
from dataclasses import dataclass

from ausweis.calls.call import Call, Turn
from ausweis.vocabulary import Speaker

__all__ = ["HeardWord", "Transcript"]


@dataclass(frozen=True, slots=True)
class HeardWord:
    """A word with its times in seconds. Words whose own times are not known have those of their turn."""

    text: str
    speaker: Speaker
    start: float
    end: float


@dataclass(frozen=True)
class Transcript:
    """All words of one call. `sides`: whether it is told who says them; if not, all are heard from anybody."""

    words: tuple[HeardWord, ...]
    sides: bool = True

    @classmethod
    def of(cls, call: Call) -> "Transcript":
        """The words of a call, turn by turn."""
        words = tuple(word for turn in call.turns for word in _words(turn))
        return cls(words, sides=any(turn.speaker != "unknown" for turn in call.turns))

    def between(self, spans: Iterable[tuple[float, float]], speaker: Speaker | None) -> list[HeardWord]:
        """The words that touch one of the spans, in order of time; of one speaker, or of all."""
        wide = list(spans)
        return sorted(
            (
                word
                for word in self.words
                if (speaker is None or not self.sides or word.speaker == speaker)
                and any(word.start <= end and word.end >= start for start, end in wide)
            ),
            key=lambda word: word.start,
        )


def _words(turn: Turn) -> Iterable[HeardWord]:
    if turn.words:
        return (HeardWord(word.text, turn.speaker, word.start, word.end) for word in turn.words)
    start, end = turn.start or 0.0, turn.end if turn.end is not None else turn.start or 0.0
    return (HeardWord(word, turn.speaker, start, end) for word in turn.text.split())
