import numpy as np
import pytest

from ausweis.audio.diarization import distance, two_voices
from ausweis.audio.voice_encoder import EMBEDDING

RNG = np.random.default_rng(3)
CENTRES = np.abs(RNG.normal(size=(3, EMBEDDING)))
CENTRES /= np.linalg.norm(CENTRES, axis=1, keepdims=True)
STREWN = 0.03


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
