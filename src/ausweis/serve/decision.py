"""The form of a decision, the last one and how it is undone, and a blind statement beside the verdict."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from ausweis.errors import StoreError
from ausweis.judging.verdict import Verdict
from ausweis.pages.words import Words
from ausweis.serve.desk import Done, RequestContext
from ausweis.serve.web import number_of
from ausweis.store import CallRecord, Choice, Decision, blind_statement, same_person
from ausweis.vocabulary import INCIDENTS, OUTCOMES, VIOLATIONS, IncidentId, ViolationType

__all__ = [
    "CHOICES",
    "DecisionForm",
    "again",
    "compared",
    "compared_lines",
    "draft_of",
    "keep_once",
    "label_of",
    "note_of",
    "proposed",
    "said_at",
    "said_of",
    "sent",
]

CHOICES: dict[str, Choice] = {"confirm": "confirm", "overrule": "overrule", "not_sure": "not_sure"}
MAX_NOTE = 2000
MAX_TURN = 10**6


class Tick(NamedTuple):
    """An incident that the verdict names, and whether it is right."""

    name: str
    kind: str
    turn: int
    ticked: bool


@dataclass(frozen=True)
class DecisionForm:
    """The fields of the form. `outcome`: empty until one is chosen; `types` and `kinds`: turns as text.

    `is_open`: whether the right label is shown; `was`: what was chosen before it was taken back; `unsent`: whether it
    holds what somebody typed and nobody kept; `coaching`: whether the note is meant for coaching.
    """

    note: str
    outcome: str
    types: Sequence[tuple[ViolationType, str]]
    ticks: Sequence[Tick]
    kinds: Sequence[tuple[IncidentId, str]]
    is_open: bool = False
    was: str = ""
    unsent: bool = False
    coaching: bool = False

    @property
    def adds(self) -> bool:
        """Whether incidents are added."""
        return any(turns for _, turns in self.kinds)


def proposed(verdict: Verdict) -> DecisionForm:
    """The form as it is at first: where the verdict found what, and no outcome, so that two keys clear no call."""
    violations = [(violation.type, violation.turn) for violation in verdict.violations]
    types = [(kind, _listed(kind, violations)) for kind in VIOLATIONS]
    named = dict.fromkeys((incident.id, incident.turn) for incident in verdict.incidents)
    ticks = [Tick(f"keep-{turn}-{kind}", kind, turn, ticked=True) for kind, turn in named]
    return DecisionForm("", "", types, ticks, [(kind, "") for kind in INCIDENTS])


def draft_of(record: CallRecord, reviewer: str) -> Decision | None:
    """What a reviewer decided about the verdict of today and took back, if that was the last thing they did."""
    own = [decision for decision in record.decisions if same_person(decision.reviewer, reviewer)]
    if not own or own[-1].choice != "withdrawn" or own[-1].verdict_key != record.verdict_key:
        return None
    return next((decision for decision in own if decision.key == own[-1].takes_back), None)


def again(verdict: Verdict, draft: Decision) -> DecisionForm:
    """The form as somebody had sent it who took the decision back."""
    first = replace(proposed(verdict), note=draft.note, coaching=draft.coaching, was=draft.choice)
    if draft.choice != "overrule":
        return first
    incidents = {(tick.kind, tick.turn) for tick in first.ticks} if draft.incidents is None else set(draft.incidents)
    added = incidents.difference((tick.kind, tick.turn) for tick in first.ticks)
    return replace(
        first,
        outcome=draft.outcome or first.outcome,
        types=[(kind, _listed(kind, draft.violations)) for kind in VIOLATIONS],
        ticks=[tick._replace(ticked=(tick.kind, tick.turn) in incidents) for tick in first.ticks],
        kinds=[(kind, _listed(kind, added)) for kind in INCIDENTS],
        is_open=True,
    )


def sent(record: CallRecord, form: Mapping[str, str]) -> DecisionForm:
    """The form as somebody sent it, about the verdict of today."""
    note, coaching = form.get("note", ""), "coaching" in form
    first = replace(proposed(record.verdict), note=note, coaching=coaching, unsent=True)
    is_open = form.get("choice") == "overrule" or form.get("open") == "1"
    # What a closed form proposed about an earlier verdict nobody typed.
    if not is_open and (VIOLATIONS.keys().isdisjoint(form) or form.get("says") != record.says):
        return first
    return replace(
        first,
        outcome=form.get("outcome", first.outcome),
        types=[(kind, form.get(kind, "")) for kind in VIOLATIONS],
        ticks=[tick._replace(ticked=tick.name in form) for tick in first.ticks],
        kinds=[(kind, form.get(kind, "")) for kind in INCIDENTS],
        is_open=is_open,
    )


def note_of(form: Mapping[str, str]) -> str:
    """The note, with the line ends of this machine: browsers send two characters for each, and count one.

    Raises:
        StoreError: it is too long.
    """
    note = re.sub(r"\r\n?", "\n", form.get("note", "")).strip()
    if len(note) > MAX_NOTE:
        raise StoreError(f"the note is longer than {MAX_NOTE} letters", code="note_wrong", most=MAX_NOTE)
    return note


def label_of(form: Mapping[str, str], *, given: bool = True) -> dict[str, Any]:
    """The right label (none unless `given`) and the verdict that was on the page, as the store takes them.

    Turns of violations count only where the outcome is a violation.

    Raises:
        StoreError: there is no outcome or verdict, a turn is no number, or a violation has no turn.
    """
    verdict_key = number_of(form.get("verdict_key", ""))
    if verdict_key is None:
        raise StoreError("what was decided is missing", code="choice_missing")
    page = {"verdict_key": verdict_key, "says": form.get("says")}
    if not given:
        return {"outcome": None, "violations": (), "incidents": None, **page}
    outcome = next((word for word in OUTCOMES if word == form.get("outcome")), None)
    if outcome is None:
        raise StoreError("the right outcome is missing", code="outcome_missing")
    types = VIOLATIONS if outcome == "violation" else ()
    violations = [(kind, turn) for kind in types for turn in _turns(form, kind)]
    if outcome == "violation" and not violations:
        raise StoreError("a violation has no turn", code="violation_missing")
    ticked = (re.fullmatch(r"keep-([0-9]{1,7})-(.+)", name) for name in form)
    incidents = [(match[2], int(match[1])) for match in ticked if match]
    incidents += [(kind, turn) for kind in INCIDENTS for turn in _turns(form, kind)]
    return {"outcome": outcome, "violations": violations, "incidents": list(dict.fromkeys(incidents)), **page}


def _turns(form: Mapping[str, str], kind: str) -> list[int]:
    turns = [turn for turn in re.split(r"[,\s]+", form.get(kind, "").strip()) if turn]
    if not all(re.fullmatch(r"[0-9]{1,7}", turn) and 1 <= int(turn) <= MAX_TURN for turn in turns):
        raise StoreError(f"the turns of {kind} are no numbers", code="turns_wrong", type=kind)
    return [int(turn) for turn in turns]


def _listed(kind: str, happened: Iterable[tuple[str, int]]) -> str:
    return ", ".join(str(turn) for one, turn in sorted(set(happened)) if one == kind)


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
    outcomes = [words.capital(words.word(one.outcome or one.choice)) for one in given]
    lines = [ComparedLine(words.text("outcome"), outcomes, words.capital(words.word(verdict.outcome)))]
    for kind in dict.fromkeys(name for one in (*said, found) for name, _ in one):
        cells = [_at_turns(kind, one, words) for one in said]
        lines.append(ComparedLine(words.capital(words.word(kind)), cells, _at_turns(kind, found, words)))
    return lines


def said_at(decision: Decision) -> list[tuple[str, int]]:
    """Types and kinds that a reviewer says happened, each with its turn."""
    return [*decision.violations, *(decision.incidents or ())]


def _at_turns(kind: str, said: Iterable[tuple[str, int]], words: Words) -> str:
    """The turns in which it happened, in words; empty where it did not."""
    turns = sorted({turn for name, turn in said if name == kind})
    return words.text("in_turns" if len(turns) > 1 else "in_turn", turn=", ".join(map(str, turns))) if turns else ""


class Said(NamedTuple):
    """A sentence, a link to have another look, and what takes it back: a call and the decision about it.

    `shown`: only on the page that follows at once; on others the key still takes it back.
    """

    text: str
    address: str
    link: str
    call_key: int
    decision_key: int
    shown: bool


def said_of(context: RequestContext, query: str) -> Said | None:
    """What this session decided last, unless it was taken back; `query`: the queue that it was in."""
    done = context.desk.done.get(context.session.id)
    if done is None:
        return None
    words = context.words
    return Said(
        words.text("done", choice=words.word(done.choice)),
        f"/calls/{done.call_key}{query}",
        words.text("look_again"),
        done.call_key,
        done.decision_key,
        shown=context.asked.get("done") == str(done.call_key),
    )


def keep_once(context: RequestContext, keep: Callable[[], Done]) -> None:
    """Keep what was sent; of a form that is sent twice, by a double click, only the first."""
    desk, session, once = context.desk, context.session, context.form.get("once", "")
    with desk.deciding:
        last = desk.done.get(session.id)
        if last is None or not once or last.once != once:
            desk.done[session.id] = keep()._replace(once=once)
