"""Attacks on the command line: damaged files, killed processes, and what is sick, broken or tampered with.

    python benchmarks/attacks.py                           # 500 files, 30 kills: minutes
    python benchmarks/attacks.py --seed 7 --files 24 --kills 4

Files: a call in one of the formats, damaged at random, between two good ones. It has survived if both have verdicts,
the exit code is 0 or 3, and no word of the call is in what was said or in the failures. Kills: a command is killed
after a random time, and said again; it has survived if the store is that of an unbroken run, nothing was read twice,
and no file has the id or a sentence of a call that was deleted. The rest are tests of this project, counted one by one.
The slowest of the files is in seconds of the processor, since what runs beside them is not their fault; all others are
in seconds. Exit code 1 where something did not survive. A seed makes the same files and moments again; where a moment
falls depends on the machine.
"""

import argparse
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator, Sequence
from contextlib import chdir, closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from damage import CALLS, MARK, NAMES, damaged

from ausweis.cli import main as ausweis
from ausweis.facts import facts_line
from ausweis.judging.verdict import comparable
from ausweis.store import Store

ROOT = Path(__file__).parents[1]
TESTS = {
    "sick servers": "tests/engines/server/test_sick.py",
    "broken policies": "tests/policies/test_broken_policies.py",
    "broken templates": "tests/prompts/test_broken_templates.py",
    "tampered rows": "tests/store/test_audit_log.py",
}
FAKE = ("--policy", "telecom-de", "--strategy", "turnwise", "--engine", "fake:answers.yaml")
ANSWERS = r"""
delay: {delay}
answers:
  - {{template: call-start, answer: beginning}}
  - {{template: caller-turn, matches: "Name ist[^\n]*$", answer: gives name}}
  - {{template: agent-turn, matches: "Ihr Vertrag[^\n]*$", answer: tells contract data}}
  - {{answer: nothing}}
"""
LAX = 'id: lax\nversion: "1"\ntitle: A name is enough\nlevels: {standard: {any_of: [[name]]}}\nactions: {}\n'
MOST_SECONDS, MOST_WAITING = 10.0, 120.0
STORE, OUT, PAGE = "ausweis.sqlite", "verdicts.jsonl", "page.html"
DAY = "2026-03-02"
WORDS = "Ihr Vertrag mit der Kennung Quittenbrot {number:03} läuft bis Mai."
GONE = 7
"""The call that is deleted."""


class Slow(BaseException):
    """A command took too long; no `except Exception` is to take it for a fault of a file."""


class Ran(NamedTuple):
    """A command in this process: its exit code, all that it said, and seconds of the processor."""

    code: object
    told: str
    seconds: float


class Survived(NamedTuple):
    """One class of attacks: how many, the slowest in seconds, and a sentence for each that did not survive."""

    title: str
    tried: int
    slowest: float
    faults: list[str]


@contextmanager
def at_most() -> Iterator[None]:
    """Raises Slow where it takes too long."""

    def stop(*_: object) -> None:
        raise Slow

    clocks = ((signal.ITIMER_PROF, signal.SIGPROF, MOST_SECONDS), (signal.ITIMER_REAL, signal.SIGALRM, MOST_WAITING))
    for clock, number, seconds in clocks:
        signal.signal(number, stop)
        signal.setitimer(clock, seconds)
    try:
        yield
    finally:
        for clock, _, _ in clocks:
            signal.setitimer(clock, 0)


def run(*arguments: str) -> Ran:
    """The command line in this process."""
    sys.stdout.flush()
    kept = os.dup(1), os.dup(2)
    begun, code = time.process_time(), None
    with tempfile.TemporaryFile() as file:
        try:
            for own in (1, 2):
                os.dup2(file.fileno(), own)
            with at_most():
                ausweis(list(arguments))
        except SystemExit as ended:
            code = ended.code
        except Slow:
            pass
        finally:
            sys.stdout.flush()
            for own, old in enumerate(kept, start=1):
                os.dup2(old, own)
                os.close(old)
        file.seek(0)
        return Ran(code, file.read().decode("utf-8", "replace"), time.process_time() - begun)


def good_call(number: int) -> str:
    """A call as JSON."""
    texts = ("Guten Tag, mein Name ist Ilse Krummbiegel.", "Ich habe eine Frage.", WORDS.format(number=number))
    turns = [{"speaker": who, "text": text} for who, text in zip(("caller", "caller", "agent"), texts, strict=True)]
    call = {"id": f"call-{number:03}", "started_at": f"{DAY}T09:14:00+01:00", "turns": turns}
    return json.dumps(call, ensure_ascii=False)


def attack_by_file(number: int, seed: int) -> tuple[float, str | None]:
    """Score a folder with a damaged file; the seconds, and what is wrong."""
    choose = random.Random(f"{seed} {number}")  # the same for a number, however many there are
    ending, text = CALLS[number % len(CALLS)]
    name = choose.choice(NAMES) if choose.random() < 0.3 else "m"
    calls = Path("calls")
    calls.mkdir()
    for place in ("a", "z"):
        (calls / f"{place}.json").write_text(good_call(1).replace('"call-001"', f'"{place}"'), "utf-8")
    (calls / (os.fsdecode(name) + ending)).write_bytes(damaged(text.encode(), choose))
    Path("answers.yaml").write_text(ANSWERS.format(delay=0), "utf-8")
    ran = run("score", "calls", *FAKE)
    ids = set(rows("SELECT call_id FROM calls WHERE verdict_key IS NOT NULL"))
    told = ran.told + " ".join(rows("SELECT message FROM failures"))
    wrong = [
        *(["took too long"] if ran.code is None or ran.seconds > MOST_SECONDS else []),
        *([f"ended with {ran.code}"] if ran.code not in (0, 3, None) else []),
        *(["showed a traceback"] if "Traceback" in ran.told else []),
        *(["lost a good call"] if not {"a", "z"} <= ids else []),
        *(["told a word of the call"] if MARK.lower() in told.lower() else []),
    ]
    return ran.seconds, f"number {number} ({ending}): " + ", ".join(wrong) if wrong else None


COMMANDS: dict[str, tuple[str, ...]] = {
    "score": ("score", "calls.jsonl", *FAKE, "--out", OUT),
    "judge": ("judge", "--policy", "lax.yaml"),
    "store delete": ("store", "delete", f"call-{GONE:03}"),
}


def prepare(command: str) -> None:
    """All that comes before the command, in the current folder."""
    Path("lax.yaml").write_text(LAX, "utf-8")
    Path("calls.jsonl").write_text("".join(good_call(number) + "\n" for number in range(1, 251)), "utf-8")
    Path("answers.yaml").write_text(ANSWERS.format(delay=0), "utf-8")
    if command != "score":
        assert run(*COMMANDS["score"]).code == 0
    if command == "store delete":
        assert run("review", "--day", DAY, "--out", PAGE).code == 0
        # That is the user's own.
        Path("calls.jsonl").unlink()


def rows(query: str) -> list[str]:
    """The first column of what a query finds in the store; nothing where there is none."""
    if not Path(STORE).exists():
        return []
    with closing(sqlite3.connect(STORE)) as connection:
        return [str(row[0]) for row in connection.execute(query)]


def state(command: str) -> dict[str, object]:
    """What must be the same in the end, of the current folder."""
    with Store.open(STORE) as store:
        judged = [one for _, one in store.judged(store.keys())]
    lines = Path(OUT).read_text("utf-8").splitlines()
    return {
        "facts": sorted(facts_line(one.facts) for one in judged),
        "verdicts": sorted(comparable(one.verdict.model_dump_json(by_alias=True)) for one in judged),
        "read": rows("SELECT count(*) FROM verdicts") if command == "score" else [],
        "texts": sorted(rows("SELECT words FROM texts")),
        "failures": rows("SELECT message FROM failures"),
        "lines": sorted(map(comparable, lines)),
        "verify": run("store", "verify").code,
    }


def killed(arguments: Sequence[str], after: float | None) -> int:
    """The command in a process of its own, killed after so many seconds; its exit code."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ausweis", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        return process.wait(after)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def go_on(command: str) -> str | None:
    """Say the command again; what is wrong."""
    ran = run(*COMMANDS[command])
    if command != "store delete":
        return None if ran.code == 0 else f"cannot be gone on with: {ran.told.strip()}"
    again = run(*COMMANDS[command])
    if (ran.code != 0 and ran.told != again.told) or "no call with this id" not in again.told:
        return f"the call is still there: {ran.told.strip()}"
    traces = WORDS.format(number=GONE).encode(), f"call-{GONE:03}".encode()
    files = [path for path in Path().rglob("*") if path.is_file()]
    left = [str(path) for path in files if any(trace in path.read_bytes() for trace in traces)]
    return f"the call is left in {', '.join(left)}" if left else None


def attack_by_kill(number: int, seed: int, whole: dict[str, tuple[float, object]]) -> tuple[float, str | None]:
    """Kill a command and say it again; the seconds, and what is wrong. `whole`: seconds and end of an unbroken run."""
    choose = random.Random(f"{seed} kill {number}")
    command = list(COMMANDS)[number % len(COMMANDS)]
    if command not in whole:
        Path("whole").mkdir()
        with chdir("whole"):
            prepare(command)
            begun = time.perf_counter()
            assert killed(COMMANDS[command], None) == 0, command
            whole[command] = time.perf_counter() - begun, state(command)
    prepare(command)
    share = choose.uniform(0.3, 1.1)
    begun = time.perf_counter()
    killed(COMMANDS[command], share * whole[command][0])
    wrong = go_on(command) or (
        None if state(command) == whole[command][1] else "the end is not that of an unbroken run"
    )
    where = f"number {number}, {command} killed after {share:.2f} of its time: "
    return time.perf_counter() - begun, where + wrong if wrong else None


def attack(title: str, count: int, one: Callable[[int], tuple[float, str | None]]) -> Survived:
    """So many attacks, each in an empty folder."""
    slowest, faults = 0.0, []
    for number in range(count):
        with tempfile.TemporaryDirectory() as folder, chdir(folder):
            seconds, wrong = one(number)
        slowest = max(slowest, seconds)
        if wrong:
            faults.append(f"{title}, {wrong}")
    return Survived(title, count, slowest, faults)


def tested(title: str, path: str) -> Survived:
    """The tests of a file, one by one; those that this machine leaves out do not count."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "junit.xml"
        command = [sys.executable, "-m", "pytest", path, "-q", "-p", "no:cacheprovider", "--junitxml", str(report)]
        subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
        cases = list(ElementTree.parse(report).iter("testcase")) if report.exists() else []
    cases = [case for case in cases if case.find("skipped") is None]
    bad = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    faults = [f"{title}, {path}: {case.get('name')} fails" for case in bad] or (
        [] if cases else [f"{path}: no test ran"]
    )
    return Survived(title, len(cases), max((float(case.get("time", 0)) for case in cases), default=0.0), faults)


def main(arguments: Sequence[str] | None = None) -> None:
    """Attack, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--kills", type=int, default=30)
    given = parser.parse_args(arguments)
    whole: dict[str, tuple[float, object]] = {}
    found = [
        attack("files", given.files, lambda number: attack_by_file(number, given.seed)),
        attack("kills", given.kills, lambda number: attack_by_kill(number, given.seed, whole)),
        *(tested(title, path) for title, path in TESTS.items()),
    ]
    print(f"{'class':<18}{'tried':>7}{'survived':>10}{'slowest':>10}")
    for one in found:
        print(f"{one.title:<18}{one.tried:>7}{one.tried - len(one.faults):>10}{one.slowest:>8.2f} s")
    faults = [fault for one in found for fault in one.faults]
    for fault in faults:
        print(f"seed {given.seed}: {fault}")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
