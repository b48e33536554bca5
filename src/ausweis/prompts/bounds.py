"""Bounds of what a template may do: how deep and long it is, how many steps rendering takes, how much it writes.

Before a section is compiled, everything in it that looks at a whole value, and every loop, is led through a filter
that counts. A step is a character or an item looked at, or a part of the template gone through in a loop.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from jinja2 import nodes, pass_context
from jinja2.filters import do_join, do_round
from jinja2.runtime import Context
from jinja2.visitor import NodeTransformer

__all__ = [
    "COUNTING",
    "MAX_CHARACTERS",
    "MAX_DEPTH",
    "MAX_NODES",
    "MAX_STEPS",
    "Budget",
    "CountingContext",
    "TooMuchError",
    "count_steps",
    "walk",
    "whole",
]

MAX_STEPS = 2_000_000
MAX_CHARACTERS = 1_000_000
"""Of all messages that a template makes for one question."""
MAX_NODES = 5_000
"""Of one section: values, operations, pieces of text."""
MAX_DEPTH = 50

_BUDGET = "the budget"
_ITEMS = "counted items"
_WHOLE = "counted value"
# These look at one item, or at none.
_LIGHT_FILTERS = ("first", "items", "last", "length")
_COMPARING_TESTS = ("eq", "in", "ne")
_DIGITS = 30


class TooMuchError(Exception):
    """A bound was passed; the message says which."""


@dataclass(slots=True)
class Budget:
    """What is left for rendering."""

    steps: int = MAX_STEPS
    characters: int = MAX_CHARACTERS

    def spend(self, steps: int) -> None:
        """Take so many steps."""
        self.steps -= steps
        if self.steps < 0:
            raise TooMuchError(f"takes more than {MAX_STEPS:,} steps")

    def write(self, text: str) -> str:
        """The text, which counts as written."""
        self.characters -= len(text)
        if self.characters < 0:
            raise TooMuchError(f"writes more than {MAX_CHARACTERS:,} characters")
        return text

    def inputs(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The inputs, and with them this budget, under a name that no template can write."""
        return {**inputs, _BUDGET: self}


class CountingContext(Context):
    """What a template sees of its inputs; the budget is none of that."""

    def __init__(self, environment: Any, parent: dict[str, Any], *rest: Any, **more: Any) -> None:
        self.budget: Budget = parent.pop(_BUDGET)
        super().__init__(environment, parent, *rest, **more)


def walk(tree: nodes.Node) -> Iterator[tuple[nodes.Node, int, int]]:
    """All nodes below the tree's top, each with its line and its depth."""
    waiting = [(child, 1, 1) for child in tree.iter_child_nodes()]
    while waiting:
        node, line, depth = waiting.pop()
        line = node.lineno or line  # some nodes have no line of their own
        yield node, line, depth
        waiting += [(child, line, depth + 1) for child in node.iter_child_nodes()]


def count_steps(tree: nodes.Template) -> nodes.Template:
    """The same template, which counts what it does when it is rendered."""
    counted: nodes.Template = _Counting().visit(tree)
    return counted


class _Counting(NodeTransformer):
    def generic_visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> nodes.Node:
        # A child that looks at the whole of a value is wrapped after it has been visited itself.
        inside = sum(1 for _ in walk(node)) if isinstance(node, nodes.For) else 0
        super().generic_visit(node, *args, **kwargs)
        match node:
            case nodes.For():
                node.iter = _through(_ITEMS, node.iter, nodes.Const(inside + 1, lineno=node.lineno))
            case nodes.Concat():
                node.nodes = [_through(_WHOLE, part) for part in node.nodes]
            case nodes.Add():
                node.left, node.right = _through(_WHOLE, node.left), _through(_WHOLE, node.right)
            case nodes.Compare() | nodes.Operand():
                node.expr = _through(_WHOLE, node.expr)
            case nodes.Filter() if node.name not in _LIGHT_FILTERS and node.node is not None:
                node.node = _through(_WHOLE, node.node)
                _count_arguments(node)
            case nodes.Test() if node.name in _COMPARING_TESTS:
                node.node = _through(_WHOLE, node.node)
                _count_arguments(node)
            case nodes.Getitem() if isinstance(node.arg, nodes.Slice):
                return _through(_WHOLE, node)
            case nodes.Getitem():
                node.arg = _through(_WHOLE, node.arg)
        return node


def _count_arguments(node: nodes.Filter | nodes.Test) -> None:
    node.args = [_through(_WHOLE, argument) for argument in node.args]
    for keyword in node.kwargs:
        keyword.value = _through(_WHOLE, keyword.value)


def _through(name: str, node: nodes.Node, *arguments: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(node, name, list(arguments), [], None, None, lineno=node.lineno, environment=node.environment)


@pass_context
def whole(context: CountingContext, value: Any) -> Any:
    """The value; each of its items and characters is a step, at any depth."""
    if isinstance(value, Iterator):
        value = list(value)
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Mapping):
            waiting += [*item.keys(), *item.values()]
        elif isinstance(item, list | tuple | Set):
            waiting += item
        context.budget.spend(1 + _length(item))
    return value


@pass_context
def _items(context: CountingContext, value: Any, inside: int) -> Any:
    """What a loop goes over; each turn takes as many steps as there are parts `inside`."""
    if isinstance(value, Iterator):
        value = list(value)
    context.budget.spend(1 + inside * (1 + _length(value)))
    return value


def _length(value: Any) -> int:
    if isinstance(value, int):
        return value.bit_length()
    return len(value) if isinstance(value, Sequence | Mapping | Set) else 0


@pass_context
def _join(context: CountingContext, value: Any, d: str = "", attribute: str | int | None = None) -> str:
    items = list(value)
    context.budget.spend(len(items) * (len(str(d)) + len(str(attribute))))
    return str(do_join(context.eval_ctx, items, d, attribute))


@pass_context
def _replace(context: CountingContext, value: Any, old: str, new: str, count: int | None = None) -> str:
    text, old, new = str(value), str(old), str(new)
    context.budget.spend(text.count(old) * len(new))
    return text.replace(old, new, -1 if count is None else count)


@pass_context
def _trim(context: CountingContext, value: Any, chars: str | None = None) -> str:
    text = str(value)
    context.budget.spend(len(text) * len(chars or ""))
    return text.strip(chars)


def _round(value: Any, precision: int = 0, method: Any = "common") -> float:
    if not -_DIGITS <= precision <= _DIGITS:
        raise TooMuchError(f"rounds to more than {_DIGITS} digits")
    return do_round(value, precision, method)


COUNTING = {_ITEMS: _items, _WHOLE: whole, "join": _join, "replace": _replace, "round": _round, "trim": _trim}
"""Filters that count, in the place of the library's."""
