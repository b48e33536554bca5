"""Answers recorded once and given again: `RecordingEngine` writes them, `ReplayEngine` reads them.

A folder holds `engine.json` (what answered) and `answers.jsonl`: a line has the key of a request and its answer, and
nothing of the prompt, so no words of a call but those that an answer itself quotes (those of `call-events` do).
The key (`Request.key`) covers the messages, the choices or schema, and the model's hash: whatever is changed there has
no recording.
"""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ausweis.engines.protocol import Engine, Request, Result, Transcript, WrittenAnswers, transcript_engine
from ausweis.errors import EngineError, InputError
from ausweis.journal import FolderLock, Journal, lines, make_folder, replace_file
from ausweis.opening import open_file, read_bytes
from ausweis.provenance import ModelProvenance

__all__ = ["RecordingEngine", "ReplayEngine", "recordings"]

ENGINE_FILE = "engine.json"
ANSWERS_FILE = "answers.jsonl"
_ROUNDED = 0.01
"""So much may the sum of probabilities differ from 1."""


class _Recording(BaseModel):
    model_config = ConfigDict(extra="forbid")

    schema_: Literal["ausweis/recording@1"] = Field("ausweis/recording@1", alias="schema")
    key: str = Field(pattern=r"^[0-9a-f]{64}$")
    template: str
    result: Result


class ReplayEngine:
    """Gives recorded answers; the folder is not changed. `info` is what was recorded, as `replay:` its engine.

    Memory: about 200 bytes an answer, as the answers stay in the file.

    Raises:
        InputError: the folder holds no recordings, or one of them is broken.
    """

    calls_at_once = 1

    def __init__(self, folder: Path) -> None:
        recorded, _ = recordings(folder)
        self._sha256 = recorded.sha256
        self.info = recorded.model_copy(update={"engine": f"replay:{recorded.engine}"})
        self._path = folder / ANSWERS_FILE
        self._places, self.templates = _index(self._path)
        try:
            self._file = open_file(self._path)
        except OSError as error:
            message = f"the recorded answers cannot be read ({error.strerror})"
            raise InputError(message, place=str(self._path)) from None

    def complete(self, requests: Sequence[Request]) -> list[Result]:
        """The recorded answers.

        Raises:
            EngineError: there is none for a request, or one to another question; it names template and key.
        """
        return [self._complete(request) for request in requests]

    def _complete(self, request: Request) -> Result:
        result = self._answer(request.key(self._sha256), request.template, len(request.choices))
        if request.choices and (
            result.text not in request.choices or abs(math.fsum(result.probabilities) - 1) > _ROUNDED
        ):
            raise _no_answer(request.template, request.key(self._sha256))
        return result

    def read(self, transcript: Transcript) -> list[Result]:
        """The recorded answers about its rows, and about the call.

        Raises:
            EngineError: as `complete`.
        """
        asked = zip(transcript.keys(self._sha256), transcript.templates, transcript.all_probes, strict=True)
        return [self._answer(key, template, len(probe.labels)) for key, template, probe in asked]

    def _answer(self, key: str, template: str, count: int) -> Result:
        place = self._places.get(bytes.fromhex(key))
        if place is None:
            message = f"no recorded answer for a question of {template or 'no template'} (key {key[:16]}…)"
            raise EngineError(f"{message}; record it with --record")
        self._file.seek(place)
        result = _parse(self._file.readline(), str(self._path)).result
        if len(result.probabilities) != count:
            raise _no_answer(template, key)
        return result

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class RecordingEngine:
    """Asks another engine, and writes down each answer before it hands it on. What is recorded is not written again.

    Raises:
        InputError: the folder holds recordings of another model.
        RunError: the folder cannot be written, or another process records there.
    """

    calls_at_once = 1
    """Answers are written down one after another."""

    def __init__(self, inner: Engine, folder: Path) -> None:
        self._inner = inner
        if isinstance(inner, WrittenAnswers):
            self.templates = inner.templates
        self.info = inner.info
        make_folder(folder)
        self._lock = FolderLock(folder)
        try:
            self._begin(folder)
            self._journal = Journal(folder / ANSWERS_FILE)
            self._known = set(_index(folder / ANSWERS_FILE)[0])
        except BaseException:
            self._lock.release()
            raise

    def _begin(self, folder: Path) -> None:
        recorded = _read_info(folder)
        if recorded is None:
            replace_file(folder / ENGINE_FILE, self.info.model_dump_json(indent=2) + "\n")
        elif recorded.sha256 != self.info.sha256:
            what = f"{recorded.id} ({recorded.engine})"
            raise InputError(f"answers of {what} are recorded here; record into another folder", place=str(folder))

    def complete(self, requests: Sequence[Request]) -> list[Result]:
        """Ask, write down, hand on.

        Raises:
            EngineError: as the engine that answers.
            RunError: an answer cannot be written.
        """
        results = self._inner.complete(requests)
        for request, result in zip(requests, results, strict=True):
            self._record(request.key(self.info.sha256), request.template, result)
        return results

    def read(self, transcript: Transcript) -> list[Result]:
        """Ask, write down, hand on.

        Raises:
            EngineError, RunError: as `complete`.
        """
        results = transcript_engine(self._inner).read(transcript)
        for key, template, result in zip(transcript.keys(self.info.sha256), transcript.templates, results, strict=True):
            self._record(key, template, result)
        return results

    def _record(self, key: str, template: str, result: Result) -> None:
        if bytes.fromhex(key) not in self._known:
            recording = _Recording(key=key, template=template, result=result)
            self._journal.append(recording.model_dump_json(by_alias=True))
            self._known.add(bytes.fromhex(key))

    def close_recording(self) -> None:
        """Close the file and let others record; the engine that answers stays open."""
        try:
            self._journal.close()
        finally:
            self._lock.release()

    def close(self) -> None:
        """Close the file, let others record, and close the engine that answers."""
        try:
            self.close_recording()
        finally:
            self._inner.close()


def recordings(folder: Path) -> tuple[ModelProvenance, Iterator[tuple[str, Result]]]:
    """What was recorded in a folder, and all answers with their keys.

    Raises:
        InputError: the folder holds no recordings, or one of them is broken.
    """
    info = _read_info(folder)
    if info is None:
        raise InputError(f"there are no recorded answers here: {ENGINE_FILE} is missing", place=str(folder))
    path = folder / ANSWERS_FILE
    parsed = (_parse(line.data, f"{path}:{line.number}") for line in lines(path))
    return info, ((recording.key, recording.result) for recording in parsed)


def _index(path: Path) -> tuple[dict[bytes, int], frozenset[str]]:
    """Where in the file the answer of each key begins; the first one counts. And the ids of the templates."""
    places: dict[bytes, int] = {}
    templates: set[str] = set()
    for line in lines(path):
        recording = _parse(line.data, f"{path}:{line.number}")
        places.setdefault(bytes.fromhex(recording.key), line.offset)
        templates.add(recording.template.partition("@")[0])
    return places, frozenset(templates)


def _no_answer(template: str, key: str) -> EngineError:
    message = f"the recorded answer for a question of {template or 'no template'} (key {key[:16]}…) is none to it"
    return EngineError(f"{message}; delete its line, and record it anew with --record")


def _parse(data: bytes, place: str) -> _Recording:
    try:
        return _Recording.model_validate_json(data)
    except ValidationError:
        raise InputError("is no recorded answer; delete the line, or record anew", place=place) from None


def _read_info(folder: Path) -> ModelProvenance | None:
    path = folder / ENGINE_FILE
    try:
        return ModelProvenance.model_validate_json(read_bytes(path))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(f"the recordings cannot be read ({error.strerror})", place=str(path)) from None
    except ValidationError:
        raise InputError(
            "does not say which engine was recorded; record into another folder", place=str(path)
        ) from None
