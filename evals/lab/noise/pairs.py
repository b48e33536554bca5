"""What was said and what was heard of it: a spoken call's truth beside its transcript, word by word."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from evals.lab.noise.aligning import Block, TimedWord, align
from evals.lab.noise.words import has_letters
from evals.lab.spoken.speaking import CHANNELS
from pydantic import BaseModel, ConfigDict, ValidationError

from ausweis.calls.call import Call, Turn
from ausweis.calls.checks import explain
from ausweis.errors import InputError
from ausweis.vocabulary import Speaker

__all__ = ["Pair", "SaidTurn", "Side", "Truth", "pair_of", "read_pairs"]

FEWEST_HEARD = 0.2
"""Of the words, with which a recording counts as heard at all."""


class SaidTurn(BaseModel):
    """A turn of a spoken call; `turn` is its number in the written one, `start` and `end` in seconds."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    turn: int
    speaker: Speaker
    start: float
    end: float
    text: str


class Truth(BaseModel):
    """What is needed of the truth beside a spoken call (`evals.lab.spoken.speaking`), whatever else it tells."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    call_id: str
    turns: tuple[SaidTurn, ...]


class Side(NamedTuple):
    """One speaker's words, said and heard, and which belong together."""

    said: list[TimedWord]
    heard: list[TimedWord]
    blocks: list[Block]


@dataclass(frozen=True)
class Pair:
    """A spoken call, and the call that was heard, whose speakers are those of the spoken one."""

    truth: Truth
    heard: Call
    sides: dict[Speaker, Side]

    @property
    def share(self) -> float:
        """The words that were heard, rightly or not, of those that were said."""
        said = sum(len(side.said) for side in self.sides.values())
        lost = sum(len(block.said) for side in self.sides.values() for block in side.blocks if block.fate == "lost")
        return 1 - lost / max(said, 1)


def pair_of(truth: Truth, heard: Call) -> Pair:
    """The two, aligned. Where the speakers were taken for each other, they are set right."""
    straight = Pair(truth, heard, _sides(truth, heard))
    if straight.share > 0.5:
        return straight
    other: dict[Speaker, Speaker] = {"agent": "caller", "caller": "agent"}
    turns = tuple(turn.model_copy(update={"speaker": other[turn.speaker]}) for turn in heard.turns)
    swapped = heard.model_copy(update={"turns": turns})
    return max((straight, Pair(truth, swapped, _sides(truth, swapped))), key=lambda pair: pair.share)


def read_pairs(spoken: Path, transcripts: Path) -> Iterator[Pair]:
    """The pairs of a folder of `ID.truth.json` and a file of transcripts, by id; what is in one alone is left out.

    Raises:
        InputError: a file cannot be read, or nearly nothing of a call was heard.
    """
    heard = {call.id: call for call in _transcripts(transcripts)}
    for path in sorted(spoken.glob("*.truth.json")):
        truth = Truth.model_validate_json(path.read_bytes())
        if truth.call_id not in heard:
            continue
        pair = pair_of(truth, heard[truth.call_id])
        if pair.share < FEWEST_HEARD:
            raise InputError("the transcript is of another recording", place=truth.call_id)
        yield pair


def _transcripts(path: Path) -> Iterator[Call]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise InputError(f"the transcripts cannot be read ({type(error).__name__})", place=str(path)) from None
    for number, line in enumerate(lines, start=1):
        try:
            yield Call.model_validate_json(line)
        except ValidationError as error:
            raise InputError(f"no transcript, at {explain(error)}", place=f"{path}:{number}") from None


def _sides(truth: Truth, heard: Call) -> dict[Speaker, Side]:
    sides: dict[Speaker, Side] = {}
    for speaker in CHANNELS:
        said = [
            word
            for turn in truth.turns
            if turn.speaker == speaker
            for word in _spread(turn.text, turn.turn, turn.start, turn.end)
        ]
        words = [
            word
            for number, turn in enumerate(heard.turns, start=1)
            if turn.speaker == speaker
            for word in _of_turn(turn, number)
        ]
        sides[speaker] = Side(said, words, align(said, words))
    return sides


def _of_turn(turn: Turn, number: int) -> Iterator[TimedWord]:
    if turn.words:
        for word in turn.words:
            if has_letters(word.text):
                yield TimedWord(word.text, number, (word.start + word.end) / 2)
    else:
        yield from _spread(turn.text, number, turn.start, turn.end)


def _spread(text: str, turn: int, start: float | None, end: float | None) -> Iterator[TimedWord]:
    """The words of a text with about the times at which they are said: as long as they have letters."""
    words = [word for word in text.split() if has_letters(word)]
    lengths = [len(word) + 1 for word in words]
    done, whole = 0.0, max(sum(lengths), 1)
    for word, length in zip(words, lengths, strict=True):
        middle = (done + length / 2) / whole
        done += length
        yield TimedWord(word, turn, None if start is None or end is None else start + middle * (end - start))
