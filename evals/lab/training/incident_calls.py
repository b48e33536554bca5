"""What a matcher of incidents is learned from: calls, and the descriptions that each is asked about.

A call is asked about the descriptions that it is labelled for, and about others by chance, which happen in it hardly
ever: so it is learned what a question looks like that nothing answers.
"""

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
from evals.lab.training.lines import Lines
from evals.lab.training.matcher_data import MatchedCall, call_in_basis
from evals.lab.training.tasks import incident_label, told_of
from numpy.typing import NDArray

from ausweis.engines.heads import features
from ausweis.engines.matcher import in_basis
from ausweis.errors import InputError
from ausweis.evals.labelled import LabelledCall
from ausweis.reading.chunks import spoken_chunks
from ausweis.vocabulary import Side

__all__ = ["Sides", "asked_of", "first_of", "incident_call", "may_happen", "sides_of"]

OTHERS = 2
"""Descriptions by chance that a call is asked about besides its own."""

Array = NDArray[np.float32]
Sides = Mapping[str, Side | None]
"""Whose words are looked at, by description."""


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


def may_happen(labelled: LabelledCall) -> bool:
    """Whether a line is of the side that the first description of a call is about."""
    sides = {chunk.speaker for chunk in spoken_chunks(labelled.call)}
    return bool(sides) and incident_label(labelled).own[0].speaker in (None, *sides)


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
    """A call with what it is asked about.

    `questions`: the states of those after it, each of shape (tokens, layers, width). `basis`: as `basis_of` and
    `question_shifts` make it.
    """
    places = {text: place for place, text in enumerate(sides)}
    asked = asked_of(labelled, sides)
    own = {one.description: told_of(labelled, one, lines.chunks) for one in incident_label(labelled).own}
    told = [own[text] if text in own else _never(lines, sides[text]) for text in asked]
    return MatchedCall(
        id=labelled.call.id,
        lines=call_in_basis(lines.seen, basis),
        chunks=lines.chunks,
        described=tuple(places[text] for text in asked),
        own=tuple(text in own for text in asked),
        told=np.stack(told, axis=1)[:, :, None],
        group=str(places[first_of(labelled)]),
        questions=in_basis(basis, [features(question) for question in questions], "question"),
        answered=tuple(range(len(questions))),
    )


def _never(lines: Lines, side: Side | None) -> Array:
    return np.array([0.0 if side in (None, chunk.speaker) else np.nan for chunk in lines.chunks], np.float32)
