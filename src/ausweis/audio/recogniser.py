"""Speech to words, by faster-whisper: any of its models, on samples of one channel."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from ausweis.audio.decode import RATE
from ausweis.audio.guards import is_credit, is_loop, is_silence, once
from ausweis.audio.heard import Cut, CutReason, Heard, Word
from ausweis.errors import EngineError, ModelError
from ausweis.machine import usable_cpus

if TYPE_CHECKING:
    from faster_whisper import WhisperModel
    from faster_whisper.transcribe import Segment

__all__ = ["WINDOW", "Channel", "Language", "Recogniser", "Span"]

Language = Literal["de", "en"]
Channel = NDArray[np.float32]
"""The samples of one channel, 16,000 a second."""

WINDOW = 29.0
"""Seconds of speech that the model hears at once; it is made for thirty."""
GAP = 0.5
"""Seconds of silence between stretches of speech in a window: without it, words slip over the seam."""
LANGUAGE_WINDOWS = 2
"""Windows of each channel that are asked which language is spoken."""
BATCH = 8
BEAM = 5
SECOND_TRY = [0.2, 0.4, 0.6]
"""Temperatures for a window in which the text loops."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of speech, in samples."""

    start: int
    end: int


class Recogniser:
    """A loaded model. `words` are those of the company's trade that it should know how to write."""

    def __init__(self, model: "WhisperModel", words: Sequence[str] = ()) -> None:
        from faster_whisper import BatchedInferencePipeline

        self._model = model
        self._pipeline = BatchedInferencePipeline(model)
        self._words = f"{', '.join(words)}." if words else None

    @classmethod
    def load(cls, folder: Path, *, threads: int | None = None, words: Sequence[str] = ()) -> "Recogniser":
        """Load the model in this folder; nothing is fetched from elsewhere.

        Raises:
            ModelError: faster-whisper is not installed, or the folder holds no model of it.
        """
        try:
            import ctranslate2
            from faster_whisper import WhisperModel
        except ImportError as error:
            raise ModelError("recordings need the extra `audio`: `pip install 'ausweis[audio]'`") from error
        if not (folder / "tokenizer.json").is_file():
            # faster-whisper would fetch one.
            raise ModelError("holds no tokenizer.json, which belongs to a Whisper model", place=str(folder))
        ctranslate2.set_random_seed(0)
        try:
            # On a GPU as the model was saved; on processors in eight bits, twice as fast and heard as well.
            kind = "default" if ctranslate2.get_cuda_device_count() else "int8"
            model = WhisperModel(
                str(folder), compute_type=kind, cpu_threads=threads or usable_cpus(), local_files_only=True
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise ModelError("holds no Whisper model of CTranslate2 that can be loaded", place=str(folder)) from error
        return cls(model, words)

    def german(self, spoken: Sequence[tuple[Channel, Sequence[Span]]]) -> float:
        """How likely the speech is German rather than English, over the first windows of each stretch of channel.

        Windows count by their length. 0 for a model of English alone.
        """
        if not self._model.model.is_multilingual:
            return 0.0
        german = total = 0.0
        for samples, spans in spoken:
            for held in _windows(spans)[:LANGUAGE_WINDOWS]:
                speech = _speech(samples, held)
                chances = dict(self._model.detect_language(speech)[2])
                german += chances.get("de", 0.0) * len(speech)
                total += (chances.get("de", 0.0) + chances.get("en", 0.0)) * len(speech)
        return german / (total or 1.0)

    def hear(self, samples: Channel, spans: Sequence[Span], language: Language, offset: float = 0.0) -> Heard:
        """The words within the spans, which stand in order of time and are no longer than a window.

        Times count from the beginning of the recording; `samples` begin `offset` seconds after it. What nobody said
        (`guards`) is left out, and noted.

        Raises:
            EngineError: the model gave up.
        """
        found = Heard()
        windows = [_Window(samples, held, offset) for held in _windows(spans)]
        try:
            for window, segments in zip(windows, self._segments(windows, language), strict=True):
                if is_loop(" ".join(segment.text for segment in segments)):
                    segments = self._again(window, language)
                for segment in segments:
                    found += _kept(segment, window)
        except RuntimeError as error:
            raise EngineError("the recogniser could not read a part of the recording") from error
        return found

    def _segments(self, windows: Sequence["_Window"], language: Language) -> list[list["Segment"]]:
        """The segments of each window; times in seconds from the first window's beginning."""
        if not windows:
            return []
        clips = []
        done = 0
        for window in windows:
            window.begin = done / RATE
            done += len(window.speech)
            clips.append({"start": window.begin, "end": done / RATE})
        segments, _ = self._pipeline.transcribe(
            np.concatenate([window.speech for window in windows]),
            clip_timestamps=clips,
            language=language,
            beam_size=BEAM,
            batch_size=BATCH,
            word_timestamps=True,
            hotwords=self._words,
        )
        grouped: list[list[Segment]] = [[] for _ in windows]
        begins = [window.begin for window in windows]
        for segment in segments:
            grouped[max(int(np.searchsorted(begins, segment.seek / 100 + 0.02)) - 1, 0)].append(segment)
        return grouped

    def _again(self, window: "_Window", language: Language) -> list["Segment"]:
        segments, _ = self._model.transcribe(
            window.speech,
            language=language,
            beam_size=BEAM,
            temperature=SECOND_TRY,
            hotwords=self._words,
            condition_on_previous_text=False,
            word_timestamps=True,
        )
        window.begin = 0.0
        return list(segments)


class _Window:
    """Speech that the model hears at once: spans of it, with a short silence between them instead of a long one.

    `begin` is where it begins in the times of its segments, in seconds.
    """

    def __init__(self, samples: Channel, spans: Sequence[Span], offset: float) -> None:
        self.speech = _speech(samples, spans)
        self.begin = 0.0
        self._starts = np.array([span.start / RATE + offset for span in spans])
        lengths = np.array([(span.end - span.start) / RATE for span in spans])
        self._begins = np.cumsum(lengths + GAP) - lengths - GAP
        self._ends = self._begins + lengths

    def times(self, start: float, end: float) -> tuple[float, float]:
        """Times of a segment's own clock in the recording: within the one span that it ends in."""
        start, end = start - self.begin, end - self.begin
        # The end of a word is where it is heard; its beginning may reach back over a silence.
        place = min(int(np.searchsorted(self._ends + GAP / 2, end)), len(self._ends) - 1)
        begin, until = self._begins[place], self._ends[place]
        shift = self._starts[place] - begin
        first = min(max(start, begin), until)
        last = min(max(end, first), until)
        return round(float(first + shift), 2), round(float(last + shift), 2)


def _windows(spans: Sequence[Span]) -> list[list[Span]]:
    found: list[list[Span]] = []
    held = 0
    for span in spans:
        length = span.end - span.start + round(GAP * RATE)
        if not found or held + length > WINDOW * RATE:
            found.append([])
            held = 0
        found[-1].append(span)
        held += length
    return found


def _speech(samples: Channel, spans: Sequence[Span]) -> Channel:
    gap = np.zeros(round(GAP * RATE), dtype=np.float32)
    parts = [part for span in spans for part in (samples[span.start : span.end], gap)]
    return np.concatenate(parts[:-1])


def _kept(segment: "Segment", window: _Window) -> Heard:
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


def _words(segment: "Segment", window: _Window) -> list[Word]:
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
