"""What a store holds, as tests compare it."""

import sqlite3
from pathlib import Path
from typing import Any

from ausweis.facts import facts_line
from ausweis.judging.verdict import comparable
from ausweis.store import CallFilter, Judged, Store


def judged(path: Path) -> list[Judged]:
    """What counts of each call, in the order in which it was written."""
    if not path.exists():
        return []
    with Store.open(path) as store:
        found = [one for _, one in store.judged(store.keys(CallFilter()))]
    order = {call_id: place for place, call_id in enumerate(_rows(path, _WRITTEN))}
    return sorted(found, key=lambda one: order[one.facts.call_id])


def verdicts(path: Path) -> list[str]:
    """The verdicts that count as JSON without the effort, in the order in which they were written."""
    return [comparable(one.verdict.model_dump_json(by_alias=True)) for one in judged(path)]


def failures(path: Path) -> list[dict[str, Any]]:
    """What failed, in the order in which it was written."""
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT call_id, place, kind, message FROM failures ORDER BY key").fetchall()
    return [dict(zip(("call_id", "place", "kind", "message"), row, strict=True)) for row in rows]


def content(path: Path) -> dict[str, list[Any]]:
    """What two stores of the same calls have in common, in whatever order it was written."""
    found = judged(path)
    return {
        "facts": sorted(facts_line(one.facts) for one in found),
        "verdicts": sorted(verdicts(path)),
        "failures": sorted(map(repr, failures(path))),
        "texts": sorted(_rows(path, "SELECT words FROM texts")),
    }


def count(path: Path) -> int:
    """How many verdicts are there, also while they are written; 0 where there is no store yet."""
    try:
        return int(_rows(path, "SELECT count(*) FROM verdicts")[0]) if path.exists() else 0
    except sqlite3.OperationalError:
        return 0


_WRITTEN = "SELECT calls.call_id FROM calls JOIN verdicts ON verdicts.key = calls.verdict_key ORDER BY verdicts.key"


def _rows(path: Path, query: str) -> list[Any]:
    with sqlite3.connect(path) as connection:
        return [row[0] for row in connection.execute(query)]
