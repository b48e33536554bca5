"""Policy files: finds a policy by name or path, reads it, and says what is wrong with line and the words allowed.

Pydantic knows the path to a mistake, the document the line of each key and item; this module brings them together.
"""

import hashlib
import re
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from pydantic import BaseModel, ValidationError

from ausweis.errors import EncodingError, PolicyError
from ausweis.policies.contradictions import unknown, wrong_key
from ausweis.policies.form import Actions, CategoryRule, FactorRule, IncidentRule, Level, ThirdParty
from ausweis.policies.policy import Policy
from ausweis.provenance import PolicyProvenance

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from ausweis.user_yaml import Document

_Steps = Sequence[str | int]
SUFFIXES = (".yaml", ".yml")
MUST_BE = {
    "string_type": "must be text; put it in quotes",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "tuple_type": "must be a list, such as [pin, password]",
    "list_type": "must be a list, such as [pin, password]",
    "dict_type": "must be a mapping of keys and values",
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
class PolicyFile:
    """A policy, the text that it was read from, its place (name or path) and the SHA-256 of its bytes."""

    policy: Policy
    text: str
    place: str
    sha256: str

    @property
    def provenance(self) -> PolicyProvenance:
        """What a verdict says about the policy that judged."""
        return PolicyProvenance(id=self.policy.id, version=self.policy.version, sha256=self.sha256)


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: its line, counted from 1, and a sentence that says what is allowed.

    `hides`: because of it the rest was not looked at, and more mistakes may show once it is mended.
    """

    line: int
    message: str
    hides: bool = False


def shipped_policies() -> tuple[str, ...]:
    """The names of the policies that ship, sorted."""
    folder = files("ausweis.policies")
    return tuple(sorted(f.name.removesuffix(".yaml") for f in folder.iterdir() if f.name.endswith(".yaml")))


def find_policy(name_or_path: str | Path) -> PolicyFile:
    """The policy of this name among those that ship, else the file at this path.

    Raises:
        EncodingError: the file is not UTF-8.
        PolicyError: there is no such policy, or it says something impossible; the place names file and line.
    """
    data, place = _read(name_or_path)
    result, problems = _parse(data, place)
    if result is not None:
        return result
    more = f" (and {len(problems) - 1} more: ausweis policies validate {place})" if problems[1:] else ""
    raise PolicyError(problems[0].message + more, place=f"{place}:{problems[0].line}")


def check_policy(name_or_path: str | Path) -> list[Problem]:
    """All mistakes of a policy file in the order of their lines; none for a good one.

    Raises:
        EncodingError: the file is not UTF-8.
        PolicyError: there is no such policy.
    """
    return check_all(name_or_path)[0]


def check_all(name_or_path: str | Path) -> tuple[list[Problem], list[Problem]]:
    """All mistakes as `check_policy` tells them, and what `explain` warns of in a good policy, in English.

    The file is read once: it may be a stream.

    Raises:
        EncodingError, PolicyError: as `check_policy`.
    """
    from ausweis.policies.explain import warnings
    from ausweis.user_yaml import load

    file, mistakes = _parse(*_read(name_or_path))
    if file is None:
        return list(mistakes), []
    document = load(file.text)
    found = [Problem(document.line(keys), sentence) for keys, sentence in warnings(file.policy, "en")]
    return [], sorted(found, key=lambda problem: problem.line)


def _read(name_or_path: str | Path) -> tuple[bytes, str]:
    from ausweis.user_yaml import read_bytes

    name = str(name_or_path)
    if name in shipped_policies():
        return (files("ausweis.policies") / f"{name}.yaml").read_bytes(), f"{name}.yaml"
    path = Path(name_or_path)
    try:
        return read_bytes(path), name
    except FileNotFoundError:
        hint = "no such file" if path.suffix in SUFFIXES else "neither a policy that ships nor a file"
        raise PolicyError(f"{hint}; policies that ship: {', '.join(shipped_policies())}", place=name) from None
    except OSError as error:
        raise PolicyError(f"cannot be read ({error.strerror}); give a policy's name or file", place=name) from None


@lru_cache(maxsize=32)  # the policy of a run is looked up for each of its calls
def _parse(data: bytes, place: str) -> tuple[PolicyFile | None, tuple[Problem, ...]]:
    from ausweis.user_yaml import UserYamlError, load

    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise EncodingError("the file is not UTF-8; save it as UTF-8", place=f"{place}:{line}") from None
    try:
        document = load(text)
    except UserYamlError as error:
        return None, (Problem(error.line, wrong_key(error.path) or f"no valid YAML: {error.message}", hides=True),)
    if not document.is_of(Policy):
        return None, (Problem(1, "this is no policy: it has none of the keys id, version, title, levels, actions …"),)
    try:
        policy = Policy.model_validate(document.data)
    except ValidationError as error:
        return None, tuple(_problems_of(error, document))
    return PolicyFile(policy, text, place, hashlib.sha256(data).hexdigest()), ()


def _problems_of(error: ValidationError, document: "Document") -> list[Problem]:
    """All mistakes that validation found, in the order of their lines."""
    # Pydantic counts only the items without mistakes, and those have their own line.
    details = [one for one in error.errors(include_url=False) if one["type"] != "too_short" or not one["input"]]
    # What the whole says is looked at only where all parts are well-formed.
    rest = _of_the_rest(details, document.data)
    problems = [
        Problem(
            document.line(_steps(detail)),
            _sentence(detail, detail["loc"]),
            hides=rest is None and detail["type"] != "impossible",
        )
        for detail in (*details, *(rest or ()))
    ]
    return sorted(dict.fromkeys(problems), key=lambda problem: problem.line)


def _steps(detail: "ErrorDetails") -> list[str | int]:
    return [step for step in detail["loc"] if step != "[key]"]


def _of_the_rest(details: Sequence["ErrorDetails"], data: Any) -> "list[ErrorDetails] | None":
    """What is impossible in a policy without the keys that are wrong; None where nobody can tell without them."""
    rest, parents = deepcopy(data), []
    for detail in details:
        *path, key = _steps(detail) or [""]
        part: Any = rest
        for step in path:
            part = cast("dict[Any, Any]", part)[step] if isinstance(part, dict | list) else None
        whole = not path or (len(path) == 1 and path[0] in ("factors", "levels", "actions"))
        if not isinstance(part, dict) or (whole and detail["type"] != "extra_forbidden"):
            return None
        part.pop(key, None)
        parents.append(path)
    try:
        Policy.model_validate(rest)
    except ValidationError as error:
        found = error.errors(include_url=False)
        if any(one["type"] != "impossible" for one in found):
            return None
        # A part that lacks a key now may be said to need it.
        return [one for one in found if not any(path and _steps(one)[: len(path)] == path for path in parents)]
    return []


def _sentence(detail: "ErrorDetails", path: _Steps) -> str:
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
    if kind == "model_type":
        return f"{place} must be a mapping with keys among {', '.join(_keys_at([*steps, '']))}"
    if kind in MUST_BE:
        return f"{place} {MUST_BE[kind]}"
    return f"{place}: {detail['msg'][0].lower()}{detail['msg'][1:]}"


def _size(detail: "ErrorDetails") -> str:
    context = detail["ctx"]
    if detail["type"] == "too_long":
        return f"{context['actual_length']} entries"
    # Blanks around a text count only where they alone make it too long.
    bare = len(detail["input"].strip())
    return f"{bare if bare > context['max_length'] else len(detail['input'])} characters"


def _noun(path: _Steps) -> str:
    if path[0] == "severity" and path[-1] == "[key]":
        return "violation type"
    last = path[-1]
    return NOUNS.get(last, NOUNS.get(str(path[0]), "word")) if isinstance(last, str) else NOUNS[str(path[0])]


def _keys_at(steps: _Steps) -> list[str]:
    from ausweis.user_yaml import keys_of

    part = Policy if len(steps) == 1 else PARTS[str(steps[0])]
    part = CategoryRule if part is Actions and len(steps) > 2 else part
    return keys_of(part)
