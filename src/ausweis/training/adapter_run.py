"""`ausweis train adapter`: learns an adapter of a model with the probe that reads it, and writes both.

What was learned so far is kept now and then, so that a stopped training goes on with the very steps it would have made.
"""

import hashlib
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ausweis.engines.learned_index import index_to_write
from ausweis.engines.learned_part import Base, LearnedKind
from ausweis.engines.llama import AdapterFile, LlamaEngine
from ausweis.engines.probe import Probe
from ausweis.engines.weights import locate
from ausweis.reading.chunks import spoken_chunks
from ausweis.training.adapted_model import kept_layers, load_adapted
from ausweis.training.adapter import AdapterLearner, AdapterPlan
from ausweis.training.adapter_calls import AdapterCalls, KeptCall, adapter_calls
from ausweis.training.adapter_file import write_adapted
from ausweis.training.calibration import dialogue_of, slopes_of
from ausweis.training.learning import Bound, device_of
from ausweis.training.left_out import left_out_cases
from ausweis.training.lines import collect, layers_of
from ausweis.training.network import GO_ON_RATE, CallNumbers
from ausweis.training.options import GoingOn, Options, calls_of, notes_of
from ausweis.training.probe import Learned, LeftOut, probe_of, weights_between
from ausweis.training.showing import show_labels, show_verdicts
from ausweis.training.tasks import FACT_TASK, template_for

__all__ = ["AdapterOptions", "train_adapter"]

Array = NDArray[np.float32]
OnStep = Callable[[int, float], None]
"""Told how many steps are done, and the loss of the last ones."""
LAST = 20
"""Steps over which a loss is shown."""


@dataclass(frozen=True)
class AdapterOptions:
    """`plan`: how much is learned; `device`: of PyTorch; `minutes`: after so many, what was learned is kept.

    `steps` shows how far the learning is: it is given how many steps there are.
    """

    plan: AdapterPlan
    steps: Callable[[int], AbstractContextManager[OnStep]]
    device: str | None = None
    minutes: float = 10.0


def train_adapter(
    options: Options, wanted: AdapterOptions, going_on: GoingOn | None = None
) -> tuple[AdapterFile, Path]:
    """Train, write; where adapter and probe are. With `going_on`, the networks begin as those of that probe.

    Raises:
        InputError: of another template, on no device that is here, from calls that teach nothing, as a version that is
            there already, or to no place; the probe to go on from is another's; so many layers are not there.
        AusweisError: the model cannot be loaded, or a file cannot be read or written.
    """
    template = template_for(options.template, FACT_TASK, "adapter")
    device, plan = device_of(wanted.device), wanted.plan
    if going_on:
        plan = replace(plan, network=replace(plan.network, rate=GO_ON_RATE))
    new, weights = calls_of(options), locate(options.model)
    ids = {labelled.call.id for labelled in new}
    rehearsed = going_on.again(ids) if going_on else []
    index, base = index_to_write(options.out), Base(id=weights.id, sha256=weights.sha256)
    start = going_on.start(template, base) if going_on else None
    kinds: tuple[LearnedKind, ...] = ("adapter", "probe")
    for kind in kinds:
        # Learning takes hours.
        index.free_version(kind, template.provenance, base, options.version)
    with closing(LlamaEngine(weights)) as engine:
        layers = layers_of(engine.layers)
        with options.progress([*new, *rehearsed]) as calls:
            kept = list(collect(engine, template, calls, kept_layers(layers, plan.layers), options.work))
        fresh, again = ([pair for pair in kept if (pair[0].call.id in ids) is is_new] for is_new in (True, False))
        labels = start.labels if start else ()
        learned = adapter_calls(engine, template, FACT_TASK, fresh, plan.tokens, again, labels)
    options.tell(
        f"{len(learned.learned)} calls to learn from, {len(learned.left_out)} are left out; the model is loaded ..."
    )
    model = load_adapted(weights, layers, plan.layers, plan.rank, device)
    body = f"{weights.sha256} {device.type} {learned.sha256()} {start.sha256 if start else ''} {plan}"
    place = _kept(options.work, body)
    learner = AdapterLearner(model, learned, plan, place, start)
    _learn(learner, place, options, wanted)
    left_out = _finished(learner, learned, start, going_on.share if going_on else 1.0)
    _show(learned.left_out, left_out, options)
    notes = notes_of(options, going_on)
    parts, networks = learner.parts()
    every = _as_learned(learner, learned.labels, [*learned.learned, *learned.left_out])
    probe = probe_of(Bound(template, weights.sha256, layers, notes), every, networks, left_out.dialogue)
    written = write_adapted(index, parts, model, probe, template.provenance, base, notes, options.version)
    options.tell(f"{written[0].path}, {written[1]}")
    return written


def _kept(work: Path, body: str) -> Path:
    """Where the training of this model, device, calls and plan keeps what it learned; another has another place."""
    return work / f"adapter-{hashlib.sha256(body.encode()).hexdigest()[:16]}.pt"


def _learn(learner: AdapterLearner, kept: Path, options: Options, wanted: AdapterOptions) -> None:
    if learner.losses:
        options.tell(f"goes on after step {len(learner.losses)} of {learner.steps} ({kept})")
    last = time.monotonic()
    with wanted.steps(learner.steps) as shown:

        def on_step() -> None:
            nonlocal last
            shown(len(learner.losses), float(np.mean(learner.losses[-LAST:])))
            if time.monotonic() - last >= 60 * wanted.minutes:
                learner.keep(kept)
                last = time.monotonic()

        def on_round() -> None:
            learner.keep(kept)
            options.tell(f"round {len(learner.left_out)}: log loss a line of left-out calls {learner.left_out[-1]:.4f}")

        learner.learn(on_step, on_round)


def _finished(learner: AdapterLearner, calls: AdapterCalls, start: Probe | None, share: float) -> LeftOut:
    """What is told of calls that were left out, by what is written in the end: its networks make probabilities."""
    learned = _as_learned(learner, calls.labels, calls.left_out)
    learner.finish(slopes_of(learned.numbers, learner.scores()), start, share)
    scores = learner.scores()
    answers = [(1 / (1 + np.exp(-score))).astype(np.float32) for score in scores]
    weights = dialogue_of(calls.labels, learned.chunks, learned.numbers, answers)
    return LeftOut(learned, scores, answers, weights_between(start.dialogue, weights, share) if start else weights)


def _show(calls: list[KeptCall], told: LeftOut, options: Options) -> None:
    """How labels and, of calls that are told to the end, verdicts are told."""
    show_labels(told, options.tell)
    pairs = zip(calls, told.told_lines(), strict=True)
    whole = [(call.labelled, lines) for call, lines in pairs if len(spoken_chunks(call.labelled.call)) == len(lines)]
    if len(whole) < len(calls):
        options.tell(f"{len(calls) - len(whole)} calls are longer than --tokens: no verdicts on them")
    show_verdicts(left_out_cases([call for call, _ in whole], [lines for _, lines in whole]), options.tell)


def _as_learned(learner: AdapterLearner, labels: tuple[str, ...], calls: list[KeptCall]) -> Learned:
    """As of a probe; the numbers are those of the labels alone, since states change while the adapter learns."""
    nothing = np.zeros((0, 0), np.float16)
    numbers = [CallNumbers(nothing, np.zeros(0, np.int32), nothing, call.labels, call.counts) for call in calls]
    return Learned(learner.basis, labels, [call.chunks for call in calls], numbers, [])
