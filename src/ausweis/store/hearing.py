"""What a reviewer heard in a call whose verdict they had not seen: a decision that is marked as blind."""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection

from ausweis.calls.call import Call
from ausweis.store.calibrations import made_in
from ausweis.store.deciding import decide
from ausweis.store.hidden import hidden
from ausweis.store.key import Key
from ausweis.store.label import Incidents, Label, Violations
from ausweis.store.persons import same_person
from ausweis.store.records import record
from ausweis.store.rows import CallRecord, Choice, Decision
from ausweis.vocabulary import Outcome

__all__ = ["blind_statement", "hear", "shortest"]

_WORDS_A_SECOND = 238 / 60
"""How fast adults read in silence (Brysbaert, Journal of Memory and Language 109, 2019)."""
_HASTY = 0.1


def hear(
    connection: Connection,
    key: Key,
    call_key: int,
    *,
    reviewer: str,
    outcome: Outcome | None,
    violations: Violations = (),
    incidents: Incidents = (),
    asked: Collection[str] = (),
    note: str = "",
    verdict_key: int,
    says: str | None = None,
    seconds: float | None = None,
) -> Decision:
    """Keep what a reviewer heard: as confirming the verdict where it says the same, else as overruling it.

    `outcome` None: they are not sure. `asked`: the kinds of incidents that they were asked about; of others, those of
    the verdict stand. `seconds`: how long they had the call before them. Blind it is only if the verdict was hidden.

    Raises:
        StoreError: as `decide` does.
    """
    seen = record(connection, call_key)
    said = Label.of(seen.verdict)
    kept = tuple((kind, turn) for kind, turn in said.incidents if kind not in asked)
    label = Label(outcome, tuple(violations), (*kept, *incidents))
    choice: Choice = "not_sure" if outcome is None else "confirm" if label.same(said) else "overrule"
    least = shortest(seen.call, seen.row.seconds)
    return decide(
        connection,
        key,
        call_key,
        reviewer=reviewer,
        choice=choice,
        outcome=outcome if choice == "overrule" else None,
        violations=label.violations if choice == "overrule" else (),
        incidents=label.incidents if choice == "overrule" else None,
        note=note,
        verdict_key=verdict_key,
        says=says,
        blind=_is_blind(connection, seen, reviewer.strip()),
        hasty=None if seconds is None or least is None else seconds < _HASTY * least,
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


def shortest(call: Call | None, seconds: float | None) -> float | None:
    """How many seconds it takes to hear a call of a length or to read it, whichever is less; None where unknown."""
    read = None if call is None else sum(len(turn.text.split()) for turn in call.turns) / _WORDS_A_SECOND
    known: Sequence[float] = [time for time in (seconds, read) if time]
    return min(known, default=None)
