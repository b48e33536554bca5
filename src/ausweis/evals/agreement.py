"""How far two who labelled the same calls agree, each from the text and the code book alone.

Cohen's kappa by field (Cohen 1960): of calls for outcome, caller, authorisation, first violation turn and each
violation type; of turns for what happens in them, where a turn's label is the set of its events. High percent
agreement hides gaps, so kappa is what counts.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, NamedTuple, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ausweis.calls.checks import explain
from ausweis.errors import InputError
from ausweis.evals.metrics.outcomes import kappa_of
from ausweis.facts import EventKind
from ausweis.journal import lines
from ausweis.vocabulary import VIOLATIONS, AuthorisationStatus, Caller, Outcome

__all__ = ["FieldAgreement", "Label", "agreement", "read_labels"]

_TURN = "[1-9][0-9]{0,5}"
_Violation = Annotated[str, Field(pattern=rf"^({'|'.join(VIOLATIONS)})@{_TURN}$")]
_Event = Annotated[str, Field(pattern=rf"^{_TURN} ({'|'.join(get_args(EventKind))})( \S+)?$")]


class Label(BaseModel):
    """A label alone, without the call: `violations` as `late_authentication@7`, `events` as `4 gives pin`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    turns: Annotated[int, Field(ge=1)]
    outcome: Outcome
    violations: tuple[_Violation, ...] = ()
    caller: Caller
    authorisation: AuthorisationStatus
    events: tuple[_Event, ...] = ()


class FieldAgreement(NamedTuple):
    """`n` calls or turns, `same`: the share on which both agree, `differing`: the ids of calls where they do not."""

    field: str
    n: int
    same: float
    kappa: float
    differing: tuple[str, ...]


def read_labels(path: Path) -> list[Label]:
    """The labels of a JSONL file.

    Raises:
        InputError: there are none, or a line is none.
    """
    labels = []
    for line in lines(path):
        try:
            labels.append(Label.model_validate_json(line.data))
        except ValidationError as error:
            raise InputError(f"no label, at {explain(error)}", place=f"{path}:{line.number}") from None
    if not labels:
        raise InputError("there are no labels here", place=str(path))
    return labels


def agreement(first: Iterable[Label], second: Iterable[Label]) -> list[FieldAgreement]:
    """Compare by call id; calls that only one has labelled are left out."""
    others = {label.id: label for label in second}
    pairs = [(label, others[label.id]) for label in first if label.id in others]
    fields = [_calls(name, pairs, word) for name, word in _FIELDS.items()]
    fields += [_calls(f"violation: {name}", pairs, partial(_has, name)) for name in VIOLATIONS]
    fields += [_turns(name, pairs, kinds) for name, kinds in _EVENTS.items()]
    return fields


_FIELDS: dict[str, Callable[[Label], str]] = {
    "outcome": lambda label: label.outcome,
    "caller": lambda label: label.caller,
    "authorisation": lambda label: label.authorisation,
    "first violation turn": lambda label: str(
        min((int(word.partition("@")[2]) for word in label.violations), default=0)
    ),
}
_EVENTS: dict[str, tuple[str, ...]] = {
    "factors given": ("gives",),
    "factors read out": ("reads_out",),
    "actions": ("discloses", "changes"),
    "accepts, rejects": ("accepts", "rejects"),
    "all events": (),
}
"""Turn-level fields: the kinds of event that they look at; none means all."""


def _has(violation: str, label: Label) -> str:
    return str(any(word.partition("@")[0] == violation for word in label.violations))


def _calls(name: str, pairs: Sequence[tuple[Label, Label]], word: Callable[[Label], str]) -> FieldAgreement:
    return _field(name, [(mine.id, word(mine), word(theirs)) for mine, theirs in pairs])


def _turns(name: str, pairs: Sequence[tuple[Label, Label]], kinds: tuple[str, ...]) -> FieldAgreement:
    sides = []
    for one, other in pairs:
        mine, theirs = _by_turn(one, kinds), _by_turn(other, kinds)
        sides += [(one.id, mine.get(turn, ""), theirs.get(turn, "")) for turn in range(1, one.turns + 1)]
    return _field(name, sides)


def _by_turn(label: Label, kinds: tuple[str, ...]) -> dict[int, str]:
    events: dict[int, list[str]] = {}
    for event in label.events:
        turn, _, words = event.partition(" ")
        if not kinds or words.partition(" ")[0] in kinds:
            events.setdefault(int(turn), []).append(words)
    return {turn: "; ".join(sorted(words)) for turn, words in events.items()}


def _field(name: str, sides: Sequence[tuple[str, str, str]]) -> FieldAgreement:
    mine, theirs = [one for _, one, _ in sides], [other for _, _, other in sides]
    differing = tuple(dict.fromkeys(identifier for identifier, one, other in sides if one != other))
    same = sum(one == other for one, other in zip(mine, theirs, strict=True))
    return FieldAgreement(name, len(sides), same / len(sides) if sides else 0.0, kappa_of(mine, theirs), differing)
