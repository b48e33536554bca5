"""One call as a page shows it: what happened and where, then what it rests on."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from ausweis.judging.sentences import check_sentence, incident_sentence, review_sentence, violation_sentence
from ausweis.judging.verdict import Check, Evidence, Incident, UsedFactor, Violation
from ausweis.reports.review_advice import advice, incident_advice
from ausweis.serve.audio import is_there, media_type
from ausweis.serve.desk import CallMask
from ausweis.serve.marks import Mark, Piece, TurnView, clock, marks_of, turn_views
from ausweis.serve.queue import row_view
from ausweis.serve.words import Words
from ausweis.store import CallRecord, Decision
from ausweis.vocabulary import SEVERITIES, Outcome

__all__ = ["CallView", "CheckView", "DecisionView", "Finding", "Quote", "call_view"]

MAX_QUOTES = 4
"""Quotes of a finding; its turns hold the rest."""


class Quote(NamedTuple):
    """Words of a turn, masked."""

    turn: int
    pieces: Sequence[Piece]


@dataclass(frozen=True)
class Finding:
    """What happened at one turn: the rules broken there, or an incident; the words that say so, and why it is one.

    `severity`: the worst of them; `should`: what would have been right.
    """

    titles: tuple[str, ...]
    severity: str
    turn: int | None
    start: float | None
    actions: tuple[str, ...]
    quotes: tuple[Quote, ...]
    reasons: tuple[str, ...]
    should: tuple[str, ...] = ()

    @property
    def at(self) -> str:
        """When it is, as minutes and seconds."""
        return clock(self.start)


@dataclass(frozen=True)
class CheckView:
    """An answered question. `told`: a finding says the same already."""

    id: str
    result: str
    reason: str
    told: bool


@dataclass(frozen=True)
class DecisionView:
    """What a reviewer decided. `label`: the right label, in words; `old`: about an earlier verdict."""

    reviewer: str
    choice: str
    label: str
    note: str
    at: str
    old: bool


@dataclass(frozen=True)
class CallView:
    """All that the page of a call shows.

    `findings`: the worst first. `known`: whether its text is; `gone`: whether a recording is not there any more;
    `hidden`: how many others have decided, unseen until the reader has.
    """

    key: int
    call_id: str
    title: str
    outcome: Outcome
    risk: float
    confidence: float
    sampled: bool
    meta: tuple[str, ...]
    findings: Sequence[Finding]
    review: Sequence[str]
    checks: Sequence[CheckView]
    factors: Sequence[UsedFactor]
    about: Sequence[tuple[str, str]]
    turns: Sequence[TurnView]
    known: bool
    audio: Sequence[str]
    gone: bool
    unmasked: bool
    verdict_key: int
    says: str
    decisions: Sequence[DecisionView]
    hidden: int

    @property
    def first_turn(self) -> int | None:
        """The turn at which the transcript opens."""
        return next((one.turn for one in self.findings if one.turn), None)

    @property
    def first_second(self) -> float | None:
        """Where the recording stands at first."""
        return next((one.start for one in self.findings if one.start is not None), None)


def call_view(
    record: CallRecord, words: Words, mask: CallMask, *, reviewer: str, agents: bool, unmasked: bool
) -> CallView:
    """The view of a call for one reviewer; with `unmasked`, the mask counts for nothing."""
    row, verdict = record.row, record.verdict
    findings = sorted(_findings(record, words, mask), key=lambda one: (-SEVERITIES.index(one.severity), one.turn or 0))
    marks = marks_of(verdict, record.facts)
    if record.call is None:
        marks = {turn: [_masked(mark, mask, turn) for mark in some] for turn, some in marks.items()}
    decided, hidden = _decisions(record, reviewer, words)
    shown = row_view(row, words, agents=agents)
    return CallView(
        key=row.key,
        call_id=row.call_id,
        title=shown.what,
        outcome=verdict.outcome,
        risk=verdict.risk,
        confidence=verdict.confidence,
        sampled=row.sampled,
        meta=shown.meta,
        findings=findings,
        review=[review_sentence(reason, words.language) for reason in verdict.review_reasons],
        checks=[_check(one, words, told=bool(verdict.violations)) for one in verdict.checks],
        factors=verdict.factors,
        about=list(_about(record, words)),
        turns=turn_views(record.call, marks, mask.covers),
        known=record.call is not None,
        audio=[f"/calls/{row.key}/audio/{place}" for place, one in enumerate(record.audio) if media_type(one)],
        gone=not all(map(is_there, record.audio)),
        unmasked=unmasked,
        verdict_key=record.verdict_key,
        says=record.says,
        decisions=decided,
        hidden=hidden,
    )


def _findings(record: CallRecord, words: Words, mask: CallMask) -> Iterator[Finding]:
    by_turn: dict[int, list[Violation]] = defaultdict(list)
    for one in record.verdict.violations:
        by_turn[one.turn].append(one)
    for turn, some in sorted(by_turn.items()):
        evidence = [e for one in some for e in one.evidence if e.quote]
        quoted = list(dict.fromkeys((e.quote, e.turn) for e in evidence))[:MAX_QUOTES]
        yield Finding(
            titles=_once(words.word(one.type) for one in some),
            severity=max((one.severity for one in some), key=SEVERITIES.index),
            turn=turn,
            start=_start(record, turn, evidence),
            actions=_once(one.action for one in some if one.action),
            quotes=tuple(_quote(*one, mask) for one in quoted),
            reasons=_once(violation_sentence(one, words.language) for one in some),
            should=_once(advice(one, record.verdict, words.language) for one in some),
        )
    for incident in record.verdict.incidents:
        yield _incident(incident, record, words, mask)


def _incident(incident: Incident, record: CallRecord, words: Words, mask: CallMask) -> Finding:
    should = incident_advice(incident, words.language)
    return Finding(
        titles=(words.word(incident.id),),
        severity=incident.severity,
        turn=incident.turn,
        start=_start(record, incident.turn, incident.evidence),
        actions=(),
        quotes=tuple(_quote(one.quote, one.turn, mask) for one in incident.evidence[:MAX_QUOTES] if one.quote),
        reasons=_once(filter(None, [incident_sentence(incident, words.language)])),
        should=(should,) if should else (),
    )


def _once(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


def _quote(quote: str, turn: int, mask: CallMask) -> Quote:
    return Quote(turn, [Piece(mask.text(quote, turn))])


def _masked(mark: Mark, mask: CallMask, turn: int) -> Mark:
    return replace(mark, quote=mask.text(mark.quote, turn))


def _start(record: CallRecord, turn: int, evidence: Sequence[Evidence]) -> float | None:
    """When the turn begins: as the evidence says, else as the call does."""
    said = next((one.start for one in evidence if one.turn == turn and one.start is not None), None)
    if said is None and record.call is not None and turn <= len(record.call.turns):
        return record.call.turn(turn).start
    return said


def _check(check: Check, words: Words, *, told: bool) -> CheckView:
    return CheckView(
        check.id, check.result, check_sentence(check, words.language), told=told and check.result == "fail"
    )


def _decisions(record: CallRecord, reviewer: str, words: Words) -> tuple[list[DecisionView], int]:
    """The decisions that the reviewer may see: until they have decided, only their own, so that two stay two."""
    now = {one.reviewer: one for one in record.decisions if one.counts}
    # The last word on an earlier verdict, of those who have not decided anew.
    earlier = (one for one in record.decisions if one.verdict_key != record.verdict_key)
    old = {one.reviewer: one for one in earlier if one.reviewer not in now}
    seen = reviewer in now
    shown = [one for one in (*old.values(), *now.values()) if seen or one.reviewer == reviewer]
    return [_decision(one, record, words) for one in shown], 0 if seen else len(now)


def _decision(one: Decision, record: CallRecord, words: Words) -> DecisionView:
    label = [words.word(one.outcome)] if one.choice == "overrule" and one.outcome else []
    found = (*one.violations, *(one.incidents or ()))
    label += [words.text("label_at", type=words.word(kind), turn=turn) for kind, turn in found if label]
    at = f"{one.at[:10]} {one.at[11:16]} UTC"
    return DecisionView(one.reviewer, one.choice, ", ".join(label), one.note, at, not one.counts)


def _about(record: CallRecord, words: Words) -> Iterator[tuple[str, str]]:
    row, run = record.row, record.run
    yield "caller", words.word(record.verdict.caller)
    if row.direction:
        yield "direction", words.word(row.direction)
    yield "policy", f"{run.policy_title or run.policy.id} ({run.policy.id} {run.policy.version})"
    yield "model", run.model.id
    if run.prompts:
        yield "prompts", ", ".join(f"{one.id}@{one.version}" for one in run.prompts)
    yield "run", f"{run.started[:16].replace('T', ' ')} UTC, ausweis {run.ausweis}, {run.strategy}"
