"""What a reviewer asks of the queue: read from an address, told to the store, written into the next address."""

from calendar import MONDAY
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from datetime import date, timedelta
from typing import Any, Literal, get_args
from urllib.parse import urlencode

from ausweis.serve.web import date_of, number_of
from ausweis.store import CallFilter, Cursor, Finding, Order, State
from ausweis.vocabulary import OUTCOMES, VIOLATIONS

Period = Literal["today", "yesterday", "this_week", "last_week", "last_30"]
PERIODS: tuple[Period, ...] = get_args(Period)


def days_of(period: Period, today: date) -> tuple[date, date]:
    """The first and the last day of it. Weeks begin on Monday; `last_30`: thirty days up to today."""
    monday = today - timedelta(days=(today.weekday() - MONDAY) % 7)
    match period:
        case "today":
            return today, today
        case "yesterday":
            return today - timedelta(days=1), today - timedelta(days=1)
        case "this_week":
            return monday, today
        case "last_week":
            return monday - timedelta(days=7), monday - timedelta(days=1)
        case "last_30":
            return today - timedelta(days=29), today


Shown = Literal["todo", "again", "decided", "all", "sample"]
"""todo: to review and not decided; again: not sure or disputed, for those who have not decided and for leads; sample:
drawn by chance and not heard."""
SHOWN: tuple[Shown, ...] = get_args(Shown)
STATES: tuple[State, ...] = get_args(State)
FINDINGS: tuple[Finding, ...] = get_args(Finding)
ANY = "*"
"""Any incident."""
_ORDERS: tuple[Order, ...] = ("risk", "time")
"""Those that are chosen; without a choice, the worst come first."""
_VALUES: dict[Order, Callable[[str], float | str]] = {
    "weight": lambda text: int(text[:15]),
    "risk": float,
    "time": str,
    "chance": lambda text: int(text[:15]),
}
"""How the place where a page begins is read; of a number no more than a database holds."""
_STATES_OF: dict[Shown, tuple[State, ...]] = {
    "todo": ("open",),
    "again": ("not_sure", "disputed"),
    "sample": ("open", "not_sure", "disputed"),
    "decided": ("confirmed", "overruled"),
    "all": (),
}
SEVERAL = ("queue",)
"""Fields that take several values, a line each."""
_OF_VERDICT = ("outcome", "violation", "incident", "state", "finding", "looked")
"""Fields about what a verdict says, or people say of it: nothing that is asked of the sample."""
MAX_TEXT = 200
MAX_LINES = 2000


@dataclass(frozen=True)
class ListQuery:
    """The fields of the filter form, each a text; empty where nothing is asked. Unknown values ask nothing.

    `looked`: whether incidents were looked for, `yes` or `no`, or the kind that was. `assigned`: `mine`, or `nobody`.
    `found`: the name of an unmasked search, among whose calls the question is asked. Where anything is searched for,
    it is in all calls, unless `show` is asked for too.
    """

    show: str = "todo"
    q: str = ""
    found: str = ""
    order: str = ""
    period: str = ""
    first: str = ""
    last: str = ""
    outcome: str = ""
    violation: str = ""
    incident: str = ""
    queue: str = ""
    team: str = ""
    state: str = ""
    finding: str = ""
    looked: str = ""
    assigned: str = ""
    names: tuple[str, ...] = field(default=(), metadata={"own": True})
    """Those of who asks; in no address."""

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> "ListQuery":
        """The question in an address."""
        allowed: dict[str, tuple[str, ...]] = {
            "show": SHOWN,
            "order": _ORDERS,
            "period": PERIODS,
            "outcome": OUTCOMES,
            "violation": tuple(VIOLATIONS),
            "state": STATES,
            "finding": FINDINGS,
            "assigned": ("mine", "nobody"),
        }
        said: dict[str, Any] = {}
        for one in _asked():
            value = asked.get(one.name, "").replace("\0", "").strip()[: MAX_LINES if one.name in SEVERAL else MAX_TEXT]
            known = value in allowed[one.name] if one.name in allowed else True
            if one.name in ("first", "last"):
                known = date_of(value) is not None
            if value and known:
                said[one.name] = value
        if "first" in said or "last" in said:
            said.pop("period", None)
        if "q" in said or "found" in said:
            said.setdefault("show", "all")
        return cls(**said)

    @property
    def queues(self) -> tuple[str, ...]:
        """The names in the field `queue`."""
        return tuple(line for line in self.queue.splitlines() if line)

    @property
    def days(self) -> tuple[date | None, date | None]:
        """The first and the last day that are asked for; None where no day bounds them."""
        period = next((period for period in PERIODS if period == self.period), None)
        return days_of(period, date.today()) if period else (date_of(self.first), date_of(self.last))

    @property
    def by(self) -> Order:
        """The order for the store; a sample that is decided in part is still one by chance."""
        chosen = next((order for order in _ORDERS if order == self.order), None)
        if self.show == "sample" and chosen != "time":
            return "chance"
        return chosen or "weight"

    @property
    def narrowed(self) -> int:
        """How many of the fields that may be folded away are set."""
        names = ("order", "first", "last", "queue", "team", "assigned", *(() if self.show == "sample" else _OF_VERDICT))
        return sum(bool(getattr(self, name)) for name in names)

    @property
    def is_every(self) -> bool:
        """Whether it is asked among all calls, whatever their verdicts say."""
        is_of_verdict = any(getattr(self, name) for name in _OF_VERDICT)
        return bool(self.q or self.found) or (self.show == "all" and not is_of_verdict)

    @property
    def is_whole(self) -> bool:
        """Whether all calls of the view are asked for."""
        return all(name in ("show", "order") for name, _ in self.said)

    @property
    def filter(self) -> CallFilter:
        """The filter for the store: of no call whose verdict the one who asks must not see yet, but for the sample."""
        shown: Shown = next(show for show in SHOWN if show == self.show)
        asked: dict[str, Any] = {
            "first": self.days[0],
            "last": self.days[1],
            "queues": self.queues,
            "teams": (self.team,) if self.team else (),
            "text": self.q or None,
            "read_by": self.names if self.q else (),
            "assigned_to": {"mine": self.names, "nobody": ("",)}.get(self.assigned, ()),
        }
        if shown == "sample":
            # What a verdict says is not asked for: it would be told so.
            return CallFilter(**asked, unheard_by=self.names)
        state = tuple(state for state in STATES if state == self.state)
        return CallFilter(
            **asked,
            outcomes=tuple(outcome for outcome in OUTCOMES if outcome == self.outcome),
            violations=tuple(violation for violation in VIOLATIONS if violation == self.violation),
            incidents=(self.incident,) if self.incident not in ("", ANY) else (),
            any_incident=self.incident == ANY,
            finding=next((finding for finding in FINDINGS if finding == self.finding), None),
            looked_for={"": None, "yes": True, "no": False}.get(self.looked, self.looked),
            states=state or _STATES_OF[shown],
            to_review=True if shown == "todo" else None,
            seen_by=self.names,
            # That people differ in a calibration session is told when it is closed.
            calibrated=False if shown == "again" else None,
        )

    def waits(self, state: State) -> bool:
        """Whether a call of that state is in this view to be decided, not only to be looked at."""
        return self.show not in ("decided", "all") and state in (self.filter.states or _STATES_OF["sample"])

    def shown(self, show: Shown) -> "ListQuery":
        """The same, of other calls."""
        return replace(self, show=show, state="")

    @property
    def said(self) -> list[tuple[str, str]]:
        """The fields in which something is asked, by name."""
        usual = {"show": "all"} if self.q or self.found else {}
        values = ((one, getattr(self, one.name)) for one in _asked())
        return [(one.name, value) for one, value in values if value != usual.get(one.name, one.default)]

    def query(self, after: Cursor | None = None) -> str:
        """As the part of an address that begins with `?`; empty where nothing is asked. `after`: the next page."""
        said = dict(self.said)
        if after is not None:
            said |= {"after": str(after.value), "key": str(after.key)} | ({"at": after.at} if after.at else {})
        return f"?{urlencode(said)}" if said else ""

    def cursor(self, asked: Mapping[str, str]) -> Cursor | None:
        """Where the page that is asked for begins."""
        value, key = asked.get("after", ""), number_of(asked.get("key", ""))
        if not value or key is None:
            return None
        try:
            return Cursor(_VALUES[self.by](value), key, asked.get("at", "").replace("\0", "")[:MAX_TEXT])
        except ValueError:
            return None


def _asked() -> list[Field[Any]]:
    """The fields that stand in an address."""
    return [one for one in fields(ListQuery) if "own" not in one.metadata]
