"""Policy files: finds a policy by name or path and reads it. The only module of judging that reads a file."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ausweis.errors import EncodingError, PolicyError
from ausweis.judging.policy import Policy
from ausweis.judging.policy_problems import Problem, problems_of
from ausweis.judging.verdict import PolicyProvenance

__all__ = ["PolicyFile", "check_policy", "find_policy", "shipped_policies"]

MAX_BYTES = 1_000_000
MAX_NODES = 20_000
SUFFIXES = (".yaml", ".yml")


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


def shipped_policies() -> tuple[str, ...]:
    """The names of the policies that ship, sorted."""
    folder = files("ausweis.judging") / "policies"
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
    return _parse(*_read(name_or_path))[1]


def _read(name_or_path: str | Path) -> tuple[bytes, str]:
    name = str(name_or_path)
    if name in shipped_policies():
        return (files("ausweis.judging") / "policies" / f"{name}.yaml").read_bytes(), f"{name}.yaml"
    path = Path(name_or_path)
    try:
        if path.is_file() and path.stat().st_size > MAX_BYTES:
            raise PolicyError(f"the file is larger than {MAX_BYTES:,} bytes; no policy needs that", place=name)
        return path.read_bytes(), name
    except (FileNotFoundError, ValueError):  # ValueError: a null character in the path
        hint = "no such file" if path.suffix in SUFFIXES else "neither a policy that ships nor a file"
        raise PolicyError(f"{hint}; policies that ship: {', '.join(shipped_policies())}", place=name) from None
    except OSError as error:
        raise PolicyError(f"cannot be read ({error.strerror}); give a policy's name or file", place=name) from None


def _parse(data: bytes, place: str) -> tuple[PolicyFile | None, list[Problem]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise EncodingError("the file is not UTF-8; save it as UTF-8", place=f"{place}:{line}") from None
    document = _load(text)
    if isinstance(document, Problem):
        return None, [document]
    try:
        policy = Policy.model_validate(_plain(document, [0]))
    except (OverflowError, RecursionError):
        return None, [Problem(1, "no policy: its aliases make it endless; write the parts out")]
    except ValidationError as error:
        return None, problems_of(error, document)
    return PolicyFile(policy, text, place, hashlib.sha256(data).hexdigest()), []


def _load(text: str) -> Any:
    """The YAML document with its line numbers, or what is wrong with it as YAML."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        document = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = str(error.problem or error.context or "unreadable").splitlines()[0]
        return Problem(mark.line + 1 if mark else 1, f"no valid YAML: {what}")
    except (YAMLError, ValueError):
        return Problem(1, "no valid YAML: it holds a character or value that YAML does not allow")
    except RecursionError:
        return Problem(1, "no policy: nested too deeply")
    if not isinstance(document, Mapping):
        return Problem(1, "a policy is a mapping of keys (id, version, title, levels, actions …)")
    return document


def _plain(node: Any, seen: list[int]) -> Any:
    """The document without the line numbers. `seen` counts: aliases of YAML can make a small file endless."""
    seen[0] += 1
    if seen[0] > MAX_NODES:
        raise OverflowError
    if isinstance(node, Mapping):
        return {key: _plain(value, seen) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(item, seen) for item in node]
    return node
