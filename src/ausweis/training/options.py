"""What every training is told."""

import random
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from ausweis.evals.labelled import LabelledCall

__all__ = ["Options", "drawn"]

_SEED = 1


@dataclass(frozen=True)
class Options:
    """`limit`: so many of the labelled calls, drawn by chance. `out`: beside the template, unless given.

    `work`: where the states of the lines are kept. `progress` shows how far the reading is, `tell` what was learned.
    """

    labelled: tuple[Path, ...]
    model: str
    template: str
    work: Path
    progress: Callable[[Sequence[LabelledCall]], AbstractContextManager[Iterable[LabelledCall]]]
    tell: Callable[[str], None]
    limit: int | None = None
    rounds: int | None = None
    out: Path | None = None


def drawn(calls: Sequence[LabelledCall], limit: int | None) -> list[LabelledCall]:
    """So many of them, drawn by chance, the same each time; all, in their order, without a limit."""
    if limit is None:
        return list(calls)
    return random.Random(_SEED).sample(list(calls), min(limit, len(calls)))  # noqa: S311
