"""Calls as rows, and which of them a reader asks for."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import Any, Literal, NamedTuple

from ausweis.judging.harm import Found, named
from ausweis.pages.words import Words, clock, time_of
from ausweis.serve.desk import RequestContext
from ausweis.serve.question import ListQuery
from ausweis.serve.search import searched_of
from ausweis.store import CallFilter, CallRow, State
from ausweis.vocabulary import Severity


@dataclass(frozen=True)
class RowView:
    """A call as a row. `tone`: what gives it its colour; `meta`: where and when it was, in words.

    `found`: what happened, the gravest first, each with the turn in which it first did, in words; `quoted`: the turn
    of the gravest, and what was said there.
    `right`: what people say instead of that, in words. `state` is `decided`, and `right` empty, where others have
    decided and the reader has not: what they said is hidden until then. So is all that the verdict says, where the
    reader must hear the call first: then `risk` is None, as it is of a call with nothing but incidents.
    `held_by`: who else is at it; `hit`: where it says what was searched for, else what is quoted.
    """

    key: int
    call_id: str
    risk: float | None
    found: tuple[tuple[str, str], ...]
    meta: tuple[str, ...]
    tone: str
    severity: Severity | None
    sampled: bool
    unsure: bool
    state: State | Literal["decided"]
    quoted: tuple[int, str] | None = None
    assigned: str = ""
    right: str = ""
    held_by: str = ""
    hit: dict[str, Any] | None = None

    @property
    def what(self) -> str:
        """All that happened."""
        return ", ".join(name for name, _ in self.found)


class Around(NamedTuple):
    """The calls before and after this one in the queue that it was opened from."""

    before: int | None
    after: int | None


def around_of(context: RequestContext, key: int, question: ListQuery) -> Around:
    """The calls around one in this queue, without those that others are at."""
    return Around(*context.store.neighbours(key, filter_of(context, question, free=True), order=question.by))


def question_of(context: RequestContext) -> ListQuery:
    """What is asked for, without a team that is too small in these days and this queue to be told apart."""
    reviewer = context.session.reviewer
    question = replace(ListQuery.of(context.asked), names=(reviewer, *context.store.spellings(reviewer)))
    if not question.team:
        return question
    which = question.filter
    known = context.store.days() or (date.min, date.max)
    within = CallFilter(queues=which.queues, teams=which.teams)
    counts = context.store.day_counts(which.first or known[0], which.last or known[1], filter=within, by=("team",))
    told = any(count.team == question.team for count in counts)
    return question if told else replace(question, team="")


def filter_of(context: RequestContext, question: ListQuery, *, free: bool = False) -> CallFilter:
    """The filter for the store, for this reader; with `free`, without the calls that others are at."""
    which = question.filter
    if question.show == "again" and context.session.role != "lead":
        which = replace(which, undecided_by=question.names)
    if question.found:
        searched = searched_of(context, question)
        which = replace(which, keys=searched.keys if searched else ())
    return replace(which, besides=tuple(context.desk.leases.of_others(context.session))) if free else which


def row_views(context: RequestContext, rows: Sequence[CallRow]) -> list[RowView]:
    """Rows as the reviewer may see them."""
    reviewer = context.session.reviewer
    own = context.store.decided_by(reviewer, [row.key for row in rows if row.state != "open"])
    hidden = context.store.hidden(reviewer, [row.key for row in rows])
    found = context.store.found([row.key for row in rows if row.severity])
    views = [row_view(row, context.words, found.get(row.key, ()), agents=context.desk.agents) for row in rows]
    leases = context.desk.leases.of_others(context.session)
    views = [replace(view, held_by=leases[view.key].name) if view.key in leases else view for view in views]
    decided = [view.key for view in views if view.state != "open"]
    # What a session comes to is told when it is closed.
    secret = context.store.keys(CallFilter(keys=tuple(decided), calibrated=True)) if decided else []
    others = {key for key in decided if key not in own or key in secret}
    views = [replace(view, state="decided", right="") if view.key in others else view for view in views]
    # A row that tells nothing of the verdict.
    blind: dict[str, Any] = {
        "risk": None,
        "found": ((context.words.text("not_heard"), ""),),
        "tone": "",
        "severity": None,
        "quoted": None,
    }
    return [replace(view, **blind, unsure=False, right="") if view.key in hidden else view for view in views]


def row_view(row: CallRow, words: Words, found: Sequence[Found], *, agents: bool) -> RowView:
    """A row in words. `found`: what its verdict found."""
    (name, turn), *others = _found(row, words, found)
    return RowView(
        key=row.key,
        call_id=row.call_id,
        risk=row.shown_risk,
        found=((words.capital(name), turn), *others),
        meta=_place(row, words, agents=agents),
        tone="unsure" if row.needs_review else row.severity or row.outcome,
        severity=row.severity,
        sampled=row.sampled,
        unsure=row.needs_review,
        state=row.state,
        quoted=next((one.quoted for one in named(found).values()), None),
        assigned=row.assigned or "",
        right=words.right(row) if row.corrected else "",
    )


def meta_of(row: CallRow, words: Words, *, agents: bool) -> tuple[str, ...]:
    """Where and when a call was, and how long, in words."""
    return *_place(row, words, agents=agents), clock(row.seconds) or words.count("turns", row.turns)


def _place(row: CallRow, words: Words, *, agents: bool) -> tuple[str, ...]:
    moment = ", ".join(part for part in (words.day(row.day), time_of(row)) if part)
    return tuple(part for part in (moment, row.queue, row.team, row.agent if agents else None) if part)


def _found(row: CallRow, words: Words, found: Sequence[Found]) -> Iterator[tuple[str, str]]:
    """What happened, in how many turns, the gravest first, with its first turn; those of one turn together."""
    times = Counter(name for name, _ in {(one.name, one.turn) for one in found})
    by_turn = groupby(named(found).values(), key=lambda one: (one.turn, one.incident and one.name))
    for (turn, _), ones in by_turn:
        named_times = (
            words.word(one.name) + (f" ({times[one.name]} ×)" if times[one.name] > 1 else "") for one in ones
        )
        yield ", ".join(named_times), words.text("in_turn", turn=turn)
    if not found:
        yield words.word(row.outcome), ""
