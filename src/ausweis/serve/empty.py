"""What is said where a queue is empty: what was done today, and where to go on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ausweis.serve.desk import RequestContext
from ausweis.serve.question import Question
from ausweis.serve.search import View
from ausweis.store import CallFilter

__all__ = ["EmptyView", "empty_view"]

_NO_CALLS = {"today": "no_calls_today", "yesterday": "no_calls_yesterday"}
_VIEWS = ("todo", "second", "settle", "sample")


@dataclass(frozen=True)
class EmptyView:
    """`done`: that nothing is left; `today`: what was done today; `onward`: name and address of other views."""

    done: str
    today: str = ""
    onward: Sequence[tuple[str, str]] = ()


def empty_view(context: RequestContext, question: Question, views: Sequence[View]) -> EmptyView | None:
    """What is said of days that have no calls, and of a view in which nothing is left; None where other calls are.

    That all is done is said of the whole of a view alone: not of a search, a filter or days. `views`: all.
    """
    words, (first, last) = context.words, question.days
    if (first or last) and not context.store.count(CallFilter(first=first, last=last)):
        return EmptyView(words.text(_NO_CALLS.get(question.period, "no_calls_then")))
    if question.show in ("decided", "all") or not question.is_whole or context.store.days() is None:
        return None
    onward = [
        (f"{words.text(f'view_{name}')} ({words.number(count)})", address)
        for name, address, count in views
        if count and name in _VIEWS and name != question.show
    ]
    if not onward:
        onward = [(words.text("empty_draw"), "/sample"), (words.text("figures"), "/figures")]
    is_drawn = question.show != "sample" or context.store.count(CallFilter(sampled=True))
    return EmptyView(words.text(f"empty_{question.show}" if is_drawn else "empty_undrawn"), _today(context), onward)


def _today(context: RequestContext) -> str:
    words, name = context.words, context.session.reviewer
    midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    own, every = context.store.decided_since(midnight, name)
    if not every:
        return ""
    if not own:
        return words.count("today_others", every)
    return words.count("today_own" if own == every else "today_all", own, every=words.number(every))
