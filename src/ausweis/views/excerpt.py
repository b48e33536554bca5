"""What was said at the findings of a call: their turns with those around them, quotes marked, masked."""

from collections.abc import Sequence
from dataclasses import dataclass

from ausweis.judging.verdict import Verdict
from ausweis.views.masks import CallMask, JudgedCall
from ausweis.views.turns import Mark, TurnView, finding_marks, turn_view, turn_views

__all__ = ["Excerpt", "excerpt"]

AROUND = 1
"""Turns shown before and after one that matters."""
MOST_TURNS = 14
LONGEST = 700
"""Letters of a turn; of a longer one the quote is shown, with so many around it."""


@dataclass(frozen=True)
class Excerpt:
    """Turns in their order, each with the number of turns left out before it; `skipped`: those after the last one."""

    turns: Sequence[tuple[int, TurnView]]
    skipped: int = 0


def excerpt(judged: JudgedCall, mask: CallMask) -> Excerpt:
    """The turns that matter and those around them; without the call's text, the quotes alone."""
    marks, call = finding_marks(judged.verdict), judged.call
    if call is None:
        return Excerpt([(0, view.shortened(LONGEST)) for view in turn_views(None, marks, mask) if view.pieces])
    turns, before = [], 0
    for number in _chosen(marks, judged.verdict, len(call.turns)):
        view = turn_view(call, number, marks.get(number, ()), mask, whole=True).shortened(LONGEST)
        turns.append((number - before - 1, view))
        before = number
    return Excerpt(turns, len(call.turns) - before)


def _chosen(marks: dict[int, list[Mark]], verdict: Verdict, last: int) -> list[int]:
    """Turns of findings first, then those that speak for them; in a call that is only unsure, what was done."""
    wanted = sorted(marks, key=lambda turn: (all(mark.kind == "evidence" for mark in marks[turn]), turn))
    chosen: list[int] = []
    for turn in wanted or [act.turn for act in verdict.actions][:2] or [1, 2]:
        near = [n for n in range(turn - AROUND, turn + AROUND + 1) if 1 <= n <= last and n not in chosen]
        if len(chosen) + len(near) > MOST_TURNS:
            break
        chosen += near
    return sorted(chosen)
