"""How fast the questions about a call are answered, side by side: plain loops, llama-server, Ausweis; and the limit.

    python benchmarks/engine_speed.py --docs docs

For each of ten calls of 20 to 40 turns, each way answers the same questions in turn, so that what else the machine does
hits all alike. What templates begin with is evaluated before the clock starts, for all ways that keep it. The limit is
what `llama-bench` says for the tokens that are left when each is evaluated once. `make llama-server llama-bench`
builds both from the source that the bindings are built of, on top of the same libraries.
"""

import argparse
import json
import os
import platform
import subprocess
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

from questions import questions, transcripts
from speed_page import Limit, Measured, write_page
from ways import plain_loop, server

from ausweis.engines.llama import LlamaEngine
from ausweis.engines.protocol import Request, Result, Transcript
from ausweis.engines.weights import catalogue, locate
from ausweis.labelled import LabelledCall, read_labelled

ROOT = Path(__file__).parents[1]
TOOLS = ROOT / ".venv" / "llama.cpp" / "bin"
CALLS = ROOT / "evals" / "golden" / "train.jsonl"
TURNS = range(20, 41)
SLOTS = (2,)
"""Of llama-server: one for each kind of prompt; the fastest of 2 and 4 on two cores."""


class Entrant(NamedTuple):
    """A way, with the questions that it is asked, and on how many of the calls."""

    name: str
    answer: Callable[[Any], list[Result]]
    questions: Sequence[list[Request]] | Sequence[Transcript]
    calls: int


def chosen_calls(count: int) -> list[LabelledCall]:
    """The first labelled calls of 20 to 40 turns."""
    return [one for one in read_labelled(CALLS) if len(one.call.turns) in TURNS][:count]


def rate(model: Path, threads: int, *options: str) -> float:
    """Tokens a second, the median of what llama-bench measures."""
    command = [str(TOOLS / "llama-bench"), "-m", str(model), "-t", str(threads), "-fa", "1", "-o", "json", *options]
    found = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return float(median(found[0]["samples_ts"]))


def measure(entrants: Sequence[Entrant], turns: Sequence[int]) -> list[Measured]:
    """All ways on one call, then on the next."""
    found = {one.name: Measured(one.name) for one in entrants}
    for one in entrants:
        # Instructions and examples, server slots: what is there when the day's second call comes.
        if one.calls == len(turns):
            one.answer(one.questions[0])
    for place, length in enumerate(turns):
        for one in entrants:
            if place < one.calls:
                begun = perf_counter()
                results = one.answer(one.questions[place])
                seconds = perf_counter() - begun
                found[one.name].add(length, seconds, results)
                print(f"call {place + 1} ({length} turns)  {one.name:<28}{seconds:8.2f} s", flush=True)
    return list(found.values())


def main(arguments: Sequence[str] | None = None) -> None:
    """Run, print, write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=catalogue.default_id())
    parser.add_argument("--calls", type=int, default=10)
    parser.add_argument("--plain", type=int, default=1, help="calls for the loop that keeps nothing: some minutes each")
    parser.add_argument("--slots", type=int, action="append", help="of llama-server; repeatable")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--docs", type=Path, help="folder for the page and the plot")
    given = parser.parse_args(arguments)
    path, threads = locate(given.model).path, given.threads
    calls = chosen_calls(given.calls)
    with ExitStack() as stack:
        engine = stack.enter_context(closing(LlamaEngine.load(given.model, threads=threads)))
        learned = transcripts(engine, [one.call for one in calls])
        plain = [questions(one.call) for one in calls]
        every = len(calls)
        entrants = [
            Entrant("plain loop", stack.enter_context(plain_loop(path, threads, kept=False)), plain, given.plain),
            Entrant("plain loop, kept prefix", stack.enter_context(plain_loop(path, threads, kept=True)), plain, every),
            *(
                Entrant(_with_slots(n), stack.enter_context(server(TOOLS, path, threads, n)), plain, every)
                for n in given.slots or SLOTS
            ),
            Entrant("Ausweis, turnwise", engine.complete, plain, every),
            Entrant("Ausweis", engine.read, learned, every),
        ]
        measured = measure(entrants, [len(one.call.turns) for one in calls])
    # The answers of a probe need no token of their own.
    results = measured[-1].results
    unique = [sum(result.evaluated_tokens for result in one) for one in results]
    limit = Limit(unique, rate(path, threads, "-p", "512", "-n", "0"))
    print(write_page(measured, limit, _about(given.model, threads), given.docs))


def _with_slots(slots: int) -> str:
    return f"llama-server, {slots} {'slot' if slots == 1 else 'slots'}"


def _about(model: str, threads: int) -> str:
    from llama_cpp import __version__

    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    processor = next(names, platform.processor())
    return f"{datetime.now(UTC):%Y-%m-%d}, {processor}, {threads} threads, {model}, llama-cpp-python {__version__}"


if __name__ == "__main__":
    main()
