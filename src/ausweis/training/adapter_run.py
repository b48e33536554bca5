"""`ausweis train adapter`: learns an adapter of a model with the probe that reads it, and writes both.

What was learned so far is kept now and then, so that a stopped training goes on with the very steps it would have made.
"""

import hashlib
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ausweis.engines.learned_index import index_to_write
from ausweis.engines.learned_part import Base, LearnedKind
from ausweis.engines.llama import AdapterFile, LlamaEngine
from ausweis.engines.weights import locate
from ausweis.errors import InputError
from ausweis.prompts import default_library
from ausweis.reading.strategies import TRANSCRIPT_TEMPLATE
from ausweis.training.adapted_model import AdaptedModel, load_adapted
from ausweis.training.adapter import AdapterLearner, AdapterPlan
from ausweis.training.adapter_calls import AdapterCalls, TokenCall, adapter_calls
from ausweis.training.adapter_file import write_adapted
from ausweis.training.calibration import dialogue_of, slopes_of
from ausweis.training.learning import Bound, device_of
from ausweis.training.lines import layers_of
from ausweis.training.network import CallNumbers
from ausweis.training.options import Options, calls_of
from ausweis.training.probe import Learned, LeftOut, calibrated, probe_of
from ausweis.training.showing import show_labels, show_verdicts
from ausweis.training.tasks import FACT_TASK, TASKS

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


def train_adapter(options: Options, wanted: AdapterOptions) -> tuple[AdapterFile, Path]:
    """Train, write; where adapter and probe are.

    Raises:
        InputError: of another template, on no device that is here, from calls that teach nothing, as a version that is
            there already, or to no place.
        AusweisError: the model cannot be loaded, or a file cannot be read or written.
    """
    template = default_library().get(options.template)
    if TASKS.get(template.id) is not FACT_TASK:
        raise InputError(f"no adapter is learned for {template.name}: --template is {TRANSCRIPT_TEMPLATE}")
    device = device_of(wanted.device)
    new, weights = calls_of(options), locate(options.model)
    index, base = index_to_write(options.out), Base(id=weights.id, sha256=weights.sha256)
    kinds: tuple[LearnedKind, ...] = ("adapter", "probe")
    for kind in kinds:
        # Learning takes hours.
        index.free_version(kind, template.provenance, base, options.version)
    with closing(LlamaEngine(weights)) as engine:
        layers = layers_of(engine.layers)
        calls = adapter_calls(engine, template, FACT_TASK, new, wanted.plan.tokens)
    options.tell(
        f"{len(calls.learned)} calls to learn from, {len(calls.left_out)} are left out; the model is loaded ..."
    )
    model = load_adapted(weights, layers, wanted.plan.layers, wanted.plan.rank, device)
    learner = _learned(
        model,
        calls,
        _kept(options.work, f"{weights.sha256} {device.type} {calls.sha256()} {wanted.plan}"),
        options,
        wanted,
    )
    notes = f"learned from {', '.join(path.name for path in options.labelled)}"
    parts, network = learner.parts()
    told, calibration = _left_out(learner, calls)
    show_labels(told, options.tell)
    show_verdicts([call.labelled for call in calls.left_out], told, options.tell)
    bound = Bound(template, weights.sha256, layers, notes)
    every = _as_learned(learner, calls.labels, [*calls.learned, *calls.left_out])
    probe = probe_of(bound, every, [calibrated(network, calibration)], told.dialogue)
    written = write_adapted(index, parts, model, probe, template.provenance, base, notes, options.version)
    options.tell(f"{written[0].path}, {written[1]}")
    return written


def _kept(work: Path, body: str) -> Path:
    """Where the training of this model, device, calls and plan keeps what it learned; another has another place."""
    return work / f"adapter-{hashlib.sha256(body.encode()).hexdigest()[:16]}.pt"


def _learned(
    model: AdaptedModel, calls: AdapterCalls, kept: Path, options: Options, wanted: AdapterOptions
) -> AdapterLearner:
    kept.parent.mkdir(parents=True, exist_ok=True)
    learner = AdapterLearner(model, calls, wanted.plan, kept)
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
    return learner


def _left_out(learner: AdapterLearner, calls: AdapterCalls) -> tuple[LeftOut, tuple[Array, Array]]:
    """What is told of calls that were left out, and the slopes and offsets that make probabilities of it."""
    learned, scores = _as_learned(learner, calls.labels, calls.left_out), learner.scores()
    slopes, offsets = slopes_of(learned.numbers, scores)
    answers = [1 / (1 + np.exp(-(score * slopes + offsets))) for score in scores]
    weights = dialogue_of(calls.labels, learned.chunks, learned.numbers, answers)
    return LeftOut(learned, scores, answers, weights), (slopes, offsets)


def _as_learned(learner: AdapterLearner, labels: tuple[str, ...], calls: list[TokenCall]) -> Learned:
    """As of a probe; the numbers are those of the labels alone, since states change while the adapter learns."""
    nothing = np.zeros((0, 0), np.float16)
    numbers = [CallNumbers(nothing, np.zeros(0, np.int32), nothing, call.labels, call.counts) for call in calls]
    return Learned(learner.basis, labels, [call.chunks for call in calls], numbers, [])
