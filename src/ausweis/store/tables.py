"""The tables as queries see them; `migrations` makes them, and a test holds both together.

Lists are JSON, and so are the bodies of calls, facts and verdicts. Columns of `calls` from `says` on are those of
the verdict that counts, so that the queue is one table.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

__all__ = [
    "artefact_calls",
    "artefacts",
    "audio",
    "calls",
    "chain",
    "decisions",
    "metadata",
    "runs",
    "samples",
    "seals",
    "settings",
    "texts",
    "verdicts",
]

metadata = MetaData()


def _call_key(*, primary: bool = False) -> Column[int]:
    return Column("call_key", Integer, ForeignKey("calls.key", ondelete="CASCADE"), primary_key=primary, nullable=False)


settings = Table("settings", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))

runs = Table(
    "runs",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("folder", Text, nullable=False),
    Column("started", Text, nullable=False),
    Column("policy", Text, nullable=False),
    Column("policy_title", Text),
    Column("prompts", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("ausweis", Text, nullable=False),
    Column("strategy", Text, nullable=False),
    UniqueConstraint("folder", "started"),
)

calls = Table(
    "calls",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("call_id", Text, nullable=False, unique=True),
    Column("day", Date, nullable=False),
    Column("at", Text, nullable=False),
    Column("started_at", Text),
    Column("language", Text, nullable=False),
    Column("team", Text),
    Column("queue", Text),
    Column("agent", Text),
    Column("direction", Text),
    Column("seconds", Float),
    Column("turns", Integer, nullable=False),
    Column("state", Text, nullable=False, default="open"),
    Column("sample_key", Integer, ForeignKey("samples.key")),
    Column("verdict_key", Integer),
    Column("run_key", Integer, ForeignKey("runs.key")),
    Column("says", Text),
    Column("outcome", Text),
    Column("risk", Float),
    Column("confidence", Float),
    Column("needs_review", Boolean),
    Column("flagged", Boolean),
    Column("first_violation_turn", Integer),
    Column("severity", Text),
    Column("violations", Text),
    Column("incidents", Text),
    Column("weight", BigInteger),
)

texts = Table(
    "texts",
    metadata,
    _call_key(primary=True),
    Column("words", Text, nullable=False),
    Column("body", Text, nullable=False),
)

verdicts = Table(
    "verdicts",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("run_key", Integer, ForeignKey("runs.key"), nullable=False),
    _call_key(),
    Column("digest", Text, nullable=False),
    Column("says", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("facts", Text),
    UniqueConstraint("call_key", "run_key"),
)

audio = Table("audio", metadata, _call_key(primary=True), Column("path", Text, primary_key=True))

decisions = Table(
    "decisions",
    metadata,
    Column("key", Integer, primary_key=True),
    _call_key(),
    Column("verdict_key", Integer, nullable=False),
    Column("says", Text, nullable=False),
    Column("reviewer", Text, nullable=False),
    Column("choice", Text, nullable=False),
    Column("outcome", Text),
    Column("violations", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("incidents", Text),
)

samples = Table(
    "samples",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("first", Date, nullable=False),
    Column("last", Date, nullable=False),
    Column("drawn", Integer, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("at", Text, nullable=False),
)

artefacts = Table(
    "places",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("path", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
)

artefact_calls = Table(
    "place_calls",
    metadata,
    Column("place_key", Integer, ForeignKey("places.key", ondelete="CASCADE"), primary_key=True),
    _call_key(primary=True),
)

chain = Table(
    "chain",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("call", Text),
    Column("policy", Text),
    Column("prompts", Text),
    Column("model", Text),
    Column("content", Text),
    Column("previous", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("sealed", Text),
)

seals = Table(
    "seals",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("hash", Text, nullable=False),
)
