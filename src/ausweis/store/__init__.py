"""Runs, calls, facts, verdicts and decisions in a database, and what the law asks of keeping them.

store         the room's one door: Store
rows          what it gives and takes
filters       which calls are asked for, and in which order
saved_filters those that somebody saved
key           the key: pseudonyms of agents, hashes of the audit log
database      connections to SQLite or PostgreSQL
schema        the tables, and how they are made
audit_log     who did what, hash-chained; digests of the rows that a report rests on
sink          calls of a run, with text, facts and verdict → rows
settled       such calls, as lines of a run folder, with their texts
verdict_rows  their verdicts, a batch at a time
texts         calls ↔ rows; agents as pseudonyms
masks         what of each call is masked
index         the full-text index of masked texts
indexing      calls put into it
packing       runs and verdicts ↔ rows
subjects      what people say of what was reported: confirmed, overruled, open
querying      filters → SQL: the queue
searching     what is looked for, and where
hits          where in a call it was found
unmasked      looking for words in texts as they are
records       one call with all that is known of it
counting      calls by day, queue and team
figures       calls counted by what people say of what was reported
counted       such calls counted, and what share of them holds
label         what is right of a call, as a verdict or a reviewer says
persons       which names are one person's
reviewers     who reviews, by which key, in which role
holding       what holds of a call, by what was decided
deciding      what reviewers decide, added
decided       what they have decided, which of it counts, and how far they agree
calibrations  sessions in which several decide the same calls, unseen by each other
opinions      what was said in one
hidden        verdicts that a reviewer must not see yet
hearing       what a reviewer heard in such a call
objections    what the agent's side objects to, and how a lead ruled
withdrawing   a decision taken back by its reviewer
standing      which decisions were
sampling      calls drawn by chance, and recall in the field
deleting      calls removed everywhere
proof         the search for what is left of them, wherever they stood, until nothing is
missing       runs, pages and cases that are not where they were
run_files     what of a call stands in folders that ausweis wrote
quoting       what was said in calls that go, and who else, or which recorded answer, has it
artefacts     what was written about calls outside of the store
line_files    lines and copies of calls in files, and how lines are taken out
traces        what shows in a file that a call is in it
exporting     decided calls → golden cases
"""

from ausweis.store.counted import ALL_INCIDENTS, ALL_VIOLATIONS, FEWEST, Counted, Precision, Subject, was_asked
from ausweis.store.exporting import Mask
from ausweis.store.figures import Figures, Series
from ausweis.store.filters import CallFilter, Column, Cursor, Finding, Order, State
from ausweis.store.hearing import blind_statement
from ausweis.store.hits import Hit
from ausweis.store.holding import can_settle
from ausweis.store.holding import label_of as held_label
from ausweis.store.index import SHORTEST
from ausweis.store.key import Key
from ausweis.store.objections import DAYS as OBJECTION_DAYS
from ausweis.store.objections import Objection, ObjectionCounts, Ruling
from ausweis.store.objections import counted as count_objections
from ausweis.store.opinions import opinion_of
from ausweis.store.persons import person_of, same_person
from ausweis.store.rows import (
    TEAM_AGENTS,
    TEAM_MINIMUM,
    Added,
    Agreement,
    Calibration,
    CallRecord,
    CallRow,
    ChainEntry,
    Choice,
    DayCount,
    Decision,
    Deleted,
    Entry,
    Estimate,
    Imported,
    Invitation,
    Reviewer,
    Role,
    RunRow,
    SavedFilter,
    What,
)
from ausweis.store.searching import MAX_TERMS
from ausweis.store.searching import terms_of as search_terms
from ausweis.store.sink import StoreSink
from ausweis.store.store import Store

__all__ = [
    "ALL_INCIDENTS",
    "ALL_VIOLATIONS",
    "FEWEST",
    "MAX_TERMS",
    "OBJECTION_DAYS",
    "SHORTEST",
    "TEAM_AGENTS",
    "TEAM_MINIMUM",
    "Added",
    "Agreement",
    "Calibration",
    "CallFilter",
    "CallRecord",
    "CallRow",
    "ChainEntry",
    "Choice",
    "Column",
    "Counted",
    "Cursor",
    "DayCount",
    "Decision",
    "Deleted",
    "Entry",
    "Estimate",
    "Figures",
    "Finding",
    "Hit",
    "Imported",
    "Invitation",
    "Key",
    "Mask",
    "Objection",
    "ObjectionCounts",
    "Order",
    "Precision",
    "Reviewer",
    "Role",
    "Ruling",
    "RunRow",
    "SavedFilter",
    "Series",
    "State",
    "Store",
    "StoreSink",
    "Subject",
    "What",
    "blind_statement",
    "can_settle",
    "count_objections",
    "held_label",
    "opinion_of",
    "person_of",
    "same_person",
    "search_terms",
    "was_asked",
]
