"""From the segments that Whisper writes to words in the recording, without what nobody said."""

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from ausweis.audio.guards import is_credit, is_loop, is_silence, once
from ausweis.audio.heard import Cut, CutReason, Heard, Word
from ausweis.audio.windows import Window

if TYPE_CHECKING:
    from faster_whisper.transcribe import Segment

__all__ = ["heard_in", "text_of"]


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
    return Heard([words[place] for place in kept], cuts)


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
            if is_credit(" ".join(one.text for one in sentence)):
                cuts.append(Cut(sentence[0].start, sentence[-1].end, "subtitles"))
            else:
                kept += sentence
            sentence = []
    return kept, cuts


def _why_cut(segment: "Segment") -> CutReason | None:
    if is_silence(segment.no_speech_prob, segment.avg_logprob):
        return "silence"
    return "loop" if is_loop(segment.text) else None
