"""How long a large run takes into the store, how large the store is then, and how soon the queue stands.

    python benchmarks/store_import.py --verdicts 100000
    python benchmarks/store_import.py --verdicts 100000 --postgres postgresql+psycopg://postgres@/bench?host=/tmp

The run is made up: each call has eight turns, its facts are judged by the policy that ships, once for each of some
kinds of call, and the lines are written with other numbers each. Texts of the calls are read from the run's inputs.
The database of PostgreSQL should be empty; it is left as it is.
"""

import argparse
import json
import random
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from overhead import TURNS

from ausweis import __version__
from ausweis.batch.manifest import Inputs, Machine, RunManifest
from ausweis.batch.state import facts_line, facts_sha256, verdict_line
from ausweis.facts import Event, Facts
from ausweis.judging.judge import judge
from ausweis.policies import find_policy
from ausweis.provenance import ModelProvenance, PromptProvenance
from ausweis.store import CallFilter, Key, Store
from ausweis.store.database import Database

POLICY = "telecom-de"
DAYS = 50
EVENTS: tuple[tuple[Any, str, int], ...] = (
    ("gives", "name", 2),
    ("asks", "customer_number", 3),
    ("gives", "customer_number", 4),
    ("gives", "date_of_birth", 5),
    ("discloses", "contract_data", 6),
)


def made_up_manifest(folder: Path) -> RunManifest:
    """The manifest of a run that nobody made, over `calls.jsonl` of a folder."""
    engine = ModelProvenance(
        id="qwen2.5-coder-1.5b-instruct-q4",
        sha256="b" * 64,
        engine="llama",
        context_tokens=8192,
        parameters={"temperature": 0, "threads": 2, "probe": "c" * 64},
    )
    return RunManifest(
        ausweis=__version__,
        strategy="turnwise",
        policy=find_policy(POLICY).provenance,
        prompts=tuple(PromptProvenance(id=name, version=1, sha256="a" * 64) for name in ("agent-turn", "caller-turn")),
        model=engine,
        inputs=Inputs(paths=(str(folder / "calls.jsonl"),)),
        machine=Machine.here(),
        started="2026-03-02T20:00:00Z",
    )


def make_run(folder: Path, count: int) -> None:
    """Write calls, and the run that judged them."""
    policy = find_policy(POLICY)
    manifest = made_up_manifest(folder)
    run = folder / "run"
    run.mkdir()
    (run / "run.json").write_text(manifest.model_dump_json(by_alias=True, indent=2))
    lines = []
    for left_out in (None, "date_of_birth", "customer_number", "discloses"):
        events = [
            Event(
                kind=kind, subject=subject, turn=turn, quote=TURNS[turn - 1][1], start=6.0 * turn, end=6.0 * turn + 5.5
            )
            for kind, subject, turn in EVENTS
            if left_out not in (kind, subject)
        ]
        facts = Facts(call_id="{id}", turns=len(TURNS), events=tuple(events))
        verdict = judge(facts, policy.policy, policy_sha256=policy.sha256)
        origin = manifest.of_verdict(facts_sha256(facts), seconds=9.2, tokens=900)
        lines.append((facts_line(facts), verdict_line(verdict.model_copy(update={"provenance": origin}))))
    chance = random.Random(1)
    first = datetime(2026, 1, 1, 8, tzinfo=UTC)
    with (
        (folder / "calls.jsonl").open("w") as calls,
        (run / "facts.jsonl").open("w") as all_facts,
        (run / "verdicts.jsonl").open("w") as verdicts,
    ):
        for number in range(count):
            name = f"call-{number:08}"
            values = {"number": str(10_000_000 + number), "months": str(number % 24 + 1)}
            turns = [
                {"speaker": who, "start": 6.0 * i, "end": 6.0 * i + 5.5, "text": _filled(text, values)}
                for i, (who, text) in enumerate(TURNS)
            ]
            at = first + timedelta(days=number % DAYS, minutes=number // DAYS % 600)
            call = {"id": name, "agent": f"agent {number % 83}", "team": f"team {number % 7}", "turns": turns}
            call |= {"queue": ("billing", "contracts", "moving")[number % 3], "started_at": at.isoformat()}
            calls.write(json.dumps(call, ensure_ascii=False) + "\n")
            kind = chance.choices(range(4), (70, 5, 5, 20))[0]
            for file, line in zip((all_facts, verdicts), lines[kind], strict=True):
                body = json.loads(_filled(line, {"id": name, **values}))
                if "risk" in body:
                    body["risk"] = round(chance.random() ** (1 if kind in (1, 2) else 4), 6)
                file.write(json.dumps(body, ensure_ascii=False, separators=(",", ":")) + "\n")


def measure(address: str, key: Path, folder: Path) -> None:
    """Import, import again, open the queue; print what it takes."""
    with Store.open(address, key=Key(key)) as store:
        own = time.process_time()
        imported, seconds = _timed(lambda: store.import_run(folder / "run"))
        own = time.process_time() - own
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"  import                      {seconds:8.2f} s  ({own:.2f} s of a processor in this process)")
        print(f"  calls, of them without text {imported.new:8} {imported.without_text}")
        print(f"  memory at most              {peak:8.0f} MiB")
        _, seconds = _timed(lambda: store.import_run(folder / "run"))
        print(f"  import again, all the same  {seconds:8.2f} s")
        print(f"  size                        {_size(store) / 2**20:8.1f} MiB")
    with Store.open(address, key=Key(key)) as store:
        day = date(2026, 1, 20)
        key_in_middle = store.keys()[imported.new // 2]
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
    """Make the run, measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--verdicts", type=int, default=100_000)
    parser.add_argument("--postgres", metavar="ADDRESS")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_run(folder, given.verdicts)
        size = sum(path.stat().st_size for path in (folder / "run").iterdir())
        print(f"{given.verdicts} verdicts, run folder of {size / 2**20:.1f} MiB")
        print("SQLite")
        measure(str(folder / "store.sqlite"), folder / "sqlite.key", folder)
        if given.postgres:
            print("PostgreSQL")
            measure(given.postgres, folder / "postgres.key", folder)


if __name__ == "__main__":
    main()
