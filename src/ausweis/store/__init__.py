"""Runs, calls, facts, verdicts and decisions in a database, and what the law asks of keeping them.

store  the room's one door: Store
rows   what it gives and takes
key    the key: pseudonyms of agents, hashes of the chain
"""

from ausweis.store.key import Key
from ausweis.store.rows import (
    TEAM_AGENTS,
    TEAM_MINIMUM,
    Agreement,
    CallFilter,
    CallRecord,
    CallRow,
    ChainEntry,
    Choice,
    Column,
    Cursor,
    DayCount,
    Decision,
    Deleted,
    Estimate,
    Imported,
    Order,
    RunRow,
    State,
    What,
)
from ausweis.store.store import Mask, Store

__all__ = [
    "TEAM_AGENTS",
    "TEAM_MINIMUM",
    "Agreement",
    "CallFilter",
    "CallRecord",
    "CallRow",
    "ChainEntry",
    "Choice",
    "Column",
    "Cursor",
    "DayCount",
    "Decision",
    "Deleted",
    "Estimate",
    "Imported",
    "Key",
    "Mask",
    "Order",
    "RunRow",
    "State",
    "Store",
    "What",
]
