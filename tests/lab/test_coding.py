"""A-law and µ-law."""

from pathlib import Path

import av
import numpy as np
import pytest
from evals.lab.speak_calls import WAV
from evals.lab.spoken import Law, companded, write_audio


@pytest.mark.parametrize(("law", "sounds"), [("mulaw", 255), ("alaw", 256)])
def test_coding_keeps_the_sound_and_is_done_once(law: Law, sounds: int) -> None:
    samples = np.linspace(-1, 1, 20_001, dtype=np.float32)[np.newaxis]
    once = companded(samples, law)
    assert np.unique(once).size == sounds
    assert np.max(np.abs(once - samples)) < 0.033
    assert np.array_equal(companded(once, law), once)


@pytest.mark.parametrize("law", ["mulaw", "alaw"])
def test_the_decoder_of_others_gives_the_same_back(law: Law, tmp_path: Path) -> None:
    samples = companded(np.linspace(-0.9, 0.9, 4_001, dtype=np.float32)[np.newaxis], law)
    write_audio(tmp_path / "coded.wav", samples, 8_000, WAV[law])
    with av.open(str(tmp_path / "coded.wav")) as container:
        decoded = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
    assert np.array_equal(decoded, np.round(samples * 32_768))
