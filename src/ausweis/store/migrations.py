"""Changes of the database, each a small function, in their order. One that was released stays as it is.

The table `ausweis_store` says which were made.
"""

from collections.abc import Callable
from functools import cache

from sqlalchemy import Connection, create_engine, inspect, text

from ausweis.batch.manifest import now
from ausweis.errors import StoreError
from ausweis.store import index

__all__ = ["MIGRATIONS", "RENEWED", "SEALED", "migrate", "verify_schema"]

_DONE = "ausweis_store"
_REFUSES = "BEGIN RAISE EXCEPTION 'the chain is only appended to'; END"
"""What a trigger of PostgreSQL does."""
_REFUSED = (("update", 27), ("truncate", 34))
"""Its triggers, and when they are called, as bits: before a row is updated or deleted, before all are."""
_Schema = dict[tuple[str, str], str | bool]

Migration = Callable[[Connection], None]


def m1_first_tables(connection: Connection) -> None:
    """Runs, calls, verdicts, decisions, samples, places."""
    key = _key(connection)
    for statement in (
        "CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
        f"""CREATE TABLE runs (key {key}, folder TEXT NOT NULL, started TEXT NOT NULL, policy TEXT NOT NULL,
            policy_title TEXT, prompts TEXT NOT NULL, model TEXT NOT NULL, ausweis TEXT NOT NULL,
            strategy TEXT NOT NULL, UNIQUE (folder, started))""",
        f"""CREATE TABLE samples (key {key}, first DATE NOT NULL, last DATE NOT NULL, drawn INTEGER NOT NULL,
            seed BIGINT NOT NULL, at TEXT NOT NULL)""",
        f"""CREATE TABLE calls (key {key}, call_id TEXT NOT NULL UNIQUE, day DATE NOT NULL, at TEXT NOT NULL,
            started_at TEXT, language TEXT NOT NULL, team TEXT, queue TEXT, agent TEXT, direction TEXT,
            seconds DOUBLE PRECISION, turns INTEGER NOT NULL, state TEXT NOT NULL,
            sample_key INTEGER REFERENCES samples (key), verdict_key INTEGER, run_key INTEGER REFERENCES runs (key),
            says TEXT, outcome TEXT, risk DOUBLE PRECISION, confidence DOUBLE PRECISION, needs_review BOOLEAN,
            flagged BOOLEAN, first_violation_turn INTEGER, severity TEXT, violations TEXT, incidents TEXT)""",
        "CREATE INDEX calls_by_risk ON calls (risk DESC, key)",
        "CREATE INDEX calls_by_time ON calls (at DESC, key)",
        "CREATE INDEX calls_by_day ON calls (day)",
        f"CREATE TABLE texts ({_call(primary=True)}, words TEXT NOT NULL, body TEXT NOT NULL)",
        f"""CREATE TABLE verdicts (key {key}, run_key INTEGER NOT NULL REFERENCES runs (key), {_call()},
            digest TEXT NOT NULL, says TEXT NOT NULL, body TEXT NOT NULL, facts TEXT, UNIQUE (call_key, run_key))""",
        f"CREATE TABLE audio ({_call()}, path TEXT NOT NULL, PRIMARY KEY (call_key, path))",
        f"""CREATE TABLE decisions (key {key}, {_call()}, verdict_key INTEGER NOT NULL, says TEXT NOT NULL,
            reviewer TEXT NOT NULL, choice TEXT NOT NULL, outcome TEXT, violations TEXT NOT NULL, note TEXT NOT NULL,
            at TEXT NOT NULL, seq INTEGER NOT NULL)""",
        "CREATE INDEX decisions_of_call ON decisions (call_key)",
        f"CREATE TABLE places (key {key}, path TEXT NOT NULL UNIQUE, kind TEXT NOT NULL)",
        f"""CREATE TABLE place_calls (place_key INTEGER NOT NULL REFERENCES places (key) ON DELETE CASCADE, {_call()},
            PRIMARY KEY (place_key, call_key))""",
        "CREATE INDEX places_of_call ON place_calls (call_key)",
    ):
        connection.execute(text(statement))


def m2_chain(connection: Connection) -> None:
    """The chain, whose entries the database itself lets nobody change or remove."""
    connection.execute(
        text(
            """CREATE TABLE chain (seq INTEGER PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL,
               call TEXT, policy TEXT, prompts TEXT, model TEXT, content TEXT, previous TEXT NOT NULL,
               hash TEXT NOT NULL)"""
        )
    )
    if connection.dialect.name == "sqlite":
        for what in ("UPDATE", "DELETE"):
            trigger = f"CREATE TRIGGER chain_no_{what.lower()} BEFORE {what} ON chain"
            connection.execute(text(f"{trigger} BEGIN SELECT RAISE(ABORT, 'the chain is only appended to'); END"))
        return
    connection.execute(text(f"CREATE FUNCTION chain_refuses() RETURNS trigger LANGUAGE plpgsql AS $$ {_REFUSES} $$"))
    for what, each in (("UPDATE OR DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
        name = f"chain_no_{what.split()[0].lower()}"
        trigger = f"CREATE TRIGGER {name} BEFORE {what} ON chain FOR EACH {each}"
        connection.execute(text(f"{trigger} EXECUTE FUNCTION chain_refuses()"))


def m3_incidents_of_decisions(connection: Connection) -> None:
    """Incidents in what reviewers say is right; null in decisions that nobody was asked about them."""
    connection.execute(text("ALTER TABLE decisions ADD COLUMN incidents TEXT"))


def m4_weight_of_calls(connection: Connection) -> None:
    """How bad a call is, as one number by which they are ordered; who has the key fills it."""
    connection.execute(text("ALTER TABLE calls ADD COLUMN weight BIGINT"))
    connection.execute(text("CREATE INDEX calls_by_weight ON calls (weight DESC, key)"))


def m5_seals(connection: Connection) -> None:
    """Hashes of rows, and the chain with what all of them come to; null in entries of before."""
    rest = " WITHOUT ROWID" if connection.dialect.name == "sqlite" else ""
    for statement in (
        f"""CREATE TABLE seals (kind TEXT NOT NULL, level INTEGER NOT NULL, number INTEGER NOT NULL, hash TEXT NOT NULL,
            PRIMARY KEY (kind, level, number)){rest}""",
        "ALTER TABLE chain ADD COLUMN sealed TEXT",
    ):
        connection.execute(text(statement))


def m6_withdrawn_decisions(_: Connection) -> None:
    """Decisions may be taken back. No table changes, but an older version would go on counting them: it is kept out."""


def m7_harm(connection: Connection) -> None:
    """Of calls of one weight, the latest first. What weighs how much has changed too: who has the key weighs anew."""
    connection.execute(text("DROP INDEX calls_by_weight"))
    connection.execute(text("CREATE INDEX calls_by_weight ON calls (weight DESC, at DESC, key)"))


def m8_reviewers(connection: Connection) -> None:
    """Who reviews, with roles and hashes of keys; and decisions by who made them."""
    for statement in (
        f"""CREATE TABLE reviewers (key {_key(connection)}, name TEXT NOT NULL, person TEXT NOT NULL UNIQUE,
            role TEXT NOT NULL, key_hash TEXT UNIQUE, made TEXT NOT NULL, withdrawn TEXT)""",
        "CREATE INDEX decisions_by_reviewer ON decisions (reviewer, at)",
    ):
        connection.execute(text(statement))


def m9_settling(connection: Connection) -> None:
    """Whether a decision of a lead settled what others differed in; null in all others."""
    connection.execute(text("ALTER TABLE decisions ADD COLUMN settles BOOLEAN"))


def m10_saved_filters(connection: Connection) -> None:
    """Filters of the queue that somebody saved."""
    connection.execute(
        text(
            f"""CREATE TABLE saved_filters (key {_key(connection)}, person TEXT NOT NULL, name TEXT NOT NULL,
                query TEXT NOT NULL, UNIQUE (person, name))"""
        )
    )


def m11_blind_decisions(connection: Connection) -> None:
    """Whether a reviewer decided before they saw the verdict, null where not; and in less time than it takes."""
    for column in ("blind", "hasty"):
        connection.execute(text(f"ALTER TABLE decisions ADD COLUMN {column} BOOLEAN"))


def m12_search(connection: Connection) -> None:
    """What of each text is masked, and an index of the masked texts; what an entry of the chain tells in clear."""
    connection.execute(
        text(f"CREATE TABLE masks ({_call(primary=True)}, rules INTEGER NOT NULL, covers TEXT NOT NULL)")
    )
    connection.execute(text("ALTER TABLE chain ADD COLUMN detail TEXT"))
    index.make(connection)


def m13_what_is_right(connection: Connection) -> None:
    """Columns for what people say, and for incidents that were looked for; who has the key fills them.

    Figures walk through all calls of their days. In SQLite an index tells all that they need, without a look at the
    calls; in PostgreSQL a name too long for an index would refuse its call.
    """
    for name in ("right_outcome", "right_violations", "right_incidents", "looked_for"):
        connection.execute(text(f"ALTER TABLE calls ADD COLUMN {name} TEXT"))
    if connection.dialect.name == "sqlite":
        columns = (
            "day, queue, team, agent, outcome, violations, incidents, needs_review, flagged, right_outcome, "
            "right_violations, right_incidents, looked_for"
        )
        connection.execute(text("DROP INDEX calls_by_day"))
        connection.execute(text(f"CREATE INDEX calls_by_day ON calls ({columns})"))


def m14_calibrations(connection: Connection) -> None:
    """Calibration sessions, their calls and reviewers; and decisions with the session in which they were made."""
    session = "calibration_key INTEGER NOT NULL REFERENCES calibrations (key) ON DELETE CASCADE"
    for statement in (
        f"""CREATE TABLE calibrations (key {_key(connection)}, name TEXT NOT NULL, lead TEXT NOT NULL,
            made TEXT NOT NULL, hides BOOLEAN NOT NULL, started TEXT, closed TEXT)""",
        f"CREATE TABLE calibration_calls ({session}, {_call()}, PRIMARY KEY (calibration_key, call_key))",
        "CREATE INDEX calibrations_of_call ON calibration_calls (call_key)",
        f"""CREATE TABLE calibration_reviewers ({session}, person TEXT NOT NULL, reviewer TEXT NOT NULL,
            PRIMARY KEY (calibration_key, person))""",
        "ALTER TABLE decisions ADD COLUMN calibration_key INTEGER",
    ):
        connection.execute(text(statement))


def m15_notes_for_coaching(connection: Connection) -> None:
    """Whether a reviewer's note is meant for coaching; null in all others."""
    connection.execute(text("ALTER TABLE decisions ADD COLUMN coaching BOOLEAN"))


def m16_objections(connection: Connection) -> None:
    """Objections of the agent's side, and how a lead ruled on them."""
    for statement in (
        f"""CREATE TABLE objections (key {_key(connection)}, {_call()}, kind TEXT NOT NULL, raised_key INTEGER,
            side TEXT, note TEXT NOT NULL, deadline DATE, ruling TEXT, who TEXT NOT NULL, at TEXT NOT NULL,
            seq INTEGER NOT NULL)""",
        "CREATE INDEX objections_of_call ON objections (call_key)",
    ):
        connection.execute(text(statement))


def m17_causes(_: Connection) -> None:
    """No table changes, but what weighs how much, and what a call is by its decisions: who has the key counts anew."""


MIGRATIONS: tuple[Migration, ...] = (
    m1_first_tables,
    m2_chain,
    m3_incidents_of_decisions,
    m4_weight_of_calls,
    m5_seals,
    m6_withdrawn_decisions,
    m7_harm,
    m8_reviewers,
    m9_settling,
    m10_saved_filters,
    m11_blind_decisions,
    m12_search,
    m13_what_is_right,
    m14_calibrations,
    m15_notes_for_coaching,
    m16_objections,
    m17_causes,
)
SEALED = MIGRATIONS.index(m5_seals) + 1
"""The migration from which on rows are sealed: by who has the key, not by it."""
RENEWED = MIGRATIONS.index(m17_causes) + 1
"""The one from which on rows of calls are as now."""


def migrate(connection: Connection) -> int:
    """Make the changes that this database has not seen; within the transaction of the caller. How many it had seen.

    Raises:
        StoreError: a newer version of ausweis has changed it, or it is no store of ausweis at all.
    """
    tables = inspect(connection).get_table_names()
    if _DONE not in tables:
        if tables:
            raise StoreError("this is a database of something else; name another file")
        connection.execute(
            text(f"CREATE TABLE {_DONE} (number INTEGER PRIMARY KEY, name TEXT NOT NULL, at TEXT NOT NULL)")
        )
    done = connection.execute(text(f"SELECT coalesce(max(number), 0) FROM {_DONE}")).scalar_one()  # noqa: S608
    if done > len(MIGRATIONS):
        raise StoreError("a newer version of ausweis has changed this store; update ausweis")
    for number, migration in enumerate(MIGRATIONS[done:], start=done + 1):
        migration(connection)
        row = {"number": number, "name": migration.__name__, "at": now()}
        connection.execute(text(f"INSERT INTO {_DONE} VALUES (:number, :name, :at)"), row)  # noqa: S608
    return int(done)


def verify_schema(connection: Connection) -> None:
    """Hold the tables, indexes, triggers and views of a database against those that the migrations make.

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
        migrate(connection)
        if dialect == "sqlite":
            return _schema(connection)
        triggers = {("trigger", f"chain_no_{what}"): f"O {bits} None  {_REFUSES} " for what, bits in _REFUSED}
        return triggers | _tables(connection)


def _key(connection: Connection) -> str:
    if connection.dialect.name == "sqlite":
        # Never the key of a deleted row again: a browser may still show it.
        return "INTEGER PRIMARY KEY AUTOINCREMENT"
    return "INTEGER GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"


def _call(*, primary: bool = False) -> str:
    kind = "INTEGER PRIMARY KEY" if primary else "INTEGER NOT NULL"
    return f"call_key {kind} REFERENCES calls (key) ON DELETE CASCADE"
