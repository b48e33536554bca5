"""A scripted answer, held against what the question asks for, as an engine's result."""

import json
import math
from collections.abc import Mapping
from typing import Any

from ausweis.engines.protocol import Request, Result
from ausweis.engines.strict_json import strict_json
from ausweis.errors import EngineError

__all__ = ["result_of"]

MOST = 1_000_000
"""Of a probability as written; those of an answer are set in proportion to their sum."""


def result_of(request: Request, answer: str | Mapping[str, Any], prompt_tokens: int) -> Result:
    """The result, as a real engine would give it; a scripted answer that no engine may give is refused.

    Raises:
        EngineError: no such choice, no probabilities, or JSON that does not fit the request's schema.
    """
    probabilities: tuple[float, ...] = ()
    if request.choices:
        probabilities = _probabilities(request, answer)
        text = request.choices[probabilities.index(max(probabilities))]
    else:
        text = answer if isinstance(answer, str) else _as_json(request, answer)
        if request.json_schema is not None:
            _check(request, text)
    evaluated = prompt_tokens + (0 if request.choices else -(-len(text) // 4))
    return Result(text=text, probabilities=probabilities, prompt_tokens=prompt_tokens, evaluated_tokens=evaluated)


def _probabilities(request: Request, answer: str | Mapping[str, Any]) -> tuple[float, ...]:
    wanted = {answer: 1.0} if isinstance(answer, str) else answer
    strange = [name for name in wanted if name not in request.choices]
    if strange:
        raise _fault(request, f"is none of the {len(request.choices)} choices: {strange[0]!r}")
    weights = [wanted.get(choice, 0.0) for choice in request.choices]
    if not all(map(_is_weight, weights)):
        raise _fault(request, f"has a probability that is no number from 0 on, or above {MOST:,}")
    total = math.fsum(weights)
    if not total:
        raise _fault(request, "gives no choice a probability above 0")
    return tuple(weight / total for weight in weights)


def _is_weight(weight: Any) -> bool:
    return isinstance(weight, int | float) and not isinstance(weight, bool) and 0 <= weight <= MOST


def _as_json(request: Request, answer: Mapping[str, Any]) -> str:
    try:
        return json.dumps(answer, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError):  # a date, no number
        raise _fault(request, "is no JSON") from None


def _check(request: Request, text: str) -> None:
    import jsonschema

    try:
        jsonschema.validate(strict_json(text), dict(request.json_schema or {}))
    except ValueError:
        raise _fault(request, "is no JSON") from None
    except jsonschema.ValidationError as error:
        # The library's own message quotes the answer, and an answer may quote a call.
        where = ".".join(str(step) for step in error.absolute_path) or "the top"
        raise _fault(request, f"does not fit the schema at {where} ({error.validator})") from None


def _fault(request: Request, what: str) -> EngineError:
    return EngineError(f"the scripted answer for {request.template or 'no template'} {what}")
