"""Transcripts that `ausweis transcribe` made, in `transcripts.jsonl`: one call a line, in the shape of the contract.

The file can be read as calls again, and what was heard before is not listened to twice. Of a call that is
heard anew, what was heard before is left out when the file is closed.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from ausweis.journal import Journal, lines, parsed, replace_file

KEPT_AUDIO = "recordings"
"""The folder beside what is written where recordings are copied to, when that is asked for."""
TRANSCRIPTS_FILE = "transcripts.jsonl"


class Kept(Protocol):
    """Where transcripts are kept, so that no recording is listened to twice."""

    def get(self, key: str) -> dict[str, Any] | None:
        """The call that was made of the recording with this key."""
        ...

    def add(self, key: str, document: Mapping[str, Any]) -> None:
        """Keep a call, whose recording has the key."""
        ...


class _Line(NamedTuple):
    """Where in the file the line begins, and of which call it is."""

    offset: int
    call_id: str


class KeptTranscripts:
    """The transcripts of one folder, found by the key of their recording; a context manager. `used`: keys so far.

    Raises:
        RunError: the file cannot be read or written.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / TRANSCRIPTS_FILE
        self._kept: dict[str, _Line] = {}
        self.used: set[str] = set()
        self._lines = 0
        if self._path.is_file():
            for line in lines(self._path):
                self._lines += 1
                document = parsed(line.data)
                key = _key_of(document)
                if key is not None:
                    self._kept[key] = _Line(line.offset, str(document.get("id")))
        self._journal: Journal | None = None

    def __enter__(self) -> "KeptTranscripts":
        return self

    def __exit__(self, *_: object) -> None:
        if self._journal is not None:
            self._journal.close()
        again = {kept.call_id for key, kept in self._kept.items() if key in self.used}
        wanted = [key for key, kept in self._kept.items() if key in self.used or kept.call_id not in again]
        if len(wanted) < len(self._kept):
            self.keep_only(wanted)

    def get(self, key: str) -> dict[str, Any] | None:
        """The call that was made of the recording with this key."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        with self._path.open("rb") as file:
            file.seek(kept.offset)
            document: dict[str, Any] = json.loads(file.readline())
        self.used.add(key)
        return document

    def keep_only(self, keys: Iterable[str]) -> None:
        """Leave out what was made of recordings that have changed since, or of others.

        Raises:
            RunError: the file cannot be written.
        """
        wanted = set(keys)
        if wanted == self._kept.keys() and len(self._kept) == self._lines:
            return
        kept = [line.data.decode("utf-8") for line in lines(self._path) if _key_of(parsed(line.data)) in wanted]
        replace_file(self._path, "".join(f"{line}\n" for line in kept))
        self._kept = {key: place for key, place in self._kept.items() if key in wanted}

    def add(self, key: str, document: Mapping[str, Any]) -> None:
        """Keep a call, whose recording has the key.

        Raises:
            RunError: it cannot be written.
        """
        line = json.dumps(document, ensure_ascii=False)
        if self._journal is None:
            self._journal = Journal(self._path)
        offset = self._path.stat().st_size
        self._journal.append(line)
        self._kept[key] = _Line(offset, str(document["id"]))
        self.used.add(key)
        self._lines += 1


def _key_of(document: Any) -> str | None:
    """The key of a line's recording; None where the line is none of ours."""
    try:
        return str(document["metadata"]["recording"]["key"])
    except (LookupError, TypeError):
        return None
