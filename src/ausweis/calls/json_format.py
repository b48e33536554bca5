"""The contract as JSON: an object, an array, or JSON Lines; Whisper and Amazon Transcribe are told by their keys.

A call may be wrapped as in evaluation sets, `{"call": …, "gold": …}`; all but the call is left alone. Whether the keys
of a call are those of the contract is checked later, in `checks`.
"""

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ausweis.calls import aws_transcribe, whisper
from ausweis.calls.call import RawCall, UnreadableCall
from ausweis.calls.speakers import Speakers
from ausweis.calls.text import clean_tree, decode_lines, shape
from ausweis.errors import CallFormatError, EncodingError

__all__ = ["Reader", "parse", "read_document", "read_lines"]

_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|(-?(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|NaN|Infinity))', re.DOTALL)
"""Texts, and as group 1 numbers."""
Reader = Callable[[dict[str, Any], str, Speakers], dict[str, Any]]
"""From one JSON object to a document in the shape of the contract."""


def parse(text: str, place: str, *, first_line: int | None = 1) -> Any:
    """The JSON value. With `first_line` None the place has its line already, and only the column is added.

    Raises:
        CallFormatError: it is no JSON, where `place` has line and column; or a key stands twice in an object.
    """
    try:
        # Control characters inside strings are let through here, since `clean_tree` takes them out.
        value = json.loads(
            text,
            strict=False,
            parse_constant=_number,
            parse_float=_number,
            parse_int=_number,
            object_pairs_hook=_each_key_once,
        )
    except RecursionError:
        raise CallFormatError("the JSON is nested too deeply", place=place) from None
    except CallFormatError as error:
        raise CallFormatError(error.message, place=place) from None
    except ValueError as error:
        fault = error if isinstance(error, json.JSONDecodeError) else _odd_number(text)
        line = "" if first_line is None else f":{fault.lineno + first_line - 1}"
        reason = f"this is no JSON: {fault.msg.split(':')[0].lower()}"
        raise CallFormatError(reason, place=f"{place}{line}:{fault.colno}") from None
    return clean_tree(value, place)


def read_document(
    value: Any, place: str, default_id: str, speakers: Speakers, force: Reader | None = None
) -> Iterator[RawCall | UnreadableCall]:
    """The calls of one JSON value: one object, or an array with a call an element (its number, from 1, in the place).

    `force` reads every object as its format, instead of asking the keys.
    """
    if isinstance(value, list) and not whisper.is_segment_list(value):
        if not value:
            yield UnreadableCall(place, None, "the JSON array is empty; it should hold calls", "empty")
        for number, element in enumerate(value, start=1):
            yield _read_object(element, f"{place}[{number}]", f"{default_id}-{number}", speakers, force)
        return
    yield _read_object(value, place, default_id, speakers, force)


def read_lines(
    lines: Iterable[bytes], place: str, default_id: str, speakers: Speakers, force: Reader | None = None
) -> Iterator[RawCall | UnreadableCall]:
    """The calls of JSON Lines, one a line, blank lines left out; only one line is held at a time.

    Raises:
        EncodingError: the whole file is UTF-16 or UTF-32.
    """
    for number, line in decode_lines(lines, place):
        here = f"{place}:{number}"
        if isinstance(line, EncodingError):
            yield UnreadableCall.of(line, here)
        elif line.strip():
            try:
                value = parse(line, here, first_line=None)
            except Exception as error:
                yield UnreadableCall.of(error, here)
            else:
                yield _read_object(value, here, f"{default_id}-{number}", speakers, force)


def _read_object(
    value: Any, place: str, default_id: str, speakers: Speakers, force: Reader | None
) -> RawCall | UnreadableCall:
    if isinstance(value, dict) and "turns" not in value and "call" in value:
        value = value["call"]
    if whisper.is_segment_list(value):
        value = {"segments": value}
    call_id = value.get("id") if isinstance(value, dict) else None
    try:
        if not isinstance(value, dict):
            raise CallFormatError("a call must be a JSON object", place=place)
        document = (force or _reader_of(value))(value, place, speakers)
    except Exception as error:
        return UnreadableCall.of(
            error, place, call_id=call_id if isinstance(call_id, str) and len(call_id) <= 200 else None
        )
    return RawCall(document, place, default_id)


def _reader_of(value: dict[str, Any]) -> Reader:
    if "turns" in value:
        return _contract
    if aws_transcribe.is_transcript(value):
        return aws_transcribe.read
    if whisper.is_transcript(value):
        return whisper.read
    return _nothing_known


def _contract(value: dict[str, Any], place: str, speakers: Speakers) -> dict[str, Any]:
    return value


def _nothing_known(value: dict[str, Any], place: str, speakers: Speakers) -> dict[str, Any]:
    raise CallFormatError(
        "the JSON is no call: it has neither 'turns' nor the keys of Whisper or Amazon Transcribe", place=place
    )


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for number, (key, part) in enumerate(pairs, start=1):
        if key in value:
            raise CallFormatError(f"key {number} of an object ({shape(key)}) stands in it twice; delete one of the two")
        value[key] = part
    return value


def _number(text: str) -> int | float:
    number = float(text)
    if not math.isfinite(number):  # NaN, Infinity, 1e999, hundreds of digits
        raise ValueError(text)
    return number if set(".eE").intersection(text) else int(text)


def _odd_number(text: str) -> json.JSONDecodeError:
    """Where the first number stands that is none, or that no float can hold."""
    tokens = (token for token in _TOKENS.finditer(text) if token[1])
    first = next((token.start() for token in tokens if not math.isfinite(float(token[1]))), 0)
    return json.JSONDecodeError("a number that is none, or too large", text, first)
