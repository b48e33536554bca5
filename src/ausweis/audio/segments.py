"""From the segments that Whisper writes to words in the recording, without what nobody said.

An ASR model writes text in silence, loops, and the credits of the subtitles that it was trained on. The bounds on
no-speech probability, log-probability and compression are those of Whisper's own decoder (Radford et al. 2022, section
4.5).
"""

import re
import zlib
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from ausweis.audio.heard import Cut, CutReason, Heard, Word
from ausweis.audio.numerals import as_digits
from ausweis.audio.speech import Window

if TYPE_CHECKING:
    from faster_whisper.transcribe import Segment

__all__ = ["heard_in", "is_credit", "is_loop", "is_parroted", "is_silence", "is_sparse", "once", "text_of"]

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


def is_silence(no_speech: float, logprob: float) -> bool:
    """Whether the model itself doubts that somebody spoke. `logprob` is the mean over tokens, natural logarithm."""
    return no_speech > NO_SPEECH and logprob < LEAST_LOGPROB


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
    reason = _why_cut(segment)
    if reason:
        (start, _), (_, end) = window.times(segment.start, segment.start), window.times(segment.end, segment.end)
        return Heard(cuts=[Cut(start, end, reason)])
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


def _why_cut(segment: "Segment") -> CutReason | None:
    if is_silence(segment.no_speech_prob, segment.avg_logprob):
        return "silence"
    return "loop" if is_loop(segment.text) else None
