"""What pydantic found wrong, in one clause: the JSON path and the rule, never a value, nor a key that is not ours."""

from typing import Any

from pydantic import ValidationError

from ausweis.calls.call import Call, SpokenWord, Turn
from ausweis.calls.text import shape

__all__ = ["explain"]

_OURS = frozenset({*Call.model_fields, *Turn.model_fields, *SpokenWord.model_fields})
"""Keys that are no words of a call, wherever they stand."""


def explain(error: ValidationError, document: Any = None) -> str:
    """The first fault as `'turns[3].start': …`, list positions counted from 1, and how many more there are.

    Of a key that is not known, its place among the keys of its object in `document` is told, and what it looks like.
    """
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    first = faults[0]
    *above, last = first["loc"] or ("",)
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    if first["type"] == "extra_forbidden" and str(last) not in _OURS:
        number = _number(document, above, last)
        key = "a key" if number is None else f"key {number}"
        return f"{_path(above) or 'the whole'}: {key} is not known ({shape(str(last))}){more}"
    rule = {
        "extra_forbidden": "this key is not known",
        "missing": "this key is missing",
    }.get(first["type"], first["msg"][:1].lower() + first["msg"][1:])
    return f"{_path(first['loc']) or 'the whole'}: {rule}{more}"


def _path(steps: Any) -> str:
    path = ""
    for step in steps:
        path += f"[{step + 1}]" if isinstance(step, int) else f".{step}"
    return path.removeprefix(".")


def _number(document: Any, above: list[int | str], key: int | str) -> int | None:
    """The place of a key in its object, from 1; None where that is not to be found."""
    try:
        for step in above:
            document = document[step]
        return list(document).index(key) + 1
    except (LookupError, TypeError, ValueError):
        return None
