"""ITU-T G.711: eight bits a sample, µ-law as North America and Japan have it, A-law as everybody else."""

from typing import Literal

import numpy as np
from evals.lab.spoken.speaking import Sound
from numpy.typing import NDArray

__all__ = ["Law", "companded"]

Sizes = NDArray[np.int32]
Law = Literal["alaw", "mulaw"]

BIAS = 132
"""µ-law: added to a sample of 16 bits before its segment is found; `CLIP` is the largest that it codes."""
CLIP = 32_635


def companded(samples: Sound, law: Law = "mulaw") -> Sound:
    """What the coding leaves of the samples. Done twice, it changes no more."""
    rounded = np.round(samples * 32_768).astype(np.int32)
    size = (_alaw if law == "alaw" else _mulaw)(np.abs(rounded))
    # A-law has no zero: silence is the smallest step.
    sign = np.where(rounded < 0, -1, 1)
    coded: Sound = (sign * size / 32_768).astype(np.float32)
    return coded


def _mulaw(sizes: Sizes) -> Sizes:
    biased = np.minimum(sizes, CLIP) + BIAS
    segment = np.floor(np.log2(biased)).astype(np.int32) - 7
    mantissa = (biased >> (segment + 3)) & 15
    size: Sizes = (((mantissa << 3) + BIAS) << segment) - BIAS
    return size


def _alaw(sizes: Sizes) -> Sizes:
    held = np.minimum(sizes, 32_767)
    segment = np.maximum(np.floor(np.log2(np.maximum(held, 1))).astype(np.int32) - 7, 0)
    shift = np.maximum(segment, 1) + 3
    size: Sizes = ((held >> shift) << shift) + (1 << (shift - 1))
    return size
