"""The violations and incidents of a call in words, the worst first, with what reviewers decided about them."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Literal, NamedTuple

from ausweis.judging.harm import Found, found_of, harm, named
from ausweis.judging.sentences import incident_sentence, review_sentence, violation_sentence
from ausweis.judging.verdict import AddedReason, Evidence, Incident, Verdict, Violation
from ausweis.masking.judged import JudgedCall
from ausweis.pages.turns import CallMask, Excerpt, excerpt
from ausweis.pages.words import Words, clock
from ausweis.store import CallRecord, CallRow, Decision, State, person_of
from ausweis.store.decisions import label_of
from ausweis.vocabulary import GRAVEST, INCIDENTS, SEVERITIES, VIOLATIONS, Severity, ViolationType

_WITHOUT: frozenset[ViolationType] = frozenset({"late_authentication", "factor_leaked"})
"""Where it was not to do without: the caller would have been authenticated, or the factor asked for."""


class Advice(NamedTuple):
    """The advice without its full stop, and what is right if that does not help; empty where it always does."""

    text: str
    instead: str = ""

    @property
    def whole(self) -> str:
        """All of it as a sentence; empty where there is no advice."""
        return f"{'; '.join(filter(None, self))}." if self.text else ""


def incident_advice(incident: Incident, words: Words) -> Advice:
    """That for one incident; none for one of the company's own."""
    records = (record for record in INCIDENTS.values() if record.id == incident.id)
    return Advice(next((record.advice[words.language] for record in records), "").removesuffix("."))


def advice(violation: Violation, verdict: Verdict, words: Words) -> Advice:
    """That for one violation of this verdict. It quotes nothing."""
    action, known = violation.action, verdict.vocabulary
    category = known.categories.get(action) if action else None
    levels = (act.level for act in verdict.actions if (act.turn, act.category) == (violation.turn, action))
    level = next(levels, None)
    leaked = [used.factor for used in verdict.factors if (used.turn, used.status) == (violation.turn, "leaked")]
    text = words.text(
        f"advice_{violation.type}",
        action=category.noun(words.language) if category else words.text("some_action"),
        level=words.text("at_level", level=words.level(level)) if level else "",
        told=", ".join(map(words.knowing(known).subject, dict.fromkeys(leaked))) or words.text("some_factor"),
    )
    instead = words.text(f"instead_{category.kind if category else 'disclosure'}")
    return Advice(text, "" if violation.type in _WITHOUT else instead)


LONGEST = 400
"""Letters of a sentence about an incident."""


class Quote(NamedTuple):
    """Words of a turn, masked."""

    turn: int
    text: str


@dataclass(frozen=True)
class Finding:
    """A violation or an incident at a turn. `name`: its type or id, `title`: the same in words; `start` in seconds.

    A rule that is broken by several `actions` of a turn is one finding, since people decide on type and turn. `why`:
    what was missing, or what happened; `should`: what would have been right, where the agent could; empty where a
    finding before it at the same turn says so. `cause`: the same for one rule broken again and again. `state`: what
    people say of it: confirmed, overruled, added or open; `decided` where the reader must not know yet. `reason`: why
    it was rejected, where that was said. `repeats`: the advice only points to an earlier one.
    """

    incident: bool
    name: str
    title: str
    severity: Severity
    turn: int
    start: float | None
    actions: tuple[str, ...]
    quotes: tuple[Quote, ...]
    why: str
    should: str = ""
    cause: tuple[str, str] = ("", "")
    state: str = "open"
    reason: str = ""
    repeats: bool = False

    @property
    def at(self) -> str:
        """When it is, as minutes and seconds."""
        return clock(self.start)

    @property
    def key(self) -> tuple[bool, str, int]:
        """What reviewers say it is, or is not."""
        return self.incident, self.name, self.turn

    @property
    def grade(self) -> Severity | None:
        """The severity as pages show it; of an incident that reviewers added nobody knows any."""
        return None if self.incident and self.state == "added" else self.severity

    @property
    def moment(self) -> tuple[int, str]:
        """The same for all rules that are broken at one turn, while each incident is one of its own."""
        return self.turn, self.name if self.incident else ""


def in_order(verdict: Verdict) -> list[tuple[Found, Violation | Incident]]:
    """All that a verdict found: the gravest moment first, then by turn; of what happened at one moment, the gravest."""
    both: tuple[Violation | Incident, ...] = (*verdict.violations, *verdict.incidents)
    happened = list(zip(found_of(verdict), both, strict=True))
    gravest: dict[tuple[int, str], tuple[int, int]] = {}
    for found, _ in happened:
        gravest[found.moment] = min(gravest.get(found.moment, found.rank), found.rank)
    return sorted(happened, key=lambda one: (gravest[one[0].moment], one[0].moment, one[0].rank))


def findings_of(judged: JudgedCall, words: Words, mask: CallMask) -> list[Finding]:
    """What the verdict found, in words, in the order of `in_order`."""
    verdict, advised = judged.verdict, list[tuple[Finding, Advice]]()
    for found, one in in_order(verdict):
        if isinstance(one, Violation):
            why, right = violation_sentence(one, words.language, verdict.vocabulary), advice(one, verdict, words)
        else:
            why, right = mask.text(incident_sentence(one, words.language)[:LONGEST]), incident_advice(one, words)
        finding = Finding(
            incident=found.incident,
            name=found.name,
            title=words.word(found.name),
            severity=found.severity,
            turn=found.turn,
            start=_start(judged, found.turn, one.evidence),
            actions=(one.action,) if isinstance(one, Violation) and one.action else (),
            quotes=_quotes(one.evidence, mask),
            why=why,
            cause=found.cause,
        )
        advised.append((finding, right))
    together: dict[tuple[bool, str, int], Finding] = {}
    for finding in _said_once(advised, words):
        before = together.get(finding.key)
        together[finding.key] = _together(before, finding) if before else finding
    return list(together.values())


def _together(first: Finding, other: Finding) -> Finding:
    """Two of one type or id at one turn, as one: with what both say."""
    return replace(
        first,
        actions=tuple(dict.fromkeys((*first.actions, *other.actions))),
        quotes=tuple(dict.fromkeys((*first.quotes, *other.quotes))),
        why=" ".join(dict.fromkeys((first.why, other.why))),
        should=" ".join(filter(None, (first.should, other.should))),
        repeats=first.repeats and other.repeats,
    )


def _said_once(advised: Iterable[tuple[Finding, Advice]], words: Words) -> Iterator[Finding]:
    """The findings with their advice; what an earlier one has said already is not said again."""
    turns: dict[str, int] = {}
    instead: set[str] = set()
    for finding, right in advised:
        turn = turns.get(right.text)
        if turn is None:
            should = right._replace(instead="" if right.instead in instead else right.instead).whole
        else:
            should = words.text("advice_as", turn=turn) if right.text and turn != finding.turn else ""
        turns.setdefault(right.text, finding.turn)
        instead.add(right.instead)
        yield replace(finding, should=should, repeats=turn is not None)


def _quotes(evidence: Iterable[Evidence], mask: CallMask) -> tuple[Quote, ...]:
    said = dict.fromkeys((part.turn, part.quote) for part in evidence if part.quote)
    return tuple(Quote(turn, mask.quote(quote, turn)) for turn, quote in said)


def _start(judged: JudgedCall, turn: int, evidence: Iterable[Evidence]) -> float | None:
    """When the turn begins: as the evidence says, else as the call does."""
    told = next((part.start for part in evidence if part.turn == turn and part.start is not None), None)
    if told is not None or not 1 <= turn <= len(judged.call.turns):
        return told
    return judged.call.turn(turn).start


class Seen(NamedTuple):
    """Decisions that a reader may see, the last of each reviewer; `hidden`: how many others have decided."""

    decisions: Sequence[Decision]
    hidden: int


class Decided(NamedTuple):
    """What is decided. `state` is `decided` where what others said is hidden; `label`: the one that holds.

    `notes` of the decisions that count, and of these, those that are meant for `coaching`; `by` whom these are, and the
    day of the last.
    """

    state: State | Literal["decided"]
    label: Decision | None
    notes: Sequence[str]
    coaching: Sequence[str]
    by: Sequence[str]
    day: date | None


def seen_by(record: CallRecord, reviewer: str | None, *, settling: bool = False) -> Seen:
    """Until reviewers have decided, they see only their own, so that two opinions are two; with None, all is seen.

    `settling`: who settles a dispute sees what the others say.
    """
    me = None if reviewer is None else person_of(reviewer)
    # What is said in a calibration session is its own reader's until that is closed.
    known = [one for one in record.decisions if not one.secret or person_of(one.reviewer) == me]
    now = {person_of(decision.reviewer): decision for decision in known if decision.counts}
    # The last word on an earlier verdict, of those who have not decided anew.
    given = (decision for decision in known if not decision.withdrawn)
    earlier = (decision for decision in given if decision.verdict_key != record.verdict_key)
    by_person = ((person_of(decision.reviewer), decision) for decision in earlier)
    old = {person: decision for person, decision in by_person if person not in now}
    every = settling or me is None or me in now
    shown = [decision for person, decision in (*old.items(), *now.items()) if every or person == me]
    return Seen(shown, 0 if every else len(now))


def decided_of(record: CallRecord, reviewer: str | None) -> Decided:
    """What is decided about a call, for a reader."""
    seen = seen_by(record, reviewer)
    counting = [decision for decision in seen.decisions if decision.counts]
    # State and label of the call rest on those too that nobody else may see yet.
    unseen = bool(seen.hidden) or any(one.secret for one in record.decisions)
    return Decided(
        state="decided" if unseen else record.row.state,
        label=None if unseen else label_of(counting),
        notes=[decision.note for decision in counting if decision.note],
        coaching=[decision.note for decision in counting if decision.note and decision.coaching],
        by=[decision.reviewer for decision in counting],
        day=max((datetime.fromisoformat(one.at).astimezone().date() for one in counting), default=None),
    )


def holding(record: CallRecord, label: Decision | None) -> CallRecord:
    """The call with what holds of it: what its verdict says and reviewers let stand, and what they added.

    Without a label the verdict holds. Of what was added no reason is known; its severity is that of the same in the
    verdict, else the usual one of its type. Why the verdict was not sure is no matter any more.
    """
    if label is None or label.outcome is None:
        return record
    said, row = record.verdict, record.row
    violations, incidents = set(label.violations), set(label.incidents or ())
    kept = [one for one in said.violations if (one.type, one.turn) in violations]
    graded = {one.type: one.severity for one in said.violations}
    added = violations - {(one.type, one.turn) for one in said.violations}
    kept += [
        Violation(
            type=kind,
            turn=turn,
            severity=graded.get(kind, VIOLATIONS[kind].severity),
            reason=AddedReason(),
            evidence=tuple(_said_at(record, turn)),
        )
        for kind, turn in sorted(added)
    ]
    happened = list(said.incidents)
    if label.incidents is not None:
        happened = [one for one in said.incidents if (one.id, one.turn) in incidents]
    known = {one.id: one for one in said.incidents}
    for name, turn in sorted(incidents - {(one.id, one.turn) for one in said.incidents}):
        # Of one that no verdict names, the least that can be said; pages show no severity for it.
        like = known.get(name) or Incident(id=name, turn=turn, severity="low")
        happened.append(like.model_copy(update={"turn": turn, "evidence": tuple(_said_at(record, turn))}))
    changed = {
        "outcome": label.outcome,
        "violations": tuple(sorted(kept, key=lambda one: one.turn)),
        "incidents": tuple(sorted(happened, key=lambda one: one.turn)),
        "first_violation_turn": min((one.turn for one in kept), default=None),
        "review_reasons": (),
    }
    verdict = said.model_copy(update=changed)
    grades = [one.severity for one in kept] + [one.severity for one in happened if one.id in known]
    types, found = {one.type for one in kept}, found_of(verdict)
    row = replace(
        row,
        outcome=label.outcome,
        first_violation_turn=verdict.first_violation_turn,
        severity=max(grades, key=SEVERITIES.index, default=None),
        violations=tuple(kind for kind in GRAVEST if kind in types),
        incidents=tuple(named(one for one in found if one.incident)),
        weight=harm(found, row.risk, unsure=False),
    )
    return replace(record, verdict=verdict, row=row)


def findings_decided(record: CallRecord, decided: Decided, words: Words, mask: CallMask) -> list[Finding]:
    """All that the verdict says or reviewers added, each with what people say of it; what they rejected comes last.

    What reviewers found at another turn than the verdict is confirmed there.
    """
    said, label = findings_of(record, words, mask), decided.label
    if label is None:
        return [replace(one, state="decided" if decided.state == "decided" else "open") for one in said]
    held = findings_of(holding(record, label), words, mask)
    named, keys = {(one.incident, one.name) for one in said}, {one.key for one in held}

    def state(one: Finding) -> str:
        if one.incident and label.incidents is None:
            return "open"
        return "confirmed" if (one.incident, one.name) in named else "added"

    why = {(kind, turn): reason for kind, turn, reason in label.reasons}
    gone = (one for one in said if one.key not in keys)
    rejected = [replace(one, state="overruled", should="", reason=why.get((one.name, one.turn), "")) for one in gone]
    return [*(replace(one, state=state(one)) for one in held), *rejected]


def by_cause(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Findings by their cause, in the order of the first of each; what people added is apart."""
    causes: dict[tuple[tuple[str, str], bool], list[Finding]] = {}
    for one in findings:
        causes.setdefault((one.cause, one.state == "added"), []).append(one)
    return list(causes.values())


def _said_at(record: CallRecord, turn: int) -> Iterator[Evidence]:
    """The whole turn: nobody marked the words in it."""
    if 1 <= turn <= len(record.call.turns):
        one = record.call.turn(turn)
        yield Evidence(turn=turn, quote=one.text, start=one.start, end=one.end)


@dataclass(frozen=True)
class CallView:
    """A call as a reader may see it. `held`: with what holds of it; `findings`: the worst first, rejected ones last.

    `reasons`: why the verdict is not sure, where that still matters.
    """

    record: CallRecord
    held: CallRecord
    decided: Decided
    findings: Sequence[Finding]
    reasons: Sequence[str]
    mask: CallMask

    @property
    def row(self) -> CallRow:
        """The call's row, as it holds."""
        return self.held.row

    @property
    def holding(self) -> list[Finding]:
        """The findings that people did not reject."""
        return [one for one in self.findings if one.state != "overruled"]

    @property
    def causes(self) -> list[list[Finding]]:
        """The same by what brought them about, the worst first: one rule broken again and again is one cause."""
        return by_cause(self.holding)

    @property
    def worst(self) -> Finding | None:
        """The first of the findings that hold."""
        return next(iter(self.holding), None)

    @property
    def why(self) -> str:
        """What the worst finding says, else why the verdict is not sure."""
        return self.worst.why if self.worst else " ".join(self.reasons)

    @property
    def others(self) -> int:
        """How many causes there are besides the worst; repeats of one count once."""
        return max(0, len({one.cause for one in self.holding}) - 1)

    @cached_property
    def excerpt(self) -> Excerpt:
        """What was said at the findings that hold."""
        return excerpt(self.held, self.mask)

    @property
    def said(self) -> str:
        """What is shown of the turn of the worst finding."""
        return " ".join(turn.text for _, turn in self.excerpt.turns if self.worst and turn.number == self.worst.turn)

    @property
    def recordings(self) -> list[Path]:
        """The recordings that are there."""
        return list(filter(is_there, self.record.audio))


def call_view(record: CallRecord, words: Words, *, masked: bool = True, reviewer: str | None = None) -> CallView:
    """A call for a reviewer, or with None for who may see all. Notes are masked as quotes are."""
    mask, decided = CallMask(record, words.language, masked, record.masks), decided_of(record, reviewer)
    held = holding(record, decided.label)
    reasons = held.verdict.review_reasons if held.row.needs_review else ()
    return CallView(
        record,
        held,
        decided._replace(notes=list(map(mask.text, decided.notes)), coaching=list(map(mask.text, decided.coaching))),
        findings_decided(record, decided, words, mask),
        [review_sentence(reason, words.language, record.verdict.vocabulary, mask.quote) for reason in reasons],
        mask,
    )


def is_there(path: Path) -> bool:
    """Whether there is a file that this process may read."""
    return os.access(path, os.R_OK) and path.is_file()
