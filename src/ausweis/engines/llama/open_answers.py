"""Answers that take more than their question: all that are open go on together, one evaluation a step."""

from collections.abc import Mapping

from ausweis.engines.llama.answering import Answer, Answering, Logits, Step
from ausweis.engines.llama.shared_prefix import Trunk
from ausweis.engines.llama.token_tree import Run

__all__ = ["go_on"]


def go_on(trunk: Trunk, answering: Mapping[int, Answering]) -> dict[int, tuple[Answer, int]]:
    """For each branch its answer, and how many tokens were evaluated for it."""
    found: dict[int, tuple[Answer, int]] = {}
    counts = dict.fromkeys(answering, 0)
    known: dict[int, Logits | None] = dict.fromkeys(answering, None)
    while known:
        steps: dict[int, Step] = {}
        for branch, logits in known.items():
            try:
                # A generator that has not begun takes nothing but None.
                steps[branch] = next(answering[branch]) if logits is None else answering[branch].send(logits)
            except StopIteration as done:
                found[branch] = (done.value, counts[branch])
        ends = {branch: trunk.reach(branch) for branch, step in steps.items() if not step.keep}
        known = dict(trunk.grow([Run(step.tokens, (branch,), (branch,)) for branch, step in steps.items()]))
        for branch, step in steps.items():
            counts[branch] += len(step.tokens)
        for branch, end in ends.items():
            trunk.cut(branch, end)
    return found
