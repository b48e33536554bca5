"""`train probe`: reads the labelled calls with the model, learns from them, and writes the probe.

Into the folder of learned parts it writes besides what tells lines by their words, and is weighed with the probe.

Reading takes a second for a hundred tokens on two cores, and some megabytes a call are kept, so that a stopped run goes
on. It is told how well calls are judged whose writing pass was left out; of incidents, false alarms and what is found.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from evals.lab.training.learning import Bound
from evals.lab.training.left_out import left_out_cases
from evals.lab.training.lines import FEWEST, KeptLines, Task, collect, layers_of
from evals.lab.training.network import GO_ON_RATE, Plan
from evals.lab.training.ngrams import learn_ngrams
from evals.lab.training.options import GoingOn, Options, calls_of, notes_of
from evals.lab.training.probe import LeftOut, Start, learn
from evals.lab.training.showing import show_incidents, show_labels, show_verdicts
from evals.lab.training.tasks import FACT_TASK, TASKS

from ausweis.engines.heads import Probe
from ausweis.engines.learned_index import Base, LearnedKind
from ausweis.engines.llama import LlamaEngine
from ausweis.errors import InputError
from ausweis.evals.labelled import LabelledCall
from ausweis.prompts import Template, default_library

__all__ = ["train_probe"]


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
    _need_enough(new, task, template, going_on)
    ids = {labelled.call.id for labelled in new}
    rehearsed = going_on.again(ids) if going_on else []
    engine = LlamaEngine.load(options.model)
    layers, sha256 = layers_of(engine.layers), engine.info.sha256
    before = going_on.start(template, Base(id=engine.info.id, sha256=sha256)) if going_on else None
    about = notes_of(options, going_on)
    keep = options.keeper("probe", template, engine.info, about)
    with options.progress([*new, *rehearsed]) as calls:
        kept = list(collect(engine, template, calls, layers, options.work))
    options.tell("Learning, which takes some minutes ...")
    pairs, again = ([pair for pair in kept if (pair[0].call.id in ids) is is_new] for is_new in (True, False))
    bound = Bound(template, sha256, layers, about)
    plan = Plan(rounds=options.rounds or Plan.rounds, rate=GO_ON_RATE if going_on else Plan.rate)
    start = Start(before, KeptLines(again, task), going_on.share) if before and going_on else None
    probe, told = learn(KeptLines(pairs, task), bound, plan, task, start)
    path = keep(probe)
    learned_from = [labelled for labelled, _ in pairs]
    _show(learned_from, told, options, task)
    options.tell(f"{path}: {len(probe.labels)} labels; {probe.notes}")
    if task is FACT_TASK:
        options.tell("It is taken at its word until its calibration is learned: ausweis eval run, then eval calibrate")
    if options.out is None:
        known = going_on.known() if going_on else []
        others = [task.lines(labelled) for labelled in known if labelled.call.id not in ids]
        if (found := learn_ngrams(told, others, bound, task)) is not None:
            beside: dict[LearnedKind, str] = {"probe": Probe.load(path).sha256}
            # It has versions of its own.
            keep_ngrams = replace(options, version=None).keeper("ngrams", template, engine.info, about, beside)
            ngrams_path = keep_ngrams(found.ngrams)
            options.tell("The same, with the words of the lines:")
            _show(learned_from, found.told, options, task)
            options.tell(str(ngrams_path))
    return path


def _need_enough(calls: Sequence[LabelledCall], task: Task, template: Template, going_on: GoingOn | None) -> None:
    """Asked for before anything is read, since reading takes hours.

    Raises:
        InputError: one call cannot be left out to be judged by what the others teach, or there is nothing to learn.
    """
    lines = [line for line in map(task.lines, calls) if line.chunks]
    if len(lines) < 2:
        raise InputError("two calls with a line by agent or caller are the fewest: one is left out to judge by it")
    if going_on is None and not task.labels((labels for call in lines for labels in call.labels), template):
        raise InputError(f"the calls teach nothing: no label is in {FEWEST} of their lines")


def _show(calls: Sequence[LabelledCall], told: LeftOut, options: Options, task: Task) -> None:
    show_labels(told, options.tell)
    if task is FACT_TASK:
        show_verdicts(left_out_cases(calls, told.told_lines()), options.tell)
    else:
        show_incidents(told, options.tell)
