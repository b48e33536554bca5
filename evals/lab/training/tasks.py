"""What the probes are learned from: the labels of each template, line by line.

A wrong price or deadline is told by the line that shows it.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache

import numpy as np
from evals.lab.training.lines import FEWEST, Task, in_whole_turns
from numpy.typing import NDArray

from ausweis.errors import InputError
from ausweis.evals.incident_label import GoldIncident, IncidentLabel, OwnIncident
from ausweis.evals.labelled import GoldEvent, LabelledCall
from ausweis.judging.incidents import LIKELY
from ausweis.prompts import Template, default_library
from ausweis.reading.chunks import Chunk
from ausweis.reading.questions import SINGLE, STARTS_LATE, SUBJECTS, VERBS, meaning, speakers_of
from ausweis.reading.strategies import INCIDENTS_TEMPLATE, TRANSCRIPT_TEMPLATE
from ausweis.vocabulary import INCIDENTS

__all__ = ["FACT_TASK", "INCIDENT_TASK", "TASKS", "incident_label", "labels_in", "labels_of", "template_for", "told_of"]

Array = NDArray[np.float32]


def _of_facts(labelled: LabelledCall, chunks: Sequence[Chunk]) -> list[frozenset[str] | None]:
    labels = in_whole_turns(chunks, lambda turn: labels_of(labelled.gold.events, turn))
    if "starts_late" in labelled.gold.defects and labels[0] is not None:
        labels[0] |= {STARTS_LATE}
    return labels


def labels_of(events: Sequence[GoldEvent], turn: int) -> frozenset[str] | None:
    """The labels of a turn, in the words of the templates; with each verb that has a subject, the verb itself.

    None for a turn with a company's own word, which is no word of the templates.
    """
    names = _names()
    labels: set[str] = set()
    for event in events:
        if event.turn == turn:
            # What was rejected is told by the order of things, not by the label.
            subject = None if event.kind in SINGLE.values() else event.subject
            if (event.kind, subject) not in names:
                return None
            labels.add(names[event.kind, subject])
            labels |= {verb for verb, kind in VERBS.items() if kind == event.kind}
    return frozenset(labels)


@cache
def _names() -> Mapping[tuple[str, str | None], str]:
    names: dict[tuple[str, str | None], str] = {(kind, None): label for label, kind in SINGLE.items()}
    for verb, subjects in SUBJECTS.items():
        names |= {(VERBS[verb], word): f"{verb} {said}" for said, word in subjects.items()}
    return names


def labels_in(lines: Iterable[frozenset[str] | None], template: Template) -> tuple[str, ...]:
    """The labels and verbs that occur often enough."""
    wanted = [STARTS_LATE, *VERBS, *(label for label in template.labels if meaning(label) is not None)]
    return _often(wanted, lines)


def _often(wanted: Iterable[str], lines: Iterable[frozenset[str] | None]) -> tuple[str, ...]:
    counts = Counter(label for labels in lines for label in labels or ())
    return tuple(label for label in wanted if counts[label] >= FEWEST)


def _pool_of_facts(label: str) -> str | None:
    """What is changed, what is read out, and who speaks for another.

    Of what is asked and given a probe knows more than words do; for what an agent tells, words made ordinary calls
    suspect (`evals/LAB.md`, section 49).
    """
    return next((verb for verb in ("changes", "reads out", "for another") if label.startswith(verb)), None)


FACT_TASK = Task(
    _of_facts,
    labels_in,
    speakers_of,
    dialogue=True,
    group=lambda labelled: labelled.gold.writing_pass or labelled.call.id,
    # A label without an outcome tells of incidents alone.
    known=lambda labelled: None if labelled.gold.outcome else frozenset(),
    pool=_pool_of_facts,
)


def _of_incidents(labelled: LabelledCall, chunks: Sequence[Chunk]) -> list[frozenset[str] | None]:
    """The known kinds of each chunk."""
    names: dict[str, str] = {record.id: record.label for record in INCIDENTS.values()}
    told = _in_chunks(labelled, names, chunks)
    return [None if ids is None else frozenset(names[one] for one in ids) for ids in told]


def _in_chunks(labelled: LabelledCall, wanted: Collection[str], chunks: Sequence[Chunk]) -> list[frozenset[str] | None]:
    """The incidents that each chunk tells, of those wanted: a wrong price where it comes to light.

    Of a turn that is cut into several chunks, where their quotes are; None where one of them has no quote.
    """
    events = [event for event in incident_label(labelled).events if event.id in wanted]

    def of_chunk(chunk: Chunk) -> frozenset[str] | None:
        told = [event for event in events if event.told == chunk.turn]
        begins = [other.begin for other in chunks if other.turn == chunk.turn]
        if len(begins) > 1:
            if any(event.quote is None for event in told):
                return None
            text = labelled.call.turn(chunk.turn).text
            told = [event for event in told if _begin_of(event, text, begins) == chunk.begin]
        return frozenset(event.id for event in told)

    return [of_chunk(chunk) for chunk in chunks]


def _begin_of(event: GoldIncident, text: str, begins: Sequence[int]) -> int:
    """Where the chunk begins that has the middle of a quote."""
    quote = event.quote or ""
    middle = text.index(quote) + len(quote) // 2
    return max((begin for begin in begins if begin <= middle), default=begins[0])


def told_of(labelled: LabelledCall, own: OwnIncident, chunks: Sequence[Chunk]) -> Array:
    """For each line, whether it is what a description says: 1, 0, or nan where that is not known or not asked."""
    asked = [own.speaker in (None, chunk.speaker) for chunk in chunks]
    told = zip(_in_chunks(labelled, (own.id,), chunks), asked, strict=True)
    return np.array([np.nan if ids is None or not ask else float(bool(ids)) for ids, ask in told], np.float32)


def _known(labelled: LabelledCall) -> frozenset[str]:
    """A wrong price of which it is not said where it came to light may be shown by any line."""
    label = incident_label(labelled)
    hidden = {event.id for event in label.events if event.shown is None}
    known = [INCIDENTS[kind] for kind in label.kinds]
    return frozenset(record.label for record in known if not (record.comes_to_light_later and record.id in hidden))


def incident_label(labelled: LabelledCall) -> IncidentLabel:
    """What a call is labelled with beyond authentication; nothing is known of one that has no such label."""
    return labelled.gold.incidents or IncidentLabel(known=())


_SPEAKERS = {record.label: (record.speaker,) for record in INCIDENTS.values()}
INCIDENT_TASK = Task(
    _of_incidents,
    lambda lines, template: _often([label for label in template.labels if label in _SPEAKERS], lines),
    lambda label: _SPEAKERS[label],
    # Twins share it, and all that one pass has written.
    group=lambda labelled: labelled.gold.writing_pass or min(labelled.call.id, labelled.gold.twin or labelled.call.id),
    known=_known,
    pool=lambda _: "incidents",
    bar=LIKELY,
)
TASKS = {TRANSCRIPT_TEMPLATE: FACT_TASK, INCIDENTS_TEMPLATE: INCIDENT_TASK}
"""What is learned for a template."""


def template_for(name: str, task: Task, what: str) -> Template:
    """The template of this name, once it is one that this task is learned for. `what`: what shall be learned.

    Raises:
        InputError: it is not.
        PromptError: there is no such template, or it cannot be used.
    """
    template = default_library().get(name)
    if TASKS.get(template.id) is not task:
        wanted = next(one for one, other in TASKS.items() if other is task)
        raise InputError(f"no {what} is learned for {template.name}: --template is {wanted}")
    return template
