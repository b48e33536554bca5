"""Recordings among the files of a user, heard one after another; what was heard before is not heard again.

From the options of a command to something that listens: models are found at once, and loaded when needed.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ausweis import __version__
from ausweis.audio.asr_model import AsrModel
from ausweis.audio.kept import Kept
from ausweis.audio.roles import Happens, Roles, RoleWords
from ausweis.audio.sidecar import Sidecar
from ausweis.audio.transcriber import Transcriber
from ausweis.audio.voice_encoder import VoiceEncoder
from ausweis.calls.call import RawCall, UnreadableCall
from ausweis.calls.sources import AgentChannel, Source
from ausweis.calls.text import shown_path
from ausweis.engines.weights import LocalModel, catalogue, locate_file, locate_folder
from ausweis.errors import AusweisError, EngineError, InputError, ModelError
from ausweis.journal import part_of, write_fault
from ausweis.vocabulary import Language


@dataclass(frozen=True)
class HearingOptions:
    """How recordings are heard. `hot_words`: of the trade, that the ASR model should know how to write."""

    asr_model: str | None = None
    language: Language | None = None
    agent_channel: AgentChannel | None = None
    threads: int | None = None
    hot_words: tuple[str, ...] = ()

    def find(self) -> LocalModel:
        """The ASR model's folder; the default one, unless one is named.

        Raises:
            ModelError: it is not on this machine, or not whole.
        """
        return locate_folder(self.asr_model or catalogue.default_id("asr"))

    def settings(self, model: LocalModel, roles_model: str) -> str:
        """All that a transcript depends on besides the recording, as JSON. Kept transcripts are known by it.

        Raises:
            ModelError: the words that tell the roles cannot be read.
        """
        parts = {
            "ausweis": __version__,
            "recogniser": f"{model.id} ({model.sha256[:12]})",
            "language": self.language or "heard",
            "agent channel": self.agent_channel or "as found",
            "words": list(self.hot_words),
            "voices": catalogue.entry(catalogue.default_id("voices")).sha256[:12],
            "roles": roles_model,
            "role words": RoleWords.load().sha256[:12],
        }
        return json.dumps(parts, ensure_ascii=False, sort_keys=True)

    def open(self, model: LocalModel, happens: Happens) -> Transcriber:
        """Load the ASR model; the voices only when a recording needs them, which holds for `happens` too.

        Raises:
            ModelError: it, or the words that tell the roles, cannot be loaded.
        """
        return Transcriber(
            AsrModel.load(model.path, threads=self.threads, hot_words=self.hot_words),
            lambda: VoiceEncoder.load(locate_file(catalogue.default_id("voices")).path),
            Roles(RoleWords.load(), happens),
            language=self.language,
            agent_channel=self.agent_channel,
        )


Listening = Callable[[str, float, float], None]
"""Told the name of a recording, how many seconds of it were heard, and how many it has; 0 where that is not known."""


@dataclass
class Hearing:
    """Called with a source, gives its raw call. `settings` are what a transcript depends on besides the recording.

    With a folder in `keep`, the recordings that could be heard are copied there.
    """

    open_transcriber: Callable[[], Transcriber]
    kept: Kept
    settings: str
    keep: Path | None = None
    progress: Listening | None = None

    @cached_property
    def _transcriber(self) -> Transcriber:
        return self.open_transcriber()

    def __call__(self, source: Source) -> RawCall | UnreadableCall:
        """The call of a recording, from what is kept where it was heard before.

        Raises:
            ModelError: no recording can be heard at all.
            RunError: the transcript cannot be written.
        """
        try:
            sidecar = Sidecar.read(source.sidecar)
        except InputError as error:
            return UnreadableCall(
                shown_path(error.place or source.place), source.default_id, error.message, "recording"
            )
        call_id = sidecar.id or source.default_id
        try:
            return RawCall(self._document(source, sidecar) | {"id": call_id}, source.place, call_id)
        except (InputError, EngineError) as error:
            return UnreadableCall(source.place, call_id, error.message, "recording")
        except AusweisError:
            raise
        except OSError as error:
            message = f"the file cannot be read ({error.strerror or 'I/O error'})"
            return UnreadableCall(source.place, call_id, message, "file")
        except Exception as error:
            return UnreadableCall.of(error, source.place, call_id=call_id)

    def _document(self, source: Source, sidecar: Sidecar) -> dict[str, Any]:
        key = self._key(source)
        document = self.kept.get(key)
        if document is None:
            document = {"id": sidecar.id or source.default_id} | self._heard(source, sidecar)
            metadata = document["metadata"]
            document["metadata"] = metadata | {"recording": {"key": key} | metadata["recording"]}
            self.kept.add(key, document)
        if self.keep is not None:
            _copy(source.files, self.keep, str(document["id"]))
        return document

    def _heard(self, source: Source, sidecar: Sidecar) -> dict[str, Any]:
        transcriber = self._transcriber
        told = partial(self.progress or (lambda *_: None), source.default_id)
        try:
            return transcriber.transcribe(source.files, sidecar, source.agent_channel, told)
        except ModelError as error:
            # Only this one needs the voices, or somebody to ask for the roles: others go on.
            raise InputError(error.message) from error

    def _key(self, source: Source) -> str:
        """Changes when a file, what stands beside it, or a setting does."""
        parts: list[object] = [self.settings]
        for path in (*source.files, source.sidecar):
            if path is not None and path.exists():
                state = path.stat()
                parts.append((str(path.absolute()), state.st_size, state.st_mtime_ns))
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def _copy(files: Sequence[Path], folder: Path, call_id: str) -> None:
    """Each file under the call's id, with its side where there are two."""
    sides = ("",) if len(files) == 1 else (".agent", ".caller")
    try:
        folder.mkdir(exist_ok=True)
        for path, side in zip(files, sides, strict=True):
            copy = folder / f"{quote(call_id, safe=' ')}{side}{path.suffix}"
            half = part_of(copy)
            try:
                shutil.copyfile(path, half)
                half.replace(copy)
            finally:
                half.unlink(missing_ok=True)
    except OSError as error:
        raise write_fault(folder, error) from None
