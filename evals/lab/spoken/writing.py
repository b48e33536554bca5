"""Audio files of a spoken call, encoded by PyAV, and the truth beside them.

The format is told by the file's extension. WAV files hold 16-bit PCM, or µ-law or A-law as telephone systems record.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import av
import numpy as np
from evals.lab.spoken.speaking import Sound, Spoken

from ausweis.errors import InputError

if TYPE_CHECKING:
    from av.audio.stream import AudioStream


WavCodec = Literal["pcm_s16le", "pcm_mulaw", "pcm_alaw"]

CODECS = {
    ".wav": "pcm_s16le",
    ".mp3": "libmp3lame",
    ".flac": "flac",
    ".ogg": "libopus",
    ".opus": "libopus",
    ".m4a": "aac",
}
OPUS_BITS = 16_000
"""A second and channel: what speech needs. Unless told, the encoder takes what music needs."""
OPUS_RATES = (8_000, 12_000, 16_000, 24_000, 48_000)


def write_stereo(spoken: Spoken, path: Path, wav: WavCodec = "pcm_mulaw") -> None:
    """One file: the agent left, the caller right."""
    write_audio(path, spoken.samples, spoken.rate, wav)


def write_mono(spoken: Spoken, path: Path, wav: WavCodec = "pcm_mulaw") -> None:
    """One file of one channel: both speakers, each as loud as in its own."""
    mix = np.clip(spoken.samples.sum(axis=0, keepdims=True), -1, 1)
    write_audio(path, mix, spoken.rate, wav)


def write_truth(spoken: Spoken, path: Path) -> None:
    """What is heard, and in whose voices, as JSON."""
    about = {"call_id": spoken.call.id, "language": spoken.call.language, "seconds": round(spoken.seconds, 3)}
    truth = {**about, "voices": spoken.voices, "turns": [turn.model_dump() for turn in spoken.turns]}
    path.write_text(json.dumps(truth, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def write_audio(path: Path, samples: Sound, rate: int, wav: WavCodec = "pcm_s16le") -> None:
    """Write one or two channels, (channels, samples), as the extension says; `wav` is the coding in a WAV file.

    Raises:
        InputError: no format has that extension.
    """
    codec = CODECS.get(path.suffix.lower())
    if codec is None:
        raise InputError(f"audio is written as one of {', '.join(sorted(CODECS))}", place=str(path))
    # Opus knows five rates only; PyAV resamples to the next one.
    out_rate = next(known for known in OPUS_RATES if known >= rate) if codec == "libopus" else rate
    layout = "mono" if len(samples) == 1 else "stereo"
    interleaved = np.clip(np.round(samples.T * 32_768), -32_768, 32_767).astype(np.int16).reshape(1, -1)
    with av.open(str(path), "w") as container:
        coded = wav if path.suffix.lower() == ".wav" else codec
        stream = cast("AudioStream", container.add_stream(coded, rate=out_rate, layout=layout))
        if codec == "libopus":
            stream.bit_rate = OPUS_BITS * len(samples)
        frame = av.AudioFrame.from_ndarray(interleaved, format="s16", layout=layout)
        frame.sample_rate = rate
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
