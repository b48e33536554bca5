"""What a reviewer says of a call: findings ticked or rejected, what is missing, a note; how it is undone."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, get_args

from ausweis.errors import StoreError
from ausweis.judging.verdict import Verdict
from ausweis.pages.findings import Finding, in_order
from ausweis.pages.words import Words
from ausweis.serve.desk import Done, RequestContext
from ausweis.serve.web import number_of
from ausweis.store import CallRecord, Decision, RejectionReason, blind_statement, same_person
from ausweis.vocabulary import INCIDENTS, VIOLATIONS

REASONS: tuple[RejectionReason, ...] = get_args(RejectionReason)
MAX_NOTE = 2000
MAX_ADDED = 200
MAX_TURN = 10**6
Happened = tuple[str, int]
"""A type or kind, and the turn."""


class Tick(NamedTuple):
    """A finding of the verdict: whether the reviewer says that it holds, else why not."""

    number: int
    holds: bool = True
    reason: str = ""


@dataclass(frozen=True)
class DecisionForm:
    """The fields of the form. `ticks`: by type or kind and turn, in order; none where the verdict is hidden.

    `missing`: what the verdict does not say, each with whether it is ticked; `kinds`: what may be added; `turn` and
    `kind`: what somebody was about to add. `was`: what was chosen before it was taken back; `unsent`: whether it holds
    what somebody typed and nobody kept; `coaching`: whether the note is meant for coaching.
    """

    ticks: Mapping[Happened, Tick]
    missing: Mapping[Happened, bool]
    kinds: Sequence[str]
    note: str = ""
    coaching: bool = False
    was: str = ""
    unsent: bool = False
    turn: str = ""
    kind: str = ""

    def tick(self, finding: Finding) -> Tick | None:
        """That of a finding on the page; None of one that the verdict does not say."""
        return self.ticks.get((finding.name, finding.turn))


def asked_about(record: CallRecord) -> tuple[str, ...]:
    """The kinds of incidents that were looked for when the call was read."""
    return tuple(kind for kind in INCIDENTS if kind in record.facts.looked_for)


def form_of(
    record: CallRecord, given: Decision | None = None, *, others: Iterable[Decision] = (), is_blind: bool = False
) -> DecisionForm:
    """The form at first: all findings hold; or as it was `given`. `others`: decisions that the reader may see."""
    found = {} if is_blind else {(one.name, one.turn): None for one, _ in in_order(record.verdict)}
    ticks = {happened: Tick(number) for number, happened in enumerate(found, 1)}
    own = dict.fromkeys(one.id for one in record.verdict.incidents)
    kinds = (*VIOLATIONS, *(asked_about(record) if is_blind else dict.fromkeys((*INCIDENTS, *own))))
    added = {happened: False for one in others for happened in said_at(one) if happened not in ticks}
    first = DecisionForm(ticks, added, kinds)
    if given is None:
        return first
    first = replace(first, note=given.note, coaching=given.coaching, was=given.choice)
    if given.outcome is None:
        return first
    incidents = given.incidents
    if incidents is None:
        # It tells nothing of them, so they stand.
        incidents = tuple(one for one in ticks if one[0] not in VIOLATIONS)
    said = {*given.violations, *incidents}
    reasons = {(name, turn): reason for name, turn, reason in given.reasons}
    return replace(
        first,
        ticks={one: Tick(tick.number, one in said, reasons.get(one, "")) for one, tick in ticks.items()},
        missing=added | {happened: True for happened in said_at(given) if happened not in ticks},
    )


def sent(record: CallRecord, form: Mapping[str, str], *, is_blind: bool = False) -> DecisionForm:
    """The form as somebody sent it, about the verdict of today; ticks about an earlier one say nothing of this."""
    note: dict[str, Any] = {"note": form.get("note", ""), "coaching": "coaching" in form, "unsent": True}
    first = replace(form_of(record, is_blind=is_blind), **note)
    if form.get("says") not in (None, record.says):
        return first
    ticks = {
        one: Tick(tick.number, form.get(f"finding-{tick.number}") != "no", form.get(f"reason-{tick.number}", ""))
        for one, tick in first.ticks.items()
    }
    numbered = sorted(name for name in form if re.fullmatch(r"missing-[0-9]{1,6}", name))[:MAX_ADDED]
    added = (re.fullmatch(r"(.+)@([0-9]{1,7})", form[name]) for name in numbered)
    missing = {(one[1], int(one[2])): True for one in added if one and one[1] in first.kinds}
    kind, turn = form.get("add-kind", ""), form.get("add-turn", "").strip()
    if kind in first.kinds and 1 <= (number_of(turn) or 0) <= MAX_TURN:
        missing[kind, int(turn)] = True
        kind = turn = ""
    return replace(first, ticks=ticks, missing=missing, kind=kind, turn=turn)


def label_of(form: DecisionForm) -> dict[str, Any]:
    """What is right by the form, as the store takes it: violations, incidents, and why findings are rejected.

    Raises:
        StoreError: a finding is rejected without a reason, or what is missing has no type or no turn.
    """
    if form.kind or form.turn:
        raise StoreError("what is missing needs its type and its turn", code="violation_missing")
    said = [one for one, tick in form.ticks.items() if tick.holds]
    said += [one for one, ticked in form.missing.items() if ticked]
    rejected = {one: tick for one, tick in form.ticks.items() if one not in said}
    if any(tick.reason not in REASONS for tick in rejected.values()):
        raise StoreError("a finding is rejected without a reason", code="reason_missing")
    said = list(dict.fromkeys(said))
    return {
        "violations": [one for one in said if one[0] in VIOLATIONS],
        "incidents": [one for one in said if one[0] not in VIOLATIONS],
        "reasons": [(*one, tick.reason) for one, tick in rejected.items()],
    }


def draft_of(record: CallRecord, reviewer: str) -> Decision | None:
    """What a reviewer decided about the verdict of today and took back, if that was the last thing they did."""
    own = [decision for decision in record.decisions if same_person(decision.reviewer, reviewer)]
    if not own or own[-1].choice != "withdrawn" or own[-1].verdict_key != record.verdict_key:
        return None
    return next((decision for decision in own if decision.key == own[-1].takes_back), None)


def note_of(form: Mapping[str, str]) -> str:
    """The note, with the line ends of this machine: browsers send two characters for each, and count one.

    Raises:
        StoreError: it is too long.
    """
    note = re.sub(r"\r\n?", "\n", form.get("note", "")).strip()
    if len(note) > MAX_NOTE:
        raise StoreError(f"the note is longer than {MAX_NOTE} letters", code="note_wrong", most=MAX_NOTE)
    return note


class ComparedLine(NamedTuple):
    """An outcome, type or kind: its turns by each reviewer and by the verdict, in words; empty where it is not said."""

    name: str
    cells: Sequence[str]
    verdict: str

    @property
    def differs(self) -> bool:
        """Whether the reviewers do not say the same."""
        return len(set(self.cells)) > 1


def compared(record: CallRecord, reviewer: str, words: Words) -> list[ComparedLine] | None:
    """What the reviewer said of the call before they saw its verdict, beside this; None where they saw it first."""
    said = blind_statement(record, reviewer)
    return None if said is None else compared_lines([said], record.verdict, words)


def compared_lines(given: Sequence[Decision], verdict: Verdict, words: Words) -> list[ComparedLine]:
    """All that reviewers or the verdict say, line by line, the outcome first."""
    found = [(one.type, one.turn) for one in verdict.violations] + [(one.id, one.turn) for one in verdict.incidents]
    said = [said_at(one) for one in given]
    outcomes = [words.result(one.outcome or one.choice, one.incidents) for one in given]
    lines = [ComparedLine(words.text("outcome"), outcomes, words.result(verdict.outcome, verdict.incidents))]
    for kind in dict.fromkeys(name for one in (*said, found) for name, _ in one):
        cells = [_at_turns(kind, one, words) for one in said]
        lines.append(ComparedLine(words.capital(words.word(kind)), cells, _at_turns(kind, found, words)))
    return lines


def said_at(decision: Decision) -> list[Happened]:
    """Types and kinds that a reviewer says happened, each with its turn."""
    return [*decision.violations, *(decision.incidents or ())]


def _at_turns(kind: str, said: Iterable[Happened], words: Words) -> str:
    """The turns in which it happened, in words; empty where it did not."""
    turns = sorted({turn for name, turn in said if name == kind})
    return words.text("in_turns" if len(turns) > 1 else "in_turn", turn=", ".join(map(str, turns))) if turns else ""


class Said(NamedTuple):
    """A sentence, a link to have another look, and what takes it back: a call and the decision about it."""

    text: str
    address: str
    link: str
    call_key: int
    decision_key: int


def said_of(context: RequestContext, query: str) -> Said | None:
    """What this session decided last, on the page that follows at once; `query`: the queue that it was in."""
    done = context.desk.done.get(context.session.id)
    if done is None or context.asked.get("done") != str(done.call_key):
        return None
    words = context.words
    text = words.text("done", choice=words.word(done.choice))
    return Said(text, f"/calls/{done.call_key}{query}", words.text("look_again"), done.call_key, done.decision_key)


def keep_once(context: RequestContext, keep: Callable[[], Done]) -> None:
    """Keep what was sent; of a form that is sent twice, by a double click, only the first."""
    desk, session, once = context.desk, context.session, context.form.get("once", "")
    with desk.deciding:
        last = desk.done.get(session.id)
        if last is None or not once or last.once != once:
            desk.done[session.id] = keep()._replace(once=once)
