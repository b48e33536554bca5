"""A server for tests: in this process without a socket, or on a port of its own for browsers."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.testclient import TestClient

from ausweis.serve import Auth, Desk, create_app
from ausweis.serve.running import server
from ausweis.store import Store

TOKEN = "a-token-for-tests"


def desk_of(store: Store, **more: object) -> Desk:
    """A desk with the token of the tests."""
    desk = Desk(store=store, auth=Auth(TOKEN))
    for name, value in more.items():
        setattr(desk, name, value)
    return desk


class Visitor:
    """A client that is signed in. `send` adds the CSRF token that forms carry."""

    def __init__(self, desk: Desk, name: str, key: str | None = TOKEN) -> None:
        """`key`: the terminal's token, or a reviewer's own key, which needs no name."""
        self.desk = desk
        self.http = TestClient(
            create_app(desk), base_url="http://127.0.0.1:8321", follow_redirects=False, raise_server_exceptions=False
        )
        self.http.headers["Accept-Language"] = "en"
        self.http.post("/signin", data={"token": key, "reviewer": name})
        session = desk.auth.session(self.http.cookies[desk.cookie])
        assert session is not None
        self.csrf = desk.auth.csrf_token(session)

    def page(self, address: str) -> str:
        """The text of a page that must be there."""
        answer = self.http.get(address)
        assert answer.status_code == 200, answer.status_code
        return answer.text

    def send(self, address: str, **fields: str) -> tuple[int, str]:
        """Send a form: the status, and where it leads or what it says."""
        answer = self.http.post(address, data={"csrf": self.csrf, **fields})
        return answer.status_code, answer.headers.get("location") or answer.text

    def decide(self, key: int, query: str = "", **fields: str) -> tuple[int, str]:
        """Send the form of a call: all findings hold, unless `fields` say something else."""
        record = self.desk.store.record(key)
        sent = {"choice": "done", "verdict_key": str(record.verdict_key), "says": record.says, **fields}
        return self.send(f"/calls/{key}/decisions{query}", **sent)


def visitor(store: Store, name: str = "Anna", **more: object) -> Visitor:
    """Somebody who is signed in at a desk of their own."""
    return Visitor(desk_of(store, **more), name)


@contextmanager
def served(desk: Desk) -> Iterator[str]:
    """The address of a running server."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        desk.port = listener.getsockname()[1]
        running = server(desk)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not running.started and thread.is_alive():
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{desk.port}"
        finally:
            running.should_exit = True
            thread.join(60)
