"""What was heard: words with their times, what was cut since nobody said it, and the words of two sides as turns.

An ASR model writes text in silence, loops, and the credits of the subtitles that it was trained on. The bounds on
no-speech probability, log-probability and compression are those of Whisper's own decoder (Radford et al. 2022, section
4.5). It puts commas and full stops between digits that were said one by one: `7,7,1` and `7, 7, 1` become `771` and
`7 7 1`. Amounts, thousands and dates stay as they are.
"""

import re
import zlib
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from ausweis.audio.speech import Window
from ausweis.calls.call import SpokenWord, Turn
from ausweis.vocabulary import Side

if TYPE_CHECKING:
    from faster_whisper.transcribe import Segment

CutReason = Literal["silence", "loop", "subtitles", "other channel", "no words"]
"""The last: somebody seems to speak, and nothing was written that could be cut."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word as it was written. Times in seconds from the beginning of the recording; `probability` from 0 to 1."""

    text: str
    start: float
    end: float
    probability: float


@dataclass(frozen=True, slots=True)
class Cut:
    """A place whose text was not kept. Times in seconds."""

    start: float
    end: float
    reason: CutReason


@dataclass(slots=True)
class Heard:
    """Words and cuts in order of time."""

    words: list[Word] = field(default_factory=list)
    cuts: list[Cut] = field(default_factory=list)

    def __iadd__(self, other: "Heard") -> "Heard":
        self.words += other.words
        self.cuts += other.cuts
        return self


PAUSE = 0.8
"""Seconds without a word that end an utterance."""
SHORT_PAUSE = 0.15
"""The same where the other side says something in it."""


def turns_of(sides: Mapping[Side, Sequence[Word]]) -> tuple[Turn, ...]:
    """The turns in order of their beginning; what one side says until the other begins is one turn.

    Where both speak at once, the times overlap, and nobody's words are cut in two by a short word of the other.
    `confidence` of a turn is the mean probability of its words.
    """
    utterances: list[tuple[Side, list[Word]]] = []
    for side, words in sides.items():
        others = [word.start for other, heard in sides.items() if other != side for word in heard]
        utterances += [(side, said) for said in _utterances(words, sorted(others))]
    utterances.sort(key=lambda utterance: (utterance[1][0].start, utterance[0]))
    joined: list[tuple[Side, list[Word]]] = []
    for side, said in utterances:
        if joined and joined[-1][0] == side:
            joined[-1][1].extend(said)
        else:
            joined.append((side, said))
    return tuple(_turn(side, said) for side, said in joined)


def _utterances(words: Sequence[Word], others: Sequence[float]) -> list[list[Word]]:
    utterances = [[*words[:1]]] if words else []
    for before, word in pairwise(words):
        gap = word.start - before.end
        next_one = bisect_left(others, before.end - SHORT_PAUSE)
        answered = gap >= SHORT_PAUSE and next_one < len(others) and others[next_one] <= word.start
        if gap >= PAUSE or answered:
            utterances.append([])
        utterances[-1].append(word)
    return utterances


def _turn(side: Side, words: Sequence[Word]) -> Turn:
    return Turn(
        speaker=side,
        start=words[0].start,
        end=max(word.end for word in words),
        text=" ".join(word.text for word in words),
        confidence=round(sum(word.probability for word in words) / len(words), 3),
        words=tuple(
            SpokenWord(text=word.text, start=word.start, end=max(word.start, word.end), probability=word.probability)
            for word in words
        ),
    )


FEWEST = 3
"""Single digits with a comma behind each are an enumeration of digits from so many on; `2, 3` may be a guess."""

_PARTED = re.compile(r"(\d+(?:[.,]\d+)+)([.,!?]?)")
_NUMBER = re.compile(
    r"\d+[.,]\d\d?"  # an amount, a decimal, a time, a day and month
    r"|\d{1,3}(?:\.\d{3})+(?:,\d\d?)?|\d{1,3}(?:,\d{3})+(?:\.\d\d?)?"  # thousands
    r"|\d\d?[.,]\d\d?[.,](?:\d\d){1,2}"  # a date
)
_SINGLE = re.compile(r"\d[.,]?")


def as_digits(words: Sequence[Word]) -> list[Word]:
    """The same words with the same times; those that are digits have no signs between them."""
    found = [replace(word, text=_together(word.text)) for word in words]
    start = 0
    while start < len(found):
        end = start
        while end < len(found) and _SINGLE.fullmatch(found[end].text):
            end += 1
        if end - start >= FEWEST:
            found[start : end - 1] = [replace(word, text=word.text[0]) for word in found[start : end - 1]]
        start = end + 1
    return found


def _together(text: str) -> str:
    match = _PARTED.fullmatch(text)
    if match is None or _NUMBER.fullmatch(match[1]):
        return text
    return re.sub(r"[.,]", "", match[1]) + match[2]


NO_SPEECH = 0.6
LEAST_LOGPROB = -1.0
MOST_COMPRESSION = 2.4
LONGEST_PHRASE = 8
REPEATS = 5
"""A phrase that is said more often in a row than this is a loop; a single word may be said twice as often."""
LEAST_RATE = 0.5
"""Words a second of speech; people say two or three."""
MOST_PARROTED = 0.6
"""Of a text: so large a share of the words that the model was told before is no talk."""

_CREDIT = re.compile(
    r"(?:untertitel(?:ung)?|copyright|amara\.org|swr|zdf|wdr|funk)\b.{0,60}"
    r"|(?:vielen dank|danke) f[üu]rs (?:zuschauen|zusehen).{0,20}|bis zum n[äa]chsten video.{0,20}"
    r"|(?:subtitles|captions|transcription) by .{0,60}|thank(?:s| you)(?: so much| very much)? for watching.{0,40}"
    r"|(?:please |don't forget to )?(?:like and )?subscribe.{0,40}",
    re.IGNORECASE,
)


def is_loop(text: str) -> bool:
    """Whether a text repeats itself so much that nobody can have said it."""
    data = text.encode()
    return len(data) > 0 and len(data) / len(zlib.compress(data)) > MOST_COMPRESSION


def is_sparse(text: str, seconds: float) -> bool:
    """Whether so long a stretch of speech must hold more words than these."""
    return len(text.split()) < LEAST_RATE * seconds


def is_parroted(text: str, told: frozenset[str]) -> bool:
    """Whether the text is little more than the words that the model was told to know, in lower case.

    People may say such a text too: whether they did, the model tells when it is asked without those words.
    """
    words = [word.strip(" .,!?").casefold() for word in text.split()]
    return len(words) > 2 and sum(word in told for word in words) >= MOST_PARROTED * len(words)


def is_credit(text: str) -> bool:
    """Whether the text is nothing but a line that stands under films."""
    return _CREDIT.fullmatch(text.strip(" .,!?–-")) is not None


def once(words: Sequence[str]) -> list[int]:
    """The places of the words that stay when phrases that are said again and again are said once."""
    plain = [word.strip(" .,!?").casefold() for word in words]
    kept: list[int] = []
    place = 0
    while place < len(plain):
        length, times = _repeated(plain, place)
        kept += range(place, place + length)
        place += length * times
    return kept


def _repeated(plain: list[str], place: int) -> tuple[int, int]:
    """How long the phrase is that loops from here on, and how many times it comes; (1, 1) where none does."""
    for length in range(1, LONGEST_PHRASE + 1):
        phrase = plain[place : place + length]
        times = 1
        while plain[place + times * length : place + (times + 1) * length] == phrase:
            times += 1
        if times > (REPEATS if length > 1 else 2 * REPEATS):
            return length, times
    return 1, 1


def text_of(segments: Sequence["Segment"]) -> str:
    """What a window was heard to say."""
    return " ".join(segment.text for segment in segments)


def heard_in(segment: "Segment", window: Window) -> Heard:
    """The words of a segment, and what was cut."""
    # The model itself doubts that somebody spoke.
    silent = segment.no_speech_prob > NO_SPEECH and segment.avg_logprob < LEAST_LOGPROB
    if silent or is_loop(segment.text):
        (start, _), (_, end) = window.times(segment.start, segment.start), window.times(segment.end, segment.end)
        return Heard(cuts=[Cut(start, end, "silence" if silent else "loop")])
    words, cuts = _without_credits(_words(segment, window))
    kept = once([word.text for word in words])
    for before, after in pairwise([*kept, len(words)]):
        if after > before + 1:
            cuts.append(Cut(words[before].end, words[after - 1].end, "loop"))
    return Heard(as_digits([words[place] for place in kept]), cuts)


def _words(segment: "Segment", window: Window) -> list[Word]:
    words: list[Word] = []
    for part in segment.words or ():
        text, probability = part.word.strip(), round(float(part.probability), 3)
        if words and text and not part.word.startswith(" "):
            # `2` and `,180`: the tokenizer parts what is one word.
            before = words.pop()
            _, end = window.times(part.start, part.end)
            least = min(before.probability, probability)
            words.append(Word(before.text + text, before.start, max(before.end, end), least))
        elif text:
            words.append(Word(text, *window.times(part.start, part.end), probability))
    return words


def _without_credits(words: list[Word]) -> tuple[list[Word], list[Cut]]:
    """The words without sentences that stand under films, and where those were."""
    kept: list[Word] = []
    cuts: list[Cut] = []
    sentence: list[Word] = []
    for place, word in enumerate(words):
        sentence.append(word)
        if word.text.endswith((".", "!", "?")) or place == len(words) - 1:
            if is_credit(" ".join(spoken.text for spoken in sentence)):
                cuts.append(Cut(sentence[0].start, sentence[-1].end, "subtitles"))
            else:
                kept += sentence
            sentence = []
    return kept, cuts
