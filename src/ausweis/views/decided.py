"""What reviewers decided about a call, as far as the reader may see it, and what holds by that.

Only what holds is printed: sheets, reports and tables take a call from `holding`, or each finding with its state.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Literal, NamedTuple

from ausweis.judging.harm import found_of, harm, named
from ausweis.judging.reasons import TextReason
from ausweis.judging.verdict import Evidence, Incident, Violation
from ausweis.store import CallRecord, Decision, State, person_of
from ausweis.store.decisions import label_of
from ausweis.views.findings import Finding, findings_of
from ausweis.views.masks import CallMask
from ausweis.views.words import Words
from ausweis.vocabulary import GRAVEST, SEVERITIES, VIOLATIONS

__all__ = ["Decided", "Seen", "decided_of", "findings_decided", "holding", "label_in_words", "seen_by"]


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
            reason=TextReason(text=""),
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
        return [replace(one, state=decided.state) for one in said]
    held = findings_of(holding(record, label), words, mask)
    named, keys = {(one.incident, one.name) for one in said}, {one.key for one in held}

    def state(one: Finding) -> str:
        if one.incident and label.incidents is None:
            return "open"
        return "confirmed" if (one.incident, one.name) in named else "added"

    rejected = [replace(one, state="overruled", should="") for one in said if one.key not in keys]
    return [*(replace(one, state=state(one)) for one in held), *rejected]


def _said_at(record: CallRecord, turn: int) -> Iterator[Evidence]:
    """The whole turn: nobody marked the words in it."""
    if record.call is not None and 1 <= turn <= len(record.call.turns):
        one = record.call.turn(turn)
        yield Evidence(turn=turn, quote=one.text, start=one.start, end=one.end)


def label_in_words(decision: Decision, words: Words) -> str:
    """`Verstoß, vorgesagt in Turn 6`: what a decision says is right; empty where it is not sure."""
    happened = (*decision.violations, *(decision.incidents or ()))
    label = [words.word(decision.outcome)] if decision.outcome else []
    label += [words.text("label_at", type=words.word(kind), turn=turn) for kind, turn in dict.fromkeys(happened)]
    return ", ".join(label)
