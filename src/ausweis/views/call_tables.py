"""Calls as a table, their findings as another: for Excel in words, for programs as the contracts say."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import time
from typing import TypeVar

from ausweis.judging.sentences import review_sentence
from ausweis.store import CallRecord, CallRow, Decision
from ausweis.views.decided import Decided, decided_of, label_in_words
from ausweis.views.findings import Finding, findings_of
from ausweis.views.masks import CallMask
from ausweis.views.tables import Cell, Column, Linked, Table
from ausweis.views.words import Words, time_of

__all__ = ["CallLine", "FindingLine", "Manner", "call_line", "call_table", "finding_lines", "finding_table"]

T = TypeVar("T")


@dataclass(frozen=True)
class CallLine:
    """A call as a row. `findings`: the worst first; `reasons`: why the verdict is not sure."""

    row: CallRow
    findings: Sequence[Finding]
    reasons: Sequence[str]
    decided: Decided

    @property
    def worst(self) -> Finding | None:
        """The first of the findings."""
        return next(iter(self.findings), None)

    @property
    def why(self) -> str:
        """What the worst finding says, else why the verdict is not sure."""
        return self.worst.why if self.worst else " ".join(self.reasons)


@dataclass(frozen=True)
class FindingLine:
    """A finding as a row; None for a call without any, so that none is left out."""

    call: CallLine
    finding: Finding | None

    @property
    def why(self) -> str:
        """What was missing or what happened, else why the verdict is not sure."""
        return self.finding.why if self.finding else " ".join(self.call.reasons)


@dataclass(frozen=True)
class Manner:
    """How cells are written. `words`: in words; with None, as the contracts say.

    `agents`: with their pseudonyms; `serve`: the address of the desk, for links.
    """

    words: Words | None
    agents: bool = False
    serve: str | None = None

    def say(self, word: str | None) -> str:
        """A word of the domain; empty for none."""
        if not word or self.words is None:
            return word or ""
        return self.words.capital(self.words.word(word))

    def kind(self, finding: Finding | None) -> str:
        """Whether it is a violation or an incident; empty for none."""
        if finding is None:
            return ""
        kind = "incident" if finding.incident else "violation"
        return kind if self.words is None else self.words.text(kind)

    def listed(self, kinds: Sequence[str]) -> str:
        """Several of them."""
        return " ".join(kinds) if self.words is None else self.words.capital(", ".join(map(self.words.word, kinds)))

    def yes(self, is_so: bool) -> str:
        """Whether it is so; in words, only where it is."""
        if self.words is None:
            return str(is_so).lower()
        return self.words.text("yes") if is_so else ""

    def label(self, decision: Decision | None) -> str:
        """What is right, with turns."""
        if decision is None:
            return ""
        if self.words is not None:
            return self.words.capital(label_in_words(decision, self.words))
        happened = (*decision.violations, *(decision.incidents or ()))
        return " ".join([decision.outcome or "", *(f"{kind}@{turn}" for kind, turn in happened)])

    def call(self, row: CallRow) -> Cell:
        """The id, which leads to the desk."""
        return Linked(row.call_id, f"{self.serve}/calls/{row.key}") if self.serve else row.call_id


def call_line(record: CallRecord, words: Words, *, masked: bool, reviewer: str | None = None) -> CallLine:
    """The row of a call, for a reviewer, or with None for who may see all. Notes are masked as quotes are."""
    mask = CallMask(record, words.language, masked, known=record.masks)
    decided = decided_of(record, reviewer)
    reasons = record.verdict.review_reasons if record.row.needs_review else ()
    return CallLine(
        row=record.row,
        findings=findings_of(record, words, mask),
        reasons=[review_sentence(reason, words.language, record.verdict.vocabulary, mask.quote) for reason in reasons],
        decided=decided._replace(
            notes=[mask.text(note) for note in decided.notes], coaching=[mask.text(note) for note in decided.coaching]
        ),
    )


def finding_lines(line: CallLine) -> Iterator[FindingLine]:
    """A row for each finding; one for a call without any."""
    yield from (FindingLine(line, finding) for finding in line.findings or (None,))


def call_table(manner: Manner) -> Table[CallLine]:
    """The table of calls."""
    columns: list[Column[CallLine]] = [
        *_columns_of_call(manner, lambda line: line),
        Column("outcome", "text", 16, lambda line: manner.say(line.row.outcome)),
        Column("severity", "text", 10, lambda line: manner.say(line.row.severity)),
        Column("violations", "prose", 28, lambda line: manner.listed(line.row.violations)),
        Column("incidents", "prose", 28, lambda line: manner.listed(line.row.incidents)),
        Column("turn", "turn", 12, lambda line: line.worst.turn if line.worst else line.row.first_violation_turn),
        Column("second", "second", 9, lambda line: line.worst.start if line.worst else None),
        Column("quote", "prose", 50, lambda line: _quotes(line.worst)),
        Column("reason", "prose", 50, lambda line: line.why),
        Column("risk", "share", 8, lambda line: line.row.risk),
        Column("confidence", "share", 14, lambda line: line.row.confidence),
        Column("needs_review", "text", 10, lambda line: manner.yes(line.row.needs_review)),
        *_columns_of_decision(manner, lambda line: line),
    ]
    return Table("calls", columns)


def finding_table(manner: Manner) -> Table[FindingLine]:
    """The table of findings."""
    columns: list[Column[FindingLine]] = [
        *_columns_of_call(manner, lambda line: line.call),
        Column("kind", "text", 11, lambda line: manner.kind(line.finding)),
        Column("type", "prose", 28, lambda line: manner.say(line.finding.name if line.finding else "")),
        Column("severity", "text", 10, lambda line: manner.say(line.finding.severity if line.finding else "")),
        Column("turn", "turn", 12, lambda line: line.finding.turn if line.finding else None),
        Column("second", "second", 9, lambda line: line.finding.start if line.finding else None),
        Column("quote", "prose", 50, lambda line: _quotes(line.finding)),
        Column("reason", "prose", 50, lambda line: line.why),
        Column("advice", "prose", 50, lambda line: line.finding.should if line.finding else ""),
        *_columns_of_decision(manner, lambda line: line.call),
    ]
    return Table("findings", columns)


def _columns_of_call(manner: Manner, call: Callable[[T], CallLine]) -> list[Column[T]]:
    agent: Column[T] = Column("agent", "text", 16, lambda line: call(line).row.agent)
    return [
        Column("call_id", "text", 22, lambda line: manner.call(call(line).row)),
        Column("day", "day", 12, lambda line: call(line).row.day),
        Column("time", "time", 8, lambda line: _time(call(line).row)),
        Column("queue", "text", 16, lambda line: call(line).row.queue),
        Column("team", "text", 14, lambda line: call(line).row.team),
        *([agent] if manner.agents else []),
    ]


def _columns_of_decision(manner: Manner, call: Callable[[T], CallLine]) -> list[Column[T]]:
    return [
        Column("state", "text", 13, lambda line: manner.say(call(line).decided.state)),
        Column("decided", "prose", 28, lambda line: manner.label(call(line).decided.label)),
        Column("note", "prose", 40, lambda line: "\n".join(call(line).decided.notes)),
        Column("coaching_note", "prose", 40, lambda line: "\n".join(call(line).decided.coaching)),
    ]


def _quotes(finding: Finding | None) -> str:
    return "\n".join(dict.fromkeys(quote.text for quote in finding.quotes)) if finding else ""


def _time(row: CallRow) -> time | None:
    """When the call began, in its own time zone, of which Excel knows nothing."""
    try:
        return time.fromisoformat(time_of(row))
    except ValueError:
        return None
