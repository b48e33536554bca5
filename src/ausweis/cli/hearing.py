"""How a command listens to recordings: found before the work begins, loaded with the first one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ausweis.audio.hearing import Hearing, Listening
from ausweis.audio.hotwords import words_for
from ausweis.audio.kept import KeptTranscripts
from ausweis.audio.opening import HearingOptions
from ausweis.calls import Sources
from ausweis.engines.protocol import Engine
from ausweis.engines.weights import Folder
from ausweis.judging.policy import Policy
from ausweis.prompts import Library

__all__ = ["KEPT_AUDIO", "Recordings"]

KEPT_AUDIO = "recordings"
"""The folder in a run folder where recordings are copied to, when that is asked for."""


@dataclass(frozen=True)
class Recordings:
    """The recordings among the sources of a command. `found` is None where there are none."""

    options: HearingOptions
    found: Folder | None
    keep_audio: bool

    @classmethod
    def among(
        cls,
        sources: Sources,
        *,
        recogniser: str | None,
        language: Literal["de", "en"] | None,
        agent_channel: Literal["left", "right"] | None,
        threads: int | None,
        policy: Policy | None,
        keep_audio: bool,
    ) -> "Recordings":
        """Look for recordings and, where there are any, for the recogniser.

        Raises:
            ModelError: it is not on this machine.
        """
        words = words_for(policy.factors, policy.language) if policy else ()
        options = HearingOptions(recogniser, language, agent_channel, threads, words)
        some = any(source.is_recording for source in sources.files)
        return cls(options, options.find() if some else None, keep_audio)

    @property
    def part(self) -> str | None:
        """What a manifest says about the hearing; None without recordings."""
        return None if self.found is None else self.options.settings(self.found)

    @contextmanager
    def opened(
        self, folder: Path, engine: Callable[[], Engine], library: Library, progress: Listening
    ) -> Iterator[Hearing | None]:
        """Something that listens, with its transcripts in the folder; None without recordings.

        Raises:
            RunError: the transcripts cannot be read or written.
        """
        found = self.found
        if found is None:
            yield None
            return
        with KeptTranscripts(folder) as kept:
            yield Hearing(
                lambda: self.options.open(found, engine, library),
                kept,
                self.options.settings(found),
                keep=folder / KEPT_AUDIO if self.keep_audio else None,
                progress=progress,
            )
