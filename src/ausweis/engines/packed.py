"""Recorded answers of a whole golden set in one small file, and an engine that asks the model only where none fits.

The file is JSON lines, packed by xz: first what answered, then an answer a line under the first 24 hex digits of its
key: that of a request, or of a row of a transcript. The key covers messages, answers or schema, probe and the model's
hash, so an answer to another prompt, by another model or probe, is never found. Token counts are not kept.
"""

import json
import lzma
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ausweis.engines.protocol import Engine, Request, Result, Transcript, transcript_engine
from ausweis.errors import InputError, RunError
from ausweis.journal import replace_file
from ausweis.opening import read_bytes
from ausweis.provenance import ModelProvenance

__all__ = ["Packed", "RecordedEngine", "pack", "unpack"]

SCHEMA = "ausweis/packed@1"
_KEY = 24


@dataclass(frozen=True)
class Packed:
    """What answered, and its answers by key."""

    info: ModelProvenance
    answers: Mapping[str, Result]

    def find(self, key: str) -> Result | None:
        """The answer with this key, if it was recorded."""
        return self.answers.get(key[:_KEY])


def pack(path: Path, info: ModelProvenance, answers: Iterable[tuple[str, Result]]) -> None:
    """Write a file of answers by whole key; the same answers give the same bytes.

    Raises:
        RunError: it cannot be written.
    """
    lines = [_line({"schema": SCHEMA, "engine": info.model_dump()})]
    for key, result in sorted(answers):
        body: dict[str, Any] = {"key": key[:_KEY], "text": result.text}
        if result.probabilities:
            body["p"] = result.probabilities
        if result.unsure is not None:
            body["u"] = result.unsure
        lines.append(_line(body))
    replace_file(path, lzma.compress("".join(lines).encode(), preset=9 | lzma.PRESET_EXTREME))


def unpack(path: Path) -> Packed:
    """Read such a file.

    Raises:
        InputError: it cannot be read, or is something else.
    """
    try:
        first, *rest = lzma.decompress(read_bytes(path)).decode().splitlines()
        about = json.loads(first)
        if about["schema"] != SCHEMA:
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
    except (OSError, lzma.LZMAError, ValueError, LookupError, TypeError, ValidationError):
        raise InputError("holds no recorded answers, or broken ones; record them anew", place=str(path)) from None
    return Packed(info, answers)


def _line(body: Mapping[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")) + "\n"


@dataclass
class RecordedEngine:
    """Answers from recordings; a question that has none is asked of the model, which is loaded then.

    `recorded` and `asked` count the questions answered from there and by the model, but for those that are checked.

    `checking`: ask the model in any case, and note how far its answers are from the recorded ones, which are given.
    """

    calls_at_once = 1

    packed: Packed
    open_live: Callable[[], Engine]
    checking: bool = False
    recorded: int = 0
    asked: int = 0
    checked: int = 0
    largest_difference: float = 0.0
    _live: Engine | None = field(default=None, init=False)

    @property
    def info(self) -> ModelProvenance:
        """What was recorded, with `recorded:` before the engine's name."""
        return self.packed.info.model_copy(update={"engine": f"recorded:{self.packed.info.engine}"})

    def complete(self, requests: Sequence[Request]) -> list[Result]:
        """Answer from recordings; what has none, or all of it if `checking`, is asked of the model in one batch.

        Raises:
            RunError: the model that was loaded is not the one that was recorded.
            EngineError, ModelError: as the model's engine.
        """
        known = [self.packed.find(request.key(self.packed.info.sha256)) for request in requests]
        places = [place for place, answer in enumerate(known) if answer is None or self.checking]
        answers = self._engine().complete([requests[place] for place in places]) if places else []
        return self._given(known, dict(zip(places, answers, strict=True)))

    def read(self, transcript: Transcript) -> list[Result]:
        """Answer from recordings; where one row has none, or if `checking`, the model reads the transcript.

        Raises:
            RunError, EngineError, ModelError: as `complete`.
        """
        known = [self.packed.find(key) for key in transcript.keys(self.packed.info.sha256)]
        if None not in known and not self.checking:
            return self._given(known, {})
        told = enumerate(transcript_engine(self._engine()).read(transcript))
        return self._given(known, {place: result for place, result in told if self.checking or known[place] is None})

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
        """Close the model's engine, if it was loaded."""
        if self._live is not None:
            self._live.close()

    def _engine(self) -> Engine:
        if self._live is None:
            self._live = self.open_live()
            if self._live.info.sha256 != self.packed.info.sha256:
                message = f"answers of {self.packed.info.id} are recorded, not of {self._live.info.id}"
                raise RunError(f"{message}; leave the recordings out")
        return self._live


def _difference(recorded: Result, told: Result) -> float:
    """The largest difference of a probability; 1 where there is none and the texts differ."""
    if not recorded.probabilities:
        return float(recorded.text != told.text)
    differences = [abs(a - b) for a, b in zip(recorded.probabilities, told.probabilities, strict=True)]
    return max(differences) if all(map(math.isfinite, differences)) else 1.0
