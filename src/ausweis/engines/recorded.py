"""Answers recorded once and given again, by the key of their question (`Request.key`, `Transcript.keys`).

The key covers the messages, the choices or schema, a probe's file and the model's hash: whatever is changed there has
no recording. Of a prompt its template and turn are kept, so no words of a call but those that an answer itself quotes
(those of `call-events` do). Recordings are a folder that grows, with `engine.json` (what answered) and `answers.jsonl`;
or one small file of a whole golden set (`pack`): the same as JSON lines, packed by xz, an answer under the first 24 hex
digits of its key, without template, turn and counts of tokens.
"""

import json
import lzma
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationError

from ausweis.engines.protocol import Engine, Request, Result, Transcript, WrittenAnswers, transcript_engine
from ausweis.errors import EngineError, InputError, RunError
from ausweis.journal import FolderLock, Journal, lines, make_folder, replace_file
from ausweis.opening import open_file, read_bytes
from ausweis.provenance import ModelProvenance

ENGINE_FILE = "engine.json"
ANSWERS_FILE = "answers.jsonl"
_PACKED = "ausweis/packed@1"
_KEY = 24
_ROUNDED = 0.01
"""So much may the sum of probabilities differ from 1."""


class _Recording(BaseModel, extra="forbid"):
    schema_: Literal["ausweis/recording@1"] = Field("ausweis/recording@1", alias="schema")
    key: str = Field(pattern=r"^[0-9a-f]{64}$")
    template: str
    turn: Annotated[int | None, Field(exclude_if=lambda turn: turn is None)] = None
    """The one of the call that asked first; None of a call as a whole, and in recordings of before."""
    result: Result


@dataclass(frozen=True)
class Packed:
    """A packed file: what answered, and its answers by key."""

    info: ModelProvenance
    answers: Mapping[str, Result]

    def find(self, key: str) -> Result | None:
        """The answer with this key, if it was recorded."""
        return self.answers.get(key[:_KEY])


class Folders:
    """Folders of recordings of one model and engine. Memory: about 200 bytes an answer, as these stay in their files.

    Raises:
        InputError: one of them is broken.
    """

    def __init__(self, info: ModelProvenance, *folders: Path) -> None:
        self.info = info
        self.templates: frozenset[str] = frozenset()
        self._places: dict[bytes, tuple[Path, int]] = {}
        for folder in folders:
            self._add(folder / ANSWERS_FILE)

    @classmethod
    def fitting(cls, folders: Iterable[Path], fits: Callable[[ModelProvenance], bool]) -> "Folders | None":
        """Those of what `fits`; the first one counts, what cannot be read is passed over. None where there are none."""
        found: Folders | None = None
        for folder in folders:
            with suppress(InputError, RunError):
                info = _read_info(folder)
                if info is not None and fits(info):
                    found = found or cls(info)
                    found._add(folder / ANSWERS_FILE)
        return found

    def _add(self, path: Path) -> None:
        places, templates = _index(path)
        for key, place in places.items():
            self._places.setdefault(key, (path, place))
        self.templates |= templates

    def find(self, key: str) -> Result | None:
        """The answer with this key, if it was recorded.

        Raises:
            EngineError: it cannot be read any more.
        """
        path, place = self._places.get(bytes.fromhex(key), (None, 0))
        if path is None:
            return None
        try:
            with open_file(path) as file:
                file.seek(place)
                return _parse(file.readline(), str(path)).result
        except OSError as error:
            raise EngineError(f"the recorded answers cannot be read ({error.strerror}): {path}") from None


class RecordedEngine:
    """Gives recorded answers; a question that has none is asked of the model, which is opened then, if it may be.

    `recorded` and `asked` count the questions answered from there and by the model, but for those that are checked.
    `checking`: ask the model in any case, and note how far its answers are from the recorded ones, which are given.
    `live`: the model, where it is open already, in whose place this stands; or its `info`. By default this calls itself
    `recorded:` and what was recorded.
    """

    calls_at_once = 1
    templates: frozenset[str]
    """There only in the place of `WrittenAnswers`."""

    def __init__(
        self,
        source: Packed | Folders,
        open_live: Callable[[], Engine] | None = None,
        *,
        live: Engine | None = None,
        info: ModelProvenance | None = None,
    ) -> None:
        self._source, self._open_live, self._live = source, open_live, live
        if isinstance(live, WrittenAnswers):
            self.templates = live.templates
        info = live.info if live else info
        self.info = info or source.info.model_copy(update={"engine": f"recorded:{source.info.engine}"})
        self.checking = False
        self.recorded = self.asked = self.checked = 0
        self.largest_difference = 0.0

    def complete(self, requests: Sequence[Request]) -> list[Result]:
        """The recorded answers; what has none, or all of it if `checking`, is asked of the model in one batch."""
        known = [
            self._known(request.key(self.info.sha256), request.template, request.choices, closed=bool(request.choices))
            for request in requests
        ]
        places = [place for place, answer in enumerate(known) if answer is None or self.checking]
        answers = self._engine().complete([requests[place] for place in places]) if places else []
        return self._given(known, dict(zip(places, answers, strict=True)))

    def read(self, transcript: Transcript) -> list[Result]:
        """The recorded answers; where one row has none, or if `checking`, the model reads the transcript."""
        asked = zip(transcript.keys(self.info.sha256), transcript.templates, transcript.all_probes, strict=True)
        known = [self._known(key, template, probe.labels) for key, template, probe in asked]
        if None not in known and not self.checking:
            return self._given(known, {})
        told = enumerate(transcript_engine(self._engine()).read(transcript))
        return self._given(known, {place: result for place, result in told if self.checking or known[place] is None})

    def _known(self, key: str, template: str, choices: Sequence[str], *, closed: bool = False) -> Result | None:
        """The recorded answer; None where the model may be asked. `closed`: it is one of the choices."""
        result = self._source.find(key)
        question = f"question of {template or 'no template'} (key {key[:16]}…)"
        if result is None and self._open_live is None and self._live is None:
            raise EngineError(f"no recorded answer for a {question}; record it with --record")
        if result is not None and (
            len(result.probabilities) != len(choices)
            or (closed and (result.text not in choices or abs(math.fsum(result.probabilities) - 1) > _ROUNDED))
        ):
            message = f"the recorded answer for a {question} is none to it"
            raise EngineError(f"{message}; delete its line, and record it anew with --record")
        return result

    def _given(self, known: Sequence[Result | None], asked: Mapping[int, Result]) -> list[Result]:
        """The recorded answers, and for those that have none what the model was `asked`."""
        if not self.checking:
            self.recorded += len(known) - len(asked)
            self.asked += len(asked)
        given = []
        for place, recorded in enumerate(known):
            if recorded is not None and place in asked:
                self.checked += 1
                self.largest_difference = max(self.largest_difference, _difference(recorded, asked[place]))
            given.append(asked[place] if recorded is None else recorded)
        return given

    def close(self) -> None:
        """Close the model's engine, if it was opened."""
        if self._live is not None:
            self._live.close()

    def _engine(self) -> Engine:
        if self._live is None and self._open_live is not None:
            self._live = self._open_live()
            if self._live.info.sha256 != self.info.sha256:
                message = f"answers of {self.info.id} are recorded, not of {self._live.info.id}"
                raise RunError(f"{message}; leave the recordings out")
        if self._live is None:
            raise EngineError("recorded answers are not compared with those of a model")
        return self._live


class RecordedOnly(RecordedEngine):
    """Gives the recorded answers of a folder or a packed file, and no others.

    Raises:
        InputError: there are no recordings, or one of them is broken.
    """

    def __init__(self, path: Path) -> None:
        source = unpack(path) if path.suffix == ".xz" else Folders(recordings(path)[0], path)
        super().__init__(source)
        self.templates = source.templates if isinstance(source, Folders) else frozenset[str]()


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
            recorded = _read_info(folder)
            if recorded is None:
                replace_file(folder / ENGINE_FILE, self.info.model_dump_json(indent=2) + "\n")
            elif recorded.sha256 != self.info.sha256:
                message = f"answers of {recorded.id} ({recorded.engine}) are recorded here"
                raise InputError(f"{message}; record into another folder", place=str(folder))
            self._journal = Journal(folder / ANSWERS_FILE)
            self._known = set(_index(folder / ANSWERS_FILE)[0])
        except BaseException:
            self._lock.release()
            raise

    def complete(self, requests: Sequence[Request]) -> list[Result]:
        """Ask, write down, hand on."""
        results = self._inner.complete(requests)
        for request, result in zip(requests, results, strict=True):
            self._record(request.key(self.info.sha256), request.template, request.turn, result)
        return results

    def read(self, transcript: Transcript) -> list[Result]:
        """Ask, write down, hand on."""
        results = transcript_engine(self._inner).read(transcript)
        keys = transcript.keys(self.info.sha256)
        for asked in zip(keys, transcript.templates, transcript.all_turns, results, strict=True):
            self._record(*asked)
        return results

    def _record(self, key: str, template: str, turn: int | None, result: Result) -> None:
        if bytes.fromhex(key) not in self._known:
            recording = _Recording(key=key, template=template, turn=turn, result=result)
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


def pack(path: Path, info: ModelProvenance, answers: Iterable[tuple[str, Result]]) -> None:
    """Write a packed file of answers by whole key; the same answers give the same bytes."""
    bodies: list[dict[str, Any]] = [{"schema": _PACKED, "engine": info.model_dump()}]
    for key, result in sorted(answers):
        body: dict[str, Any] = {"key": key[:_KEY], "text": result.text}
        if result.probabilities:
            body["p"] = result.probabilities
        if result.unsure is not None:
            body["u"] = result.unsure
        bodies.append(body)
    text = "".join(json.dumps(body, ensure_ascii=False, separators=(",", ":")) + "\n" for body in bodies)
    replace_file(path, lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))


def unpack(path: Path) -> Packed:
    """Read a packed file.

    Raises:
        InputError: it cannot be read, or is something else.
    """
    try:
        first, *rest = lzma.decompress(read_bytes(path)).decode().splitlines()
        about = json.loads(first)
        if about["schema"] != _PACKED:
            raise ValueError
        info = ModelProvenance.model_validate(about["engine"])
        bodies = (json.loads(line) for line in rest)
        answers = {
            body["key"]: Result(text=body["text"], probabilities=tuple(body.get("p", ())), unsure=body.get("u"))
            for body in bodies
        }
    except FileNotFoundError:
        raise InputError(
            "there are no recorded answers here; `ausweis eval bless` makes them", place=str(path)
        ) from None
    except (OSError, lzma.LZMAError, ValueError, LookupError, TypeError):
        raise InputError("holds no recorded answers, or broken ones; record them anew", place=str(path)) from None
    return Packed(info, answers)


def _difference(recorded: Result, told: Result) -> float:
    """The largest difference of a probability; 1 where there is none and the texts differ."""
    if not recorded.probabilities:
        return float(recorded.text != told.text)
    differences = [abs(a - b) for a, b in zip(recorded.probabilities, told.probabilities, strict=True)]
    return max(differences) if all(map(math.isfinite, differences)) else 1.0


def _index(path: Path) -> tuple[dict[bytes, int], frozenset[str]]:
    """Where in the file the answer of each key begins; the first one counts. And the ids of the templates."""
    places: dict[bytes, int] = {}
    templates: set[str] = set()
    for line in lines(path):
        recording = _parse(line.data, f"{path}:{line.number}")
        places.setdefault(bytes.fromhex(recording.key), line.offset)
        templates.add(recording.template.partition("@")[0])
    return places, frozenset(templates)


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
