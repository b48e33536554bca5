"""What the probe of the template `incidents` is learned from: a wrong price is told by the line that shows it."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from ausweis.evals.incident_case import DescribedIncident, IncidentCase
from ausweis.evals.probe_lines import FEWEST, Task, in_whole_turns
from ausweis.prompts import Template
from ausweis.reading.incidents import SPEAKER, label_of
from ausweis.reading.pieces import Piece
from ausweis.vocabulary import INCIDENTS

__all__ = ["INCIDENT_TASK", "told_of"]

Array = NDArray[np.float32]

_SPEAKERS = {label_of(kind): (SPEAKER[kind],) for kind in INCIDENTS}


def _of_pieces(one: IncidentCase, pieces: Sequence[Piece]) -> list[frozenset[str] | None]:
    """The kinds of each turn; a wrong price or deadline where it comes to light."""

    def of_turn(turn: int) -> frozenset[str]:
        return frozenset(label_of(found.kind) for found in one.gold.incidents if (found.shown or found.turn) == turn)

    return in_whole_turns(pieces, of_turn)


def told_of(own: DescribedIncident, pieces: Sequence[Piece]) -> Array:
    """For each line, whether it is what a description says: 1, 0, or nan where that is not known or not asked."""
    labels = in_whole_turns(pieces, lambda turn: frozenset({own.description} if turn in own.turns else ()))
    asked = [own.speaker in (None, piece.speaker) for piece in pieces]
    told = zip(labels, asked, strict=True)
    return np.array([np.nan if label is None or not ask else float(bool(label)) for label, ask in told], np.float32)


def _labels(found: Iterable[frozenset[str] | None], template: Template) -> tuple[str, ...]:
    every = [labels for labels in found if labels]
    return tuple(one for one in template.labels if one in _SPEAKERS and sum(one in some for some in every) >= FEWEST)


def _group(one: IncidentCase) -> str:
    """Twins share it."""
    return min(one.call.id, one.gold.twin or one.call.id)


def _known(one: IncidentCase) -> frozenset[str]:
    """A wrong price of which it is not said where it came to light may be shown by any line."""
    hidden = any(found.kind == "wrong_terms" and found.shown is None for found in one.gold.incidents)
    return frozenset(
        label_of(kind) for kind in INCIDENTS if one.gold.knows(kind) and not (hidden and kind == "wrong_terms")
    )


INCIDENT_TASK: Task[IncidentCase] = Task(
    _of_pieces, _labels, lambda label: _SPEAKERS[label], group=_group, known=_known
)
