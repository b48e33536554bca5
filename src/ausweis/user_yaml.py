"""YAML that users write: read within bounds, as plain data, with the line of each part.

Aliases (`*name`) are refused. Keys are text, each once in its mapping; values are text, numbers, true, false, null,
dates, lists and mappings.

A user may name any file by mistake, one of passwords too: no message quotes what is no YAML, nor what `Document.is_of`
does not know as ours.
"""

import errno
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, RootModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import AliasEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from ausweis.errors import AusweisError
from ausweis.opening import open_file

MAX_BYTES = 500_000
MAX_NODES = 50_000
"""Keys and values."""
MAX_DEPTH = 50

_CORE = "tag:yaml.org,2002:"
_SCALARS = {_CORE + name for name in ("str", "int", "float", "bool", "null", "timestamp")}
_HALF_A_CHARACTER = re.compile("[\ud800-\udfff]")
_BESIDES = (
    "this line does not go with the one before: indent keys alike, with a blank behind each colon, and put a text that "
    "holds a colon in quotes"
)
_SEVERAL_WORDS = re.compile(r"\S\s+\S")
_QUOTE = re.compile("['\"]")

M = TypeVar("M", bound=BaseModel)


class UserYamlError(ValueError):
    """What is wrong with a text as YAML, in words that quote nothing of it, and its line, counted from 1.

    `path`: of a key that is no text, those that lead to it and itself, as it is written; else empty.
    """

    def __init__(self, line: int, message: str, path: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.line = line
        self.message = message
        self.path = tuple(path)


@dataclass(frozen=True, slots=True)
class Document:
    """`data`: None for an empty text."""

    data: Any
    node: Node | None

    def line(self, path: Sequence[str | int]) -> int:
        """The line (from 1) of what this path of keys and places leads to, or of the last part that exists."""
        node = self.node
        line = node.start_mark.line if node else 0
        for step in path:
            part = _step(node, step)
            if part is None:
                break
            start, node = part
            line = start.start_mark.line
        return int(line) + 1

    def is_of(self, model: type[BaseModel]) -> bool:
        """Whether it has at least one of the keys of this form, and so may be quoted in messages."""
        return isinstance(self.data, dict) and not self.data.keys().isdisjoint(keys_of(model))


def keys_of(model: type[BaseModel]) -> list[str]:
    """The keys of a file of this form, as they are written."""
    return [field.alias or name for name, field in model.model_fields.items()]


def read_bytes(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        OSError: it cannot be read, is no name that a file can have, or is larger than `MAX_BYTES`.
    """
    try:
        with open_file(path) as file:
            data = file.read(MAX_BYTES + 1)
    except ValueError:  # a null character, or half of a surrogate pair
        raise FileNotFoundError(errno.ENOENT, "No such file or directory") from None
    if len(data) > MAX_BYTES:
        raise OSError(errno.EFBIG, f"it is larger than {MAX_BYTES:,} bytes")
    return data


def read_model(path: Path, model: type[M], what: str, fault: type[AusweisError]) -> tuple[M, str]:
    """A file of this form, and its text. `what` it is begins the message of a `fault`.

    Raises:
        fault: the file cannot be read, is no YAML within the bounds, or does not fit; the place has the line.
    """
    try:
        text = read_bytes(path).decode()
        document = load(text)
        return model.model_validate(document.data), text
    except OSError as error:
        raise fault(f"{what} cannot be read ({error.strerror})", place=str(path)) from None
    except UnicodeDecodeError:
        raise fault(f"{what} cannot be read (not UTF-8); save the file as UTF-8", place=str(path)) from None
    except UserYamlError as error:
        raise fault(f"{what} cannot be read (no valid YAML): {error.message}", place=f"{path}:{error.line}") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where, place = "this line", f"{path}:{document.line(first['loc'])}"
        if document.is_of(model):
            where = ".".join(str(step + 1 if isinstance(step, int) else step) for step in first["loc"]) or "the top"
        elif not issubclass(model, RootModel):
            message = f"{what} cannot be used: the file has none of the keys {', '.join(keys_of(model))}"
            raise fault(message, place=f"{path}:1") from None
        raise fault(f"{what} cannot be used, wrong at {where}: {first['msg']}", place=place) from None


def load(text: str) -> Document:
    """Read one document.

    Raises:
        UserYamlError: it is none, or not within the bounds.
    """
    yaml = YAML(typ="safe", pure=True)
    yaml.Composer = _Composer
    try:
        node = yaml.compose(text)
    except UserYamlError:
        raise
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise UserYamlError(mark.line + 1 if mark else 1, _in_words(error, text)) from None
    except Exception as error:  # the library lets pass what Python says of a character that is none, and the like
        position = getattr(error, "position", None)
        line = text.count("\n", 0, position) + 1 if isinstance(position, int) else yaml.composer.line
        raise UserYamlError(line, "it holds a character or value that YAML does not allow") from None
    return Document(None if node is None else _data(node, yaml.constructor, []), node)


class _Composer(Composer):
    """Stops at an alias, and where there are too many nodes, or too deep ones. `line`: of the last that was begun."""

    def __init__(self, loader: Any = None) -> None:
        super().__init__(loader)
        self.warn_double_anchors = False
        self.line = 1
        self._nodes = 0
        self._depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.parser.peek_event()
        self.line = event.start_mark.line + 1
        self._nodes += 1
        self._depth += 1
        if isinstance(event, AliasEvent):
            raise UserYamlError(self.line, "an alias (*…) does not belong here; write the part out")
        if self._nodes > MAX_NODES:
            raise UserYamlError(self.line, f"it has more than {MAX_NODES:,} keys and values")
        if self._depth > MAX_DEPTH:
            raise UserYamlError(self.line, f"it is nested too deeply (more than {MAX_DEPTH} levels)")
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


def _data(node: Node, constructor: Any, path: list[str]) -> Any:
    """The plain data of a node; `path`: the keys that lead to it."""
    line = node.start_mark.line + 1
    if isinstance(node, SequenceNode) and str(node.tag) == f"{_CORE}seq":
        return [_data(item, constructor, path) for item in node.value]
    if isinstance(node, MappingNode) and str(node.tag) == f"{_CORE}map":
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            is_plain = isinstance(key_node, ScalarNode) and str(key_node.tag) in _SCALARS
            key = _data(key_node, constructor, path) if is_plain else None
            if not isinstance(key, str):
                written = [*path, str(key_node.value)] if isinstance(key_node, ScalarNode) else ()
                raise UserYamlError(line, "a key must be text; put it in quotes", written)
            if key in data:
                raise UserYamlError(line, "found a duplicate key: it stands above in the same mapping")
            data[key] = _data(value_node, constructor, [*path, key])
        return data
    if not isinstance(node, ScalarNode) or str(node.tag) not in _SCALARS:
        raise UserYamlError(line, "a tag (!…) does not belong here; leave it out")
    try:
        value = constructor.construct_object(node, deep=True)
    except Exception:  # a number of too many digits, a 13th month, a tag that does not fit its value
        raise UserYamlError(line, "it holds a number, date or tagged value that cannot be; put it in quotes") from None
    if isinstance(value, str) and _HALF_A_CHARACTER.search(value):
        raise UserYamlError(line, "it holds half of a surrogate pair, which is no character")
    return value


def _in_words(error: MarkedYAMLError, text: str) -> str:
    """What people often mistype, in plain words; all else as the library says it."""
    problem, mark = str(error.problem), error.problem_mark
    if mark is not None:
        before, rest = text[mark.index - mark.column : mark.index], text[mark.index :]
        if problem.startswith("but found another document"):
            sign, hint = (" (---)", ", or leave this line out") if rest.startswith("---") else ("", "")
            return f"a second document begins here{sign}; put it in a file of its own{hint}"
        if problem.endswith("cannot start any token"):
            return _sign(before, rest[:1])
        if problem.startswith("mapping values are not allowed"):
            return _colon(rest) if _SEVERAL_WORDS.search(before.lstrip("- ")) else _BESIDES
        if problem.startswith("expected ','") and problem.endswith("':'"):
            return _colon(rest)
        if problem.startswith(("found undefined", "duplicate tag")):
            return f"{_QUOTE.split(problem)[0].strip()}; leave it out"
    return ", ".join(str(part).partition("\n")[0] for part in (error.context, error.problem) if part)


def _sign(before: str, sign: str) -> str:
    if sign != "\t":
        return f"a text cannot begin with {sign!r}; put it in quotes"
    return "write a blank instead of the tab" if before.strip() else "indent with blanks, not with tabs"


def _colon(rest: str) -> str:
    followed = " followed by a blank" if rest.startswith(": ") else ""
    return f"a colon{followed} inside a text: put the whole text in quotes"


def _step(node: Node | None, step: str | int) -> tuple[Node, Node] | None:
    """Where the part begins, and the part."""
    if isinstance(node, MappingNode):
        return next(((key, value) for key, value in node.value if key.value == step), None)
    if isinstance(node, SequenceNode):
        if isinstance(step, int):
            return (node.value[step], node.value[step]) if step < len(node.value) else None
        # A plain list may stand for a mapping.
        return next(((item, item) for item in node.value if item.value == step), None)
    return None
