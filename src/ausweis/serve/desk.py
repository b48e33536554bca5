"""What every page works with: the store, who signs in, and the request."""

from dataclasses import dataclass, field

from ausweis.serve.auth import Auth, Session
from ausweis.serve.kept_waves import KeptWaves
from ausweis.serve.lists import Lists
from ausweis.store import Store
from ausweis.views.words import Words

__all__ = ["Desk", "RequestContext"]


@dataclass
class Desk:
    """One server. `reviewer`: the name proposed at sign-in; `agents`: whether pseudonyms of agents are shown.

    `hosts`: names under which browsers may reach it; `port`: its own, part of the cookie's name, since cookies do not
    tell ports apart. `unmasked`: by session and call, what verdict and text said then, as another text stays masked;
    kept for as long as the server runs.
    """

    store: Store
    auth: Auth
    reviewer: str = ""
    agents: bool = False
    hosts: tuple[str, ...] = ()
    port: int = 8321
    secure: bool = False
    unmasked: dict[tuple[str, int], str] = field(default_factory=dict)
    waves: KeptWaves = field(default_factory=KeptWaves)
    lists: Lists = field(init=False)

    def __post_init__(self) -> None:
        self.lists = Lists(self.store)

    @property
    def cookie(self) -> str:
        """The name of the session's cookie."""
        return f"ausweis-{self.port}"


@dataclass(frozen=True)
class RequestContext:
    """One request of somebody who is signed in. `form` holds the last value of each field; `query` begins with `?`."""

    desk: Desk
    session: Session
    words: Words
    path: str
    query: str
    asked: dict[str, str]
    parts: dict[str, int]
    form: dict[str, str] = field(default_factory=dict)
    partial: bool = False

    @property
    def store(self) -> Store:
        """The store."""
        return self.desk.store
