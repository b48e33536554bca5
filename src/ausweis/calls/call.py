"""A call and its turns: the contract that every reader of transcripts produces; and a call that could not be read."""

import hashlib
import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from ausweis.errors import AusweisError, CallFormatError, EncodingError, unforeseen
from ausweis.vocabulary import Language, Speaker, is_nothing

Seconds = Annotated[float, Field(ge=0)]
Chance = Annotated[float, Field(ge=0, le=1)]


class SpokenWord(BaseModel, extra="forbid", frozen=True):
    """One word of a turn, as an ASR model heard it. Times in seconds from the call's start."""

    text: str
    start: Seconds
    end: Seconds
    probability: Chance


class Turn(BaseModel, extra="forbid", frozen=True):
    """What one speaker said without the other coming between. `start` and `end` in seconds from the call's start.

    `confidence`: how sure the ASR model is of the words, where one wrote them. `words`: what `text` is made
    of, in the same order, where their times are known.
    """

    speaker: Speaker
    start: Seconds | None = None
    end: Seconds | None = None
    text: str
    confidence: Chance | None = None
    words: Annotated[tuple[SpokenWord, ...], Field(exclude_if=is_nothing)] = ()

    def times(self, begin: int, end: int) -> tuple[float | None, float | None]:
        """When the characters of `text` from `begin` up to `end` were said; the turn's times where no words tell."""
        words = self.words_at(begin, end)
        return (words[0].start, words[-1].end) if words else (self.start, self.end)

    def words_at(self, begin: int, end: int) -> tuple[SpokenWord, ...]:
        """The words that hold the characters of `text` from `begin` up to `end`; none where they are not known."""
        if not self.words or not self.text[begin:end].strip():
            return ()
        places = _word_places(self.text)
        if len(places) != len(self.words):
            return ()
        first = max(0, bisect_right(places, begin) - 1)
        return self.words[first : max(first + 1, bisect_left(places, end))]


@lru_cache(maxsize=2)
def _word_places(text: str) -> tuple[int, ...]:
    """Where each word begins. Kept for the last turns, of which each part is asked about."""
    return tuple(match.start() for match in re.finditer(r"\S+", text))


class Call(BaseModel, extra="forbid", frozen=True):
    """One recorded conversation. Turn numbers start at 1: turn *n* is `turns[n - 1]`.

    `roles_confidence`: how sure it is who is agent and who is caller, where that was found out from the talk.
    """

    id: Annotated[str, Field(min_length=1, max_length=200)]
    language: Language = "de"
    agent: str | None = None
    team: str | None = None
    queue: str | None = None
    started_at: str | None = None
    direction: Literal["inbound", "outbound"] | None = None
    turns: tuple[Turn, ...]
    roles_confidence: Chance | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)

    def turn(self, number: int) -> Turn:
        """The turn with this number, counted from 1."""
        return self.turns[number - 1]


Lined = list[tuple[int, dict[str, Any]]]
"""The turns of a text, each with the line where it begins."""


@dataclass(frozen=True, slots=True)
class RawCall:
    """`document` has the keys of the contract, as far as the file says them; `id` and `language` may be missing.

    Each turn's `speaker` is the label as the file has it, or None where it has none. `default_id` is taken where
    the document has no id, `place` is the path, with `:line` where the file holds several calls. `lines`: of each
    turn, the line of the file where it begins; none where the format has no lines.
    """

    document: dict[str, Any]
    place: str
    default_id: str
    lines: Sequence[int] = ()


def raw_turn(speaker: str | None, text: str, start: float | None = None, end: float | None = None) -> dict[str, Any]:
    """One turn of a raw call; times in seconds."""
    return {"speaker": speaker, "start": start, "end": end, "text": text}


Kind = Literal["file", "encoding", "format", "empty", "speakers", "times", "duplicate", "recording", "internal"]
"""file: cannot be opened; encoding: not UTF-8; format: not what the format asks for; empty: no turns or no words;
speakers: unknown labels, or one side is missing; times: they run backwards; duplicate: the id was there before;
recording: it cannot be heard; internal: anything else, a fault of the program."""


@dataclass(frozen=True, slots=True)
class UnreadableCall:
    """A call that could not be read, as data: one bad call never stops the others.

    Where (`place`: path, with `:line` where known), which call, and why: one sentence without words of the call.
    """

    place: str
    call_id: str | None
    message: str
    kind: Kind

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"

    @classmethod
    def of(cls, error: Exception, place: str, kind: Kind = "format", call_id: str | None = None) -> "UnreadableCall":
        """The error as data. `place`, `kind` and `call_id` hold where the error itself does not say.

        Of an error that nobody thought of, only the type is told.
        """
        if not isinstance(error, AusweisError):
            return cls(place, call_id, unforeseen(error), "internal")
        if isinstance(error, EncodingError):
            kind = "encoding"
        if isinstance(error, CallFormatError):
            call_id = error.call_id or call_id
        return cls(error.place or place, call_id, error.message, kind)


def call_sha256(call: Call) -> str:
    """SHA-256 of all of a call that facts depend on: neither of its file, nor of agent, team and the like."""
    recording = call.metadata.get("recording")
    cuts = recording.get("cuts") if isinstance(recording, dict) else None
    said = call.model_dump_json(include={"language", "turns", "roles_confidence"})
    return hashlib.sha256(f"{said}\n{json.dumps(cuts)}".encode()).hexdigest()
