"""How long a long call takes, alone and beside other work; and how many tokens are evaluated for it.

    python benchmarks/long_calls.py                                # the field's calls of 75 to 85 turns
    python benchmarks/long_calls.py --spin default --spin 0   # what waiting threads do

Each run is a process of its own that loads the model and reads the same calls, while none, one or two processes do
nothing but count. `--spin`: GOMP_SPINCOUNT, how often a waiting thread of llama.cpp looks before it sleeps; `default`
leaves it to the environment, or to libgomp (300000). The limit is what `llama-bench` (`make llama-bench` builds it)
says of all layers at the depth of half a call.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter

from questions import transcripts

from ausweis.engines.llama import LlamaEngine
from ausweis.engines.weights import catalogue, locate
from ausweis.labelled import read_labelled

ROOT = Path(__file__).parents[1]
BENCH = ROOT / ".venv" / "llama.cpp" / "bin" / "llama-bench"
CALLS = ROOT / "evals" / "golden" / "field-dev.jsonl"
TURNS = range(75, 86)
COUNT = "while True: pass"


def child(model: str, calls: Path, count: int) -> None:
    """Read the calls; print seconds, tokens evaluated and tokens of each."""
    engine = LlamaEngine.load(model)
    chosen = [one.call for one in read_labelled(calls) if len(one.call.turns) in TURNS][:count]
    found = []
    asked = transcripts(engine, chosen[:1] + chosen)
    if not asked:
        raise SystemExit(f"there is no probe for {model}, or no call of {TURNS.start} to {TURNS.stop - 1} turns")
    for number, transcript in enumerate(asked):
        begun = perf_counter()
        results = engine.read(transcript)
        seconds = perf_counter() - begun
        if number:  # the first one is for warming up
            beginning = results[0].prompt_tokens - results[0].evaluated_tokens
            evaluated = sum(one.evaluated_tokens for one in results)
            found.append((seconds, evaluated, results[-1].prompt_tokens - beginning, beginning))
    print(json.dumps(found))


@contextmanager
def busy(processes: int) -> Iterator[None]:
    """So many processes count meanwhile."""
    running = [subprocess.Popen([sys.executable, "-c", COUNT]) for _ in range(processes)]
    try:
        yield
    finally:
        for one in running:
            one.kill()
            one.wait()


def run(arguments: Sequence[str], spin: str) -> list[tuple[float, int, int, int]]:
    """What a child measures."""
    environment = {name: value for name, value in os.environ.items() if name != "GOMP_SPINCOUNT"}
    if spin != "default":
        environment["GOMP_SPINCOUNT"] = spin
    command = [sys.executable, __file__, "--child", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return [tuple(one) for one in json.loads(done.stdout)]


def limit(model: Path, threads: int, depth: int) -> float:
    """Tokens a second of all layers, behind so many tokens."""
    command = [str(BENCH), "-m", str(model), "-t", str(threads), "-fa", "1", "-o", "json"]
    command += ["-p", "512", "-n", "0", "-d", str(depth)]
    found = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return float(median(found[0]["samples_ts"]))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=catalogue.default_id())
    parser.add_argument("--labelled", type=Path, default=CALLS)
    parser.add_argument("--calls", type=int, default=5)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--busy", type=int, action="append", help="processes beside it; repeatable (0, 1, 2)")
    parser.add_argument("--spin", action="append", help="default, or a number; repeatable")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.child:
        child(given.model, given.labelled, given.calls)
        return
    passed = ["--model", given.model, "--labelled", str(given.labelled), "--calls", str(given.calls)]
    for beside in given.busy or (0, 1, 2):
        for spin in given.spin or ("default",):
            with busy(beside):
                found = [one for _ in range(given.runs) for one in run(passed, spin)]
            seconds, evaluated, tokens, beginnings = zip(*found, strict=True)
            print(
                f"beside {beside}, spin {spin:<8} {median(seconds):6.1f} s a call ({min(seconds):.1f} to "
                f"{max(seconds):.1f}); {sum(evaluated)} tokens evaluated for {sum(tokens)}, "
                f"{sum(evaluated) / sum(seconds):.0f} a second",
                flush=True,
            )
    if BENCH.is_file():
        threads = len(os.sched_getaffinity(0))
        depth = beginnings[0] + sum(tokens) // len(tokens) // 2
        whole = limit(locate(given.model).path, threads, depth)
        print(f"llama-bench, all layers, behind {depth} tokens: {whole:.0f} tokens a second")


if __name__ == "__main__":
    main()
