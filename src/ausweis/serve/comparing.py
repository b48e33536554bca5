"""What a reviewer heard beside what the verdict says, line by line."""

from collections.abc import Sequence
from dataclasses import dataclass

from ausweis.store import CallRecord, Decision, blind_statement
from ausweis.views.words import Words

__all__ = ["Compared", "ComparedLine", "compared"]


@dataclass(frozen=True)
class ComparedLine:
    """One thing that either says, in words; empty where it does not."""

    name: str
    mine: str
    verdict: str

    @property
    def differs(self) -> bool:
        """Whether they do not say the same."""
        return self.mine != self.verdict


@dataclass(frozen=True)
class Compared:
    """All lines, the outcome first. `note`: what the reviewer wrote."""

    lines: Sequence[ComparedLine]
    note: str

    @property
    def differs(self) -> bool:
        """Whether any line does."""
        return any(line.differs for line in self.lines)


def compared(record: CallRecord, reviewer: str, words: Words) -> Compared | None:
    """What the reviewer said of the call before they saw its verdict, beside this; None where they saw it first."""
    said = blind_statement(record, reviewer)
    if said is None:
        return None
    verdict = record.verdict
    found = [
        *((violation.type, violation.turn) for violation in verdict.violations),
        *((incident.id, incident.turn) for incident in verdict.incidents),
    ]
    mine: list[tuple[str, int]] = [*said.violations, *(said.incidents or ())]
    lines = [ComparedLine(words.text("outcome"), _outcome(said, words), words.capital(words.word(verdict.outcome)))]
    lines += [
        ComparedLine(words.capital(words.word(kind)), _at(kind, mine, words), _at(kind, found, words))
        for kind in dict.fromkeys(name for name, _ in (*mine, *found))
    ]
    return Compared(lines, said.note)


def _outcome(said: Decision, words: Words) -> str:
    return words.capital(words.word(said.outcome or said.choice))


def _at(kind: str, said: Sequence[tuple[str, int]], words: Words) -> str:
    turns = sorted({turn for name, turn in said if name == kind})
    return words.text("in_turns" if len(turns) > 1 else "in_turn", turn=", ".join(map(str, turns))) if turns else ""
