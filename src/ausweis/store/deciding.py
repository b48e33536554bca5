"""What reviewers decide about verdicts: added, never changed; in the order of the chain, which vouches for it.

The last word of each reviewer counts, as long as the call's verdict says what it said then; one that was taken back
(`withdrawing`) does not, and the one before it is the last again (`standing`).
"""

import json
import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any, get_args

from sqlalchemy import Connection, Select, and_, insert, not_, or_, select, update

from ausweis.batch.manifest import now
from ausweis.errors import NoCallError, StoreError
from ausweis.facts import Facts
from ausweis.store import chain
from ausweis.store.calibrations import close_if_done, made_in
from ausweis.store.filters import EVERY, CallFilter
from ausweis.store.holding import NOTHING_DECIDED, can_settle, label_of, right_values
from ausweis.store.key import Key
from ausweis.store.label import Incidents, Label, Violations, check_label
from ausweis.store.packing import run_row, unpack
from ausweis.store.persons import person_of, same_person
from ausweis.store.querying import conditions
from ausweis.store.rows import Agreement, Choice, Decision, What
from ausweis.store.standing import taken_back
from ausweis.store.tables import batches, calibrations, calls, decisions, runs, verdicts
from ausweis.vocabulary import Outcome

__all__ = [
    "agreement",
    "agreement_of",
    "call_seen",
    "check_states",
    "decide",
    "decided_by",
    "decisions_of",
    "keep",
    "labels",
    "looked_for",
]

_OPEN = select(calibrations.c.key).where(calibrations.c.closed.is_(None))
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
    # An objection is reason enough: whoever rules on it has seen all that there is.
    settles = settles or rules
    others = decisions_of(connection, call_key, says=call.says) if settles else []
    if settles and (choice == "not_sure" or not (rules or can_settle(others, reviewer))):
        message = "there is nothing to settle: nobody else differs or is not sure, or you are not sure yourself"
        raise StoreError(message, code="nothing_to_settle")
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
    """Add a row of `decisions` about a call, its row locked, with its entry in the chain: all about the call by then.

    The state of the call follows. `values`: the row without `at` and `seq`.
    """
    run = run_row(connection.execute(select(runs).where(runs.c.key == call.run_key)).one())
    unknown: dict[str, Any] = dict.fromkeys(("settles", "blind", "hasty", "calibration_key", "coaching"))
    row = unknown | values | {"at": now()}
    what: What = "settled" if row.get("settles") else "decided"
    if row["choice"] == "withdrawn":
        what = "withdrawn"
    content = chain.decision_content(_Values(row))
    row["seq"] = chain.append(
        connection, key, what, row["reviewer"], call_id=call.call_id, run=run, content=content, at=row["at"]
    )
    connection.execute(insert(decisions), row)
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


def decisions_of(connection: Connection, call_key: int, *, says: str) -> list[Decision]:
    """All decisions about a call, in their order; `says` tells which of them count."""
    wanted = select(decisions).where(decisions.c.call_key == call_key).order_by(decisions.c.seq)
    return _decisions(connection.execute(wanted), says, set(connection.execute(_OPEN).scalars()))


def decided_by(connection: Connection, reviewer: str, keys: Iterable[int]) -> set[int]:
    """Of these calls, those about whose verdict of today a reviewer has decided."""
    decided: set[int] = set()
    for batch in batches(keys):
        wanted = select(calls.c.key, decisions.c.reviewer, decisions.c.choice)
        wanted = wanted.join(decisions, decisions.c.call_key == calls.c.key).where(calls.c.key.in_(batch))
        words: Counter[int] = Counter()
        for row in connection.execute(wanted.where(decisions.c.says == calls.c.says)):
            if same_person(row.reviewer, reviewer):
                # One that was taken back and the entry that did it come to nothing.
                words[row.key] += -1 if row.choice == "withdrawn" else 1
        decided.update(key for key, number in words.items() if number > 0)
    return decided


def check_states(connection: Connection) -> None:
    """Hold the state of each call, and what is said to be right, against its decisions.

    Raises:
        StoreError: one does not follow from them.
    """
    columns = (calls.c[name].label(f"now_{name}") for name in NOTHING_DECIDED)
    own = (calls.c.key.label("of"), calls.c.says.label("today"), *columns)
    wanted = select(*own, decisions).join_from(calls, decisions, calls.c.key == decisions.c.call_key, isouter=True)
    is_open = and_(*(calls.c[name].is_not_distinct_from(value) for name, value in NOTHING_DECIDED.items()))
    wanted = wanted.where(or_(not_(is_open), decisions.c.key.is_not(None)))
    rows = connection.execute(wanted.order_by(calls.c.key, decisions.c.seq))
    for today, of_call in groupby(rows, lambda row: list(row)[: len(own)]):
        call_key, says, *there = today
        made = _decisions((row for row in of_call if row.key is not None), says)
        if there != list(right_values(made).values()):
            raise StoreError(f"the state of call {call_key} is not what was decided about it: it was changed")


def agreement(connection: Connection, which: CallFilter = EVERY) -> Agreement:
    """How far reviewers agree on the outcome, over all pairs of reviewers of one verdict: share of pairs, and kappa.

    Which of two reviewers is the first means nothing, so both share one distribution of outcomes: Scott's pi (1955),
    which is Cohen's kappa over all pairs, each taken both ways round. "Not sure" is an outcome. What a lead said to
    settle a call is no opinion of its own: of them, what they said before counts.
    """
    wanted = select(decisions).join(calls, calls.c.key == decisions.c.call_key)
    wanted = wanted.where(*conditions(which, connection.dialect.name)).order_by(decisions.c.seq)
    # What is said in a calibration session is nobody's to know before it is closed, in figures neither.
    rows = connection.execute(wanted).all()
    secret = set(connection.execute(_OPEN).scalars())
    gone = _gone(taken_back(rows))
    last: dict[tuple[int, str], dict[str, str]] = {}
    for row in rows:
        if row.seq not in gone and not row.settles and row.calibration_key not in secret:
            last.setdefault((row.call_key, row.says), {})[person_of(row.reviewer)] = row.outcome or "not_sure"
    return agreement_of(list(said.values()) for said in last.values())


def agreement_of(said: Iterable[Sequence[str]]) -> Agreement:
    """How far those agree who said these outcomes, each of one call, over all pairs (`agreement`)."""
    pairs = same = 0
    words: Counter[str] = Counter()
    for outcomes in said:
        for place, outcome in enumerate(outcomes):
            for other in outcomes[:place]:
                pairs += 1
                same += outcome == other
                words.update((outcome, other))
    if not pairs:
        return Agreement(0, 0, math.nan)
    chance = sum((number / (2 * pairs)) ** 2 for number in words.values())
    return Agreement(pairs, same, 1.0 if chance == 1 else (same / pairs - chance) / (1 - chance))


def _says(connection: Connection, call: Any, verdict_key: int) -> bool:
    """Whether an older verdict of the call says what the one of today says: then a run came between, and no more."""
    own = (verdicts.c.key == verdict_key, verdicts.c.call_key == call.key)
    return bool(connection.execute(select(verdicts.c.says).where(*own)).scalar() == call.says)


class _Values:
    """A row that is not written yet, with its columns as attributes."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.__dict__.update(values)


def labels(connection: Connection, wanted: Select[Any], *, blind: bool = False) -> list[Decision]:
    """The labels that hold, of calls that a query gives with `key` and `says`; of each at most one.

    `blind`: what reviewers said before they saw the verdict, in the place of their last words.
    """
    of = wanted.subquery()
    by_call: dict[tuple[int, str], list[Any]] = {}
    joined = select(decisions, of.c.says.label("today")).join(of, of.c.key == decisions.c.call_key)
    for row in connection.execute(joined.order_by(decisions.c.seq)):
        by_call.setdefault((row.call_key, row.today), []).append(row)
    given = (_decisions(rows, says) for (_, says), rows in by_call.items())
    held = (label_of(_blind(said) if blind else said) for said in given)
    return [label for label in held if label is not None]


def _blind(given: Iterable[Decision]) -> list[Decision]:
    """What each reviewer said last before they saw what the verdict says today, as if it were their last word."""
    stands = (decision for decision in given if decision.blind and decision.today and not decision.withdrawn)
    said = {person_of(decision.reviewer): decision for decision in stands}
    return [replace(decision, counts=True) for decision in said.values()]


def _decisions(rows: Iterable[Any], says: str, secret: Collection[int] = ()) -> list[Decision]:
    """`secret`: the sessions that are not closed."""
    known = list(rows)
    taken = taken_back(known)
    gone = _gone(taken)
    keys: dict[int | None, int] = {row.seq: row.key for row in known}
    last = {person_of(row.reviewer): row.seq for row in known if row.says == says and row.seq not in gone}
    return [
        Decision(
            key=row.key,
            reviewer=row.reviewer,
            choice=row.choice,
            outcome=row.outcome,
            violations=tuple((kind, turn) for kind, turn in json.loads(row.violations)),
            note=row.note,
            at=row.at,
            verdict_key=row.verdict_key,
            counts=row.says == says and last.get(person_of(row.reviewer)) == row.seq,
            incidents=_incidents(row.incidents),
            today=row.says == says,
            blind=bool(row.blind),
            hasty=row.hasty,
            coaching=bool(row.coaching),
            withdrawn=row.seq in gone,
            takes_back=keys.get(taken.get(row.seq)),
            settles=bool(row.settles),
            calibration=row.calibration_key,
            secret=row.calibration_key in secret,
        )
        for row in known
    ]


def _gone(taken: Mapping[int, int | None]) -> set[int | None]:
    """What counts no more, and the entries that say so."""
    return {*taken, *taken.values()}


def _incidents(text: str | None) -> tuple[tuple[str, int], ...] | None:
    return None if text is None else tuple((kind, turn) for kind, turn in json.loads(text))


def _check_words(reviewer: str, choice: Choice, note: str) -> None:
    if not reviewer or len(reviewer) > _MAX_NAME or not reviewer.isprintable():
        message = f"a decision needs the reviewer's name, of at most {_MAX_NAME} letters"
        raise StoreError(message, code="reviewer_wrong", most=_MAX_NAME)
    if len(note) > _MAX_NOTE or "\0" in note:
        message = f"the note is too long or no text; at most {_MAX_NOTE} letters"
        raise StoreError(message, code="note_wrong", most=_MAX_NOTE)
    if choice not in get_args(Choice):
        raise StoreError(f"a decision is one of {', '.join(get_args(Choice))}", code="choice_missing")
