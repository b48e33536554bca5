"""What reviewers decide about verdicts, before or after they see them, or take back: added, never changed."""

import json
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple, get_args

from sqlalchemy import Connection, select, update

from ausweis.calls.call import Call
from ausweis.errors import NoCallError, StoreError
from ausweis.facts import Facts
from ausweis.judging.verdict import Verdict
from ausweis.provenance import now
from ausweis.store import audit_log
from ausweis.store.calibrations import close_if_done, made_in
from ausweis.store.decisions import can_settle, decisions_of, right_values
from ausweis.store.key import Key
from ausweis.store.packing import run_row, unpack
from ausweis.store.persons import same_person
from ausweis.store.querying import hidden, record
from ausweis.store.rows import CallRecord, Choice, Decision, RejectionReason, What
from ausweis.store.schema import calls, decisions, runs, verdicts
from ausweis.vocabulary import INCIDENTS, OUTCOMES, VIOLATIONS, Outcome, ViolationType

Violations = Sequence[tuple[ViolationType, int]]
Incidents = Sequence[tuple[str, int]]
Reasons = Sequence[tuple[str, int, RejectionReason]]


def outcome_of(verdict: Verdict, violations: Violations) -> Outcome:
    """The outcome of a call with these violations; without any, that of its verdict unless it has some or is unsure."""
    if violations:
        return "violation"
    if verdict.outcome in ("compliant", "not_applicable"):
        return verdict.outcome
    return "compliant" if verdict.actions else "not_applicable"


class RightLabel(NamedTuple):
    """What is right of a call, or what a verdict says that it is."""

    outcome: Outcome | None
    violations: Violations
    incidents: Incidents

    @property
    def found(self) -> tuple[tuple[str, int], ...]:
        """All that is said to have happened."""
        return *self.violations, *self.incidents

    @classmethod
    def of(cls, verdict: Verdict) -> "RightLabel":
        """What a verdict says: each finding once, whatever was done at its turn."""
        violations = dict.fromkeys((violation.type, violation.turn) for violation in verdict.violations)
        incidents = dict.fromkeys((incident.id, incident.turn) for incident in verdict.incidents)
        return cls(verdict.outcome, tuple(violations), tuple(incidents))

    def same(self, other: "RightLabel") -> bool:
        """Whether both say the same, in whatever order."""
        return self.outcome == other.outcome and {*self.found} == {*other.found}


def check_label(choice: Choice, label: RightLabel, said: RightLabel, turns: int) -> None:
    """Refuse what is no label of a call of so many turns whose verdict says `said`.

    Raises:
        StoreError: it is none, or an overruled verdict says it itself.
    """
    if choice == "not_sure":
        if label.outcome is not None or label.violations or label.incidents:
            message = "who is not sure gives no label; leave outcome, violations and incidents out"
            raise StoreError(message, code="not_sure_label")
        return
    if choice == "confirm":
        return
    if label.outcome not in OUTCOMES:
        raise StoreError(f"the right outcome is wanted, one of {', '.join(OUTCOMES)}", code="outcome_missing")
    if (label.outcome == "violation") != bool(label.violations):
        raise StoreError("the outcome violation needs its violations, and no other has any", code="violation_missing")
    for kind, turn in label.violations:
        if kind not in VIOLATIONS or not 1 <= turn <= turns:
            message = f"a violation is one of {', '.join(VIOLATIONS)}, at a turn from 1 to {turns}"
            raise StoreError(message, code="violation_turn", last=turns)
    kinds = dict.fromkeys((*INCIDENTS, *(kind for kind, _ in said.incidents)))
    for name, turn in label.incidents:
        if name not in kinds or not 1 <= turn <= turns:
            message = f"an incident is one of {', '.join(kinds)}, at a turn from 1 to {turns}"
            raise StoreError(message, code="incident_turn", last=turns)
    if label.same(said):
        raise StoreError("this is what the verdict says; confirm it, or say what is right instead", code="same_label")


def check_reasons(reasons: Reasons, label: RightLabel, said: RightLabel) -> None:
    """Refuse reasons of what the verdict does not say, or of what was not rejected.

    Raises:
        StoreError: one is none.
    """
    rejected = {*said.found}.difference(label.found)
    for name, turn, reason in reasons:
        if reason not in get_args(RejectionReason) or (name, turn) not in rejected:
            message = f"a reason is one of {', '.join(get_args(RejectionReason))}, of a finding that is rejected"
            raise StoreError(message, code="reason_missing")


_MAX_NAME, _MAX_NOTE = 100, 10_000


def decide(
    connection: Connection,
    key: Key,
    call_key: int,
    *,
    reviewer: str,
    choice: Choice,
    outcome: Outcome | None = None,
    violations: Violations = (),
    incidents: Incidents | None = None,
    reasons: Reasons = (),
    note: str = "",
    coaching: bool = False,
    verdict_key: int,
    says: str | None = None,
    blind: bool = False,
    hasty: bool | None = None,
    settles: bool = False,
    rules: bool = False,
) -> Decision:
    """Add what a reviewer decided about the verdict that they saw; nothing is ever changed or lost.

    `outcome`, `violations` (type, turn) and `incidents` (id, turn) are the right label, wanted where the verdict is
    overruled; without `incidents`, those of the verdict stand. `reasons`: why findings are rejected. `coaching`: the
    note is meant for coaching. `says`: that of the record that they saw; without it, another text under the same
    verdict goes unnoticed. `settles`: by a lead who has seen what the others say, who are not sure or differ; what
    holds is what the lead says then, whatever the others do. `rules`: the same, by a lead who rules on an objection.
    `blind`, `hasty`: as of `Decision`.

    Raises:
        StoreError: the verdict, or the text, says something else by now; the label is none, or what an overruled
            verdict says itself; there is nothing to settle; or there is no such call.
    """
    call = call_seen(connection, call_key, verdict_key, says)
    verdict, looked = what_is_said(connection, call)
    label = said = RightLabel.of(verdict)
    if choice != "confirm":
        # Who overrules and does not speak of incidents lets them stand.
        kept = said.incidents if incidents is None and choice == "overrule" else incidents or ()
        label = RightLabel(outcome, violations, kept)
    reviewer, note = reviewer.strip(), note.strip()
    _check_words(reviewer, choice, note)
    check_label(choice, label, said, call.turns)
    check_reasons(reasons, label, said)
    # An objection is reason enough: whoever rules on it has seen all that there is.
    if settles and not rules:
        _check_settling(decisions_of(connection, call_key, says=call.says), reviewer, choice)
    session = None if settles or rules else made_in(connection, reviewer, call_key)
    # Where nobody looked for incidents, nobody says either that there is none.
    tells = label.incidents or said.incidents or looked
    row = {
        "verdict_key": call.verdict_key,
        "reviewer": reviewer,
        "choice": choice,
        "outcome": label.outcome,
        "violations": _json(label.violations),
        "incidents": _json(label.incidents) if tells else None,
        "note": note,
        # Nothing where it was not, as in older decisions: their entries vouch for the same.
        "blind": blind or None,
        "hasty": hasty,
        "coaching": (coaching and bool(note)) or None,
        "reasons": _json(reasons) if reasons else None,
        "settles": settles or rules or None,
        "calibration_key": session.key if session else None,
    }
    made = keep(connection, key, call, row)[-1]
    if session:
        close_if_done(connection, key, session.key, by=reviewer)
    return made


def _check_settling(given: Sequence[Decision], reviewer: str, choice: Choice) -> None:
    if choice == "not_sure" or not can_settle(given, reviewer):
        message = "there is nothing to settle: nobody else differs or is not sure, or you are not sure yourself"
        raise StoreError(message, code="nothing_to_settle")


def what_is_said(connection: Connection, call: Any) -> tuple[Verdict, bool]:
    """The verdict of a call, and whether incidents were looked for."""
    run = run_row(connection.execute(select(runs).where(runs.c.key == call.run_key)).one())
    verdict = connection.execute(select(verdicts).where(verdicts.c.key == call.verdict_key)).one()
    return unpack(verdict.body, run), looked_for(verdict.facts)


def _json(happened: Sequence[tuple[Any, ...]]) -> str:
    return json.dumps(happened, ensure_ascii=False)


def keep(connection: Connection, key: Key, call: Any, values: dict[str, Any]) -> list[Decision]:
    """Add a row of `decisions` about a call, its row locked, with its entry in the audit log: all there are then.

    The state of the call follows. `values`: what the row says; by default of what the verdict of today says.
    """
    unknown: dict[str, Any] = dict.fromkeys(("settles", "blind", "hasty", "calibration_key", "coaching", "reasons"))
    row = unknown | {"call_key": call.key, "says": call.says} | values | {"at": now()}
    what: What = "withdrawn" if row["choice"] == "withdrawn" else "settled" if row["settles"] else "decided"
    audit_log.add_row(connection, key, "decision", row, what, row["reviewer"], call)
    decided = decisions_of(connection, call.key, says=call.says)
    connection.execute(update(calls).where(calls.c.key == call.key).values(right_values(decided)))
    return decided


def looked_for(facts: str) -> bool:
    """Whether incidents were looked for when the call was read; by its facts as they are kept."""
    return bool(Facts.model_validate_json(facts).looked_for)


def call_locked(connection: Connection, call_key: int) -> Any:
    """The row of a call that has a verdict, locked.

    Raises:
        NoCallError: there is none.
    """
    call = connection.execute(select(calls).where(calls.c.key == call_key).with_for_update()).first()
    if call is None or call.verdict_key is None:
        raise NoCallError("there is no such call in the store any more")
    return call


def call_seen(connection: Connection, call_key: int, verdict_key: int, says: str | None) -> Any:
    """The same, if it still says what verdict and text said that the reviewer saw.

    Raises:
        StoreError: it does not, or there is none.
    """
    call = call_locked(connection, call_key)
    # An older verdict may say what the one of today says: then a run came between, and no more.
    own = (verdicts.c.key == verdict_key, verdicts.c.call_key == call_key)
    seen = connection.execute(select(verdicts.c.says).where(*own)).scalar()
    if says not in (None, call.says) or (call.verdict_key != verdict_key and seen != call.says):
        message = "the verdict has changed since you saw it, or the text; look at the call again, then decide"
        raise StoreError(message, code="verdict_changed")
    return call


def _check_words(reviewer: str, choice: Choice, note: str) -> None:
    if not reviewer or len(reviewer) > _MAX_NAME or not reviewer.isprintable():
        message = f"a decision needs the reviewer's name, of at most {_MAX_NAME} letters"
        raise StoreError(message, code="reviewer_wrong", most=_MAX_NAME)
    if len(note) > _MAX_NOTE or "\0" in note:
        message = f"the note is too long or no text; at most {_MAX_NOTE} letters"
        raise StoreError(message, code="note_wrong", most=_MAX_NOTE)
    if choice not in get_args(Choice):
        raise StoreError(f"a decision is one of {', '.join(get_args(Choice))}", code="choice_missing")


def withdraw(connection: Connection, key: Key, call_key: int, *, reviewer: str, decision_key: int) -> Decision:
    """Take a reviewer's own decision about a call back, the last that counts: the decision, as it stands now.

    What the same reviewer had decided before it counts again.

    Raises:
        StoreError: it is another's, or does not count: it was taken back already, decided anew since, or is about what
            an earlier verdict said; or there is no such call.
    """
    call = call_locked(connection, call_key)
    own = (decisions.c.key == decision_key, decisions.c.call_key == call_key)
    row = connection.execute(select(decisions).where(*own)).first()
    counting = {decision.key for decision in decisions_of(connection, call_key, says=call.says) if decision.counts}
    if row is None or not same_person(row.reviewer, reviewer) or decision_key not in counting:
        raise StoreError("only your own last decision about what the verdict says can be taken back", code="not_yours")
    values = {name: getattr(row, name) for name in ("call_key", "verdict_key", "says", "reviewer")}
    values |= {"choice": "withdrawn", "outcome": None, "violations": "[]", "incidents": None, "note": ""}
    made = keep(connection, key, call, values)
    return next(decision for decision in made if decision.key == decision_key)


_WORDS_A_SECOND = 238 / 60
"""How fast adults read in silence (Brysbaert, Journal of Memory and Language 109, 2019)."""
_HASTY = 0.1


def hear(
    connection: Connection,
    key: Key,
    call_key: int,
    *,
    reviewer: str,
    violations: Violations = (),
    incidents: Incidents = (),
    is_sure: bool = True,
    asked: Collection[str] | None = None,
    reasons: Reasons = (),
    note: str = "",
    coaching: bool = False,
    verdict_key: int,
    says: str | None = None,
    seconds: float | None = None,
    settles: bool = False,
) -> Decision:
    """Keep what a reviewer says of a call: as confirming the verdict where it says the same, else as overruling it.

    The outcome follows from the violations (`outcome_of`). `asked`: the kinds of incidents that they were asked about,
    None for all; of others, those of the verdict stand. `seconds`: how long they had the call before them, where that
    is asked. Blind it is only if the verdict was hidden. The rest as in `decide`.

    Raises:
        StoreError: as `decide` does.
    """
    seen = record(connection, call_key)
    said = RightLabel.of(seen.verdict)
    kept = () if asked is None else tuple((kind, turn) for kind, turn in said.incidents if kind not in asked)
    label = RightLabel(outcome_of(seen.verdict, violations), violations, (*kept, *incidents))
    choice: Choice = "not_sure" if not is_sure else "confirm" if label.same(said) else "overrule"
    return decide(
        connection,
        key,
        call_key,
        reviewer=reviewer,
        choice=choice,
        note=note,
        coaching=coaching,
        verdict_key=verdict_key,
        says=says,
        blind=_is_blind(connection, seen, reviewer.strip()),
        hasty=None if seconds is None else seconds < _HASTY * shortest(seen.call, seen.row.seconds),
        settles=settles and is_sure,
        **(label._asdict() | {"reasons": reasons} if choice == "overrule" else {}),
    )


def _is_blind(connection: Connection, seen: CallRecord, reviewer: str) -> bool:
    """Whether a reviewer has not been shown the verdict: nor before a calibration session, nor as who made it."""
    key = seen.row.key
    session = made_in(connection, reviewer, key)
    if session is not None and same_person(session.lead, reviewer):
        return False
    own = [one for one in seen.decisions if one.today and same_person(one.reviewer, reviewer)]
    before = [one for one in own if one.choice != "withdrawn" and (session is None or one.calibration != session.key)]
    return key in hidden(connection, reviewer, [key]) and not before


def blind_statement(seen: CallRecord, reviewer: str) -> Decision | None:
    """What a reviewer said of a call before they saw what its verdict says today; None where they saw it first."""
    own = (one for one in seen.decisions if same_person(one.reviewer, reviewer) and not one.withdrawn)
    return next((one for one in reversed(list(own)) if one.blind and one.today), None)


def shortest(call: Call, seconds: float | None) -> float:
    """How many seconds it takes to hear a call of a length, where that is known, or to read it, whichever is less."""
    read = sum(len(turn.text.split()) for turn in call.turns) / _WORDS_A_SECOND
    return min(seconds, read) if seconds else read
