"""Fills a section of a template. The rule: whatever an input holds, it stays data, and on one line.

The sandbox knows no loader, no global and no call, a handful of filters, and fails on everything undefined. Each value
that a template prints goes through `line`, so words of a call can never start a line of their own, let alone a role.
Each template comes to an end: the time of its loops, the size of the values that it makes, and its text have bounds.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache, wraps
from typing import Any, Literal, cast

from jinja2 import StrictUndefined, TemplateSyntaxError, UndefinedError, nodes, pass_context, pass_eval_context
from jinja2 import Template as Compiled
from jinja2.filters import do_join, do_round
from jinja2.meta import find_undeclared_variables
from jinja2.nodes import EvalContext
from jinja2.parser import Parser
from jinja2.sandbox import SandboxedEnvironment
from pydantic import BaseModel, ConfigDict

from ausweis.errors import PromptError

MAX_SECONDS = 5.0
"""Of the processor, for all messages that a template makes for one question."""
MAX_CHARACTERS = 1_000_000
"""Of these messages, and of each value that a template makes: its characters and items, at any depth."""
MAX_NODES = 5_000
"""Of one section: values, operations, pieces of text."""
MAX_DEPTH = 50

Role = Literal["system", "user", "assistant"]
FILTERS = ("first", "items", "join", "last", "length", "line", "lower", "replace", "round", "trim", "upper")
_TESTS = ("defined", "eq", "even", "in", "mapping", "ne", "none", "number", "odd", "sequence", "string")
_STATEMENTS = (nodes.Template, nodes.Output, nodes.TemplateData, nodes.For, nodes.If, nodes.Assign)
_VALUES = (nodes.Name, nodes.Const, nodes.Tuple, nodes.List, nodes.Getattr, nodes.Getitem, nodes.Slice)
_TESTING = (nodes.CondExpr, nodes.Test, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not)
_MAKING = (nodes.Filter, nodes.Keyword, nodes.Concat, nodes.Add, nodes.Sub, nodes.Neg)
_ALLOWED = (*_STATEMENTS, *_VALUES, *_TESTING, *_MAKING)
# A lone half of a surrogate pair is no character: it could not be encoded, nor hashed.
_NOT_ON_A_LINE = re.compile("[\\s\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


def line(value: object) -> str:
    """The value as text on one line: control characters and line breaks to blanks, repeated blanks to one."""
    return _NOT_ON_A_LINE.sub(" ", str(value)).strip()


class _TooMuchError(Exception):
    """A bound was passed; the message says which."""


@dataclass(slots=True)
class Budget:
    """What is left for rendering, in the thread that made it: the processor's time by then, and characters."""

    until: float = field(default_factory=lambda: time.thread_time() + MAX_SECONDS)
    characters: int = MAX_CHARACTERS

    @property
    def is_over(self) -> bool:
        """Whether the time is."""
        return time.thread_time() > self.until

    def check(self) -> None:
        """Stop where the time is over."""
        if self.is_over:
            raise _TooMuchError(f"takes more than {MAX_SECONDS:g} seconds")

    def write(self, text: str) -> str:
        """The text, which counts as written."""
        self.characters -= len(text)
        if self.characters < 0:
            raise _TooMuchError(f"writes more than {MAX_CHARACTERS:,} characters")
        return text


_BUDGET: ContextVar[Budget] = ContextVar("_BUDGET")


def _turns(value: Any) -> Iterator[Any]:
    """The items of a loop, as long as there is time."""
    budget = _BUDGET.get()
    for item in value:
        budget.check()
        yield item


def _measured(value: Any, more: int = 0) -> Any:
    """The value; with `more` characters, it must be within the bounds."""
    _BUDGET.get().check()
    value = list(value) if isinstance(value, Iterator) else value
    waiting, size = [value], more
    while waiting and size <= MAX_CHARACTERS:
        item = waiting.pop()
        if isinstance(item, Mapping):
            waiting += [*item.keys(), *item.values()]
        elif isinstance(item, list | tuple | Set):
            waiting += item
        size += 1 + (len(item) if isinstance(item, Sequence | Mapping | Set) else 0)
    if size > MAX_CHARACTERS:
        raise _TooMuchError(f"makes a value of more than {MAX_CHARACTERS:,} characters")
    return value


def _measuring(function: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, for values within the bounds."""

    @wraps(function)
    def measuring(*values: Any, **named: Any) -> Any:
        return function(*map(_measured, values), **named)

    return measuring


def _concatenated(*parts: Any) -> str:
    texts = [str(_measured(part)) for part in parts]
    _measured("", sum(map(len, texts)))
    return "".join(texts)


@pass_eval_context
def _join(context: EvalContext, value: Any, d: str = "", attribute: str | int | None = None) -> str:
    items = list(value)
    return str(do_join(context, _measured(items, len(items) * (len(str(d)) + len(str(attribute)))), d, attribute))


def _replace(value: Any, old: str, new: str, count: int | None = None) -> str:
    text, old, new = str(value), str(old), str(new)
    return str(_measured(text, text.count(old) * len(new))).replace(old, new, -1 if count is None else count)


def _trim(value: Any, chars: str | None = None) -> str:
    if len(chars or "") > 100:
        raise _TooMuchError("trims more than 100 different characters")
    return str(value).strip(chars)


def _round(value: Any, precision: int = 0, method: Any = "common") -> float:
    if not -30 <= precision <= 30:
        raise _TooMuchError("rounds to more than 30 digits")
    return do_round(value, precision, method)


class _Environment(SandboxedEnvironment):
    concatenated = staticmethod(_concatenated)
    measured = staticmethod(_measured)
    turns = staticmethod(_turns)


@pass_context  # so that no constant is printed while a section is compiled
def _finalize(context: object, value: object) -> str:
    return "" if value is None else line(_measured(value))


def _environment() -> SandboxedEnvironment:
    environment = _Environment(
        undefined=StrictUndefined,
        autoescape=False,  # a prompt is plain text, no HTML
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
        optimized=False,  # nothing is computed before it is counted
    )
    environment.globals.clear()
    known = environment.filters | {"join": _join, "line": line, "replace": _replace, "round": _round, "trim": _trim}
    light = ("first", "items", "last", "length")  # they look at one item of a value, or at none
    environment.filters = {name: known[name] if name in light else _measuring(known[name]) for name in FILTERS}
    environment.tests = {name: environment.tests[name] for name in _TESTS}
    return environment


_ENVIRONMENT = _environment()


@lru_cache(maxsize=256)
def _compiled(source: str) -> Compiled:
    tree = _parsed(source)
    for loop in tree.find_all(nodes.For):
        loop.iter = _through("turns", [loop.iter])
    for assignment in tree.find_all(nodes.Assign):
        assignment.node = _through("measured", [assignment.node])
    for joined in tree.find_all(nodes.Concat):
        joined.nodes = [_through("concatenated", joined.nodes)]
    return _ENVIRONMENT.from_string(tree)


def _through(function: str, values: Sequence[nodes.Node]) -> nodes.Expr:
    line = values[0].lineno
    called = nodes.EnvironmentAttribute(function, lineno=line)
    return nodes.Call(called, cast("list[nodes.Expr]", values), [], None, None, lineno=line)


def _parsed(source: str) -> nodes.Template:
    """The tree of a section.

    Raises:
        TemplateSyntaxError: there is none; with the line of the section, from 1.
    """
    parser = Parser(_ENVIRONMENT, source)
    try:
        return parser.parse()
    except (ArithmeticError, RecursionError, ValueError):
        message = "it is nested too deeply, or holds a number of too many digits"
        raise TemplateSyntaxError(message, parser.stream.current.lineno) from None


def _walk(tree: nodes.Node) -> Iterator[tuple[nodes.Node, int, int]]:
    """All nodes below the tree's top, each with its line and its depth."""
    waiting = [(child, 1, 1) for child in tree.iter_child_nodes()]
    while waiting:
        node, number, depth = waiting.pop()
        number = node.lineno or number  # some nodes have no line of their own
        yield node, number, depth
        waiting += [(child, number, depth + 1) for child in node.iter_child_nodes()]


def _misfits(tree: nodes.Template) -> Iterator[tuple[int, str]]:
    """Lines of a section, and what may not stand there."""
    for count, (node, number, depth) in enumerate(_walk(tree)):
        if count > MAX_NODES:
            yield number, f"a section may have no more than {MAX_NODES:,} parts"
            return
        if depth > MAX_DEPTH:
            yield number, f"it is nested too deeply (more than {MAX_DEPTH} levels)"
            return
        if not isinstance(node, _ALLOWED):
            name = type(node).__name__.lower()
            yield number, f"{name} is not allowed in a template: only values, if, for and set are"
        elif isinstance(node, nodes.For) and node.recursive:
            yield number, "a recursive loop is not allowed in a template"
        elif isinstance(node, nodes.Filter | nodes.Test) and (node.dyn_args or node.dyn_kwargs):
            yield number, "arguments in * or ** are not allowed in a template"
        elif isinstance(node, nodes.Tuple) and any(isinstance(item, nodes.Slice) for item in node.items):
            yield number, "a slice stands alone in its brackets"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong; `place` is a path, with `:line` where known."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


class Section(BaseModel):
    """One role's part of a template, not rendered; `line` is the file's line on which `source` starts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: Role
    source: str
    line: int

    def problems(self, path: object) -> list[Fault]:
        """What it may not hold: broken syntax, too much, or a construct other than printing, `if`, `for`, `set`."""
        try:
            problems = set(_misfits(_parsed(self.source)))
            if not problems:
                _compiled(self.source)
        except TemplateSyntaxError as error:
            hint = f" (filters: {', '.join(FILTERS)})" if "filter" in str(error.message) else ""
            problems = {(error.lineno, f"{str(error.message).rstrip('.')}{hint}")}
        except (MemoryError, RecursionError, SyntaxError, ValueError):  # of Python, into which a template is compiled
            reasons = "it is nested too deeply, a number has too many digits, or an argument stands twice"
            problems = {(1, f"it cannot be compiled: {reasons}")}
        return [Fault(f"{path}:{self.line + number - 1}", message) for number, message in sorted(problems)]

    def variables(self) -> dict[str, int]:
        """The inputs that it uses, each with the file's line of its first use."""
        tree = _parsed(self.source)
        names = find_undeclared_variables(tree)
        lines: dict[str, int] = {}
        for node in tree.find_all(nodes.Name):
            if node.name in names:
                here = self.line + node.lineno - 1
                lines[node.name] = min(lines.get(node.name, here), here)
        return lines

    def render(self, path: object, inputs: Mapping[str, Any], budget: Budget) -> str:
        """The section with its inputs filled in, without blank lines around it.

        Raises:
            PromptError: a value that the section uses is not there, or of a kind that it cannot use; or rendering takes
                more than the budget has. The message never holds a value.
        """
        token = _BUDGET.set(budget)
        try:
            return "".join(map(budget.write, _compiled(self.source).generate(inputs))).strip()
        except UndefinedError as error:
            # What is no name of the template may be a value.
            names = re.fullmatch(r"'(\w+)' is undefined|'.*' has no attribute '(\w+)'", str(error))
            written = {node.attr for node in _parsed(self.source).find_all(nodes.Getattr)}
            what = "a part of an input that the template uses"
            if names and names[1]:
                what = f"the variable {names[1]}"
            elif names and names[2] in written:
                what = f"the part {names[2]} of an input"
            raise PromptError(f"{what} is missing", place=self._place(path, error)) from None
        except _TooMuchError as error:
            message = f"the template {error}: make its loops or values smaller"
            raise PromptError(message, place=self._place(path, error)) from None
        except Exception as error:
            message = f"cannot be rendered with these inputs ({type(error).__name__}): compare them with the template"
            raise PromptError(message, place=self._place(path, error)) from None
        finally:
            _BUDGET.reset(token)

    def _place(self, path: object, error: BaseException) -> str:
        here, trace = None, error.__traceback__
        while trace:
            if trace.tb_frame.f_code.co_filename == "<template>":
                here = trace.tb_lineno
            trace = trace.tb_next
        return f"{path}:{self.line + here - 1}" if here else f"{path}:{self.line}"
