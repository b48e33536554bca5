"""Calls with what is true of them: `{"call": …, "gold": …}`, one a line.

The gold events are the facts that a perfect reader would find, by turn; outcome and violations are what the author of
the label says, independent of the program's judging.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ausweis.calls.call import Call
from ausweis.errors import InputError
from ausweis.reading.facts import Event, EventKind, Facts
from ausweis.vocabulary import Caller, Outcome, ViolationType

__all__ = ["Gold", "GoldEvent", "GoldViolation", "LabelledCall", "gold_facts", "read_labelled"]


class GoldEvent(BaseModel):
    """What happens in a turn, in the words of `reading.facts`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    turn: Annotated[int, Field(ge=1)]
    kind: EventKind
    subject: str | None = None


class GoldViolation(BaseModel):
    """A broken rule at a turn."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: ViolationType
    turn: Annotated[int, Field(ge=1)]


class Gold(BaseModel):
    """The label of one call under one policy. `surface`: clean, or asr (as a speech recogniser writes).

    Labels of other origin may say more; what is not known here is passed over.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    policy: str
    outcome: Outcome
    violations: tuple[GoldViolation, ...] = ()
    caller: Caller = "unclear"
    events: tuple[GoldEvent, ...] = ()
    surface: str = "clean"
    scenario: str = ""
    note: str = ""


class LabelledCall(BaseModel):
    """A call and its label."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    call: Call
    gold: Gold


def read_labelled(path: Path) -> Iterator[LabelledCall]:
    """The labelled calls of a JSONL file, or of a folder of JSON files with one call each.

    Raises:
        InputError: the file cannot be read, or a line is no labelled call.
    """
    if path.is_dir():
        for file in sorted(path.glob("*.json")):
            yield _whole(file)
        return
    number = 0
    try:
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                number += 1
                if line.strip():
                    yield LabelledCall.model_validate_json(line)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the labelled calls cannot be read ({type(error).__name__})", place=str(path)) from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise InputError(f"no labelled call, at {where}: {first['msg']}", place=f"{path}:{number}") from None


def _whole(path: Path) -> LabelledCall:
    try:
        return LabelledCall.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        raise InputError("is no labelled call", place=str(path)) from None


def gold_facts(labelled: LabelledCall) -> Facts:
    """The facts that a perfect reader would give; the label `inconclusive` stands for a recording that starts late."""
    call = labelled.call
    events = tuple(
        Event(kind=one.kind, subject=one.subject, turn=one.turn, quote=call.turn(one.turn).text)
        for one in labelled.gold.events
    )
    late = labelled.gold.outcome == "inconclusive"
    return Facts(call_id=call.id, turns=len(call.turns), events=events, defects={"starts_late": 1.0} if late else {})
