"""From the options of a command to something that listens: the models are found at once, and loaded when needed."""

import json
from dataclasses import dataclass

from ausweis import __version__
from ausweis.audio.asr_model import AsrModel
from ausweis.audio.roles import Happens, first_is_agent
from ausweis.audio.transcriber import Transcriber
from ausweis.audio.voice_encoder import VoiceEncoder
from ausweis.calls.sources import AgentChannel
from ausweis.engines.weights import Folder, catalogue, locate_file, locate_folder
from ausweis.vocabulary import Language

__all__ = ["HearingOptions"]


@dataclass(frozen=True)
class HearingOptions:
    """How recordings are heard. `hot_words`: of the trade, that the ASR model should know how to write."""

    asr_model: str | None = None
    language: Language | None = None
    agent_channel: AgentChannel | None = None
    threads: int | None = None
    hot_words: tuple[str, ...] = ()

    def find(self) -> Folder:
        """The ASR model's folder; the default one, unless one is named.

        Raises:
            ModelError: it is not on this machine, or not whole.
        """
        return locate_folder(self.asr_model or catalogue.default_of("asr"))

    def settings(self, found: Folder, roles_model: str) -> str:
        """All that a transcript depends on besides the recording, as JSON. Kept transcripts are found by it."""
        parts = {
            "ausweis": __version__,
            "recogniser": f"{found.id} ({found.sha256[:12]})",
            "language": self.language or "heard",
            "agent channel": self.agent_channel or "as found",
            "words": list(self.hot_words),
            "voices": catalogue.entry(catalogue.default_of("voices")).sha256[:12],
            "roles": roles_model,
        }
        return json.dumps(parts, ensure_ascii=False, sort_keys=True)

    def open(self, found: Folder, happens: Happens) -> Transcriber:
        """Load the ASR model; the voices only when a recording needs them, which holds for `happens` too.

        Raises:
            ModelError: it cannot be loaded.
        """
        return Transcriber(
            AsrModel.load(found.path, threads=self.threads, hot_words=self.hot_words),
            _voices,
            lambda turns, language: first_is_agent(turns, language, happens),
            language=self.language,
            agent_channel=self.agent_channel,
        )


def _voices() -> VoiceEncoder:
    return VoiceEncoder.load(locate_file(catalogue.default_of("voices")).path)
