"""From one recording to a call: who says what and when, and what is not sure about it."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from ausweis.audio.asr_model import AsrModel
from ausweis.audio.decode import Recording
from ausweis.audio.diarization import Voices
from ausweis.audio.heard import Word, turns_of
from ausweis.audio.listening import Listened, Progress, listen, speech_of
from ausweis.audio.sidecar import Sidecar
from ausweis.audio.voice_encoder import VoiceEncoder
from ausweis.calls.call import Turn
from ausweis.calls.sources import AgentChannel
from ausweis.calls.text import shown_path
from ausweis.errors import InputError
from ausweis.vocabulary import Language, Side

Known = Literal["files", "option", "side-car", "file name", "talk"]
"""How it is known who is the agent."""


@dataclass(frozen=True, slots=True)
class Sides:
    """The words of both. `confidence`: how sure it is which of them is whose; None where it is known."""

    words: dict[Side, list[Word]]
    known: Known
    confidence: float | None = None


@dataclass(frozen=True)
class Transcriber:
    """Makes documents in the shape of a call. `roles` tells how likely the speakers of turns are not swapped."""

    asr_model: AsrModel
    voices: Callable[[], VoiceEncoder]
    roles: Callable[[Sequence[Turn], Language], float]
    language: Language | None = None
    agent_channel: AgentChannel | None = None

    def transcribe(
        self,
        files: Sequence[Path],
        sidecar: Sidecar,
        named: AgentChannel | None = None,
        progress: Progress = lambda *seconds: None,
    ) -> dict[str, Any]:
        """The call of one recording, or of two: the agent's and the caller's. Its id is left to the caller.

        `named`: the agent's channel by the file's name, where it says one.

        Raises:
            InputError: a file cannot be decoded, changed meanwhile, or nobody speaks in it.
            EngineError, ModelError: a model gave up.
        """
        recordings = [Recording.open(path) for path in files]
        before = [_state(path) for path in files]
        language = self.language or sidecar.language

        def heard_so_far(seconds: float, length: float) -> None:
            # One that is still recorded is not heard for hours before somebody is told.
            _refuse_change(files, before)
            progress(seconds, length)

        listened = listen(recordings, self.asr_model, language, heard_so_far)
        if not any(heard.words for heard in listened.channels):
            raise InputError("nobody speaks in the recording", place=str(files[0]))
        spoken = language or listened.language
        sides = self._sides(recordings, listened, self._told(sidecar, named), spoken)
        _refuse_change(files, before)
        document = sidecar.of_call()
        document["language"] = spoken
        document["turns"] = [turn.model_dump(exclude_none=True) for turn in turns_of(sides.words)]
        if sides.confidence is not None:
            document["roles_confidence"] = round(sides.confidence, 3)
        document["metadata"] = document.get("metadata", {}) | {
            "recording": _about(recordings, listened, sides, "given" if language else "heard")
        }
        return document

    def _sides(
        self,
        recordings: Sequence[Recording],
        listened: Listened,
        told: tuple[AgentChannel, Known] | None,
        language: Language,
    ) -> Sides:
        heard = [channel.words for channel in listened.channels]
        if len(recordings) == 2:
            if not all(heard):
                silent = recordings[0 if heard[1] else 1]
                raise InputError("nobody speaks in the file of this side", place=str(silent.path))
            return Sides({"agent": heard[0], "caller": heard[1]}, "files")
        spoken = [place for place, words in enumerate(heard) if words]
        if len(spoken) == 2:
            if told is not None:
                channel, known = told
                return Sides(_named(heard, agent_first=channel == "left"), known)
            return self._told_by_talk(heard, language, 1.0)
        return self._by_voice(recordings[0], spoken[0], heard[spoken[0]], language)

    def _told(self, sidecar: Sidecar, named: AgentChannel | None) -> tuple[AgentChannel, Known] | None:
        """The agent's channel, and who says so; whoever knows this recording best is heard first."""
        if self.agent_channel is not None:
            return self.agent_channel, "option"
        if sidecar.channels is not None:
            return "left" if sidecar.channels[0] == "agent" else "right", "side-car"
        return None if named is None else (named, "file name")

    def _by_voice(self, recording: Recording, channel: int, words: Sequence[Word], language: Language) -> Sides:
        voices = Voices(self.voices())
        for samples, spans, offset in speech_of(recording, channel):
            voices.feed(samples, spans, offset, words)
        split = voices.split(words)
        two: list[list[Word]] = [[], []]
        for word, speaker in zip(words, split.speakers, strict=True):
            two[speaker].append(word)
        if not all(two):
            raise InputError("only one voice is heard in the recording, and a call has two", place=str(recording.path))
        return self._told_by_talk(two, language, split.confidence)

    def _told_by_talk(self, two: Sequence[list[Word]], language: Language, apart: float) -> Sides:
        """`apart`: how sure it is that the words of the two were told apart."""
        straight = self.roles(turns_of(_named(two, agent_first=True)), language)
        words = _named(two, agent_first=straight >= 0.5)
        return Sides(words, "talk", max(straight, 1 - straight) * apart)


def _named(two: Sequence[list[Word]], *, agent_first: bool) -> dict[Side, list[Word]]:
    agent, caller = two if agent_first else reversed(two)
    return {"agent": agent, "caller": caller}


def _refuse_change(files: Sequence[Path], before: Sequence[tuple[int, int]]) -> None:
    if [_state(path) for path in files] != before:
        message = "the recording changed while it was heard; is it still being recorded? try again when it is whole"
        raise InputError(message, place=str(files[0]))


def _state(path: Path) -> tuple[int, int]:
    state = path.stat()
    return state.st_size, state.st_mtime_ns


def _about(
    recordings: Sequence[Recording], listened: Listened, sides: Sides, language: Literal["given", "heard"]
) -> dict[str, Any]:
    # Whose channel a cut is on; nothing where both are on one.
    whose = {id(words): {"speaker": side} for side, words in sides.words.items()}
    cuts = [asdict(cut) | whose.get(id(heard.words), {}) for heard in listened.channels for cut in heard.cuts]
    return {
        "files": [shown_path(recording.path.name) for recording in recordings],
        "sha256": [_sha256(recording.path) for recording in recordings],
        "seconds": round(listened.seconds, 2),
        "channels": len(listened.channels),
        "codec": recordings[0].codec,
        "damaged": sum(recording.damaged for recording in recordings),
        "language": language,
        "roles": sides.known,
        "cuts": sorted(cuts, key=lambda cut: cut["start"]),
    }


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
