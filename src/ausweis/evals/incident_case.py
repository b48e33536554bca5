"""Calls with the critical incidents that are true of them: `{"call": …, "gold": …}`, one a line.

`evals/incidents/CODEBOOK.md` says how to label.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ausweis.calls.call import Call
from ausweis.calls.explain import explain
from ausweis.errors import InputError
from ausweis.evals.labelled import Tags
from ausweis.facts import Side
from ausweis.vocabulary import INCIDENTS, IncidentId

__all__ = ["DescribedIncident", "GoldIncident", "IncidentCase", "IncidentGold", "read_incident_cases"]

_Turn = Annotated[int, Field(ge=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class GoldIncident(_Part):
    """An incident at the turn in which it happens. `shown`: of a wrong price or deadline, where that comes to light."""

    turn: _Turn
    kind: IncidentId
    shown: _Turn | None = None


class DescribedIncident(_Part):
    """What a policy's own description asks for, and the turns in which it happens; none where it does not.

    `speaker`: in whose lines it is looked for; None means either's.
    """

    description: Annotated[str, Field(min_length=1)]
    speaker: Side | None = None
    turns: tuple[_Turn, ...] = ()


class IncidentGold(_Part):
    """The label of one call. `twin` is the id of a call that differs by one detail, and by its kinds of incidents.

    `known`: the kinds of which it is known whether they occur; None means all. `described`: what is known by
    descriptions of a policy's own.
    """

    incidents: tuple[GoldIncident, ...] = ()
    described: tuple[DescribedIncident, ...] = ()
    known: tuple[IncidentId, ...] | None = None
    twin: str | None = None
    title: str = ""
    why: str = ""
    tags: Tags = Tags()

    @property
    def turns(self) -> dict[str, frozenset[int]]:
        """What occurs, by kind or description, and in which turns."""
        found: dict[str, set[int]] = {}
        for one in self.incidents:
            found.setdefault(one.kind, set()).add(one.turn)
        found |= {own.description: set(own.turns) for own in self.described if own.turns}
        return {name: frozenset(turns) for name, turns in found.items()}

    def knows(self, name: str) -> bool:
        """Whether the label says if this kind, or what this description says, occurs."""
        if name in INCIDENTS:
            return self.known is None or name in self.known
        return any(own.description == name for own in self.described)


class IncidentCase(_Part):
    """A call and its label."""

    call: Call
    gold: IncidentGold

    @model_validator(mode="after")
    def _label_fits_the_call(self) -> Self:
        turns = self.call.turns
        for one in self.gold.incidents:
            if max(one.turn, one.shown or 0) > len(turns):
                raise ValueError(f"an incident is labelled behind the last turn, {len(turns)}")
            record = INCIDENTS[one.kind]
            if turns[one.turn - 1].speaker != record.speaker:
                raise ValueError(f"{one.kind} is labelled in turn {one.turn}, which is not the {record.speaker}'s")
            if one.shown is not None and (not record.comes_to_light_later or one.shown <= one.turn):
                raise ValueError(f"turn {one.turn} cannot be shown wrong by turn {one.shown}")
            if not self.gold.knows(one.kind):
                raise ValueError(f"{one.kind} is labelled, but not among the kinds that are known")
        for own in self.gold.described:
            for turn in own.turns:
                if turn > len(turns):
                    raise ValueError(f"an incident is labelled behind the last turn, {len(turns)}")
                if own.speaker not in (None, turns[turn - 1].speaker):
                    raise ValueError(f"a description is labelled in turn {turn}, which is not the {own.speaker}'s")
        if len({own.description for own in self.gold.described}) < len(self.gold.described):
            raise ValueError("a description is there twice")
        return self


def read_incident_cases(paths: Iterable[Path]) -> list[IncidentCase]:
    """The calls of several files, in their order.

    Raises:
        InputError: a file cannot be read, a line is no such call, two calls have one id, or a twin is missing.
    """
    found: dict[str, IncidentCase] = {}
    for path in paths:
        try:
            # Not `splitlines`: words of a call may hold other line separators.
            lines = path.read_text(encoding="utf-8").split("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"the labelled calls cannot be read ({type(error).__name__})", place=str(path)) from None
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                case = IncidentCase.model_validate_json(line)
            except ValidationError as error:
                raise InputError(f"no call with incidents, at {explain(error)}", place=f"{path}:{number}") from None
            if case.call.id in found:
                raise InputError(f"two labelled calls have the id {case.call.id}", place=f"{path}:{number}")
            found[case.call.id] = case
    for case in found.values():
        if case.gold.twin is not None and case.gold.twin not in found:
            raise InputError(f"the twin of {case.call.id} is in none of the files")
    if not found:
        raise InputError("there are no labelled calls in these files")
    return list(found.values())
