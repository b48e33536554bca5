"""What reviewers decide about verdicts: added, never changed."""

import json
from typing import Any, get_args

from sqlalchemy import Connection, insert, select, update

from ausweis.batch.manifest import now
from ausweis.errors import NoCallError, StoreError
from ausweis.facts import Facts
from ausweis.store import audit_log
from ausweis.store.calibrations import close_if_done, made_in
from ausweis.store.decided import decisions_of
from ausweis.store.holding import can_settle, right_values
from ausweis.store.key import Key, canonical
from ausweis.store.label import Incidents, Label, Violations, check_label
from ausweis.store.packing import run_row, unpack
from ausweis.store.rows import Choice, Decision, What
from ausweis.store.schema import calls, decisions, runs, verdicts
from ausweis.vocabulary import Outcome

__all__ = ["call_seen", "decide", "keep", "looked_for"]

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
    overruled; without `incidents`, those of the verdict stand. `coaching`: the note is meant for coaching. `says`: that
    of the record that they saw; without it, another text under the same verdict goes unnoticed. `settles`: by a lead
    who has seen what the others say, who are not sure or differ; what holds is what the lead says then, whatever the
    others do. `rules`: the same, by a lead who rules on an objection. `blind`, `hasty`: as of `Decision`.

    Raises:
        StoreError: the verdict, or the text, says something else by now; the label is none, or what an overruled
            verdict says itself; there is nothing to settle; or there is no such call.
    """
    call = call_seen(connection, call_key, verdict_key, says)
    run = run_row(connection.execute(select(runs).where(runs.c.key == call.run_key)).one())
    verdict = connection.execute(select(verdicts).where(verdicts.c.key == call.verdict_key)).one()
    said = Label.of(unpack(verdict.body, run))
    label = said if choice == "confirm" else Label.given(choice, outcome, violations, incidents, said)
    reviewer, note = reviewer.strip(), note.strip()
    _check_words(reviewer, choice, note)
    check_label(choice, label, said, call.turns)
    if settles := settles or rules:
        _check_settling(connection, call, reviewer, choice, rules=rules)
    session = None if settles else made_in(connection, reviewer, call_key)
    # Where nobody looked for incidents, nobody says either that there is none.
    tells = label.incidents or said.incidents or looked_for(verdict.facts)
    row: dict[str, Any] = {
        "call_key": call_key,
        "verdict_key": call.verdict_key,
        "says": call.says,
        "reviewer": reviewer,
        "choice": choice,
        "outcome": label.outcome,
        "violations": json.dumps([list(said_at) for said_at in label.violations]),
        "incidents": json.dumps([list(said_at) for said_at in label.incidents], ensure_ascii=False) if tells else None,
        "note": note,
        # Nothing where it was not, as in older decisions: their entries vouch for the same.
        "blind": blind or None,
        "hasty": hasty,
        "coaching": True if coaching and note else None,
        "settles": True if settles else None,
        "calibration_key": session.key if session else None,
    }
    made = keep(connection, key, call, row)[-1]
    if session:
        close_if_done(connection, key, session.key, by=reviewer)
    return made


def keep(connection: Connection, key: Key, call: Any, values: dict[str, Any]) -> list[Decision]:
    """Add a row of `decisions` about a call, its row locked, with its entry in the audit log: all there are then.

    The state of the call follows. `values`: the row without `at`.
    """
    run = run_row(connection.execute(select(runs).where(runs.c.key == call.run_key)).one())
    unknown: dict[str, Any] = dict.fromkeys(("settles", "blind", "hasty", "calibration_key", "coaching"))
    row = unknown | values | {"at": now()}
    what: What = "settled" if row.get("settles") else "decided"
    if row["choice"] == "withdrawn":
        what = "withdrawn"
    made = connection.execute(insert(decisions).returning(decisions.c.key), row).scalar_one()
    audit_log.digest_rows(connection, key, "decision", [made])
    content = canonical(row)
    audit_log.append(
        connection, key, what, row["reviewer"], call_id=call.call_id, run=run, content=content, at=row["at"]
    )
    decided = decisions_of(connection, call.key, says=call.says)
    connection.execute(update(calls).where(calls.c.key == call.key).values(right_values(decided)))
    return decided


def looked_for(facts: str | None) -> bool:
    """Whether incidents were looked for when the call was read; by its facts as they are kept."""
    return facts is not None and bool(Facts.model_validate_json(facts).looked_for)


def call_seen(connection: Connection, call_key: int, verdict_key: int, says: str | None) -> Any:
    """The row of a call, locked, if it is there and still says what verdict and text said that the reviewer saw.

    Raises:
        StoreError: it is not, or does not.
    """
    call = connection.execute(select(calls).where(calls.c.key == call_key).with_for_update()).first()
    if call is None or call.verdict_key is None:
        raise NoCallError("there is no such call in the store any more")
    if says not in (None, call.says) or (call.verdict_key != verdict_key and not _says(connection, call, verdict_key)):
        message = "the verdict has changed since you saw it, or the text; look at the call again, then decide"
        raise StoreError(message, code="verdict_changed")
    return call


def _says(connection: Connection, call: Any, verdict_key: int) -> bool:
    """Whether an older verdict of the call says what the one of today says: then a run came between, and no more."""
    own = (verdicts.c.key == verdict_key, verdicts.c.call_key == call.key)
    return bool(connection.execute(select(verdicts.c.says).where(*own)).scalar() == call.says)


def _check_settling(connection: Connection, call: Any, reviewer: str, choice: Choice, *, rules: bool) -> None:
    # An objection is reason enough: whoever rules on it has seen all that there is.
    if choice != "not_sure" and (rules or can_settle(decisions_of(connection, call.key, says=call.says), reviewer)):
        return
    message = "there is nothing to settle: nobody else differs or is not sure, or you are not sure yourself"
    raise StoreError(message, code="nothing_to_settle")


def _check_words(reviewer: str, choice: Choice, note: str) -> None:
    if not reviewer or len(reviewer) > _MAX_NAME or not reviewer.isprintable():
        message = f"a decision needs the reviewer's name, of at most {_MAX_NAME} letters"
        raise StoreError(message, code="reviewer_wrong", most=_MAX_NAME)
    if len(note) > _MAX_NOTE or "\0" in note:
        message = f"the note is too long or no text; at most {_MAX_NOTE} letters"
        raise StoreError(message, code="note_wrong", most=_MAX_NOTE)
    if choice not in get_args(Choice):
        raise StoreError(f"a decision is one of {', '.join(get_args(Choice))}", code="choice_missing")
