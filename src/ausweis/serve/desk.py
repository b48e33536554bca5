"""What every page works with: the store, the session, the request, and what is kept in memory."""

import itertools
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from starlette.exceptions import HTTPException

from ausweis.audio.wave_form import Row
from ausweis.errors import StoreError
from ausweis.pages.words import Words
from ausweis.serve.auth import Auth, Session, SignOn, Throttle
from ausweis.store import CallRecord, Entry, Objection, Store, person_of

FRESH = 60.0
"""Seconds for which lists are good; older ones are shown once more, while new ones are made."""


class Named(NamedTuple):
    """All names, each list in order. `teams`: those large enough to be told apart."""

    queues: Sequence[str]
    teams: Sequence[str]
    incidents: Sequence[str]


class Lists:
    """The names in a store, for several threads."""

    def __init__(self, store: Store, now: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._now = now
        self._lock = threading.Lock()
        self._named: Named | None = None
        self._made = 0.0

    def get(self) -> Named:
        """The names; only the very first call waits for them."""
        named = self._named
        if named is None:
            with self._lock:
                return self._named or self._make()
        if self._now() - self._made > FRESH and self._lock.acquire(blocking=False):
            threading.Thread(target=self._make_again, daemon=True).start()
        return named

    def _make_again(self) -> None:
        try:
            self._make()
        finally:
            self._lock.release()

    def _make(self) -> Named:
        days = self._store.days()
        counts = self._store.day_counts(*days, by=()) if days else []
        kinds = sorted({kind for count in counts for kind in count.incidents})
        self._named = Named(self._store.queues(), self._store.teams(), kinds)
        self._made = self._now()
        return self._named


KEPT = 256
"""Calls. Each takes 2 KB."""
WAITING = 4
"""Requests that wait for their turn to read recordings: more would leave no threads for pages."""


class KeptWaves:
    """Those that were asked for last. One call at a time is read, so that pages do not wait for processors."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, list[Row]] = OrderedDict()
        self._reading = threading.Lock()
        self._waiting = threading.BoundedSemaphore(WAITING)

    def get(self, key: Hashable, make: Callable[[], list[Row]]) -> list[Row] | None:
        """What is kept under the key, or what `make` makes; None where too many wait for that already."""
        found = self._kept.get(key)
        if found is not None:
            # Somebody else's may have pushed it out meanwhile.
            with suppress(KeyError):
                self._kept.move_to_end(key)
            return found
        if not self._waiting.acquire(blocking=False):
            return None
        try:
            with self._reading:
                # Somebody else may have asked for it meanwhile.
                found = self._kept.pop(key, None)
                rows = self._kept[key] = make() if found is None else found
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
                return rows
        finally:
            self._waiting.release()


MINUTES = 10
"""For which a call is kept after the last sign of whoever opened it."""


@dataclass(frozen=True)
class Lease:
    """Somebody at a call. `since` and `until`: seconds of the clock; `stamp`: which opening of its page it was."""

    session: str
    name: str
    since: float
    until: float
    stamp: int


class Leases:
    """The calls that somebody is at, for several threads; each session is at one. A restart frees all."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._stamps = itertools.count(1)
        self._leases: dict[int, Lease] = {}

    def open(self, key: int, session: Session) -> Lease:
        """Be at a call, if nobody else is: who is at it then. The call where this session was before is free."""
        with self._lock:
            here = self._at(key)
            if here is not None and not _is_same(here, session):
                return here
            return self._take(key, session, here)

    def take_over(self, key: int, session: Session) -> Lease:
        """Be at a call, whoever else is."""
        with self._lock:
            return self._take(key, session, None)

    def stay(self, key: int, session: Session, stamp: int) -> bool:
        """Say that one is still there, or back; whether the call is still one's own."""
        with self._lock:
            here = self._at(key)
            if here is not None and not _is_same(here, session):
                return False
            # A page that another of the same session has replaced keeps nothing any more.
            if here is None or here.stamp == stamp:
                since = self._now() if here is None else here.since
                self._leases[key] = Lease(session.id, session.reviewer, since, self._now() + MINUTES * 60, stamp)
            return True

    def leave(self, key: int, session: Session, stamp: int | None = None) -> None:
        """Free a call that this session is at; with `stamp`, only if no later page of it was opened."""
        with self._lock:
            here = self._leases.get(key)
            if here is not None and here.session == session.id and stamp in (None, here.stamp):
                del self._leases[key]

    def leave_all(self, session: Session) -> None:
        """Free what this session is at."""
        with self._lock:
            self._free(session)

    def of_others(self, session: Session) -> dict[int, Lease]:
        """The calls that other persons are at."""
        with self._lock:
            for key in list(self._leases):
                self._at(key)
            return {key: lease for key, lease in self._leases.items() if not _is_same(lease, session)}

    def minutes(self, lease: Lease) -> int:
        """For how long somebody has been there."""
        return int((self._now() - lease.since) // 60)

    def _at(self, key: int) -> Lease | None:
        here = self._leases.get(key)
        if here is not None and here.until <= self._now():
            del self._leases[key]
            return None
        return here

    def _take(self, key: int, session: Session, here: Lease | None) -> Lease:
        self._free(session)
        now = self._now()
        since, until = here.since if here else now, now + MINUTES * 60
        self._leases[key] = Lease(session.id, session.reviewer, since, until, next(self._stamps))
        return self._leases[key]

    def _free(self, session: Session) -> None:
        self._leases = {key: lease for key, lease in self._leases.items() if lease.session != session.id}


def _is_same(lease: Lease, session: Session) -> bool:
    return person_of(lease.name) == person_of(session.reviewer)


class Searched(NamedTuple):
    """An unmasked search: its words, and the keys of what it found."""

    words: str
    keys: tuple[int, ...]


class Done(NamedTuple):
    """What a session decided last; `once`: the mark of the form that said so, where it had one."""

    call_key: int
    decision_key: int
    choice: Entry
    once: str = ""


@dataclass
class Desk:
    """One server. `reviewer`: the name proposed at sign-in; `agents`: whether pseudonyms of agents are shown.

    `hosts`: names under which browsers may reach it; `port`: its own, part of the cookie's name, since cookies do not
    tell ports apart. `sign_on`: the company's, in the place of keys. `unmasked`: by session and call, what verdict and
    text said then, as another text stays masked; kept for as long as the server runs, like `done`: by session, what it
    decided last. `searches`: unmasked ones, by session and name.
    """

    store: Store
    auth: Auth
    reviewer: str = ""
    agents: bool = False
    hosts: tuple[str, ...] = ()
    port: int = 8321
    secure: bool = False
    sign_on: SignOn | None = None
    unmasked: dict[tuple[str, int], str] = field(default_factory=dict)
    waves: KeptWaves = field(default_factory=KeptWaves)
    done: dict[str, Done] = field(default_factory=dict)
    deciding: threading.Lock = field(default_factory=threading.Lock)
    searches: dict[tuple[str, str], Searched] = field(default_factory=dict)
    leases: Leases = field(default_factory=Leases)
    lists: Lists = field(init=False)
    throttle: Throttle = field(default_factory=Throttle)

    def __post_init__(self) -> None:
        self.lists = Lists(self.store)

    @property
    def cookie(self) -> str:
        """The name of the session's cookie."""
        return f"ausweis-{self.port}"

    def shows(self, session: Session, record: CallRecord) -> bool:
        """Whether a call is shown unmasked in a session, as it was asked for."""
        return self.unmasked.get((session.id, record.row.key)) == record.says


@dataclass(frozen=True)
class RequestContext:
    """One request of somebody who is signed in. `form` holds the last value of each field; `query` begins with `?`.

    `origin`: what addresses of pages begin with, as the browser has it.
    """

    desk: Desk
    session: Session
    words: Words
    path: str
    query: str
    asked: dict[str, str]
    parts: dict[str, int]
    form: dict[str, str] = field(default_factory=dict)
    partial: bool = False
    origin: str = ""

    @property
    def store(self) -> Store:
        """The store."""
        return self.desk.store

    @cached_property
    def open_objections(self) -> list[Objection]:
        """Those that wait for a lead, of calls that are not hidden; the menu says how many."""
        if self.session.role != "lead":
            return []
        # Of a store that cannot be read the page itself tells.
        with suppress(StoreError):
            known = self.store.objections(open_only=True)
            hidden = self.store.hidden(self.session.reviewer, [one.call.key for one in known]) if known else ()
            return [one for one in known if one.call.key not in hidden]
        return []


LEAD_ONLY = "lead_only"
"""The detail of the refusal, and the key of its sentence."""


def require_lead(context: RequestContext) -> None:
    """Let only leads through; for the beginning of a page or form. Templates ask `session.role == "lead"`."""
    if context.session.role != "lead":
        raise HTTPException(403, LEAD_ONLY)
