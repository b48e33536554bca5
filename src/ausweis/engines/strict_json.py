"""JSON as its standard has it, or as a schema has it. Python's own reader takes what is none."""

import json
import math
from collections.abc import Mapping
from typing import Any

from ausweis.errors import EngineError

__all__ = ["mismatch", "strict_json"]


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


def mismatch(text: str, schema: Mapping[str, Any]) -> str | None:
    """Why a text is no JSON that fits a schema, in words that quote nothing of it; None where it does.

    Raises:
        EngineError: the schema is none.
    """
    import jsonschema

    try:
        jsonschema.validate(strict_json(text), dict(schema))
    except (ValueError, RecursionError):
        return "is no JSON"
    except jsonschema.ValidationError as error:
        # The library's own message quotes the answer, and an answer may quote a call.
        where = ".".join(str(step) for step in error.absolute_path) or "the top"
        return f"does not fit the schema at {where} ({error.validator})"
    except jsonschema.SchemaError:
        raise EngineError("the schema of the answer is none") from None
    return None
