"""What the probe of the template `transcript` is learned from."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from ausweis.evals.labelled import GoldEvent, LabelledCall
from ausweis.evals.probe_lines import FEWEST, Task, in_whole_turns
from ausweis.prompts import Template
from ausweis.reading.labels import SINGLE, STARTS_LATE, SUBJECTS, VERBS, meaning, speakers_of
from ausweis.reading.pieces import Piece

__all__ = ["FACT_TASK", "labels_in", "labels_of"]


def _of_facts(one: LabelledCall, pieces: Sequence[Piece]) -> list[frozenset[str] | None]:
    labels = in_whole_turns(pieces, lambda turn: labels_of(one.gold.events, turn))
    if "starts_late" in one.gold.defects and labels[0] is not None:
        labels[0] |= {STARTS_LATE}
    return labels


def labels_of(events: Sequence[GoldEvent], turn: int) -> frozenset[str]:
    """The labels of a turn, in the words of the templates; with each verb that has a subject, the verb itself."""
    names = _names()
    labels: set[str] = set()
    for event in events:
        if event.turn == turn:
            # What was rejected is told by the order of things, not by the label.
            subject = None if event.kind in SINGLE.values() else event.subject
            labels.add(names[event.kind, subject])
            labels |= {verb for verb, kind in VERBS.items() if kind == event.kind}
    return frozenset(labels)


@cache
def _names() -> Mapping[tuple[str, str | None], str]:
    names: dict[tuple[str, str | None], str] = {(kind, None): label for label, kind in SINGLE.items()}
    for verb, subjects in SUBJECTS.items():
        names |= {(VERBS[verb], word): f"{verb} {said}" for said, word in subjects.items()}
    return names


def labels_in(found: Iterable[frozenset[str] | None], template: Template) -> tuple[str, ...]:
    """The labels and verbs that occur often enough."""
    every = [labels for labels in found if labels]
    wanted = [STARTS_LATE, *VERBS, *(label for label in template.labels if meaning(label) is not None)]
    return tuple(one for one in wanted if sum(one in labels for labels in every) >= FEWEST)


FACT_TASK: Task[LabelledCall] = Task(
    _of_facts, labels_in, speakers_of, dialogue=True, group=lambda one: one.gold.writing_pass or one.call.id
)
