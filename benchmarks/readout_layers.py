"""Which layers of a model a readout should read: average precision of labels, by cross-validation over calls.

    python benchmarks/readout_layers.py --calls 100 --layers 12 --layers 16 --layers 20 --layers 24 --layers 16,20

Each choice of layers is learned from four fifths of the calls and measured on the others, in turn. Printed is the
average precision of the labels of agent and caller, weighted by how often they occur, and of "the agent tells, changes
or reads out". What was computed is kept in a folder, so that a stopped run goes on.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ausweis.engines import catalogue
from ausweis.engines.llama import LlamaEngine
from ausweis.evals import read_labelled
from ausweis.evals.readouts import Lines, collect, left_out, table_of
from ausweis.prompts import default_library
from ausweis.reading.strategies import TRANSCRIPT_TEMPLATE

TRAIN = Path(__file__).parents[1] / "evals" / "golden" / "train.jsonl"
ACTS = ("tells", "changes", "reads out")


def chosen(values: NDArray[np.float32], every: Sequence[int], layers: Sequence[int]) -> NDArray[np.float32]:
    """The features of some layers, out of those of `every` one."""
    parts = values.reshape(len(values), 2, len(every), -1)
    return parts[:, :, [every.index(layer) for layer in layers]].reshape(len(values), -1)


def precision(calls: Sequence[Lines], every: Sequence[int], layers: Sequence[int], speaker: str) -> tuple[float, float]:
    """Average precision of a speaker's labels, and of the acts."""
    from sklearn.metrics import average_precision_score

    _, labels, values, truth, known, folds = table_of(calls, default_library().get(TRANSCRIPT_TEMPLATE), speaker)
    scores = left_out(chosen(values, every, layers), truth, known, folds)[known]
    truth = truth[known]
    each = [average_precision_score(truth[:, place], scores[:, place]) for place in range(len(labels))]
    mean = float(np.average(each, weights=truth.sum(axis=0)))
    places = [labels.index(label) for label in ACTS if label in labels]
    if not places:
        return mean, float("nan")
    likely = 1 - np.prod(1 - 1 / (1 + np.exp(-scores[:, places])), axis=1)
    return mean, float(average_precision_score(truth[:, places].any(axis=1), likely))


def main(arguments: Sequence[str] | None = None) -> None:
    """Collect, learn, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=catalogue.default_id())
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--layers", action="append", help="layers read together, with commas; repeatable")
    parser.add_argument("--work", type=Path, default=Path("runs/readout-layers"))
    given = parser.parse_args(arguments)
    choices = [tuple(map(int, one.split(","))) for one in given.layers or ("16", "20", "16,20")]
    every = tuple(sorted({layer for one in choices for layer in one}))
    engine = LlamaEngine.load(given.model)
    template = default_library().get(TRANSCRIPT_TEMPLATE)
    labelled = list(read_labelled(TRAIN))[: given.calls]
    calls = collect(engine, template, labelled, every, given.work)
    for layers in choices:
        agent, acts = precision(calls, every, layers, "agent")
        caller, _ = precision(calls, every, layers, "caller")
        shown = ", ".join(map(str, layers))
        print(f"layers {shown:<12}agent {agent:.3f}   acts {acts:.3f}   caller {caller:.3f}", flush=True)


if __name__ == "__main__":
    main()
