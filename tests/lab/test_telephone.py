"""What a telephone does to a call."""

from itertools import groupby
from pathlib import Path

import av
import numpy as np
import pytest
from evals.lab.speak_calls import WAV
from evals.lab.spoken.speaking import Sound, Spoken, SpokenTurn
from evals.lab.spoken.telephone import (
    PACKET,
    RATE,
    Law,
    companded,
    dropped,
    held,
    hold_music,
    lost_packets,
    noisy,
    on_the_telephone,
)
from evals.lab.spoken.writing import write_audio

from ausweis.calls.call import Call


def tones(rate: int, *frequencies: float, seconds: float = 2.0) -> Sound:
    time = np.arange(round(seconds * rate)) / rate
    tone = np.sum([0.1 * np.sin(2 * np.pi * one * time) for one in frequencies], axis=0)
    return np.stack([tone, tone]).astype(np.float32)


def call_of(samples: Sound, rate: int, *turns: SpokenTurn) -> Spoken:
    return Spoken(Call(id="x-1", language="en", turns=()), samples, rate, turns)


def test_only_the_band_passes() -> None:
    line = on_the_telephone(call_of(tones(22_050, 100, 1_000, 3_800, 8_000), 22_050))
    assert line.rate == RATE
    assert line.seconds == pytest.approx(2.0)
    levels = np.abs(np.fft.rfft(line.samples[0])) / line.samples.shape[1] * 2
    heard = {frequency: levels[frequency * 2] for frequency in (100, 1_000, 3_800)}
    assert heard[1_000] == pytest.approx(0.1, rel=0.05)
    assert heard[100] < 0.005
    assert heard[3_800] < 0.02


def test_noise_is_as_far_below_the_speech_as_asked() -> None:
    speech = np.concatenate([tones(RATE, 700, 1_100), np.zeros((2, RATE * 4), np.float32)], axis=1)
    added = noisy(speech, 10, seed=1) - speech
    spoken = np.mean(speech[:, : RATE * 2] ** 2)
    assert 10 * np.log10(spoken / np.mean(added**2)) == pytest.approx(10, abs=0.2)
    assert np.array_equal(noisy(speech, 10, seed=1), noisy(speech, 10, seed=1))


def test_music_comes_in_a_pause_and_moves_what_follows() -> None:
    first = SpokenTurn(turn=1, speaker="agent", start=0, end=1.5, text="one moment", written="one moment")
    over = SpokenTurn(turn=2, speaker="caller", start=1.2, end=1.4, text="yes", written="yes")
    last = SpokenTurn(turn=3, speaker="agent", start=1.9, end=2, text="hello", written="hello")
    call = call_of(np.zeros((2, 2 * RATE), np.float32), RATE, first, over, last)
    longer = held(call, 3)
    assert longer.seconds == pytest.approx(5)
    assert longer.turns[:2] == (first, over)
    assert longer.turns[2].start == pytest.approx(4.9)
    music = longer.samples[0, round(1.7 * RATE) : round(4.7 * RATE)]
    assert np.array_equal(music, hold_music(3, RATE))
    assert not longer.samples[1].any()


def test_a_call_without_a_pause_is_not_held() -> None:
    call = call_of(np.zeros((2, RATE), np.float32), RATE)
    assert held(call, 3) is call


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


def test_so_many_are_lost_and_in_bursts() -> None:
    lost = lost_packets(200_000, 3, np.random.default_rng(1))
    assert sum(lost) / len(lost) == pytest.approx(0.03, rel=0.1)
    bursts = [len(list(run)) for missing, run in groupby(lost) if missing]
    assert np.mean(bursts) == pytest.approx(2.5, rel=0.1)


def test_no_loss_is_no_change() -> None:
    sound = np.random.default_rng(0).standard_normal((2, 4_000)).astype(np.float32)
    assert np.array_equal(dropped(sound, 0), sound)


def test_a_tone_goes_on_for_a_while_and_fades() -> None:
    tone = np.sin(2 * np.pi * 100 * np.arange(80_000) / 8_000).astype(np.float32)[np.newaxis]
    lost = lost_packets(500, 20, np.random.default_rng([3, PACKET]))
    heard = dropped(tone, 20, seed=3)
    first = lost.index(True)
    run = next(len(list(run)) for missing, run in groupby(lost) if missing)
    begin = slice(first * PACKET, first * PACKET + 80)
    # 10 ms of the gap sound as if nothing was lost, since a tone repeats itself.
    assert heard[0, begin] == pytest.approx(tone[0, begin], abs=0.05)
    longest = max(len(list(each)) for missing, each in groupby(lost) if missing)
    assert run >= 1
    assert longest >= 4
    assert np.mean(heard**2) < 0.95 * np.mean(tone**2)


def test_the_same_seed_loses_the_same() -> None:
    sound = np.random.default_rng(0).standard_normal((2, 40_000)).astype(np.float32)
    assert np.array_equal(dropped(sound, 5, seed=1), dropped(sound, 5, seed=1))
    assert not np.array_equal(dropped(sound, 5, seed=1), dropped(sound, 5, seed=2))
    assert not np.array_equal(dropped(sound, 5, seed=1)[0] == sound[0], dropped(sound, 5, seed=1)[1] == sound[1])
