"""Windows of speech that were encoded lately: asked for their language, heard, or heard again, each is encoded once.

Encoding is half of what Whisper base does about a window.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ctranslate2 import StorageView

__all__ = ["KEPT", "OnceEncoded"]

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
