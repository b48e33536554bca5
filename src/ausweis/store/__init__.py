"""Runs, calls, facts, verdicts and decisions in a database, and what the law asks of keeping them.

store         the room's one door: Store
rows          what it gives and takes, and which calls are asked for
schema        the tables, and how they are made
database      connections to SQLite or PostgreSQL
key           the key: pseudonyms of agents, digests, the audit log
audit_log     who did what, hash-chained; digests of the rows that a report rests on
writing       what becomes of the calls of a run, written as it comes
packing       runs, calls and verdicts ↔ rows; agents as pseudonyms
index         what of each call is masked, and the full-text index of the rest
search        what is looked for, and where in a call it was found
querying      filters → SQL: the queue; one call with all that is known of it
persons       which names are one person's
reviewers     who reviews, by which key, in which role; whom a lead assigns calls to
deciding      what reviewers decide, added
decisions     what they have decided, what holds by it, and how far they agree
calibrations  sessions in which several decide the same calls, unseen by each other
objections    what the agent's side objects to, and how a lead ruled
counted       calls counted by what people say of them, and what share holds
figures       the same by day, queue and team
sampling      calls drawn by chance, and recall in the field
exporting     decided calls → golden cases
deleting      calls removed, and the database searched for what is left
exports       files that commands wrote about calls, recorded answers too: known, and cleaned
traces        what was said in calls that go, and what shows that it is still in the files of a database
"""

from ausweis.store.calibrations import opinion_of
from ausweis.store.counted import ALL_INCIDENTS, ALL_VIOLATIONS, FEWEST, Counted, Subject, was_asked
from ausweis.store.deciding import blind_statement
from ausweis.store.decisions import can_settle
from ausweis.store.decisions import label_of as held_label
from ausweis.store.figures import Series
from ausweis.store.index import SHORTEST
from ausweis.store.key import Key
from ausweis.store.objections import OBJECTION_DAYS, Objection, ObjectionCounts, Ruling, count_objections, objected_to
from ausweis.store.persons import person_of, same_person
from ausweis.store.rows import (
    TEAM_AGENTS,
    TEAM_MINIMUM,
    Agreement,
    CalibrationRound,
    CallFilter,
    CallRecord,
    CallRow,
    Choice,
    Column,
    Cursor,
    DayCount,
    Decision,
    Deleted,
    Entry,
    FieldRecall,
    Finding,
    Invitation,
    Judged,
    Order,
    RejectionReason,
    Reviewer,
    Role,
    RunRow,
    State,
)
from ausweis.store.search import MAX_TERMS, Hit, search_terms
from ausweis.store.store import Store
from ausweis.store.writing import RunWriter

__all__ = [
    "ALL_INCIDENTS",
    "ALL_VIOLATIONS",
    "FEWEST",
    "MAX_TERMS",
    "OBJECTION_DAYS",
    "SHORTEST",
    "TEAM_AGENTS",
    "TEAM_MINIMUM",
    "Agreement",
    "CalibrationRound",
    "CallFilter",
    "CallRecord",
    "CallRow",
    "Choice",
    "Column",
    "Counted",
    "Cursor",
    "DayCount",
    "Decision",
    "Deleted",
    "Entry",
    "FieldRecall",
    "Finding",
    "Hit",
    "Invitation",
    "Judged",
    "Key",
    "Objection",
    "ObjectionCounts",
    "Order",
    "RejectionReason",
    "Reviewer",
    "Role",
    "Ruling",
    "RunRow",
    "RunWriter",
    "Series",
    "State",
    "Store",
    "Subject",
    "blind_statement",
    "can_settle",
    "count_objections",
    "held_label",
    "objected_to",
    "opinion_of",
    "person_of",
    "same_person",
    "search_terms",
    "was_asked",
]
