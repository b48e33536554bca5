"""`train matcher`: what a policy's own description of an incident says, whatever it is.

A call is asked about the descriptions that it is labelled for, and about others by chance, which happen in it hardly
ever: so it is learned what a question looks like that nothing answers. A description and the calls that were written
for it are left out together, so what is weighed, and measured, are descriptions that nobody has learned from.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from evals.lab.training.calls import (
    INCIDENT_TASK,
    KeptLines,
    Lines,
    call_in_basis,
    collect,
    incident_label,
    layers_of,
    question_states,
    sampled,
    template_for,
    told_of,
)
from evals.lab.training.matching import LeftOut, MatchedCall, MatchPlan, basis_of, learned_matcher, left_out_of
from evals.lab.training.networks import Weighed, learn_weighing
from evals.lab.training.options import Bound, Options, drawn, names_of
from evals.lab.training.showing import ranked
from numpy.typing import NDArray

from ausweis.engines.heads import LineFeatures, features, probabilities_of
from ausweis.engines.llama import LlamaEngine
from ausweis.engines.matcher import Matcher, in_basis, weigh
from ausweis.errors import InputError
from ausweis.labelled import LabelledCall, read_all
from ausweis.prompts import default_library
from ausweis.reading.asking import Ending, description_line, ending_of, incident_evidence
from ausweis.reading.chunks import spoken_chunks
from ausweis.reading.questions import Question
from ausweis.reading.strategies import INCIDENT_QUESTION_TEMPLATE, template_of
from ausweis.vocabulary import Side

Array = NDArray[np.float32]
Sides = Mapping[str, Side | None]
"""Whose words are looked at, by description."""

OTHERS = 2
"""Descriptions by chance that a call is asked about besides its own."""


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
        asked = (Question(description=text, speaker=sides[text]) for text in asked_of(labelled, sides))
        return [ending_of(question, one) for one in asked]

    engine = LlamaEngine.load(options.model)
    layers = layers_of(engine.layers)
    about = f"learned from {names_of(options.labelled)}, asked by {question.name}"
    keep = options.keeper("matcher", template, engine.info, about, asked_by=question)
    with options.progress(described) as reading:
        kept = list(collect(engine, template, reading, layers, options.work, questions_of))
    rows = (engine.states(description_line(template, text, side), layers) for text, side in sides.items())
    descriptions = [features(states) for row in rows for states in row]
    options.tell("Learning, which takes some minutes ...")
    plan = MatchPlan().of_rounds(options.rounds)
    asked = [question_states(path, questions_of(labelled)) for labelled, path in kept]
    lines = KeptLines(kept, INCIDENT_TASK)
    some = sampled(range(len(lines)))
    some_questions = [features(states) for place in some for states in asked[place]]
    basis = basis_of([lines[place].seen for place in some], descriptions, some_questions, plan)
    calls = [incident_call(kept[at][0], lines[at], asked[at], sides, basis) for at in range(len(kept))]
    bound = Bound(template, engine.info.sha256, layers, about)
    matcher = learn_incidents(calls, descriptions, basis, bound, plan, lambda told: _show(told, options.tell))
    path = keep(matcher)
    options.tell(f"{path}: {matcher.notes}")
    return path


def _described(options: Options) -> list[LabelledCall]:
    """Those of which a line is of the side that their first description is about."""
    described = [call for call in read_all(options.labelled) if incident_label(call).own]
    if not described:
        raise InputError("no call is labelled by a description of a company's own")
    sides = ((call, {chunk.speaker for chunk in spoken_chunks(call.call)}) for call in described)
    may_happen = [call for call, there in sides if there and incident_label(call).own[0].speaker in (None, *there)]
    described = drawn(may_happen, options.limit)
    if len({first_of(labelled) for labelled in described}) < 2:
        raise InputError("calls must have two different descriptions as their first: each is left out in turn")
    return described


def sides_of(calls: Sequence[LabelledCall]) -> dict[str, Side | None]:
    """All descriptions that these calls are labelled for.

    Raises:
        InputError: one of them is about the words of different sides.
    """
    sides: dict[str, Side | None] = {}
    for labelled in calls:
        for own in incident_label(labelled).own:
            if sides.setdefault(own.description, own.speaker) != own.speaker:
                message = f"another call has the description of {own.id} with another speaker: give both the same"
                raise InputError(message, place=labelled.call.id)
    return sides


def first_of(labelled: LabelledCall) -> str:
    """The description that a call was written for: they are left out together."""
    return incident_label(labelled).own[0].description


def asked_of(labelled: LabelledCall, sides: Sides) -> list[str]:
    """The descriptions that a call is asked about: its own, then others by chance, the same each time.

    So they are after other calls are added, which bring no new descriptions: what was read is not read once more.
    """
    own = [one.description for one in incident_label(labelled).own]

    def by_chance(text: str) -> bytes:
        return hashlib.sha256(f"{labelled.call.id} {text}".encode()).digest()

    return own + sorted((text for text in sides if text not in own), key=by_chance)[:OTHERS]


def incident_call(
    labelled: LabelledCall, lines: Lines, questions: Sequence[Array], sides: Sides, basis: dict[str, Array]
) -> MatchedCall:
    """A call with what it is asked about. `questions`: the states of those after it, each (tokens, layers, width)."""
    places = {text: place for place, text in enumerate(sides)}
    asked = asked_of(labelled, sides)
    own = {one.description: told_of(labelled, one, lines.chunks) for one in incident_label(labelled).own}

    def never(side: Side | None) -> Array:
        return np.array([0.0 if side in (None, chunk.speaker) else np.nan for chunk in lines.chunks], np.float32)

    return MatchedCall(
        id=labelled.call.id,
        lines=call_in_basis(lines.seen, basis),
        chunks=lines.chunks,
        described=tuple(places[text] for text in asked),
        own=tuple(text in own for text in asked),
        told=np.stack([own[text] if text in own else never(sides[text]) for text in asked], axis=1)[:, :, None],
        group=str(places[first_of(labelled)]),
        questions=in_basis(basis, [features(question) for question in questions], "question"),
        answered=tuple(range(len(questions))),
    )


def learn_incidents(
    calls: Sequence[MatchedCall],
    descriptions: Sequence[LineFeatures],
    basis: dict[str, Array],
    bound: Bound,
    plan: MatchPlan,
    on_left_out: Callable[[Sequence[LeftOut]], None] = lambda told: None,
) -> Matcher:
    """The matcher of incidents of a template. `descriptions`: what the model understood of each.

    `on_left_out` is told the scores of each call by networks that have not seen it.
    """
    described = [in_basis(basis, [seen], "described") for seen in descriptions]
    every = range(len(described))
    # With a group the description is left out that its calls were written for; one that no call was written for, with
    # one group that has it.
    group_of = {int(call.group): call.group for call in calls}
    for call in calls:
        for place, own in zip(call.described, call.own, strict=True):
            if own:
                group_of.setdefault(place, call.group)
    places: defaultdict[str, set[int]] = defaultdict(set)
    for place, group in group_of.items():
        places[group].add(place)
    left_out = left_out_of(calls, described, plan, places, every)
    on_left_out(left_out)
    seen = [evidence_of(told, column) for told in left_out for column in unseen_of(told)]
    parts = {**basis, **learn_weighing([Weighed.together(seen)])}
    return learned_matcher(Matcher, calls, described, plan, parts, bound, every, descriptions=len(descriptions))


def evidence_of(told: LeftOut, column: int) -> Weighed:
    """The evidence of the lines that may be what a question is about, as a reader would have it, and what is true."""
    if told.answers is None:
        raise ValueError("no question was asked after the call")
    place, chunks = told.call.answered[column], told.call.chunks
    truth = told.call.told[:, place, 0]
    # Of a line that was cut it is not known what is true; it is read all the same.
    sides = {chunk.speaker for chunk, true in zip(chunks, truth, strict=True) if not np.isnan(true)}
    lines = [line for line, chunk in enumerate(chunks) if chunk.speaker in sides]
    described, answered = (
        probabilities_of(scores[lines, place, 0]) for scores, place in ((told.scores, place), (told.answers, column))
    )
    evidence = incident_evidence([chunks[line].text for line in lines], described, answered)
    known = ~np.isnan(truth[lines])
    return Weighed(evidence[known], truth[lines][known])


def unseen_of(told: LeftOut) -> list[int]:
    """The questions of a call about descriptions that nothing was learned from, where a line may be it."""
    call = told.call
    return [
        place
        for place, column in enumerate(call.answered)
        if call.described[column] in told.unseen and not np.isnan(call.told[:, column, 0]).all()
    ]


def _show(left_out: Sequence[LeftOut], tell: Callable[[str], None]) -> None:
    """How well calls are told of descriptions that nothing was learned from, and what is said of those by chance.

    Half of them are weighed by what was learned from the other half.
    """
    groups = sorted({told.call.group for told in left_out})
    halves: tuple[list[tuple[Weighed, bool]], ...] = ([], [])
    for told in left_out:
        half = halves[groups.index(told.call.group) % 2]
        half += [(evidence_of(told, column), told.call.own[column]) for column in unseen_of(told)]
    learned = [learn_weighing([Weighed.together([seen for seen, _ in half])]) for half in halves]
    rows = [
        (bool(seen.truth.any()), own, float(weigh(learned[1 - at], 0, seen.evidence).max()))
        for at, half in enumerate(halves)
        for seen, own in half
    ]
    happens, own, likeliest = map(np.array, zip(*rows, strict=True))
    tell(f"weighed: {ranked(happens[own], likeliest[own])}; by chance: {ranked(happens[~own], likeliest[~own])}")
