"""What stands among the calls of a user and is not read: told with its reason, so that none is lost without a word."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from ausweis.calls.text import shown_path

__all__ = ["PassedOver", "Reason", "grouped", "sentence"]

Reason = Literal["hidden", "extension", "link", "run", "written", "transcript", "no_recording"]
_WORDS: dict[Reason, str] = {
    "hidden": "hidden",
    "extension": "with other extensions",
    "link": "behind a link",
    "run": "of a run",
    "written": "of ausweis transcribe",
    "transcript": "with a transcript",
    "no_recording": "without sound",
}
_KEPT, _SHOWN = 100, 3


@dataclass(frozen=True, slots=True)
class PassedOver:
    """So many files and folders, for one reason; `paths` are the first hundred of them.

    hidden: the name begins with a dot; extension: no reader knows it; link: leads to a folder; run: a folder that
    `ausweis score` wrote; written: what `ausweis transcribe` wrote besides transcripts; transcript: a recording (and
    what is beside it) whose transcript is read; no_recording: a transcript, where recordings are wanted.
    """

    reason: Reason
    count: int
    paths: tuple[str, ...]

    def without(self, named: Callable[[str], bool]) -> "PassedOver":
        """The same without the paths that `named` holds for."""
        left = tuple(path for path in self.paths if not named(path))
        return replace(self, count=self.count - len(self.paths) + len(left), paths=left)


def grouped(found: Iterable[tuple[Reason, Path]]) -> tuple[PassedOver, ...]:
    """One for each reason, in the order of the reasons."""
    paths: dict[Reason, list[str]] = {reason: [] for reason in _WORDS}
    for reason, path in sorted(found):
        paths[reason].append(shown_path(path))
    return tuple(PassedOver(reason, len(some), tuple(some[:_KEPT])) for reason, some in paths.items() if some)


def sentence(found: Iterable[PassedOver]) -> str:
    """`passed over: 2 hidden (a/.b, a/.c), 1 with other extensions (a/d.docx)`; empty where nothing was."""
    parts = []
    for one in found:
        more = ", …" if one.count > _SHOWN else ""
        parts.append(f"{one.count} {_WORDS[one.reason]} ({', '.join(one.paths[:_SHOWN])}{more})")
    return f"passed over: {', '.join(parts)}" if parts else ""
