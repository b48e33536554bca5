"""What a run costs outside the model: time and memory of `ausweis score` with an engine that answers at once.

    python benchmarks/overhead.py --calls 100000
    python benchmarks/overhead.py --calls 5000 -- --workers 2

Calls of eight turns are made up on the way and fed to the whole program as JSON Lines through a pipe, so its input
needs no disk; its store is made where TMPDIR says, and removed. A tenth of the calls is run first, so that it shows
what memory each further call needs. Then the same command is said again, `ausweis judge` judges all of them, and a
smaller number of calls is run in this process with clocks around each part. Options after `--` go to `ausweis score`;
memory is that of its own process.
"""

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

ANSWERS = r"""
answers:
  - {template: call-start, answer: beginning}
  - {template: caller-turn, matches: "Name ist[^\n]*$", answer: {gives name: 0.94, nothing: 0.06}}
  - {template: caller-turn, matches: "Kundennummer ist[^\n]*$", answer: gives customer number}
  - {template: caller-turn, matches: "Geboren bin[^\n]*$", answer: {gives date of birth: 0.7, nothing: 0.3}}
  - {template: agent-turn, matches: "Geburtsdatum[^\n]*$", answer: asks date of birth}
  - {template: agent-turn, matches: "Ihr Vertrag[^\n]*$", answer: {tells contract data: 0.9, explains: 0.1}}
  - {answer: nothing}
"""
TURNS = (
    ("agent", "Guten Tag, Nordlicht Mobilfunk, was kann ich für Sie tun?"),
    ("caller", "Guten Tag, mein Name ist Ilse Krummbiegel, es geht um meinen Vertrag."),
    ("agent", "Gern. Ihre Kundennummer bitte, und Ihr Geburtsdatum?"),
    ("caller", "Die Kundennummer ist {number}."),
    ("caller", "Geboren bin ich am zwölften März neunzehnhundertsiebzig."),
    ("agent", "Vielen Dank. Ihr Vertrag läuft noch {months} Monate."),
    ("caller", "Ach, so lange noch. Gut, dann weiß ich Bescheid."),
    ("agent", "Gern geschehen, auf Wiederhören."),
)


class Ran(NamedTuple):
    """One command: seconds from its start to its end, those of a processor, and its peak memory in MiB."""

    seconds: float
    processor: float
    peak: float


def call_line(number: int) -> bytes:
    """One call as a line of JSON."""
    values = {"number": 10_000_000 + number, "months": number % 24 + 1}
    turns = [
        {"speaker": speaker, "start": 6.0 * place, "end": 6.0 * place + 5.5, "text": text.format(**values)}
        for place, (speaker, text) in enumerate(TURNS)
    ]
    return json.dumps({"id": f"call-{number:08}", "turns": turns}, ensure_ascii=False).encode() + b"\n"


def run_program(calls: int, *arguments: str) -> Ran:
    """A command, with so many calls at its standard input.

    Raises:
        SystemExit: it failed.
    """
    begun = time.perf_counter()
    child = subprocess.Popen([sys.executable, "-m", "ausweis", *arguments], stdin=subprocess.PIPE)
    assert child.stdin is not None
    with child.stdin as pipe:
        for number in range(calls):
            pipe.write(call_line(number))
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"ausweis {arguments[0]} ended with {child.returncode}")
    return Ran(time.perf_counter() - begun, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


class Clocks:
    """Seconds spent in each part, without the parts that it calls."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._inner = [0.0]

    def around(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, timed."""

        def timed(*arguments: Any, **named: Any) -> Any:
            begun = time.perf_counter()
            self._inner.append(0.0)
            try:
                return function(*arguments, **named)
            finally:
                passed = time.perf_counter() - begun
                self.seconds[part] = self.seconds.get(part, 0.0) + passed - self._inner.pop()
                self._inner[-1] += passed

        return timed

    def each(self, part: str, found: Iterator[Any]) -> Iterator[Any]:
        """The iterator, timed."""
        step = self.around(part, lambda: next(found, None))
        return iter(step, None)


def parts(calls: int, answers: Path, path: Path) -> dict[str, float]:
    """Seconds in each part of a run in this process."""
    from sqlalchemy.engine.default import DefaultDialect

    from ausweis.batch import local_runner, score
    from ausweis.batch.config import ScorerConfig
    from ausweis.calls import read_calls
    from ausweis.engines.fake import FakeEngine
    from ausweis.policies import find_policy
    from ausweis.prompts import Template
    from ausweis.reading.lines import LineReader
    from ausweis.store import RunWriter, Store, audit_log, writing

    clocks = Clocks()
    for part, owner, name in (
        ("rendering prompts", Template, "render"),
        ("questions and facts", LineReader, "read"),
        ("the fake engine", FakeEngine, "complete"),
        ("looking up", RunWriter, "settled"),
        ("writing: rows", RunWriter, "add"),
        ("writing: masks, index", writing, "renew"),
        ("writing: digests, log", audit_log, "check_rows"),
        ("writing: digests, log", audit_log, "digest_rows"),
        ("writing: digests, log", audit_log, "append"),
        ("writing: commits", DefaultDialect, "do_commit"),
    ):
        setattr(owner, name, clocks.around(part, getattr(owner, name)))
    real_input = sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO(b"".join(map(call_line, range(calls)))))
    recipe = ScorerConfig(policy=find_policy("telecom-de"), engine=f"fake:{answers}")
    with recipe.open() as scorer, Store.open(path) as store:
        scorer.score = clocks.around("judging", scorer.score)  # type: ignore[method-assign]
        found = clocks.each("reading calls", read_calls(["-"]))
        begun = time.perf_counter()
        score(found, local_runner(scorer), store.begin(scorer.origin))
        whole = time.perf_counter() - begun
    sys.stdin = real_input
    return {**clocks.seconds, "all else": whole - sum(clocks.seconds.values())}


def sync_seconds(folder: Path, lines: int = 200) -> float:
    """Seconds for putting one line of 2 kB on this disk."""
    with (folder / "probe").open("ab", buffering=0) as file:
        begun = time.perf_counter()
        for _ in range(lines):
            file.write(b"x" * 2047 + b"\n")
            os.fsync(file.fileno())
        return (time.perf_counter() - begun) / lines


def show(title: str, ran: Ran, calls: int) -> None:
    """Print one command."""
    per_call = f"{1000 * ran.seconds / calls:7.3f} ms a call, {1000 * ran.processor / calls:7.3f} of a processor"
    print(f"{title:<22}{ran.seconds:8.1f} s  {per_call}  {ran.peak:7.1f} MiB at most")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--clocked", type=int, default=2_000, help="calls that are run with clocks")
    parser.add_argument("options", nargs="*", help="of ausweis score")
    given = parser.parse_args(arguments)
    few, many = max(1, given.calls // 10), given.calls
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        answers, small, large = folder / "answers.yaml", folder / "few.sqlite", folder / "many.sqlite"
        answers.write_text(ANSWERS, encoding="utf-8")
        command = ["score", "-", "--policy", "telecom-de", "--strategy", "turnwise", "--engine", f"fake:{answers}"]
        command += ["--quiet", *given.options, "--store"]
        print(f"one synced line on this disk: {1000 * sync_seconds(folder):.3f} ms")
        first = run_program(few, *command, str(small))
        show(f"{few} calls", first, few)
        ran = run_program(many, *command, str(large))
        show(f"{many} calls", ran, many)
        print(f"memory: {(ran.peak - first.peak) * 2**20 / (many - few):.0f} bytes a further call")
        show("said again", run_program(many, *command, str(large)), many)
        show("judged again", run_program(0, "judge", "--policy", "energy-de", "--json", "--store", str(large)), many)
        disk = sum(path.stat().st_size for path in folder.glob("many.sqlite*"))
        print(f"disk: {disk / many:.0f} bytes a call, with two verdicts each")
        found = parts(given.clocked, answers, folder / "clocked.sqlite")
    print(f"\n{given.clocked} calls with clocks")
    for part, seconds in sorted(found.items(), key=lambda item: -item[1]):
        print(f"  {part:<24}{1000 * seconds / given.clocked:7.3f} ms a call")
    own = sum(found.values()) - found["the fake engine"]
    print(f"  {'all but the engine':<24}{1000 * own / given.clocked:7.3f} ms a call")


if __name__ == "__main__":
    main()
