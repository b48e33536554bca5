"""How long a new process takes to its first answer, with and without the prefixes that an earlier one kept on disk.

    python benchmarks/first_answer.py

Each run is a process of its own that loads the model and asks the first question about a call. The prefixes are kept
in a folder of this benchmark, which is removed afterwards; the model file is the one that is installed.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import perf_counter

from questions import questions

from ausweis.calls import Call, Turn
from ausweis.engines.llama import LlamaEngine
from ausweis.engines.weights import catalogue, locate

TURN = Turn(speaker="agent", text="Guten Tag, Nordlicht Mobilfunk, was kann ich für Sie tun?")


def child(model: str) -> None:
    """Load, ask, print the seconds of both."""
    begun = perf_counter()
    engine = LlamaEngine.load(model)
    loaded = perf_counter()
    (result,) = engine.complete(questions(Call(id="first", turns=(TURN,))))
    print(loaded - begun, perf_counter() - loaded, result.evaluated_tokens)


def run(model: Path, folder: Path) -> tuple[float, float, int]:
    """Seconds to load and to answer, and the tokens evaluated, in a new process."""
    done = subprocess.run(
        [sys.executable, __file__, "--child", str(model)],
        env=os.environ | {"AUSWEIS_CACHE": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    load, answer, tokens = done.stdout.split()
    return float(load), float(answer), int(tokens)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=catalogue.default_id())
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.child:
        child(given.child)
        return
    model = locate(given.model).path
    found: dict[str, list[tuple[float, float, int]]] = {"nothing kept": [], "kept": []}
    for _ in range(given.runs):
        with tempfile.TemporaryDirectory() as name:
            for runs in found.values():
                runs.append(run(model, Path(name)))
    for name, runs in found.items():
        answers = [answer for _, answer, _ in runs]
        print(
            f"{name:<14}model loaded in {median(load for load, _, _ in runs):.2f} s, first answer after another "
            f"{median(answers):.2f} s ({min(answers):.2f} to {max(answers):.2f}), {runs[0][2]} tokens evaluated"
        )


if __name__ == "__main__":
    main()
