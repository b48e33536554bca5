"""What every page works with: the store, who signs in, and the request."""

import threading
from dataclasses import dataclass, field
from typing import NamedTuple

from ausweis.pages.words import Words
from ausweis.serve.auth import Auth, Session
from ausweis.serve.kept_waves import KeptWaves
from ausweis.serve.lists import Lists
from ausweis.serve.places import Places
from ausweis.serve.sign_on import SignOn
from ausweis.serve.throttle import Throttle
from ausweis.store import CallRecord, Entry, Store

__all__ = ["Desk", "Done", "RequestContext", "Searched"]


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
    decided last; and `seen`: by person, call and
    what it says, where a lead has seen the opinions of others before giving one. `searches`: unmasked ones, by session
    and name.
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
    seen: set[tuple[str, int, str]] = field(default_factory=set)
    places: Places = field(default_factory=Places)
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
