"""The labels of a policy's own words: a verb, `own` and the word's id, such as `gives own membership_number`.

No known label is written so: without `own`, a change that a policy calls `contract` would be `changes contract`.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ausweis.reading.labels import VERBS, Possible
from ausweis.vocabulary import OwnKind, OwnWord, Side

__all__ = ["ANSWERED", "VERBS_OF", "OwnLabel", "as_written", "own_events", "own_labels", "speaker_of"]

ANSWERED: Mapping[str, str] = {"gives": "answered gives", "changes": "answered changes"}
"""The verbs that a question after the transcript asks for, and what labels call the lines that answer it.

Data told are not found better by a question.
"""

VERBS_OF: Mapping[OwnKind, tuple[str, ...]] = {
    "factor": ("asks", "gives", "reads out"),
    "disclosure": ("tells",),
    "change": ("changes",),
}
"""What may be done with a word."""


class OwnLabel(NamedTuple):
    """What may be done with an own word; `place`: the word's among those of the policy."""

    verb: str
    word: OwnWord
    place: int

    @property
    def label(self) -> str:
        """As answers name it."""
        return f"{self.verb} {as_written(self.word)}"

    @property
    def answered(self) -> str | None:
        """As answers name how likely the line answers the question about it; None where none is asked."""
        return f"{ANSWERED[self.verb]} {as_written(self.word)}" if self.verb in ANSWERED else None

    @property
    def speaker(self) -> Side:
        """Whose lines may have it."""
        return speaker_of(self.verb)


def as_written(word: OwnWord) -> str:
    """A word as labels write it, behind a verb."""
    return f"own {word.id}"


def speaker_of(verb: str) -> Side:
    """Who does it."""
    return "caller" if verb == "gives" else "agent"


def own_labels(words: Sequence[OwnWord]) -> tuple[OwnLabel, ...]:
    """All labels of these words."""
    return tuple(OwnLabel(verb, word, place) for place, word in enumerate(words) for verb in VERBS_OF[word.kind])


def own_events(answer: Mapping[str, float], labels: Sequence[OwnLabel]) -> list[Possible]:
    """The events of own words behind one answer, each with a probability of its own."""
    return [Possible(VERBS[own.verb], own.word.id, answer[own.label]) for own in labels if own.label in answer]
