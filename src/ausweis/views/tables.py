"""Tables of calls and findings with typed cells, for Excel and for CSV."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Generic, Literal, NamedTuple, TypeVar

__all__ = ["Cell", "Column", "Kind", "Linked", "Table"]

T = TypeVar("T")
Kind = Literal["text", "prose", "day", "time", "turn", "second", "share"]
"""prose: sentences, which are wrapped; turn: a whole number; second: of the call; share: from 0 to 1."""


class Linked(NamedTuple):
    """A text that leads to a page."""

    text: str
    address: str


Cell = str | int | float | date | time | Linked | None


@dataclass(frozen=True)
class Column(Generic[T]):
    """A column. `name`: its word in files for programs; `width` in letters; `of` gives its cell of a row."""

    name: str
    kind: Kind
    width: int
    of: Callable[[T], Cell]


@dataclass(frozen=True)
class Table(Generic[T]):
    """The columns of a table, whose rows come one at a time."""

    name: str
    columns: Sequence[Column[T]]

    def cells(self, row: T) -> list[Cell]:
        """The cells of a row, in order."""
        return [column.of(row) for column in self.columns]
