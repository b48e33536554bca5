"""Calls with the critical incidents that are true of them: `{"call": …, "gold": …}`, one a line.

`evals/incidents/CODEBOOK.md` says how to label.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ausweis.calls.call import Call
from ausweis.errors import InputError
from ausweis.evals.labelled import Tags
from ausweis.reading.incidents import SPEAKER
from ausweis.vocabulary import IncidentKind

__all__ = ["GoldIncident", "IncidentCase", "IncidentGold", "read_incident_cases"]

_Turn = Annotated[int, Field(ge=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class GoldIncident(_Part):
    """An incident at the turn in which it happens. `shown`: of a wrong price or deadline, where that comes to light."""

    turn: _Turn
    kind: IncidentKind
    shown: _Turn | None = None


class IncidentGold(_Part):
    """The label of one call. `twin` is the id of a call that differs by one detail, and by its kinds of incidents.

    `known`: the kinds of which it is known whether they occur; None means all.
    """

    incidents: tuple[GoldIncident, ...] = ()
    known: tuple[IncidentKind, ...] | None = None
    twin: str | None = None
    title: str = ""
    why: str = ""
    tags: Tags = Tags()

    @property
    def kinds(self) -> frozenset[IncidentKind]:
        """The kinds that occur."""
        return frozenset(one.kind for one in self.incidents)

    def knows(self, kind: IncidentKind | None) -> bool:
        """Whether the label says if this kind occurs."""
        return self.known is None or kind in self.known


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
            if turns[one.turn - 1].speaker != SPEAKER[one.kind]:
                raise ValueError(f"{one.kind} is labelled in turn {one.turn}, which is not the {SPEAKER[one.kind]}'s")
            if one.shown is not None and (one.kind != "wrong_terms" or one.shown <= one.turn):
                raise ValueError(f"turn {one.turn} cannot be shown wrong by turn {one.shown}")
            if not self.gold.knows(one.kind):
                raise ValueError(f"{one.kind} is labelled, but not among the kinds that are known")
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
                first = error.errors(include_input=False, include_url=False)[0]
                raise InputError(f"no call with incidents: {first['msg']}", place=f"{path}:{number}") from None
            if case.call.id in found:
                raise InputError(f"two labelled calls have the id {case.call.id}", place=f"{path}:{number}")
            found[case.call.id] = case
    for case in found.values():
        if case.gold.twin is not None and case.gold.twin not in found:
            raise InputError(f"the twin of {case.call.id} is in none of the files")
    if not found:
        raise InputError("there are no labelled calls in these files")
    return list(found.values())
