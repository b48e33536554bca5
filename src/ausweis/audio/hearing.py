"""Recordings among the files of a user, heard one after another; what was heard before is not heard again."""

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ausweis.audio.kept import KeptTranscripts
from ausweis.audio.transcriber import Transcriber
from ausweis.calls.raw import RawCall
from ausweis.calls.sources import Source
from ausweis.calls.unreadable import UnreadableCall
from ausweis.errors import EngineError, InputError, RunError

__all__ = ["Hearing", "Listening"]

Listening = Callable[[str, float], None]
"""Told the name of a recording, and how many seconds of it were heard."""


class Hearing:
    """Called with a source, gives its raw call. `settings` are what a transcript depends on besides the recording.

    With a folder in `keep`, the recordings that could be heard are copied there.
    """

    def __init__(
        self,
        open_transcriber: Callable[[], Transcriber],
        kept: KeptTranscripts,
        settings: str,
        *,
        keep: Path | None = None,
        progress: Listening | None = None,
    ) -> None:
        self._open = open_transcriber
        self._transcriber: Transcriber | None = None
        self._kept = kept
        self._settings = settings
        self._keep = keep
        self._progress = progress

    def __call__(self, source: Source) -> RawCall | UnreadableCall:
        """The call of a recording, from what is kept where it was heard before.

        Raises:
            ModelError: no recording can be heard at all.
            RunError: the transcript cannot be written.
        """
        try:
            return RawCall(self._document(source), source.place, source.default_id)
        except (InputError, EngineError) as error:
            return UnreadableCall(error.place or source.place, source.default_id, error.message, "recording")
        except OSError as error:
            message = f"the file cannot be read ({error.strerror or 'I/O error'})"
            return UnreadableCall(source.place, source.default_id, message, "file")

    def _document(self, source: Source) -> dict[str, Any]:
        key = self._key(source)
        document = self._kept.get(key)
        if document is None:
            if self._transcriber is None:
                self._transcriber = self._open()
            document = {"id": source.default_id} | self._transcriber.transcribe(source, self._report(source))
            self._kept.add(key, document)
        if self._keep is not None:
            _copy(source.files, self._keep)
        return document

    def _report(self, source: Source) -> Callable[[float], None]:
        show = self._progress
        return (lambda seconds: show(source.default_id, seconds)) if show else (lambda seconds: None)

    def _key(self, source: Source) -> str:
        """Changes when a file, what stands beside it, or a setting does."""
        parts: list[object] = [self._settings]
        for path in (*source.files, source.sidecar):
            if path is not None and path.exists():
                found = path.stat()
                parts.append((str(path.absolute()), found.st_size, found.st_mtime_ns))
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def _copy(files: Sequence[Path], folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
        for path in files:
            copy = folder / path.name
            if not copy.exists():
                half = copy.with_name(f".{copy.name}.part")
                shutil.copyfile(path, half)
                half.replace(copy)
    except OSError as error:
        raise RunError(f"the recordings cannot be kept ({error.strerror})", place=str(folder)) from None
