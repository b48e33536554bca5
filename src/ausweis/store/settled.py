"""Calls as a run has them: verdict and facts as their lines stand in its folder, texts from where it had them."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError
from sqlalchemy import Connection, select

from ausweis.audio.kept import TRANSCRIPTS_FILE
from ausweis.batch.manifest import Inputs, RunManifest
from ausweis.batch.state import FACTS_FILE, VERDICTS_FILE, facts_line, facts_of, verdict_line
from ausweis.calls import Call, UnreadableCall, read_calls
from ausweis.errors import AusweisError, RunError
from ausweis.facts import Facts
from ausweis.journal import lines
from ausweis.judging.verdict import Verdict
from ausweis.opening import is_stream
from ausweis.store.rows import RunRow
from ausweis.store.schema import calls, texts, verdicts
from ausweis.vocabulary import LANGUAGES, Language

__all__ = ["Settled", "read_as", "settled_in", "sources_of", "wanting"]


@dataclass(frozen=True, slots=True)
class Settled:
    """One call. `facts` is its line, None where there is none; `turns`: how many the call has, 0 where nobody knows.

    `digest` tells verdict and facts from any other.
    """

    verdict: Verdict
    facts: str | None
    turns: int
    digest: str

    @classmethod
    def of(cls, facts: Facts, verdict: Verdict) -> "Settled":
        """What the lines of both would be."""
        return cls._read(verdict, verdict_line(verdict).encode(), facts_line(facts).encode(), facts.turns)

    @classmethod
    def _read(cls, verdict: Verdict, line: bytes, facts: bytes, turns: int) -> "Settled":
        digest = hashlib.sha256(line + b"\n" + facts).hexdigest()[:32]
        return cls(verdict, facts.decode("utf-8") or None, turns, digest)

    @property
    def call_id(self) -> str:
        """The id of the call."""
        return self.verdict.call_id


def settled_in(folder: Path) -> Iterator[Settled]:
    """The calls that have a verdict in a run folder.

    Raises:
        RunError: a line cannot be read.
    """
    path = folder / VERDICTS_FILE
    facts = _FactLines(folder / FACTS_FILE)
    for line in lines(path):
        try:
            verdict = Verdict.model_validate_json(line.data)
        except ValidationError:
            message = "the line holds no verdict that this version of ausweis can read"
            raise RunError(message, place=f"{path}:{line.number}") from None
        yield Settled._read(verdict, line.data, *facts.of(verdict.call_id))


class _FactLines:
    """The facts of a run, found as verdicts go on: both files have about the same order, so little is held."""

    def __init__(self, path: Path) -> None:
        self._lines = ((facts_of(line, path), line.data) for line in lines(path))
        # Of a run of several processes, which may be far out of order, more.
        self._waiting: dict[str, tuple[bytes, int]] = {}

    def of(self, call_id: str) -> tuple[bytes, int]:
        """The line of a call's facts and how many turns it has; nothing and 0 where there are none."""
        if call_id in self._waiting:
            return self._waiting.pop(call_id)
        for facts, data in self._lines:
            if facts.call_id == call_id:
                return data, facts.turns
            self._waiting[facts.call_id] = data, facts.turns
        return b"", 0


def read_as(paths: tuple[str, ...], inputs: Inputs) -> Iterator[Call | UnreadableCall]:
    """Read calls in the way in which a run read its inputs.

    Raises:
        InputError: a path cannot be used.
    """
    language: Language = next((known for known in LANGUAGES if known == inputs.language), "de")
    return read_calls(paths, speakers=inputs.speakers, language=language, format=inputs.format)


def sources_of(folder: Path, manifest: RunManifest) -> tuple[Iterator[Call], Iterator[Call]]:
    """Where calls of a run may be: its own transcripts, then the files that it was given.

    What cannot be read any more is passed over.
    """
    transcripts = folder / TRANSCRIPTS_FILE
    # Standard input is gone.
    paths = (path for path in manifest.inputs.paths if path != "-" and not is_stream(Path(path)))
    given = (call for path in paths for call in _calls((path,), manifest.inputs))
    return _calls((str(transcripts),) if transcripts.is_file() else (), Inputs()), given


def wanting(connection: Connection, run: RunRow, ids: list[str] | None = None) -> dict[str, int]:
    """How many turns each call has that this run judged and that has no text, by its id; of these, or of all."""
    joined = verdicts.join(calls, calls.c.key == verdicts.c.call_key)
    joined = joined.outerjoin(texts, texts.c.call_key == verdicts.c.call_key)
    wanted = select(calls.c.call_id, calls.c.turns).select_from(joined)
    wanted = wanted.where(verdicts.c.run_key == run.key, texts.c.call_key.is_(None))
    wanted = wanted if ids is None else wanted.where(calls.c.call_id.in_(ids))
    return {row.call_id: row.turns for row in connection.execute(wanted)}


def _calls(paths: tuple[str, ...], inputs: Inputs) -> Iterator[Call]:
    try:
        yield from (call for call in read_as(paths, inputs) if isinstance(call, Call))
    except AusweisError:
        return
