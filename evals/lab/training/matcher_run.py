"""`train matcher`: reads calls that are labelled by descriptions, and learns what a description says."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from evals.lab.training.incident_calls import Sides, asked_of, first_of, incident_call, may_happen, sides_of
from evals.lab.training.incident_matcher import evidence_of, learn_incidents, unseen_of
from evals.lab.training.learning import Bound
from evals.lab.training.lines import KeptLines, collect, layers_of, question_states, sampled
from evals.lab.training.matcher import LeftOut
from evals.lab.training.matcher_data import MatchedCall, basis_of, question_shifts
from evals.lab.training.matcher_network import MatchPlan
from evals.lab.training.options import Options, drawn
from evals.lab.training.tasks import INCIDENT_TASK, template_for
from evals.lab.training.weighing import Weighed, learn_weighing, together
from numpy.typing import NDArray

from ausweis.engines.heads import LineFeatures, features
from ausweis.engines.llama import LlamaEngine
from ausweis.engines.matcher import weigh
from ausweis.errors import InputError
from ausweis.evals.labelled import LabelledCall, read_all
from ausweis.prompts import default_library
from ausweis.reading.described import Ending, description_line, ending_of
from ausweis.reading.questions import Question
from ausweis.reading.strategies import INCIDENT_QUESTION_TEMPLATE, template_of

__all__ = ["train_matcher"]


def train_matcher(options: Options) -> Path:
    """Train, write; the path of what was written.

    Raises:
        InputError: fewer than two descriptions can be left out in turn, one has two sides, or there is no place for
            what is learned.
        AusweisError: the model cannot be loaded, or a file cannot be read.
    """
    template = template_for(options.template, INCIDENT_TASK, "matcher")
    question = template_of(default_library(), INCIDENT_QUESTION_TEMPLATE)
    described = _described(options)
    sides = sides_of(described)

    def questions_of(labelled: LabelledCall) -> list[Ending]:
        return [
            ending_of(question, Question(description=text, speaker=sides[text])) for text in asked_of(labelled, sides)
        ]

    engine = LlamaEngine.load(options.model)
    layers = layers_of(engine.layers)
    about = f"learned from {', '.join(path.name for path in options.labelled)}, asked by {question.name}"
    keep = options.keeper("matcher", template, engine.info, about, asked_by=question)
    with options.progress(described) as reading:
        kept = list(collect(engine, template, reading, layers, options.work, questions_of))
    rows = (engine.states(description_line(template, text, side), layers) for text, side in sides.items())
    descriptions = [features(states) for row in rows for states in row]
    options.tell("Learning, which takes some minutes ...")
    rounds = options.rounds
    plan = MatchPlan(rounds=rounds, question_rounds=rounds) if rounds else MatchPlan()
    asked = [question_states(path, questions_of(labelled)) for labelled, path in kept]
    calls, basis = _in_basis(kept, asked, sides, descriptions, plan)
    matcher = learn_incidents(
        calls,
        descriptions,
        basis,
        Bound(template, engine.info.sha256, layers, about),
        plan,
        lambda left_out: _show(left_out, options),
    )
    path = keep(matcher)
    options.tell(f"{path}: {matcher.notes}")
    return path


def _in_basis(
    kept: Sequence[tuple[LabelledCall, Path]],
    asked: Sequence[Sequence[NDArray[np.float32]]],
    sides: Sides,
    descriptions: Sequence[LineFeatures],
    plan: MatchPlan,
) -> tuple[list[MatchedCall], dict[str, NDArray[np.float32]]]:
    """The calls in the directions in which their lines differ. `asked`: the states of the questions after each."""
    lines = KeptLines(kept, INCIDENT_TASK)
    some = sampled(range(len(lines)))
    basis = basis_of([lines[place].seen for place in some], descriptions, plan.token_dimensions, plan.line_dimensions)
    basis |= question_shifts(basis, [features(states) for place in some for states in asked[place]])
    calls = (incident_call(kept[place][0], lines[place], asked[place], sides, basis) for place in range(len(kept)))
    return list(calls), basis


def _described(options: Options) -> list[LabelledCall]:
    described = [call for call in read_all(options.labelled) if call.gold.incidents and call.gold.incidents.own]
    if not described:
        raise InputError("no call is labelled by a description of a company's own")
    described = drawn([labelled for labelled in described if may_happen(labelled)], options.limit)
    if len({first_of(labelled) for labelled in described}) < 2:
        raise InputError("calls must have two different descriptions as their first: each is left out in turn")
    return described


class _Told(NamedTuple):
    """A description that a call was asked about: evidence and truth by line, and how it came to be asked."""

    seen: Weighed
    first: bool
    own: bool


def _show(left_out: Sequence[LeftOut], options: Options) -> None:
    """How well lines and calls are told, of descriptions that nothing was learned from.

    Half of them are weighed by what was learned from the other half.
    """
    groups = sorted({told.call.group for told in left_out})
    halves: tuple[list[_Told], list[_Told]] = ([], [])
    for told in left_out:
        half = halves[groups.index(told.call.group) % 2]
        for column in unseen_of(told):
            is_first = str(told.call.described[column]) == told.call.group
            half.append(_Told(evidence_of(told, column), is_first, told.call.own[column]))
    rows = [told for half in halves for told in half]
    happens = np.array([bool(told.seen.truth.any()) for told in rows])
    first, own = np.array([told.first for told in rows]), np.array([told.own for told in rows])
    lines = np.concatenate([told.seen.truth for told in rows if told.own]) > 0
    weighed = [scores for half, by in (halves, halves[::-1]) for scores in _weighed(half, by)]
    for way, scores in (
        ("by the description", [told.seen.evidence[:, 0] for told in rows]),
        ("by the question", [told.seen.evidence[:, 1] for told in rows]),
        ("weighed", weighed),
    ):
        options.tell(f"{way}:")
        options.tell(_measured("lines", lines, np.concatenate([scores[place] for place in np.flatnonzero(own)])))
        likeliest = np.array([float(score.max()) for score in scores])
        options.tell(_measured("calls", happens[own], likeliest[own]))
        options.tell(_measured("calls, against near twins alone", happens[first], likeliest[first]))
        away = own & (happens | ~first)
        options.tell(_measured("calls, against others alone", happens[away], likeliest[away]))
        bars = np.unique(likeliest[own])
        said = likeliest[own][None] >= bars[:, None]
        f1 = 2 * (said & happens[own]).sum(axis=1) / (said.sum(axis=1) + happens[own].sum())
        options.tell(f"best F1 of calls {f1.max():.3f}")
        if not own.all():
            by_chance = (likeliest[~own] >= bars[f1.argmax()]).mean()
            options.tell(f"then said of {by_chance:.3f} of the descriptions by chance")


def _weighed(half: Sequence[_Told], by: Sequence[_Told]) -> list[NDArray[np.float32]]:
    parts = learn_weighing([together([told.seen for told in by])])
    return [weigh(parts, 0, told.seen.evidence) for told in half]


def _measured(name: str, truth: NDArray[np.bool_], scores: NDArray[np.float32]) -> str:
    from sklearn.metrics import average_precision_score, roc_auc_score

    if truth.all() or not truth.any():
        return f"{name}: {len(truth)}, all alike"
    ranked, area = average_precision_score(truth, scores), roc_auc_score(truth, scores)
    return f"{name}: {int(truth.sum())} of {len(truth)}, average precision {ranked:.3f}, area under ROC {area:.3f}"
