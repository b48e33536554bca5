"""What an ASR model writes where nobody spoke: text in silence, loops, and the credits of subtitles.

The bounds on no-speech probability, log-probability and compression are those of Whisper's own decoder (Radford et al.
2022, section 4.5); the credits stand in the subtitles that it was trained on.
"""

import re
import zlib
from collections.abc import Sequence

__all__ = ["is_credit", "is_loop", "is_parroted", "is_silence", "is_sparse", "once"]

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
