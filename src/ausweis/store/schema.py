"""The tables of a store, how they are made, and whether they are still as they were made.

Lists are JSON, and so are the bodies of calls, facts and verdicts. Columns of `calls` from `says` on are those of the
verdict that counts, so that the queue is one table; `state` and those from `right_outcome` on follow from decisions.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError

from ausweis.errors import StoreError

SCHEMA = "3"
"""The number of these tables; a store keeps it in `settings`."""
metadata = MetaData()


def _table(name: str, *columns: Column[Any] | UniqueConstraint | Index | str) -> Table:
    """A table; what is only named is a column of text, with `?` one that may be empty."""
    own = (_text(column) if isinstance(column, str) else column for column in columns)
    # Where rows are numbered, SQLite never uses a deleted number again: a browser may still show it.
    return Table(name, metadata, *own, sqlite_autoincrement=isinstance(columns[0], Column) and columns[0].name == "key")


def _text(name: str) -> Column[str]:
    return Column(name.removesuffix("?"), Text, nullable=name.endswith("?"))


def _key(name: str = "key") -> Column[int]:
    return Column(name, Integer, primary_key=True, autoincrement="auto" if name == "key" else False)


def _integer(name: str, *, empty: bool = False) -> Column[int]:
    return Column(name, Integer, nullable=empty)


def _of(table: str, name: str = "", *, primary: bool = False) -> Column[int]:
    """The key of a row of another table, with which this one goes."""
    there = ForeignKey(f"{table}.key", ondelete="CASCADE")
    return Column(name or f"{table[:-1]}_key", Integer, there, primary_key=primary, autoincrement=False, nullable=False)


settings = _table("settings", Column("name", Text, primary_key=True), "value")
runs = _table(
    "runs",
    _key(),
    *("started", "policy", "policy_title?", "rules?", "prompts", "model", "ausweis", "strategy", "system", "series"),
    Index("runs_by_system", "system"),
)
samples = _table(
    "samples",
    _key(),
    Column("first", Date, nullable=False),
    Column("last", Date, nullable=False),
    _integer("drawn"),
    Column("seed", BigInteger, nullable=False),
    "at",
)
calls = _table(
    "calls",
    _key(),
    Column("call_id", Text, unique=True, nullable=False),
    Column("day", Date, nullable=False),
    *("at", "started_at?", "language", "team?", "queue?", "agent?", "direction?"),
    Column("seconds", Float),
    _integer("turns"),
    Column("state", Text, default="open", nullable=False),
    Column("sample_key", Integer, ForeignKey("samples.key")),
    "assigned?",
    _integer("verdict_key", empty=True),
    Column("run_key", Integer, ForeignKey("runs.key")),
    *("says?", "outcome?"),
    Column("risk", Float),
    Column("confidence", Float),
    Column("needs_review", Boolean),
    Column("to_review", Boolean),
    _integer("first_violation_turn", empty=True),
    *("severity?", "violations?", "incidents?"),
    Column("weight", BigInteger),
    *("right_outcome?", "right_violations?", "right_incidents?", "looked_for?"),
)
Index("calls_by_risk", calls.c.risk.desc(), calls.c.key)
Index("calls_by_time", calls.c.at.desc(), calls.c.key)
Index("calls_by_assigned", calls.c.assigned)
Index("calls_by_weight", calls.c.weight.desc(), calls.c.at.desc(), calls.c.key)
# Figures walk through all calls of their days. In SQLite an index tells all that they need, without a look at the
# calls; in PostgreSQL a name too long for an index would refuse its call.
_FIGURES = (
    *("day", "queue", "team", "agent", "outcome", "violations", "incidents", "needs_review", "to_review"),
    *("right_outcome", "right_violations", "right_incidents", "looked_for"),
)
Index("calls_by_day", *(calls.c[name] for name in _FIGURES)).ddl_if(dialect="sqlite")
Index("calls_by_day", calls.c.day).ddl_if(dialect="postgresql")
texts = _table(
    "texts", _of("calls", primary=True), *("words", "body", "recording?"), Index("texts_by_recording", "recording")
)
masks = _table("masks", _of("calls", primary=True), _integer("rules"), "covers")
verdicts = _table(
    "verdicts",
    _key(),
    Column("run_key", Integer, ForeignKey("runs.key"), nullable=False),
    _of("calls"),
    *("says", "body", "facts", "made_of"),
    UniqueConstraint("call_key", "run_key"),
)
failures = _table(
    "failures",
    _key(),
    Column("run_key", Integer, ForeignKey("runs.key"), nullable=False),
    *("call_id?", "place?", "kind", "message"),
    Index("failures_of_call", "call_id"),
)
audio = _table("audio", _of("calls", primary=True), Column("path", Text, primary_key=True))
decisions = _table(
    "decisions",
    _key(),
    _of("calls"),
    _integer("verdict_key"),
    *("says", "reviewer", "choice", "outcome?", "violations", "incidents?", "note", "at"),
    Column("blind", Boolean),
    Column("hasty", Boolean),
    _integer("calibration_key", empty=True),
    Column("settles", Boolean),
    Column("coaching", Boolean),
    "reasons?",
    Index("decisions_of_call", "call_key"),
    Index("decisions_by_reviewer", "reviewer", "at"),
)
calibrations = _table(
    "calibrations",
    _key(),
    *("name", "lead", "made"),
    Column("hides", Boolean, nullable=False),
    *("started?", "closed?"),
)
calibration_calls = _table(
    "calibration_calls",
    _of("calibrations", primary=True),
    _of("calls", primary=True),
    Index("calibrations_of_call", "call_key"),
)
calibration_reviewers = _table(
    "calibration_reviewers", _of("calibrations", primary=True), Column("person", Text, primary_key=True), "reviewer"
)
objections = _table(
    "objections",
    _key(),
    _of("calls"),
    "kind",
    _integer("raised_key", empty=True),
    *("side?", "note", "findings"),
    Column("deadline", Date),
    *("ruling?", "who", "at"),
    Index("objections_of_call", "call_key"),
)
artefacts = _table("artefacts", _key(), Column("path", Text, unique=True, nullable=False), "kind")
artefact_calls = _table(
    "artefact_calls", _of("artefacts", primary=True), _of("calls", primary=True), Index("artefacts_of_call", "call_key")
)
reviewers = _table(
    "reviewers",
    _key(),
    "name",
    Column("person", Text, unique=True, nullable=False),
    "role",
    Column("key_hash", Text, unique=True),
    *("made", "withdrawn?"),
)
audit_log = _table(
    "audit_log",
    _key("seq"),
    *("at", "who", "what", "call?", "policy?", "prompts?", "model?", "content?", "detail?", "rows", "previous", "hash"),
)
row_digests = _table("row_digests", Column("kind", Text, primary_key=True), _key("number"), "digest")


_SAID = (texts, masks, verdicts, failures, audio, objections, artefacts)
"""Tables whose texts are all of calls."""
_REFUSES = "BEGIN RAISE EXCEPTION 'the audit log is only appended to'; END"
"""What a trigger of PostgreSQL does."""
_TRIGGERS = {"update": ("UPDATE OR DELETE", "ROW", 27), "truncate": ("TRUNCATE", "STATEMENT", 34)}
"""Its triggers: before what, for each what, and the same as bits."""
_Schema = dict[tuple[str, str], str | bool]


def make_tables(connection: Connection) -> None:
    """Make the tables of a new store, within the transaction of the caller; of one that is there, see that it is ours.

    Raises:
        StoreError: another version of ausweis made it, or it is no store of ausweis at all.
    """
    there = inspect(connection).get_table_names()
    if not there:
        _make(connection)
    elif "ausweis_store" in there:
        raise StoreError("an earlier version of ausweis made this store; name another file, and score the calls again")
    elif settings.name not in there or audit_log.name not in there:
        raise StoreError("this is a database of something else; name another file")
    elif connection.execute(select(settings.c.value).where(settings.c.name == "schema")).scalar() != SCHEMA:
        raise StoreError("another version of ausweis made this store; use that one, or name another file")


def _make(connection: Connection) -> None:
    metadata.create_all(connection, checkfirst=False)
    connection.execute(insert(settings), {"name": "schema", "value": SCHEMA})
    if connection.dialect.name == "sqlite":
        refuse = "BEGIN SELECT RAISE(ABORT, 'the audit log is only appended to'); END"
        for what in ("UPDATE", "DELETE"):
            name = f"audit_log_no_{what.lower()}"
            connection.exec_driver_sql(f"CREATE TRIGGER {name} BEFORE {what} ON audit_log {refuse}")
        connection.exec_driver_sql("CREATE VIRTUAL TABLE found USING fts5(words, content = '', tokenize = 'trigram')")
        return
    function = f"CREATE FUNCTION audit_log_refuses() RETURNS trigger LANGUAGE plpgsql AS $$ {_REFUSES} $$"
    connection.exec_driver_sql(function)
    for name, (what, each, _) in _TRIGGERS.items():
        trigger = f"CREATE TRIGGER audit_log_no_{name} BEFORE {what} ON audit_log FOR EACH {each}"
        connection.exec_driver_sql(f"{trigger} EXECUTE FUNCTION audit_log_refuses()")
    call = "call_key INTEGER PRIMARY KEY REFERENCES calls (key) ON DELETE CASCADE"
    connection.exec_driver_sql(f"CREATE TABLE found ({call}, words TEXT NOT NULL)")
    # Its statistics keep samples of what is deleted.
    said = [column for table in _SAID for column in table.columns if isinstance(column.type, Text)]
    names = [(column.table.name, column.name) for column in (calls.c.call_id, decisions.c.note, *said)]
    for table, column in (*names, ("found", "words")):
        connection.exec_driver_sql(f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 0")
    try:
        with connection.begin_nested():
            connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            connection.exec_driver_sql("CREATE INDEX found_by_words ON found USING gin (words gin_trgm_ops)")
    except DBAPIError:
        # Without the right to add extensions, the search is slower.
        return


def verify_schema(connection: Connection) -> None:
    """Hold the tables, indexes, triggers and views of a database against those that `make_tables` makes.

    Raises:
        StoreError: one was changed, removed or added; it names the first.
    """
    found, wanted = _schema(connection), _wanted(connection.dialect.name)
    for part in sorted(found.keys() | wanted.keys()):
        if found.get(part) != wanted.get(part):
            what = "is missing" if part not in found else "was changed" if part in wanted else "was added"
            message = f"the {' '.join(part)} {what} behind the store's back; put a backup in the place of the store"
            raise StoreError(message)


def _schema(connection: Connection) -> _Schema:
    """By kind and name: in SQLite the statement that made it; in PostgreSQL columns of tables, and what triggers do."""
    if connection.dialect.name == "sqlite":
        rows = connection.execute(text("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
        own = (row for row in rows if not row.name.startswith("sqlite_"))
        # The tables of the index are of SQLite's own making, which may be another in another version.
        return {(row.type, row.name): row.name.startswith("found_") or " ".join(row.sql.split()) for row in own}
    schema: _Schema = {("view", name): True for name in inspect(connection).get_view_names()}
    rows = connection.execute(
        text(
            """SELECT tgname, tgenabled, tgtype, tgqual, prosrc FROM pg_trigger
               JOIN pg_class ON pg_class.oid = tgrelid JOIN pg_proc ON pg_proc.oid = tgfoid
               WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace"""
        )
    )
    schema |= {("trigger", name): " ".join(map(str, own)) for name, *own in rows}
    # A store without the right to add it goes without this one.
    return {part: own for part, own in (schema | _tables(connection)).items() if part != ("index", "found_by_words")}


def _tables(connection: Connection) -> _Schema:
    """Tables with their columns, and indexes by their names; each database has an index of texts of its own."""
    seen, schema = inspect(connection), _Schema()
    for name in seen.get_table_names():
        if not name.startswith("found_"):
            schema["table", name] = name == "found" or ", ".join(column["name"] for column in seen.get_columns(name))
            own = (one["name"] for one in seen.get_indexes(name) if "duplicates_constraint" not in one)
            schema |= {("index", str(index)): True for index in own}
    return schema


@cache
def _wanted(dialect: str) -> _Schema:
    with create_engine("sqlite://").begin() as connection:
        _make(connection)
        if dialect == "sqlite":
            return _schema(connection)
        triggers = {
            ("trigger", f"audit_log_no_{name}"): f"O {bits} None  {_REFUSES} "
            for name, (_, _, bits) in _TRIGGERS.items()
        }
        return triggers | _tables(connection)


BATCH = 1000
"""Calls of one transaction."""
_T = TypeVar("_T")


def batches(rows: Iterable[_T], size: int = BATCH) -> Iterator[list[_T]]:
    """So many at a time."""
    iterator = iter(rows)
    while batch := list(islice(iterator, size)):
        yield batch
