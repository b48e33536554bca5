"""A call to review as pages show it: its findings, the moments, what was said there."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ausweis.judging.sentences import incident_sentence, review_sentence, violation_sentence
from ausweis.judging.verdict import Evidence, Incident
from ausweis.masking import Kind, Masker, mask
from ausweis.reports.review_advice import advice, incident_advice
from ausweis.reports.review_excerpt import Excerpt, Mark, excerpt
from ausweis.store import CallRecord, CallRow
from ausweis.vocabulary import SEVERITIES, Language, Severity, name_of

__all__ = ["Found", "ReviewedCall", "by_weight", "clock", "found_in", "kept_in", "reviewed_call", "severity_of"]

LONGEST = 400
"""Letters of a sentence about a finding."""
_ABOUT_AMOUNTS = ("wrong_promise", "wrong_terms")


@dataclass(frozen=True)
class Found:
    """A violation or incident. `name`: its type or kind, `words`: the same in words; `start` of its turn in seconds.

    `why`: what was missing, or what happened; `should`: what should have been done, where the agent could.
    """

    incident: bool
    name: str
    words: str
    severity: Severity
    turn: int
    start: float | None
    why: str
    should: str = ""


@dataclass(frozen=True)
class ReviewedCall:
    """One call. `found`: by turn; `excerpt`: what was said there; `recorded`: whether a recording can be heard.

    `audio`: addresses of its files; none where the call is masked, as names of files often hold a number or a person.
    Files that are not there, or may not be looked at, do not count.
    """

    row: CallRow
    found: Sequence[Found]
    excerpt: Excerpt
    reasons: Sequence[str]
    recorded: bool
    audio: Sequence[str]
    with_text: bool

    @property
    def worst(self) -> Found | None:
        """The finding of the greatest severity, of several the first."""
        return min(self.found, key=lambda one: (-SEVERITIES.index(one.severity), one.turn), default=None)


def by_weight(row: CallRow) -> tuple[float, ...]:
    """For sorting, the worst first: by severity, then risk, then how much was found."""
    return -severity_of(row), -row.risk, -len(row.violations) - len(row.incidents), row.key


def severity_of(row: CallRow) -> int:
    """For sorting: 4 for critical, 0 where nothing was found and the verdict is only unsure."""
    return 0 if row.severity is None else SEVERITIES.index(row.severity) + 1


def clock(seconds: float | None) -> str:
    """`1:42` from the call's start; empty where it is not known."""
    return "" if seconds is None else f"{int(seconds // 60)}:{int(seconds % 60):02d}"


def found_in(record: CallRecord, language: Language, *, masked: bool = True) -> list[Found]:
    """All violations and incidents of a call, by turn."""
    violations = [
        Found(
            incident=False,
            name=one.type,
            words=name_of(one.type, language),
            severity=one.severity,
            turn=one.turn,
            start=_start(record, one.turn, one.evidence),
            why=violation_sentence(one, language),
            should=advice(one, record.verdict, language),
        )
        for one in record.verdict.violations
    ]
    incidents = [
        Found(
            incident=True,
            name=one.id,
            words=name_of(one.id, language),
            severity=one.severity,
            turn=one.turn,
            start=_start(record, one.turn, one.evidence),
            why=_description(one, language, masked),
            should=incident_advice(one, language),
        )
        for one in record.verdict.incidents
    ]
    return sorted([*violations, *incidents], key=lambda one: one.turn)


def reviewed_call(record: CallRecord, language: Language, *, masked: bool = True) -> ReviewedCall:
    """The call as it is shown in full."""
    found = found_in(record, language, masked=masked)
    masker = Masker.of(record.call, record.facts, language=language) if masked else None
    marks = list(_marks(record))
    files = [path for path in record.audio if _is_there(path)]
    return ReviewedCall(
        row=record.row,
        found=tuple(found),
        excerpt=excerpt(record.call, marks, masker, around=_unsure_turns(record) if not marks else ()),
        reasons=[review_sentence(one, language) for one in record.verdict.review_reasons if record.row.needs_review],
        recorded=bool(files),
        audio=() if masked else tuple(path.absolute().as_uri() for path in files),
        with_text=record.call is not None,
    )


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def _description(one: Incident, language: Language, masked: bool) -> str:
    text = incident_sentence(one, language)[:LONGEST]
    return mask(text, language=language) if masked else text


def _start(record: CallRecord, turn: int, evidence: Iterable[Evidence] = ()) -> float | None:
    """When the turn begins, by the evidence or by the call's text."""
    told = next((one.start for one in evidence if one.turn == turn and one.start is not None), None)
    if told is not None or record.call is None or not 1 <= turn <= len(record.call.turns):
        return told
    return record.call.turn(turn).start


def kept_in(incident: Incident) -> frozenset[Kind]:
    """Kinds of data that stay in its quotes: without the amount, a wrong price or promise would mean nothing."""
    return frozenset({"amount"}) if incident.id in _ABOUT_AMOUNTS else frozenset()


def _marks(record: CallRecord) -> Iterator[Mark]:
    """The words that say so, of violations and incidents."""
    for violation in record.verdict.violations:
        yield Mark(violation.turn, violation.turn, "", violation.type)
        for one in violation.evidence:
            yield Mark(one.turn, violation.turn, one.quote, violation.type)
    for incident in record.verdict.incidents:
        keep = kept_in(incident)
        yield Mark(incident.turn, incident.turn, "", incident.id, keep)
        for one in incident.evidence:
            yield Mark(one.turn, incident.turn, one.quote, incident.id, keep)


def _unsure_turns(record: CallRecord) -> Sequence[int]:
    """Where to look in a call that is only unsure: at what was done, else at its start."""
    acted = [one.turn for one in record.verdict.actions]
    return acted[:2] or [1, 2]
