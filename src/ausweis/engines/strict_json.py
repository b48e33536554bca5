"""JSON as its standard has it. Python's own reader also takes numbers and texts that are none."""

import json
import math
from typing import Any

__all__ = ["strict_json"]


def strict_json(text: str | bytes, *, any_number: bool = False) -> Any:
    """The value. Bytes are UTF-8. With `any_number`, NaN and infinities are left to whoever uses them.

    Raises:
        ValueError: it is no JSON, is nested too deeply, or holds NaN, an infinity, a number too large for a float or
            half a surrogate pair, which no file can hold.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8-sig")
    else:
        text.encode()
    try:
        value = json.loads(text) if any_number else json.loads(text, parse_constant=_finite, parse_float=_finite)
        if "\\ud" in text or "\\uD" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number that is none")
    return value
