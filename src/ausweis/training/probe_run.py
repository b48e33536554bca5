"""`ausweis train probe`: reads the labelled calls with the model, learns from them, and writes the probe.

Reading takes a second for a hundred tokens on two cores, and some megabytes a call are kept, so that a stopped run goes
on. It is told how well calls are judged whose writing pass was left out; of incidents, false alarms and what is found.
"""

from dataclasses import dataclass
from pathlib import Path

from ausweis.engines.llama import LlamaEngine
from ausweis.engines.probe import Probe
from ausweis.errors import InputError
from ausweis.evals.labelled import LabelledCall, read_all
from ausweis.prompts import Template, default_library
from ausweis.training.learning import Bound
from ausweis.training.lines import KeptLines, collect, layers_of
from ausweis.training.network import Plan
from ausweis.training.options import Options, calls_of, drawn
from ausweis.training.probe import LeftOut, Start, learn
from ausweis.training.showing import show_incidents, show_labels, show_verdicts
from ausweis.training.tasks import FACT_TASK, TASKS

__all__ = ["GoingOn", "train_probe"]

RATE = 5e-4
"""The learning rate of a probe that goes on."""


@dataclass(frozen=True)
class GoingOn:
    """The probe that goes on learning; of calls that it knows, `rehearsed` are learned again beside the new ones.

    `share`: as in `training.probe.Start`.

    What is told of left-out calls then holds only if it has never seen them, not even in another form.
    """

    probe: Path
    rehearse: tuple[Path, ...] = ()
    rehearsed: int | None = None
    share: float = 1.0


def train_probe(options: Options, going_on: GoingOn | None = None) -> Path:
    """Train, write; the path of what was written.

    Raises:
        InputError: the template has no probe, the probe to go on from is another's, there is no place for what is
            learned, or the calls teach nothing.
        AusweisError: the model cannot be loaded, or a file cannot be read.
    """
    template = default_library().get(options.template)
    task = TASKS.get(template.id)
    if task is None:
        raise InputError(f"{template.name} has no probe: --template is {' or '.join(TASKS)}")
    new = calls_of(options, judged=task is FACT_TASK)
    known = _rehearsed(going_on)
    engine = LlamaEngine.load(options.model)
    layers, sha256 = layers_of(engine.layers), engine.info.sha256
    before = None if going_on is None else _start(going_on.probe, template, engine)
    files = (*options.labelled, *(going_on.rehearse if going_on else ()))
    about = f"learned from {', '.join(path.name for path in files)}"
    if going_on:
        about += f", going on from {going_on.probe.name}, share {going_on.share:g}"
    keep = options.keeper("probe", template, engine.info, about)
    with options.progress([*new, *known]) as calls:
        kept = list(collect(engine, template, calls, layers, options.work))
    options.tell("Learning, which takes some minutes ...")
    ids = {labelled.call.id for labelled in new}
    pairs = [pair for pair in kept if pair[0].call.id in ids]
    again = [pair for pair in kept if pair[0].call.id not in ids]

    def show(told: LeftOut) -> None:
        show_labels(told, options.tell)
        if task is FACT_TASK:
            show_verdicts([labelled for labelled, _ in pairs], told, options.tell)
        else:
            show_incidents(told, options.tell)

    probe = learn(
        KeptLines(pairs, task),
        Bound(template, sha256, layers, about),
        Plan(rounds=options.rounds or Plan.rounds, rate=RATE if going_on else Plan.rate),
        task,
        show,
        Start(before, KeptLines(again, task), going_on.share) if before and going_on else None,
    )
    if not probe.labels:
        raise InputError("so few calls teach no label")
    path = keep(probe)
    options.tell(f"{path}: {len(probe.labels)} labels; {probe.notes}")
    return path


def _rehearsed(going_on: GoingOn | None) -> list[LabelledCall]:
    if going_on is None or not going_on.rehearse:
        return []
    calls = read_all(going_on.rehearse)
    return drawn(calls, going_on.rehearsed or len(calls))


def _start(path: Path, template: Template, engine: LlamaEngine) -> Probe:
    start = Probe.load(path)
    if (start.template_sha256, start.model_sha256, start.adapter_sha256) != (template.sha256, engine.info.sha256, ""):
        raise InputError(f"the probe to go on from is not for {template.name} and {engine.info.id}", place=str(path))
    return start
