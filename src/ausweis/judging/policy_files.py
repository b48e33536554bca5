"""Policy files: finds a policy by name or path and reads it. The only module of judging that reads a file."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from pydantic import ValidationError

from ausweis.errors import EncodingError, PolicyError
from ausweis.judging.own_rules import wrong_key
from ausweis.judging.policy import Policy
from ausweis.judging.policy_problems import Problem, problems_of
from ausweis.provenance import PolicyProvenance

__all__ = ["PolicyFile", "check_all", "check_policy", "find_policy", "shipped_policies"]

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
    return check_all(name_or_path)[0]


def check_all(name_or_path: str | Path) -> tuple[list[Problem], list[Problem]]:
    """All mistakes as `check_policy` tells them, and what `explain` warns of in a good policy, in English.

    The file is read once: it may be a stream.

    Raises:
        EncodingError, PolicyError: as `check_policy`.
    """
    from ausweis.judging.explain import warnings
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
        return (files("ausweis.judging") / "policies" / f"{name}.yaml").read_bytes(), f"{name}.yaml"
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
        return None, tuple(problems_of(error, document))
    return PolicyFile(policy, text, place, hashlib.sha256(data).hexdigest()), ()
