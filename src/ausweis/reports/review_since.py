"""What is new since the day before the review: kinds that day had none of, objections, and what still waits."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from ausweis.store import CallFilter, DayCount, Objection, Store

__all__ = ["Since", "since"]


@dataclass(frozen=True)
class Since:
    """What is new. `kinds`: types of violation and kinds of incident that the day before had none of.

    `waiting`: calls to review of so many days before that nobody has decided on; `raised`, `ruled`: objections since.
    """

    day: date
    kinds: tuple[str, ...]
    waiting: int
    raised: int
    ruled: int


def since(
    store: Store, which: CallFilter, first: date, last: date, objections: Iterable[Objection], *, before: int
) -> Since:
    """What is new on these days, in the calls that are asked for; `before`: how far back calls may wait."""
    day = first - timedelta(days=1)
    now = _kinds(store.day_counts(first, last, filter=which, by=()))
    known = _kinds(store.day_counts(day, day, filter=which, by=()))
    earlier = replace(which, first=first - timedelta(days=before), last=day, to_review=True, states=("open",))
    made = list(objections)
    return Since(
        day=day,
        kinds=tuple(kind for kind in now if kind not in known),
        waiting=store.count(earlier),
        raised=sum(_day(one.at) >= last for one in made),
        ruled=sum(one.ruled_at is not None and _day(one.ruled_at) >= last for one in made),
    )


def _kinds(counts: Iterable[DayCount]) -> list[str]:
    """Types and kinds that were found and not rejected, or that people added."""
    numbers = [(subject.name, some) for count in counts for subject, some in count.numbers.items()]
    found = [name for name, some in numbers if name and some.reported + some.added > some.overruled]
    return list(dict.fromkeys(found))


def _day(at: str) -> date:
    """The day of a time in UTC, by this machine's clock."""
    return datetime.fromisoformat(at).astimezone().date()
