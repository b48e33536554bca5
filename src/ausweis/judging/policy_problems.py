"""What is wrong in a policy file, said with the line and the words allowed.

Pydantic knows the path to a mistake, the document the line of each key and item; this module brings them together.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import BaseModel, ValidationError

from ausweis.judging.policy import Actions, CategoryRule, FactorRule, IncidentRule, Level, Policy, ThirdParty
from ausweis.judging.unknown import unknown

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from ausweis.user_yaml import Document

__all__ = ["Problem", "problems_of"]

Path = tuple[str | int, ...]

EXPECTED = {
    "string_type": "must be text; put it in quotes",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "tuple_type": "must be a list, such as [pin, password]",
    "list_type": "must be a list, such as [pin, password]",
    "dict_type": "must be a mapping of keys and values",
    "model_type": "must be a mapping of keys and values",
    "string_too_short": "is empty: put a text there",
}
SIGNS_OF_AN_ID = "a-z, A-Z, digits, dots, _ and -, with a letter or digit first"
NOUNS = {
    "language": "language",
    "third_party": "authorisation",
    "strength": "strength",
    "looks_like": "look",
    "mask": "mask",
    "kind": "kind of incident",
    "speaker": "speaker",
    "incidents": "word",
    "severity": "severity",
}
PARTS: dict[str, type[BaseModel]] = {
    "factors": FactorRule,
    "levels": Level,
    "actions": Actions,
    "third_party": ThirdParty,
    "incidents": IncidentRule,
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: its line, counted from 1, and a sentence that says what is allowed.

    `hides`: because of it the rest was not looked at, and more mistakes may show once it is mended.
    """

    line: int
    message: str
    hides: bool = False


def problems_of(error: ValidationError, document: "Document") -> list[Problem]:
    """All mistakes that validation found, in the order of their lines."""
    problems = []
    for detail in error.errors(include_url=False):
        if detail["type"] == "too_short" and detail["input"]:
            continue  # pydantic counts only the items without mistakes, and those have their own line
        line = document.line([step for step in detail["loc"] if step != "[key]"])
        # What the whole says is looked at only where all parts are well-formed.
        problems.append(Problem(line, sentence(detail, detail["loc"]), hides=detail["type"] != "impossible"))
    return sorted(dict.fromkeys(problems), key=lambda problem: problem.line)


def sentence(detail: "ErrorDetails", path: Path) -> str:
    """One mistake in words: what stands there, what may stand there."""
    kind, context = detail["type"], detail.get("ctx", {})
    steps = [step for step in path if step != "[key]"]
    place = ".".join(str(step) for step in steps)
    if kind == "impossible":
        return str(context["message"])
    if kind == "missing":
        return f"the key {steps[-1]!r} is missing" + (f" in {'.'.join(map(str, steps[:-1]))}" if steps[1:] else "")
    if kind == "extra_forbidden":
        return unknown("key", steps[-1], _keys_at(steps))
    if kind == "literal_error":
        return unknown(_noun(path), detail["input"], re.findall(r"'([^']+)'", context["expected"]))
    if kind == "too_short":
        return f"{place} must not be empty"
    if kind in ("string_too_long", "too_long"):
        return f"{place} has {_size(detail)}; {context['max_length']} at most"
    if kind == "string_pattern_mismatch":
        return f"{place} must " + ("hold no blanks" if steps != ["id"] else f"be of {SIGNS_OF_AN_ID}")
    if kind in EXPECTED:
        return f"{place} {EXPECTED[kind]}"
    return f"{place}: {detail['msg'][0].lower()}{detail['msg'][1:]}"


def _size(detail: "ErrorDetails") -> str:
    context = detail["ctx"]
    if detail["type"] == "too_long":
        return f"{context['actual_length']} entries"
    # Blanks around a text count only where they alone make it too long.
    bare = len(detail["input"].strip())
    return f"{bare if bare > context['max_length'] else len(detail['input'])} characters"


def _noun(path: Path) -> str:
    if path[0] == "severity" and path[-1] == "[key]":
        return "violation type"
    last = path[-1]
    return NOUNS.get(last, NOUNS.get(str(path[0]), "word")) if isinstance(last, str) else NOUNS[str(path[0])]


def _keys_at(steps: Sequence[str | int]) -> list[str]:
    from ausweis.user_yaml import keys_of

    part = Policy if len(steps) == 1 else PARTS[str(steps[0])]
    part = CategoryRule if part is Actions and len(steps) > 2 else part
    return keys_of(part)
