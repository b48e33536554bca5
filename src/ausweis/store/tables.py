"""The tables as queries see them; `migrations` makes them, and a test holds both together.

Lists are JSON, and so are the bodies of calls, facts and verdicts. Columns of `calls` from `says` on are those of
the verdict that counts, so that the queue is one table; `state` and those from `right_outcome` on, what people
decided about it, and `looked_for`, incidents that its facts were read for.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

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
    "BATCH",
    "artefact_calls",
    "artefacts",
    "audio",
    "batches",
    "calibration_calls",
    "calibration_reviewers",
    "calibrations",
    "calls",
    "chain",
    "decisions",
    "masks",
    "metadata",
    "objections",
    "reviewers",
    "runs",
    "samples",
    "saved_filters",
    "seals",
    "settings",
    "texts",
    "verdicts",
]

metadata = MetaData()


def _table(name: str, *columns: Column[Any] | UniqueConstraint | str) -> Table:
    """A table; what is only named is a column of text, with `?` one that may be empty.

    Seals depend on the order of the columns.
    """
    return Table(name, metadata, *(_text(column) if isinstance(column, str) else column for column in columns))


def _text(name: str) -> Column[str]:
    return Column(name.removesuffix("?"), Text, nullable=name.endswith("?"))


def _key(name: str = "key") -> Column[int]:
    return Column(name, Integer, primary_key=True, autoincrement="auto" if name == "key" else False)


def _reference(name: str, table: str, *, primary: bool = False, empty: bool = False) -> Column[int]:
    return Column(name, Integer, ForeignKey(f"{table}.key"), primary_key=primary, nullable=empty)


settings = _table("settings", Column("name", Text, primary_key=True), "value")
runs = _table(
    "runs",
    _key(),
    *("folder", "started", "policy", "policy_title?", "prompts", "model", "ausweis", "strategy"),
    UniqueConstraint("folder", "started"),
)
calls = _table(
    "calls",
    _key(),
    Column("call_id", Text, unique=True, nullable=False),
    Column("day", Date, nullable=False),
    *("at", "started_at?", "language", "team?", "queue?", "agent?", "direction?"),
    Column("seconds", Float),
    Column("turns", Integer, nullable=False),
    Column("state", Text, default="open", nullable=False),
    _reference("sample_key", "samples", empty=True),
    Column("verdict_key", Integer),
    _reference("run_key", "runs", empty=True),
    *("says?", "outcome?"),
    Column("risk", Float),
    Column("confidence", Float),
    Column("needs_review", Boolean),
    Column("flagged", Boolean, key="to_review"),
    Column("first_violation_turn", Integer),
    *("severity?", "violations?", "incidents?"),
    Column("weight", BigInteger),
    *("right_outcome?", "right_violations?", "right_incidents?", "looked_for?"),
)
texts = _table("texts", _reference("call_key", "calls", primary=True), "words", "body")
masks = _table(
    "masks",
    _reference("call_key", "calls", primary=True),
    Column("rules", Integer, nullable=False),
    "covers",
)
verdicts = _table(
    "verdicts",
    _key(),
    _reference("run_key", "runs"),
    _reference("call_key", "calls"),
    *("digest", "says", "body", "facts?"),
    UniqueConstraint("call_key", "run_key"),
)
audio = _table("audio", _reference("call_key", "calls", primary=True), Column("path", Text, primary_key=True))
decisions = _table(
    "decisions",
    _key(),
    _reference("call_key", "calls"),
    Column("verdict_key", Integer, nullable=False),
    *("says", "reviewer", "choice", "outcome?", "violations", "note", "at"),
    Column("seq", Integer, nullable=False),
    "incidents?",
    Column("blind", Boolean),
    Column("hasty", Boolean),
    Column("calibration_key", Integer),
    Column("settles", Boolean),
    Column("coaching", Boolean),
)
samples = _table(
    "samples",
    _key(),
    Column("first", Date, nullable=False),
    Column("last", Date, nullable=False),
    Column("drawn", Integer, nullable=False),
    Column("seed", BigInteger, nullable=False),
    "at",
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
    _reference("calibration_key", "calibrations", primary=True),
    _reference("call_key", "calls", primary=True),
)
calibration_reviewers = _table(
    "calibration_reviewers",
    _reference("calibration_key", "calibrations", primary=True),
    Column("person", Text, primary_key=True),
    "reviewer",
)
artefacts = _table("places", _key(), Column("path", Text, unique=True, nullable=False), "kind")
artefact_calls = _table(
    "place_calls", _reference("place_key", "places", primary=True), _reference("call_key", "calls", primary=True)
)
chain = _table(
    "chain",
    _key("seq"),
    *(
        "at",
        "who",
        "what",
        "call?",
        "policy?",
        "prompts?",
        "model?",
        "content?",
        "previous",
        "hash",
        "sealed?",
        "detail?",
    ),
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
objections = _table(
    "objections",
    _key(),
    _reference("call_key", "calls"),
    "kind",
    Column("raised_key", Integer),
    *("side?", "note"),
    Column("deadline", Date),
    *("ruling?", "who", "at"),
    Column("seq", Integer, nullable=False),
)
saved_filters = _table("saved_filters", _key(), "person", "name", "query", UniqueConstraint("person", "name"))
seals = _table("seals", Column("kind", Text, primary_key=True), _key("level"), _key("number"), "hash")


BATCH = 1000
"""Calls of one transaction."""
_T = TypeVar("_T")


def batches(rows: Iterable[_T], size: int = BATCH) -> Iterator[list[_T]]:
    """So many at a time."""
    iterator = iter(rows)
    while batch := list(islice(iterator, size)):
        yield batch
