"""Two made-up voices: an encoder that knows them by their level stands in for the real one."""

import numpy as np
import pytest
from numpy.typing import NDArray

from ausweis.audio.decode import RATE
from ausweis.audio.diarization import Voices, distance, two_voices
from ausweis.audio.heard import Word
from ausweis.audio.speech import Channel, Stretch
from ausweis.audio.voice_encoder import EMBEDDING, VoiceEncoder, Windows

RNG = np.random.default_rng(3)
CENTRES = np.abs(RNG.normal(size=(3, EMBEDDING)))
CENTRES /= np.linalg.norm(CENTRES, axis=1, keepdims=True)
STREWN = 0.03
"""For each of 256 numbers: windows of one voice have a cosine of 0.8 to each other, as real ones."""


class Levels(VoiceEncoder):
    """A window's vector is the mean of its voices' centres, strewn; sample values 0, 1, 2 are the voices."""

    def __init__(self) -> None:
        self.windows = 0

    def embed(self, samples: Windows) -> NDArray[np.float32]:
        self.windows += len(samples)
        shares = np.stack([(samples == voice).mean(axis=1) for voice in range(3)], axis=1)
        found = shares @ CENTRES + RNG.normal(0, STREWN, (len(samples), EMBEDDING))
        return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), dtype=np.float32)


def spoken(turns: list[tuple[int, float]], gap: float = 0.4) -> tuple[Channel, list[Stretch], list[Word], list[int]]:
    """Samples, stretches of speech, words of 0.3 s, and their voices. Each turn ends with a full stop.

    Without a gap, all is one stretch, and many windows hold both voices.
    """
    samples, spans, words, voices = [], [], [], []
    now = 0.0
    for voice, seconds in turns:
        count = max(1, round(seconds / 0.3))
        words += [
            Word("so" if at < count - 1 else "so.", now + at * 0.3, now + at * 0.3 + 0.28, 1.0) for at in range(count)
        ]
        voices += [voice] * count
        begin, now = now, now + count * 0.3
        spans.append(Stretch(round(begin * RATE), round(now * RATE)))
        samples.append(np.full(round((now + gap) * RATE) - round(begin * RATE), voice, dtype=np.float32))
        now += gap
    if gap == 0:
        spans = [Stretch(0, spans[-1].end)]
    return np.concatenate(samples), spans, words, voices


CALL = [(0, 3.0), (1, 2.1), (0, 6.0), (1, 0.6), (0, 2.4), (1, 4.5), (0, 0.9), (1, 3.0)] * 2


def right(found: list[int], wanted: list[int]) -> float:
    return float(np.mean(np.array(found) == np.array(wanted)))


class TestSplit:
    @pytest.mark.parametrize("gap", [0.4, 0.1, 0.0])
    def test_gives_each_word_to_its_voice(self, gap: float) -> None:
        samples, spans, words, wanted = spoken(CALL, gap)
        voices = Voices(Levels())
        voices.feed(samples, spans, 0.0, words)
        split = voices.split(words)
        assert right(split.speakers, wanted) > (0.95 if gap else 0.9)
        assert split.confidence > (0.9 if gap else 0.4)
        assert all(0 <= one <= split.confidence for one in split.confidences)

    def test_hears_short_answers_in_one_stretch_of_speech(self) -> None:
        turns = [(0, 3.0), (1, 0.6)] * 8
        samples, spans, words, wanted = spoken(turns, gap=0.2)
        voices = Voices(Levels())
        voices.feed(samples, [Stretch(0, spans[-1].end)], 0.0, words)
        speakers = voices.split(words).speakers
        short = [place for place, voice in enumerate(wanted) if voice == 1]
        assert right([speakers[place] for place in short], [1] * len(short)) > 0.9
        assert right(speakers, wanted) > 0.95

    def test_counts_from_the_voice_that_speaks_first(self) -> None:
        samples, spans, words, wanted = spoken([(1 - voice, seconds) for voice, seconds in CALL])
        voices = Voices(Levels())
        voices.feed(samples, spans, 0.0, words)
        assert right(voices.split(words).speakers, [1 - voice for voice in wanted]) > 0.95

    def test_does_not_depend_on_the_chunks(self) -> None:
        samples, spans, words, wanted = spoken(CALL)
        voices = Voices(Levels())
        for span in spans:
            begin = max(0, span.start - 1000)
            voices.feed(samples[begin : span.end], [Stretch(span.start - begin, span.end - begin)], begin / RATE, words)
        assert right(voices.split(words).speakers, wanted) > 0.95

    def test_of_one_voice_alone_is_unsure(self) -> None:
        samples, spans, words, _ = spoken([(0, seconds) for _, seconds in CALL])
        voices = Voices(Levels())
        voices.feed(samples, spans, 0.0, words)
        split = voices.split(words)
        assert split.confidence < 0.2
        assert max(split.confidences) < 0.2

    def test_leaves_sound_without_words_out(self) -> None:
        samples, spans, words, wanted = spoken([*CALL[:8], (2, 60.0), *CALL[8:]])
        voices = Voices(Levels())
        voices.feed(samples, spans, 0.0, words)
        kept = [place for place, voice in enumerate(wanted) if voice != 2]
        split = voices.split([words[place] for place in kept])
        assert right(split.speakers, [wanted[place] for place in kept]) > 0.95

    def test_is_not_misled_by_music_in_which_words_were_heard(self) -> None:
        samples, spans, words, wanted = spoken([*CALL[:8], (2, 15.0), *CALL[8:]])
        voices = Voices(Levels())
        voices.feed(samples, spans, 0.0, words)
        speakers = voices.split(words).speakers
        kept = [place for place, voice in enumerate(wanted) if voice != 2]
        assert right([speakers[place] for place in kept], [wanted[place] for place in kept]) > 0.95

    def test_is_unsure_where_the_voices_hardly_take_turns(self) -> None:
        samples, spans, words, _ = spoken([(0, 20.0), (1, 20.0)])
        voices = Voices(Levels())
        voices.feed(samples, spans, 0.0, words)
        assert voices.split(words).confidence < 0.5

    def test_is_surer_within_a_turn_than_of_a_word_that_lies_between(self) -> None:
        samples, spans, words, _ = spoken([(0, 6.0), (1, 6.0)] * 3, gap=0.0)
        words = [Word("so", word.start, word.end, 1.0) for word in words]
        voices = Voices(Levels())
        voices.feed(samples, spans, 0.0, words)
        sure = voices.split(words).confidences
        assert sure[10] > sure[20]


class TestLittle:
    def test_no_words(self) -> None:
        assert Voices(Levels()).split([]).speakers == []

    def test_words_without_speech(self) -> None:
        split = Voices(Levels()).split([Word("a", 0.0, 0.2, 1.0), Word("", 0.5, 0.5, 1.0)])
        assert split.speakers == [0, 0]
        assert split.confidence == 0.0

    def test_short_and_empty_stretches(self) -> None:
        encoder = Levels()
        voices = Voices(encoder)
        voices.feed(np.zeros(RATE, dtype=np.float32), [Stretch(3000, 3000), Stretch(4000, 9000)], 0.0, [])
        assert encoder.windows == 4
        assert voices.split([Word("yes", 0.3, 0.5, 1.0)]).speakers == [0]


class TestTwoVoices:
    @pytest.mark.parametrize("share", [0.5, 0.8, 0.9])
    def test_are_found_among_vectors_around_two_centres(self, share: float) -> None:
        wanted = (np.arange(200) % 20 >= 20 * share).astype(int)
        vectors = CENTRES[wanted] + RNG.normal(0, STREWN, (200, EMBEDDING))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        found = two_voices(vectors, np.ones(200))
        assert np.mean((found ^ found[0]) == wanted) > 0.98

    def test_are_the_same_whenever_asked(self) -> None:
        vectors = CENTRES[RNG.integers(2, size=50)] + RNG.normal(0, 0.1, (50, EMBEDDING))
        np.testing.assert_array_equal(two_voices(vectors, np.ones(50)), two_voices(vectors, np.ones(50)))

    def test_are_not_music_that_lies_in_one_stretch(self) -> None:
        wanted = np.arange(200) // 5 % 2
        wanted[80:120] = 2
        vectors = CENTRES[wanted] + RNG.normal(0, STREWN, (200, EMBEDDING))
        found = two_voices(vectors, np.ones(200))
        assert np.mean((found ^ found[0])[wanted < 2] == wanted[wanted < 2]) > 0.98


class TestDistance:
    def test_is_smaller_within_a_voice_than_between_two(self) -> None:
        labels = np.arange(200) % 2
        one = CENTRES[labels * 0] + RNG.normal(0, STREWN, (200, EMBEDDING))
        two = CENTRES[labels] + RNG.normal(0, STREWN, (200, EMBEDDING))
        assert distance(one, np.ones(200), labels) < 0.1 < 0.6 < distance(two, np.ones(200), labels)

    def test_of_one_side_alone_is_none(self) -> None:
        assert distance(CENTRES, np.ones(3), np.zeros(3)) == 0.0
