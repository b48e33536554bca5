"""What is said where a queue is empty: what was done today, and where to go on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ausweis.serve.desk import RequestContext
from ausweis.serve.question import Question
from ausweis.store import CallFilter

__all__ = ["EmptyView", "empty_view"]

_VIEWS = ("todo", "second", "settle", "sample")


@dataclass(frozen=True)
class EmptyView:
    """`done`: that nothing is left; `today`: what was done today; `onward`: name and address of other views."""

    done: str
    today: str
    onward: Sequence[tuple[str, str]]


def empty_view(
    context: RequestContext, question: Question, views: Sequence[tuple[str, str, int | None]]
) -> EmptyView | None:
    """What is said of a view in which nothing is left; None where it is empty by what was asked, or has no calls.

    `views`: name, address and number of calls of all.
    """
    words = context.words
    if question.show in ("decided", "all") or question.q or question.narrowed or context.store.days() is None:
        return None
    onward = [
        (f"{words.text(f'view_{name}')} ({words.number(count)})", address)
        for name, address, count in views
        if count and name in _VIEWS and name != question.show
    ]
    if not onward:
        onward = [(words.text("empty_draw"), "/sample"), (words.text("figures"), "/figures")]
    # Before any was drawn, no sample is decided.
    is_drawn = question.show != "sample" or context.store.count(CallFilter(sampled=True))
    done = words.text(f"empty_{question.show}" if is_drawn else "sample_none")
    return EmptyView(done, _today(context), onward)


def _today(context: RequestContext) -> str:
    words, name = context.words, context.session.reviewer
    midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    own, every = context.store.decided_since(midnight, name)
    if not every:
        return ""
    if not own:
        return words.count("today_others", every)
    return words.count("today_own" if own == every else "today_all", own, every=words.number(every))
