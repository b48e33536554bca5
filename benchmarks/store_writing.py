"""How long many calls take into the store, how large the store is then, and how soon the queue stands.

    python benchmarks/store_writing.py --calls 100000
    python benchmarks/store_writing.py --calls 100000 --postgres postgresql+psycopg://postgres@/bench?host=/tmp

The calls are made up: each has eight turns, its facts are judged by the policy that ships, once for each of some kinds
of call. `score` writes one call a transaction, `judge` two hundred; both are timed. The database of PostgreSQL should
be empty; it is left as it is.
"""

import argparse
import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from overhead import TURNS

from ausweis import __version__
from ausweis.calls import Call
from ausweis.facts import Event, Facts, facts_sha256
from ausweis.judging.judge import judge
from ausweis.judging.verdict import Verdict
from ausweis.policies import find_policy
from ausweis.provenance import ModelProvenance, PromptProvenance, RunProvenance
from ausweis.store import CallFilter, Key, Store
from ausweis.store.database import Database
from ausweis.store.schema import batches

POLICY = "telecom-de"
DAYS = 50
ONE_BY_ONE = 2000
"""Calls that are written one a transaction; all others come two hundred at a time."""
EVENTS: tuple[tuple[Any, str, int], ...] = (
    ("gives", "name", 2),
    ("asks", "customer_number", 3),
    ("gives", "customer_number", 4),
    ("gives", "date_of_birth", 5),
    ("discloses", "contract_data", 6),
)


def made_up_origin() -> RunProvenance:
    """What verdicts come from that no model read."""
    engine = ModelProvenance(
        id="qwen2.5-coder-1.5b-instruct-q4",
        sha256="b" * 64,
        engine="llama",
        context_tokens=8192,
        parameters={"temperature": 0, "threads": 2, "probe": "c" * 64},
    )
    return RunProvenance(
        ausweis=__version__,
        strategy="turnwise",
        policy=find_policy(POLICY).provenance,
        prompts=tuple(PromptProvenance(id=name, version=1, sha256="a" * 64) for name in ("agent-turn", "caller-turn")),
        model=engine,
    )


def made_up_calls(count: int) -> Iterator[tuple[Call, Facts, Verdict]]:
    """Calls with facts and verdicts."""
    policy, origin = find_policy(POLICY).policy, made_up_origin()
    kinds = []
    for left_out in (None, "date_of_birth", "customer_number", "discloses"):
        events = [
            Event(
                kind=kind, subject=subject, turn=turn, quote=TURNS[turn - 1][1], start=6.0 * turn, end=6.0 * turn + 5.5
            )
            for kind, subject, turn in EVENTS
            if left_out not in (kind, subject)
        ]
        facts = Facts(call_id="{id}", turns=len(TURNS), events=tuple(events))
        provenance = origin.of_verdict(facts_sha256(facts), seconds=9.2, tokens=900)
        kinds.append((facts, judge(facts, policy).model_copy(update={"provenance": provenance})))
    chance = random.Random(1)
    first = datetime(2026, 1, 1, 8, tzinfo=UTC)
    for number in range(count):
        values = {"id": f"call-{number:08}", "number": str(10_000_000 + number), "months": str(number % 24 + 1)}
        turns = [
            {"speaker": who, "start": 6.0 * i, "end": 6.0 * i + 5.5, "text": _filled(text, values)}
            for i, (who, text) in enumerate(TURNS)
        ]
        at = first + timedelta(days=number % DAYS, minutes=number // DAYS % 600)
        call = {"id": values["id"], "agent": f"agent {number % 83}", "team": f"team {number % 7}", "turns": turns}
        call |= {"queue": ("billing", "contracts", "moving")[number % 3], "started_at": at.isoformat()}
        kind = chance.choices(range(4), (70, 5, 5, 20))[0]
        facts, verdict = kinds[kind]
        read = Facts.model_validate_json(_filled(facts.model_dump_json(by_alias=True), values))
        told = Verdict.model_validate_json(_filled(verdict.model_dump_json(by_alias=True), values))
        risk = round(chance.random() ** (1 if kind in (1, 2) else 4), 6)
        yield Call.model_validate(call), read, told.model_copy(update={"risk": risk})


def measure(address: str, key: Path, count: int) -> None:
    """Write, ask whether it is there, open the queue; print what it takes."""
    with Store.open(address, key=Key(key)) as store:
        run = store.begin(made_up_origin(), started="2026-03-02T20:00:00Z")
        made = made_up_calls(count)
        some = list(islice(made, min(ONE_BY_ONE, count)))
        begun, own = time.perf_counter(), time.process_time()
        for one in some:
            run.add(*one)
        seconds, own = time.perf_counter() - begun, time.process_time() - own
        each, own = 1000 * seconds / len(some), 1000 * own / len(some)
        print(f"  one call a transaction      {each:8.2f} ms a call  ({own:.2f} of a processor)")
        _, seconds = _timed(lambda: [run.settled(call) for call, _, _ in some])
        print(f"  whether a call is settled   {1000 * seconds / len(some):8.2f} ms a call")
        written, spent = 0, 0.0
        for batch in batches(made, 200):
            _, seconds = _timed(lambda batch=batch: run.add_all(batch))
            written, spent = written + len(batch), spent + seconds
        if written:
            print(f"  two hundred a transaction   {1000 * spent / written:8.2f} ms a call")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"  memory at most              {peak:8.0f} MiB")
        print(f"  size                        {_size(store) / 2**20:8.1f} MiB")
    with Store.open(address, key=Key(key)) as store:
        day = date(2026, 1, 20)
        key_in_middle = store.keys()[count // 2]
        for what, question in {
            "first page of the queue": lambda: store.calls(limit=50),
            "count of all": store.count,
            "first page of one day": lambda: store.calls(CallFilter(first=day, last=day), limit=50),
            "open violations, page, count": lambda: (
                store.calls(CallFilter(outcomes=("violation",), states=("open",)), limit=50),
                store.count(CallFilter(outcomes=("violation",), states=("open",))),
            ),
            "search, page and count": lambda: (
                store.calls(CallFilter(text="Vertrag läuft noch 7 Monate"), limit=50),
                store.count(CallFilter(text="Vertrag läuft noch 7 Monate")),
            ),
            "search for what is not there": lambda: store.calls(CallFilter(text="Zwetschgendatschi"), limit=50),
            "one call": lambda: store.record(key_in_middle),
            "previous and next": lambda: store.neighbours(key_in_middle),
            "counts of 50 days": lambda: store.day_counts(date(2026, 1, 1), date(2026, 2, 28)),
            "delete one call": lambda: store.delete(store.calls(limit=1)[0].call_id),
        }.items():
            _, seconds = _timed(question)
            print(f"  {what:<28}{seconds:8.3f} s")


def _filled(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _size(store: Store) -> int:
    database: Database = store._database
    if database.is_sqlite:
        return sum(path.stat().st_size for path in database.files())
    with database.reading() as connection:
        return int(connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one())


def _timed(question: Callable[[], Any]) -> tuple[Any, float]:
    begun = time.perf_counter()
    answer = question()
    return answer, time.perf_counter() - begun


def main(arguments: Sequence[str] | None = None) -> None:
    """Write, measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--postgres", metavar="ADDRESS")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"{given.calls} calls\nSQLite")
        measure(str(folder / "store.sqlite"), folder / "sqlite.key", given.calls)
        if given.postgres:
            print("PostgreSQL")
            measure(given.postgres, folder / "postgres.key", given.calls)


if __name__ == "__main__":
    main()
