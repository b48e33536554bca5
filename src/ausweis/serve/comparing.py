"""What a reviewer heard beside what the verdict says, line by line."""

from collections.abc import Sequence
from dataclasses import dataclass

from ausweis.judging.verdict import Verdict
from ausweis.pages.words import Words
from ausweis.store import CallRecord, Decision, blind_statement

__all__ = ["Compared", "ComparedLine", "at_turns", "compared", "found_at", "said_at"]


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
    found, mine = found_at(verdict), said_at(said)
    outcome = words.capital(words.word(said.outcome or said.choice))
    lines = [ComparedLine(words.text("outcome"), outcome, words.capital(words.word(verdict.outcome)))]
    lines += [
        ComparedLine(words.capital(words.word(kind)), at_turns(kind, mine, words), at_turns(kind, found, words))
        for kind in dict.fromkeys(name for name, _ in (*mine, *found))
    ]
    return Compared(lines, said.note)


def found_at(verdict: Verdict) -> list[tuple[str, int]]:
    """What a verdict says that happened: types and kinds, each with its turn."""
    return [
        *((violation.type, violation.turn) for violation in verdict.violations),
        *((incident.id, incident.turn) for incident in verdict.incidents),
    ]


def said_at(decision: Decision) -> list[tuple[str, int]]:
    """What a reviewer says that happened."""
    return [*decision.violations, *(decision.incidents or ())]


def at_turns(kind: str, said: Sequence[tuple[str, int]], words: Words) -> str:
    """The turns in which it happened, in words; empty where it did not."""
    turns = sorted({turn for name, turn in said if name == kind})
    return words.text("in_turns" if len(turns) > 1 else "in_turn", turn=", ".join(map(str, turns))) if turns else ""
