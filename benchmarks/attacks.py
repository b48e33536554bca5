"""Attacks on the command line: damaged files, killed processes, and what is sick, broken or tampered with.

    python benchmarks/attacks.py                           # 500 files, 30 kills: minutes
    python benchmarks/attacks.py --seed 7 --files 24 --kills 4

Files: a call in one of the formats, damaged at random, between two good ones. It has survived if both have verdicts,
the exit code is 0 or 3, and no word of the call is in what was said or in the failures. Kills: a command is killed
after a random time, and gone on with as a user would; it has survived if the end is that of an unbroken run. The rest
are tests of this project, counted one by one. The slowest of the files is in seconds of the processor, since what runs
beside them is not their fault; all others are in seconds. Exit code 1 where something did not survive. A seed makes
the same files and moments again; where a moment falls depends on the machine.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator, Sequence
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import NamedTuple

from damage import CALLS, MARK, NAMES, damaged

from ausweis.batch import comparable
from ausweis.batch.related import relatives
from ausweis.cli import main as ausweis
from ausweis.store import Store

ROOT = Path(__file__).parents[1]
TESTS = {
    "sick servers": "tests/engines/server/test_sick.py",
    "broken policies": "tests/judging/test_broken_policies.py",
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
RUN_FILES = ("facts.jsonl", "verdicts.jsonl", "failures.jsonl")
WORDS = "Ihr Vertrag mit der Kennung Quittenbrot {number} läuft bis Mai."


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
    return json.dumps({"id": f"call-{number}", "turns": turns}, ensure_ascii=False)


def attack_by_file(number: int, seed: int) -> tuple[float, str | None]:
    """Score a folder with a damaged file; the seconds, and what is wrong."""
    choose = random.Random(f"{seed} {number}")  # the same for a number, however many there are
    ending, text = CALLS[number % len(CALLS)]
    name = choose.choice(NAMES) if choose.random() < 0.3 else "m"
    calls = Path("calls")
    calls.mkdir()
    for place in ("a", "z"):
        (calls / f"{place}.json").write_text(good_call(1).replace('"call-1"', f'"{place}"'), "utf-8")
    (calls / (os.fsdecode(name) + ending)).write_bytes(damaged(text.encode(), choose))
    Path("answers.yaml").write_text(ANSWERS.format(delay=0), "utf-8")
    ran = run("score", "calls", *FAKE, "--run", "r")
    found = {file: path.read_text("utf-8") if (path := Path("r", file)).exists() else "" for file in RUN_FILES}
    ids = {json.loads(line)["call_id"] for line in found["verdicts.jsonl"].splitlines()}
    wrong = [
        *(["took too long"] if ran.code is None or ran.seconds > MOST_SECONDS else []),
        *([f"ended with {ran.code}"] if ran.code not in (0, 3, None) else []),
        *(["showed a traceback"] if "Traceback" in ran.told else []),
        *(["lost a good call"] if not {"a", "z"} <= ids else []),
        *(["told a word of the call"] if MARK.lower() in (ran.told + found["failures.jsonl"]).lower() else []),
    ]
    return ran.seconds, f"number {number} ({ending}): " + ", ".join(wrong) if wrong else None


COMMANDS: dict[str, tuple[str, ...]] = {
    "score": ("score", "calls.jsonl", *FAKE, "--run", "r"),
    "judge": ("judge", "r", "--policy", "lax.yaml", "--run", "n"),
    "store import": ("store", "import", "r"),
    "store delete": ("store", "delete", "call-7"),
}


def prepare(command: str) -> None:
    """All that comes before the command, in the current folder."""
    Path("lax.yaml").write_text(LAX, "utf-8")
    Path("calls.jsonl").write_text("".join(good_call(number) + "\n" for number in range(1, 201)), "utf-8")
    Path("answers.yaml").write_text(ANSWERS.format(delay=0), "utf-8")
    before = {"judge": ["score"], "store import": ["score"], "store delete": ["score", "store import"]}
    for name in before.get(command, []):
        assert run(*COMMANDS[name]).code == 0, name
    if command == "score":
        Path("answers.yaml").write_text(ANSWERS.format(delay=0.001), "utf-8")


def state() -> dict[str, object]:
    """What must be the same in the end, of the current folder."""
    found: dict[str, object] = {}
    for folder in filter(Path.is_dir, (Path("r"), Path("n"))):
        for name in RUN_FILES:
            lines = (folder / name).read_text("utf-8").split("\n")
            found[f"{folder}/{name}"] = [comparable(one) for one in lines if one] if name[0] == "v" else lines
        manifest = json.loads((folder / "run.json").read_text("utf-8"))
        found[f"{folder}/run.json"] = [manifest["complete"], manifest["counts"]]
    found["related"] = {one.folder.name for one in relatives([Path("r")])}
    if Path("ausweis.sqlite").exists():
        with Store.open("ausweis.sqlite") as store:
            rows = [(row.call_id, row.outcome, store.record(row.key).call is not None) for row in store.calls()]
        found["store"] = sorted(rows)
        found["verify"] = run("store", "verify").code
    return found


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
    """Go on as a user would; what is wrong."""
    arguments = COMMANDS[command]
    ran = run(*arguments, *(["--resume"] if command == "score" else []))
    if command == "store delete":
        again = run(*arguments)
        if (ran.code != 0 and ran.told != again.told) or "no call with this id" not in again.told:
            return "the call is still there"
        words = WORDS.format(number=7).encode(), b'"call-7"'
        left = [path for path in (*Path("r").rglob("*"), *Path().glob("ausweis.sqlite*")) if path.is_file()]
        names = [path.name for path in left if any(word in path.read_bytes() for word in words)]
        return f"words are left in {', '.join(names)}" if names else None
    whole = command == "judge" and "the folder holds a run" in ran.told  # killed behind its last line
    return None if whole or ran.code == 0 else f"cannot be gone on with: {ran.told.strip()}"


def attack_by_kill(number: int, seed: int, whole: dict[str, tuple[float, object]]) -> tuple[float, str | None]:
    """Kill a command and go on; the seconds, and what is wrong. `whole`: seconds and end of an unbroken run."""
    choose = random.Random(f"{seed} kill {number}")
    command = list(COMMANDS)[number % len(COMMANDS)]
    if command not in whole:
        Path("whole").mkdir()
        with chdir("whole"):
            prepare(command)
            begun = time.perf_counter()
            assert killed(COMMANDS[command], None) == 0, command
            whole[command] = time.perf_counter() - begun, state()
    prepare(command)
    share = choose.uniform(0.3, 1.1)
    begun = time.perf_counter()
    killed(COMMANDS[command], share * whole[command][0])
    wrong = go_on(command) or (None if state() == whole[command][1] else "the end is not that of an unbroken run")
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
