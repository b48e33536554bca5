"""Fills a section of a template. The rule: whatever an input holds, it stays data, and on one line.

The sandbox knows no loader, no global and no call, a handful of filters, and fails on everything undefined. Each value
that a template prints goes through `line`, so words of a call can never start a line of their own, let alone a role.
`bounds` counts what a template does, so that each one comes to an end.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, TemplateSyntaxError, UndefinedError, nodes, pass_context
from jinja2 import Template as Compiled
from jinja2.meta import find_undeclared_variables
from jinja2.parser import Parser
from jinja2.sandbox import SandboxedEnvironment

from ausweis.errors import PromptError
from ausweis.prompts.bounds import (
    COUNTING,
    MAX_DEPTH,
    MAX_NODES,
    Budget,
    CountingContext,
    TooMuchError,
    count_steps,
    walk,
    whole,
)
from ausweis.prompts.source import Problem, Section

__all__ = ["FILTERS", "check_syntax", "line", "render_section", "variables"]

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


@pass_context
def _finalize(context: CountingContext, value: object) -> str:
    return "" if value is None else line(whole(context, value))


class _Environment(SandboxedEnvironment):
    context_class = CountingContext


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
    environment.filters["line"] = line
    environment.filters = {name: environment.filters[name] for name in FILTERS} | COUNTING
    environment.tests = {name: environment.tests[name] for name in _TESTS}
    return environment


_ENVIRONMENT = _environment()


@lru_cache(maxsize=256)
def _compiled(source: str) -> Compiled:
    return _ENVIRONMENT.from_string(count_steps(_parsed(source)))


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


def check_syntax(path: object, section: Section) -> list[Problem]:
    """What a section may not hold: broken syntax, too much, or a construct other than printing, `if`, `for`, `set`."""
    try:
        problems = dict.fromkeys(_misfits(_parsed(section.source)))
        if not problems:
            _compiled(section.source)
    except TemplateSyntaxError as error:
        hint = f" (filters: {', '.join(FILTERS)})" if "filter" in str(error.message) else ""
        problems = {(error.lineno, f"{str(error.message).rstrip('.')}{hint}"): None}
    except (MemoryError, RecursionError, SyntaxError, ValueError):  # of Python, into which a template is compiled
        reasons = "it is nested too deeply, a number has too many digits, or an argument stands twice"
        problems = {(1, f"it cannot be compiled: {reasons}"): None}
    return [Problem(f"{path}:{section.line + line - 1}", message) for line, message in sorted(problems)]


def _misfits(tree: nodes.Template) -> Iterator[tuple[int, str]]:
    """Lines of a section, and what may not stand there."""
    for number, (node, line, depth) in enumerate(walk(tree)):
        name = type(node).__name__.lower()
        if number > MAX_NODES:
            yield line, f"a section may have no more than {MAX_NODES:,} parts"
            return
        if depth > MAX_DEPTH:
            yield line, f"it is nested too deeply (more than {MAX_DEPTH} levels)"
            return
        if not isinstance(node, _ALLOWED):
            yield line, f"{name} is not allowed in a template: only values, if, for and set are"
        elif isinstance(node, nodes.For) and node.recursive:
            yield line, "a recursive loop is not allowed in a template"
        elif isinstance(node, nodes.Filter | nodes.Test) and (node.dyn_args or node.dyn_kwargs):
            yield line, "arguments in * or ** are not allowed in a template"
        elif isinstance(node, nodes.Tuple) and any(isinstance(item, nodes.Slice) for item in node.items):
            yield line, "a slice stands alone in its brackets"


def variables(section: Section) -> dict[str, int]:
    """The inputs that a section uses, each with the file's line of its first use."""
    tree = _parsed(section.source)
    names = find_undeclared_variables(tree)
    lines: dict[str, int] = {}
    for node in tree.find_all(nodes.Name):
        if node.name in names:
            here = section.line + node.lineno - 1
            lines[node.name] = min(lines.get(node.name, here), here)
    return lines


def render_section(path: object, section: Section, inputs: Mapping[str, Any], budget: Budget) -> str:
    """The section with its inputs filled in, without blank lines around it.

    Raises:
        PromptError: a value that the section uses is not there, or of a kind that it cannot use; or rendering takes
            more than the budget has. The message never holds a value.
    """
    try:
        pieces = _compiled(section.source).generate(budget.inputs(inputs))
        return "".join(budget.write(piece) for piece in pieces).strip()
    except UndefinedError as error:
        name = re.fullmatch(r"'(\w+)' is undefined", str(error))
        what = f"the variable {name[1]}" if name else "a part of an input that the template uses"
        raise PromptError(f"{what} is missing", place=_place(path, section, error)) from None
    except TooMuchError as error:
        message = f"the template {error}: make its loops or values smaller"
        raise PromptError(message, place=_place(path, section, error)) from None
    except Exception as error:
        message = f"cannot be rendered with these inputs ({type(error).__name__}): compare them with the template"
        raise PromptError(message, place=_place(path, section, error)) from None


def _place(path: object, section: Section, error: BaseException) -> str:
    here, trace = None, error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename == "<template>":
            here = trace.tb_lineno
        trace = trace.tb_next
    return f"{path}:{section.line + here - 1}" if here else f"{path}:{section.line}"
