"""Whether questions asked together get the answers that they get alone.

    python benchmarks/same_answers.py --model smollm2-135m --calls 10

Each question about a call is asked in one batch with the others and by itself. Floating-point sums depend on what is
evaluated together, so probabilities differ a little: printed are the largest difference, and each label that flips,
with how near the two labels were.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from questions import questions

from ausweis.engines.llama import LlamaEngine
from ausweis.engines.protocol import Result
from ausweis.engines.weights import catalogue
from ausweis.evals import read_labelled

CALLS = Path(__file__).parents[1] / "evals" / "golden" / "dev.jsonl"


def margin(result: Result) -> float:
    """How far the two likeliest labels are apart."""
    first, second, *_ = sorted(result.probabilities, reverse=True)
    return first - second


def compare(engine: LlamaEngine, calls: int) -> None:
    """Ask, print."""
    asked, largest, flips = 0, 0.0, []
    for one in list(read_labelled(CALLS))[:calls]:
        requests = questions(one.call)
        together = engine.complete(requests)
        for batched, request in zip(together, requests, strict=True):
            (alone,) = engine.complete([request])
            pairs = zip(batched.probabilities, alone.probabilities, strict=True)
            largest = max(largest, *(abs(first - second) for first, second in pairs))
            asked += 1
            if batched.text != alone.text:
                flips.append(max(margin(batched), margin(alone)))
    shown = ", ".join(f"{one:.4f}" for one in sorted(flips)) or "none"
    print(f"{asked} questions: {len(flips)} flips (margins: {shown}), largest difference {largest:.4f}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=catalogue.default_id())
    parser.add_argument("--calls", type=int, default=10)
    given = parser.parse_args(arguments)
    engine = LlamaEngine.load(given.model)
    compare(engine, given.calls)
    engine.close()


if __name__ == "__main__":
    main()
