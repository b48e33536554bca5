"""Which layers of a model a probe should read: average precision of labels, by cross-validation over calls.

    python benchmarks/probe_layers.py --calls 300 --layers 16 --layers 16,20 --layers 12,16,20

Each choice of layers is learned from four fifths of the calls and measured on the others, in turn. Printed is the
average precision of the labels of agent and caller, weighted by how often they occur, and of "the agent tells, changes
or reads out"; and the log loss a line. What was computed is kept in a folder, so that a stopped run goes on.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ausweis.engines import catalogue
from ausweis.engines.llama import LlamaEngine
from ausweis.evals import read_labelled
from ausweis.evals.fact_probe import FACT_TASK
from ausweis.evals.probe_lines import KeptLines, collect
from ausweis.evals.probe_network import Plan
from ausweis.evals.probes import Learned, left_out, prepare
from ausweis.prompts import default_library
from ausweis.reading.labels import speakers_of
from ausweis.reading.strategies import TRANSCRIPT_TEMPLATE

TRAIN = Path(__file__).parents[1] / "evals" / "golden" / "train.jsonl"
ACTS = ("tells", "changes", "reads out")


def measured(learned: Learned, scores: Sequence[NDArray[np.float32]], speaker: str) -> str:
    """Average precision and log loss of a speaker's labels, and average precision of the acts."""
    from sklearn.metrics import average_precision_score

    places = [place for place, label in enumerate(learned.labels) if speakers_of(label) == (speaker,)]
    known = np.concatenate([one.counts[:, places[0]] for one in learned.numbers]) > 0
    truth = np.concatenate([one.labels for one in learned.numbers])[known][:, places]
    score = np.concatenate(scores)[known][:, places]
    each = [average_precision_score(truth[:, place], score[:, place]) for place in range(len(places))]
    loss = (np.logaddexp(0, score) - truth * score).sum(axis=1).mean()
    shown = f"{speaker} {np.average(each, weights=truth.sum(axis=0)):.3f} (log loss {loss:.3f})"
    acts = [places.index(learned.labels.index(label)) for label in ACTS if label in learned.labels]
    if speaker == "agent" and acts:
        likely = score[:, acts].max(axis=1)
        shown += f"   acts {average_precision_score(truth[:, acts].any(axis=1), likely):.3f}"
    return shown


def main(arguments: Sequence[str] | None = None) -> None:
    """Collect, learn, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=catalogue.default_id())
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--layers", action="append", help="layers read together, with commas; repeatable")
    parser.add_argument("--work", type=Path, default=Path("runs/probe-layers"))
    given = parser.parse_args(arguments)
    choices = [tuple(map(int, one.split(","))) for one in given.layers or ("16", "16,20", "12,16,20")]
    every = tuple(sorted({layer for one in choices for layer in one}))
    engine = LlamaEngine.load(given.model)
    template = default_library().get(TRANSCRIPT_TEMPLATE)
    labelled = list(read_labelled(TRAIN))[: given.calls]
    kept = list(collect(engine, template, labelled, every, given.work))
    for layers in choices:
        places = [every.index(layer) for layer in layers]
        learned = prepare(KeptLines(kept, FACT_TASK, places), template, Plan(), FACT_TASK)
        scores = left_out(learned.numbers, Plan(), learned.groups)
        shown = "   ".join(measured(learned, scores, speaker) for speaker in ("agent", "caller"))
        print(f"layers {', '.join(map(str, layers)):<12}{shown}", flush=True)


if __name__ == "__main__":
    main()
