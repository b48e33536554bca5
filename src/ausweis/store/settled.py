"""Calls as a run settled them: verdict and facts as their lines stand in its folder."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from ausweis.batch.canonical import facts_line, verdict_line
from ausweis.batch.state import FACTS_FILE, VERDICTS_FILE, facts_of
from ausweis.errors import RunError
from ausweis.facts import Facts
from ausweis.journal import lines
from ausweis.judging.verdict import Verdict

__all__ = ["Settled", "settled_in"]


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
