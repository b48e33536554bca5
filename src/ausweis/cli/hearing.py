"""How a command listens to recordings: found before the work begins, loaded with the first one."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from ausweis.audio.hearing import Hearing, HearingOptions, Listening
from ausweis.audio.kept import Kept
from ausweis.audio.roles import Happens
from ausweis.calls import Sources
from ausweis.engines.protocol import Engine
from ausweis.engines.weights import LocalModel
from ausweis.policies import Policy
from ausweis.prompts import Library
from ausweis.reading.questions import PolicyText, Reader
from ausweis.reading.strategies import open_reader
from ausweis.vocabulary import Language

__all__ = ["Recordings"]


@dataclass(frozen=True)
class Recordings:
    """The recordings among the sources of a command. `settings`: all that a transcript depends on besides them."""

    options: HearingOptions
    model: LocalModel
    library: Library
    settings: str

    @classmethod
    def among(
        cls,
        sources: Sources,
        *,
        asr_model: str | None,
        language: Language | None,
        agent_channel: Literal["left", "right"] | None,
        threads: int | None,
        policy: Policy | None,
        library: Library,
        roles_model: str,
    ) -> "Recordings | None":
        """Look for recordings and, where there are any, for the ASR model.

        `library` and `roles_model` read the call where the talk must tell who is the agent.

        Raises:
            ModelError: the ASR model is not on this machine.
        """
        if not any(source.is_recording for source in sources.files):
            return None
        words = policy.hot_words if policy else ()
        options = HearingOptions(asr_model, language, agent_channel, threads, words)
        model = options.find()
        return cls(options, model, library, options.settings(model, roles_model))

    def opened(
        self,
        kept: Kept,
        folder: Path | None,
        engine: Callable[[], Engine],
        progress: Listening,
    ) -> Hearing:
        """Something that listens; recordings are copied to the folder, where there is one."""
        return Hearing(
            lambda: self.options.open(self.model, self._happens(engine)),
            kept,
            self.settings,
            keep=folder,
            progress=progress,
        )

    def _happens(self, engine: Callable[[], Engine]) -> Happens:
        @cache
        def reader() -> Reader:
            return open_reader("turnwise", engine(), self.library, PolicyText())

        return lambda call: sum(event.probability for event in reader().read(call).facts.events)
