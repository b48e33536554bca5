"""The server in this process, until it is stopped; meanwhile calls are made searchable."""

import shlex
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import uvicorn

from ausweis.errors import StoreError
from ausweis.serve.app import create_app
from ausweis.serve.auth import Auth, SignOn
from ausweis.serve.desk import Desk
from ausweis.store import Key, Store

_AT_ONCE = 20
_PAUSE = 0.02
"""Seconds after so many calls, in which pages are answered."""


@contextmanager
def indexing(desk: Desk) -> Iterator[None]:
    """Index in a thread of its own, until all is done or this ends."""
    stopped = threading.Event()
    thread = threading.Thread(target=_index, args=(desk, stopped), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def _index(desk: Desk, stopped: threading.Event) -> None:
    # What others write meanwhile, or cannot be written at all, waits for the next start.
    with suppress(StoreError):
        for _ in desk.store.index(at_once=_AT_ONCE) if desk.store.unindexed() else ():
            if stopped.wait(_PAUSE):
                return


def run(
    address: str,
    listener: socket.socket,
    say: Callable[[str], None],
    *,
    hosts: tuple[str, ...],
    agents: bool = False,
    secure: bool = False,
    sign_on: SignOn | None = None,
) -> None:
    """Serve a store until Ctrl-C; `say` gets the address to open, `hosts` to `sign_on` are those of `Desk`.

    Raises:
        StoreError: the store cannot be opened.
    """
    with Store.open(address) as store:
        auth, port = Auth(kept=token_file(address)), listener.getsockname()[1]
        desk = Desk(store, auth, agents=agents, hosts=hosts, port=port, secure=secure, sign_on=sign_on)
        desk.lists.get()
        for line in _told(desk, address, listener.getsockname()[0]):
            say(line)
        with suppress(KeyboardInterrupt), indexing(desk):
            server(desk).run(sockets=[listener])


def token_file(address: str) -> Path:
    """Where the token of a store's server is kept: beside a SQLite file, else beside the key."""
    beside = Key.of(address).path if "://" in address else Path(address)
    return beside.with_name(f"{beside.name}.token")


def _told(desk: Desk, address: str, host: str) -> Iterator[str]:
    """What whoever runs the server is told first."""
    name = host if host not in ("0.0.0.0", "::") else desk.hosts[-1]  # noqa: S104
    plain = f"http://{f'[{name}]' if ':' in name else name}:{desk.port}"
    origin, sign_on = f"https://{desk.hosts[-1]}" if desk.secure else plain, desk.sign_on
    if sign_on is None:
        yield f"Open {origin}/signin?token={desk.auth.token}"
        kept = shlex.quote(str(token_file(address)))
        yield f"Whoever has this address can review, tomorrow too; for a new one: rm {kept}"
        yield "Stop with Ctrl-C."
        return
    proxies = ", ".join(map(str, sign_on.proxies))
    yield f"{origin} is open to whom {sign_on.header} names, from {proxies}. Stop with Ctrl-C."
    if not sign_on.secret and any(proxy.is_loopback for proxy in sign_on.proxies):
        yield "Every program on this machine can send that header too: keep them out with --proxy-secret FILE"
    if not any(reviewer.role == "lead" and not reviewer.withdrawn for reviewer in desk.store.reviewers()):
        yield "Nobody leads yet: ausweis store reviewers NAME invite --role lead --no-key"


def server(desk: Desk) -> uvicorn.Server:
    """The server of a desk. It keeps no log of requests: addresses hold what was searched for."""
    config = uvicorn.Config(
        create_app(desk),
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        timeout_graceful_shutdown=3,
    )
    return uvicorn.Server(config)
