"""What a question about a turn should show before it: a window of turns, or the growing transcript.

    python benchmarks/context_forms.py --train 60

A growing transcript shares nearly all its tokens between the questions of a call; a window repeats its lines, but is
short, as the examples of the templates are. Forms are

    window          two lines before the turn, a template for each speaker: what Ausweis asks
    growing         all lines before the turn, the same templates
    merged          the same with both templates as one, so that all questions of a call share one transcript
    merged-half     the same with every second example

For each, readouts are learned from the same labelled calls and measured on the same others: average precision of "the
agent tells, changes or reads out", and of all labels of a speaker, weighted by how often they occur. What was computed
is kept in a folder, so that a stopped run goes on.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from ausweis.calls import Call
from ausweis.engines import catalogue
from ausweis.engines.llama import LlamaEngine
from ausweis.engines.protocol import Message, Request
from ausweis.engines.readout import Readout
from ausweis.evals import LabelledCall, read_labelled
from ausweis.evals.readouts import Examples, collect, learn, shown_in
from ausweis.prompts import Template, default_library
from ausweis.reading.pieces import pieces_of
from ausweis.reading.strategies import TURN_TEMPLATES
from ausweis.reading.turnwise import TurnwiseReader

CALLS = Path(__file__).parents[1] / "evals" / "golden"
ACTS = ("tells", "changes", "reads out")
TIMED = 8


class Form(NamedTuple):
    """Questions about a call, one a piece of a turn: what `collect` wants of a reader."""

    requests: Callable[[Call], list[Request]]


def growing(beginnings: Mapping[str, Sequence[Message]]) -> Form:
    """All lines up to the one in question, after the beginning for its speaker."""

    def requests(call: Call) -> list[Request]:
        lines: list[str] = []
        found = []
        for piece in pieces_of(call):
            lines.append(f"{piece.speaker}: {' '.join(piece.text.split())}")
            question = Message(role="user", content="\n".join(lines))
            found.append(Request(messages=(*beginnings[piece.speaker], question), choices=("yes", "no")))
        return found

    return Form(requests)


def beginning(template: Template) -> list[Message]:
    """Instructions and examples of a template."""
    return list(template.render({"lines": []})[:-1])


def merged(templates: Mapping[str, Template], every: int) -> list[Message]:
    """Both templates as one: all instructions, one of every so many examples, agent's and caller's in turn."""
    shown = {speaker: beginning(one) for speaker, one in templates.items()}
    text = (
        "You read recorded customer-service calls, mostly German, and say what the agent or the caller does in the "
        "last line. The lines before it are context. Answer with one label.\n"
    )
    pairs = []
    for speaker, (system, *examples) in shown.items():
        text += f"If the last line is the {speaker}'s:\n" + system.content.partition("\n")[2] + "\n"
        # From the end: the last examples, which the question follows, are the same whatever is left out.
        pairs.append([examples[place : place + 2] for place in range(len(examples) - 2, -1, -2 * every)])
    mixed = [pair for both in zip_longest(*pairs) for pair in both if pair is not None]
    return [Message(role="system", content=text.strip()), *(message for pair in reversed(mixed) for message in pair)]


def precision(readout: Readout, examples: Examples) -> tuple[float, float]:
    """Average precision of all labels, weighted by how often they occur, and of the acts; NaN where there are none."""
    from sklearn.metrics import average_precision_score

    scores = examples.values @ readout.weights.T + readout.bias
    found, weights = [], []
    for place, label in enumerate(readout.labels):
        truth = np.array([label in one for one in examples.labels])
        if truth.sum() > 1:
            found.append(float(average_precision_score(truth, scores[:, place])))
            weights.append(int(truth.sum()))
    places = [readout.labels.index(label) for label in ACTS if label in readout.labels]
    acts = np.array([any(label in one for label in ACTS) for one in examples.labels])
    likely = 1 - np.prod(1 - 1 / (1 + np.exp(-scores[:, places])), axis=1)
    return float(np.average(found, weights=weights)), float(average_precision_score(acts, likely)) if places else np.nan


def speed(engine: LlamaEngine, form: Any, calls: Sequence[LabelledCall]) -> tuple[float, float]:
    """Seconds and tokens a turn, beginnings evaluated before."""
    engine.complete(form.requests(calls[0].call))
    turns, tokens, seconds = 0, 0, 0.0
    for one in calls[1 : TIMED + 1]:
        requests = [request.model_copy(update={"choices": ("yes", "no")}) for request in form.requests(one.call)]
        begun = perf_counter()
        results = engine.complete(requests)
        seconds += perf_counter() - begun
        tokens += sum(result.evaluated_tokens for result in results)
        turns += len(requests)
    return seconds / turns, tokens / turns


def main(arguments: Sequence[str] | None = None) -> None:
    """Collect, learn, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=catalogue.default_id())
    parser.add_argument("--train", type=int, default=60, help="calls to learn from")
    parser.add_argument("--form", action="append", help="only this one; repeatable")
    parser.add_argument("--work", type=Path, default=Path("runs/context-forms"))
    given = parser.parse_args(arguments)
    library = default_library()
    templates = {speaker: library.get(name) for speaker, name in TURN_TEMPLATES.items()}
    engine = LlamaEngine.load(given.model)
    forms: dict[str, Any] = {
        "window": TurnwiseReader(engine, templates, library.get("call-start")),
        "growing": growing({speaker: beginning(template) for speaker, template in templates.items()}),
        "merged": growing(dict.fromkeys(templates, merged(templates, 1))),
        "merged-half": growing(dict.fromkeys(templates, merged(templates, 2))),
    }
    train = list(read_labelled(CALLS / "train.jsonl"))[: given.train]
    dev = list(read_labelled(CALLS / "dev.jsonl"))
    for name in given.form or forms:
        form = forms[name]
        seconds, tokens = speed(engine, form, dev)
        learned_from = collect(engine, form, train, shown_in(templates.values()), given.work / name)
        measured_on = collect(engine, form, dev, frozenset(), given.work / name)
        line = f"{name:<12}{seconds:6.3f} s a turn {tokens:6.1f} tokens a turn"
        for speaker, template in templates.items():
            readout = learn(learned_from[speaker], template, engine, "")
            labels, acts = precision(readout, measured_on[speaker])
            line += f"   {speaker}: labels {labels:.3f}" + ("" if np.isnan(acts) else f", acts {acts:.3f}")
        print(line, flush=True)


if __name__ == "__main__":
    main()
