"""The values that were said in a call, as their speaker means them: `evals/spoken.jsonl`, one call a line."""

import json
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ausweis.errors import InputError
from ausweis.opening import read_bytes

__all__ = ["KINDS", "SaidValue", "SpokenCall", "ValueKind", "read_spoken"]

ValueKind = Literal["number", "date", "name", "spelled", "password", "street", "place", "mail"]
KINDS: tuple[ValueKind, ...] = get_args(ValueKind)


class SaidValue(BaseModel):
    """One value. `turns`: those of the written call in which it, or a piece of it, is said, all by one speaker.

    `value`: digits, with letters where there are some (`gf409816`); a date as ISO writes it, `--03-14` without its
    year; else words, a spelled name as the name. Of a value that is corrected it is the one that stands in the end.
    `pieces`: the stretches of a number that are said one after another, where something else comes between them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    turns: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)]
    factor: str
    kind: ValueKind
    value: Annotated[str, Field(min_length=1)]
    pieces: tuple[str, ...] = ()


class SpokenCall(BaseModel):
    """A call of the spoken golden set. `set`: the file of labelled calls that holds it, without its extension."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    call: str
    set: str
    values: tuple[SaidValue, ...] = ()


def read_spoken(path: Path) -> dict[str, SpokenCall]:
    """The calls by id.

    Raises:
        InputError: the file cannot be read, or a line is not what it must be.
    """
    try:
        lines = read_bytes(path).decode().splitlines()
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", place=str(path)) from None
    calls: dict[str, SpokenCall] = {}
    for number, line in enumerate(lines, start=1):
        try:
            call = SpokenCall.model_validate(json.loads(line))
        except (ValueError, ValidationError):
            message = "the line is not of the form {call, set, values: [{turns, factor, kind, value}]}"
            raise InputError(message, place=f"{path}:{number}") from None
        calls[call.call] = call
    return calls
