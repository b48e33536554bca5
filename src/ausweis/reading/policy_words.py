"""What a policy's words make of a question about a whole call: what is shown to the model, and the answers allowed.

An event is written as facts name it: its kind, and behind it the id of its factor or category, where it has one.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, get_args

from ausweis.calls.text import MARKER
from ausweis.facts import EventKind, sides_of
from ausweis.reading.incident_question import IncidentQuestion
from ausweis.vocabulary import ActionKind, OwnWord, with_own

__all__ = ["Meaning", "PolicyWords"]

_OF_FACTORS: tuple[EventKind, ...] = ("gives", "asks", "reads_out", "rejects")
_OF_ACTIONS: Mapping[ActionKind, EventKind] = {"disclosure": "discloses", "change": "changes"}


class Meaning(NamedTuple):
    """What an answer stands for: an event, or a critical incident; and whose words it may be in."""

    speakers: tuple[str, ...]
    kind: EventKind | None = None
    subject: str | None = None
    incident: IncidentQuestion | None = None


class PolicyWords:
    """All factors and categories, known and `own`, each with a sentence, and the incidents that the policy asks for.

    Factors that no level of the policy needs are among them: whoever reads one out may break it all the same, and facts
    are judged by other policies too.
    """

    def __init__(self, own: Sequence[OwnWord] = (), incidents: Sequence[IncidentQuestion] = ()) -> None:
        self.own = tuple(own)
        self.incidents = tuple(incidents)
        words = with_own(self.own)
        self.factors = words.factors
        said = [record for record in words.factors.values() if record.looks_like is not None]
        actions = {f"{_OF_ACTIONS[record.kind]} {record.id}": record for record in words.categories.values()}
        named = {
            f"incident {question.id or f'described_{number}'}": question
            for number, question in enumerate(self.incidents, start=1)
        }
        self.inputs: dict[str, Any] = {
            "factors": [{"id": record.id, "sentence": record.sentence["en"]} for record in said],
            "actions": [{"event": event, "sentence": record.sentence["en"]} for event, record in actions.items()],
            "incidents": [
                {"event": event, "speakers": " or ".join(question.speakers), "sentence": _plain(question.text)}
                for event, question in named.items()
            ],
        }
        """What the template shows, but for the lines of a call."""
        self.meanings: dict[str, Meaning] = {
            **{f"{kind} {record.id}": _event(kind, record.id) for kind in _OF_FACTORS for record in said},
            **{event: _event(_OF_ACTIONS[record.kind], record.id) for event, record in actions.items()},
            **{kind: _event(kind) for kind in _alone()},
            **{event: Meaning(question.speakers, incident=question) for event, question in named.items()},
        }
        """Each answer that is allowed, with what it stands for."""


def _plain(text: str) -> str:
    """Words of a policy stand among the instructions, where servers take markers of their chat format for such."""
    return MARKER.sub(r"\g<0> ", text)


def _alone() -> list[EventKind]:
    """The kinds of events that may be without a subject."""
    with_subject = {*_OF_FACTORS, *_OF_ACTIONS.values()} - {"rejects"}
    return [kind for kind in get_args(EventKind) if kind not in with_subject]


def _event(kind: EventKind, subject: str | None = None) -> Meaning:
    return Meaning(sides_of(kind), kind, subject)
