"""Prefixes that questions share, evaluated once and kept on the disk for the next process.

A file holds what llama.cpp computed for the instructions and examples of a template: nothing of any call. It saves the
half minute that evaluating them takes on two cores. Files are found by a hash of all that they depend on, written
under a temporary name and renamed; the oldest go when there are more than `MOST`. Whatever goes wrong with them, the
prefix is evaluated anew.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from ausweis.engines.weights import cache_folder

__all__ = ["MOST", "CachedPrefix"]

MOST = 12


class CachedPrefix:
    """The file for one prefix, if it was kept. `version` is that of llama.cpp and its settings.

    llama.cpp ends the process when such a file is cut short, so its name carries the hash of its bytes.
    """

    def __init__(self, model_sha256: str, version: str, tokens: Sequence[int]) -> None:
        body = f"{model_sha256} {version} {' '.join(map(str, tokens))}"
        self._folder = cache_folder().parent / "prefixes"
        self._key = hashlib.sha256(body.encode()).hexdigest()[:32]

    def find(self) -> Path | None:
        """The file, if it is there and whole."""
        with suppress(OSError):
            for path in self._folder.glob(f"{self._key}-*.bin"):
                if path.name == self._name(path):
                    return path
                path.unlink(missing_ok=True)
        return None

    def keep(self, save: Callable[[str], bool]) -> None:
        """Write the file by `save`, which gets a name to write to and says whether it could."""
        temporary = None
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=self._folder, suffix=".part")
            os.close(handle)
            if save(temporary):
                Path(temporary).replace(self._folder / self._name(Path(temporary)))
                self._forget_oldest()
        except OSError:
            return
        finally:
            if temporary is not None:
                with suppress(OSError):
                    Path(temporary).unlink()

    def _name(self, path: Path) -> str:
        with path.open("rb") as file:
            return f"{self._key}-{hashlib.file_digest(file, 'sha256').hexdigest()[:32]}.bin"

    def _forget_oldest(self) -> None:
        files = sorted(self._folder.glob("*.bin"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in files[MOST:]:
            path.unlink(missing_ok=True)
