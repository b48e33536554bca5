"""Speech to words, by faster-whisper: any of its models, on samples of one channel."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ausweis.audio.decode import RATE
from ausweis.audio.heard import Cut, Heard, Word, heard_in, is_loop, is_parroted, is_sparse, text_of
from ausweis.audio.speech import Channel, Stretch, Window, speech_in, windows_of
from ausweis.errors import EngineError, ModelError
from ausweis.machine import usable_cpus
from ausweis.vocabulary import Language

if TYPE_CHECKING:
    from ctranslate2 import StorageView
    from faster_whisper import WhisperModel
    from faster_whisper.transcribe import Segment

KEPT = 8
"""Windows; of each, 3 MB for Whisper base and 8 MB for large."""

Features = NDArray[np.float32]


class OnceEncoded:
    """Stands for `WhisperModel.encode`: features of one window (mels, frames), or of several, to what is decoded."""

    def __init__(self, encode: "Callable[[Features], StorageView]") -> None:
        self._encode = encode
        self._kept: OrderedDict[bytes, NDArray[np.float32]] = OrderedDict()

    def __call__(self, features: Features) -> "StorageView":
        """Windows that are not kept are encoded together; the latest are kept."""
        from ctranslate2 import StorageView

        windows = features if features.ndim == 3 else features[np.newaxis]
        keys = [hashlib.blake2b(window.tobytes()).digest() for window in windows]
        fresh = [place for place, key in enumerate(keys) if key not in self._kept]
        if fresh:
            encoded = np.array(self._encode(windows[fresh]))
            self._kept |= {keys[place]: one for place, one in zip(fresh, encoded, strict=True)}
        for key in keys:
            self._kept.move_to_end(key)
        output = StorageView.from_array(np.stack([self._kept[key] for key in keys]))
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return output


LANGUAGE_WINDOWS = 2
"""Windows of each channel that are asked which language is spoken."""
BATCH = 8
BEAM = 5
PASSED = 1.0
"""Seconds of speech in which no word was heard: the model passes over speech that stands between silences."""
SURE = 0.5
"""Mean probability of the words heard in such speech, below which it was noise."""
LATER_TRIES = [0.2, 0.4, 0.6]
"""Temperatures for a window whose text cannot be what was said, one after the other until one gives a better text."""


class AsrModel:
    """A loaded model. `hot_words` are those of the trade that it should know how to write."""

    def __init__(self, model: "WhisperModel", hot_words: Sequence[str] = ()) -> None:
        from faster_whisper import BatchedInferencePipeline
        from faster_whisper.tokenizer import Tokenizer

        if model.model.device == "cpu":
            model.encode = OnceEncoded(model.encode)
        self._model = model
        self._pipeline = BatchedInferencePipeline(model)
        self._hot_words = f"{', '.join(hot_words)}." if hot_words else None
        tokenizer = Tokenizer(model.hf_tokenizer, model.model.is_multilingual, task="transcribe", language="en")
        # Signs that nobody says are not written; mail addresses have theirs.
        self._unwritten = [token for token in tokenizer.non_speech_tokens if tokenizer.decode([token]).strip() != "@"]
        self._told = frozenset(part.casefold() for word in hot_words for part in word.split())

    @classmethod
    def load(cls, folder: Path, *, threads: int | None = None, hot_words: Sequence[str] = ()) -> "AsrModel":
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
        try:
            # On a GPU as the model was saved; on processors in eight bits, twice as fast and heard as well.
            kind = "default" if ctranslate2.get_cuda_device_count() else "int8"
            model = WhisperModel(
                str(folder), compute_type=kind, cpu_threads=threads or usable_cpus(), local_files_only=True
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise ModelError("holds no Whisper model of CTranslate2 that can be loaded", place=str(folder)) from error
        return cls(model, hot_words)

    def german(self, spoken: Sequence[tuple[Channel, Sequence[Stretch]]]) -> float:
        """How likely the speech is German rather than English, over the first windows of each stretch of channel.

        Windows count by their length. 0 for a model of English alone.
        """
        if not self._model.model.is_multilingual:
            return 0.0
        german = total = 0.0
        for samples, spans in spoken:
            for held in windows_of(spans)[:LANGUAGE_WINDOWS]:
                speech = speech_in(samples, held)
                # As the pipeline makes them when it hears the window: so it is encoded once.
                features = self._model.feature_extractor(speech)[..., :-1]
                chances = dict(self._model.detect_language(features=features)[2])
                german += chances.get("de", 0.0) * len(speech)
                total += (chances.get("de", 0.0) + chances.get("en", 0.0)) * len(speech)
        return german / (total or 1.0)

    def hear(self, samples: Channel, spans: Sequence[Stretch], language: Language, offset: float = 0.0) -> Heard:
        """The words within the spans, which stand in order of time and are no longer than a window.

        Times count from the beginning of the recording; `samples` begin `offset` seconds after it. What nobody said
        (`guards`) is left out, and noted.

        Raises:
            EngineError: the model gave up.
        """
        try:
            heard = self._heard([Window(samples, held, offset) for held in windows_of(spans)], language)
            long = (span for span in spans if span.end - span.start >= PASSED * RATE)
            passed = [span for span in long if not _words_in(span, offset, heard)]
            again = self._heard([Window(samples, [span], offset) for span in passed], language)
        except RuntimeError as error:
            raise EngineError("the ASR model could not read a part of the recording") from error
        for span in passed:
            words = _words_in(span, offset, again)
            start, end = _times(span, offset)
            if words and sum(word.probability for word in words) >= SURE * len(words):
                heard.words += words
                heard.cuts = [cut for cut in heard.cuts if not (words[0].start < cut.end and cut.start < words[-1].end)]
            elif not any(cut.start < end and start < cut.end for cut in heard.cuts):
                heard.cuts.append(Cut(start, end, "no words"))
        heard.words.sort(key=lambda word: word.start)
        return heard

    def _heard(self, windows: Sequence[Window], language: Language) -> Heard:
        heard = Heard()
        for window, segments in zip(windows, self._segments(windows, language, self._hot_words), strict=True):
            if self._is_odd(segments, window):
                segments = self._again(segments, window, language)
            for segment in segments:
                heard += heard_in(segment, window)
        return heard

    def _is_odd(self, segments: Sequence["Segment"], window: Window) -> bool:
        text = text_of(segments)
        return is_sparse(text, len(window.speech) / RATE) or self._is_invented(text)

    def _is_invented(self, text: str) -> bool:
        return is_loop(text) or is_parroted(text, self._told)

    def _segments(self, windows: Sequence[Window], language: Language, hot_words: str | None) -> list[list["Segment"]]:
        """The segments of each window; times in seconds from the first window's beginning."""
        if not windows:
            return []
        clips = []
        done = 0
        for window in windows:
            window.begin = done / RATE
            # The half keeps the pipeline, which counts in samples, from cutting one off.
            clips.append({"start": (done + 0.5) / RATE, "end": (done + len(window.speech) + 0.5) / RATE})
            done += len(window.speech)
        segments, _ = self._pipeline.transcribe(
            np.concatenate([window.speech for window in windows]),
            clip_timestamps=clips,
            language=language,
            beam_size=BEAM,
            batch_size=BATCH,
            word_timestamps=True,
            hotwords=hot_words,
            suppress_tokens=self._unwritten,
        )
        grouped: list[list[Segment]] = [[] for _ in windows]
        begins = [window.begin for window in windows]
        for segment in segments:
            grouped[max(int(np.searchsorted(begins, segment.seek / 100 + 0.02)) - 1, 0)].append(segment)
        return grouped

    def _again(self, first: list["Segment"], window: Window, language: Language) -> list["Segment"]:
        """Further tries without the hot words, which a model at a loss says over and over.

        Of all that nobody can call invented the longest is taken, else the last try, for the guards to cut.
        """
        begin = window.begin
        (second,) = self._segments([window], language, None)
        tries = [(begin, first), (0.0, second)]
        if self._is_odd(second, window):
            tries.append((0.0, self._at_random(window, language)))
        # A text of the hot words is believed where it was not told them.
        kept = [attempt for attempt in tries[1:] if not is_loop(text_of(attempt[1]))]
        kept += [] if self._is_invented(text_of(first)) else tries[:1]
        window.begin, segments = max(kept, key=lambda attempt: len(text_of(attempt[1])), default=tries[-1])
        return segments

    def _at_random(self, window: Window, language: Language) -> list["Segment"]:
        """The window with rising temperatures; the same window gives the same text, whatever was heard before it."""
        import ctranslate2

        ctranslate2.set_random_seed(0)
        segments, _ = self._model.transcribe(
            window.speech,
            language=language,
            beam_size=BEAM,
            temperature=LATER_TRIES,
            condition_on_previous_text=False,
            suppress_tokens=self._unwritten,
            word_timestamps=True,
        )
        return list(segments)


def _times(span: Stretch, offset: float) -> tuple[float, float]:
    return round(span.start / RATE + offset, 2), round(span.end / RATE + offset, 2)


def _words_in(span: Stretch, offset: float, heard: Heard) -> list[Word]:
    start, end = _times(span, offset)
    return [word for word in heard.words if word.start < end and start < word.end]
