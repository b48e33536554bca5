import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ausweis.engines import weights
from ausweis.engines.weights import local
from ausweis.errors import ModelError

CONTENT = bytes(range(256)) * 40


class Server(ThreadingHTTPServer):
    """Serves `CONTENT`, from another address than the one asked, and hangs up after so many bytes each time."""

    hangs_up_after: tuple[int, ...] = ()
    knows_ranges = True
    asked: list[str | None]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/model.bin"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        if self.path == "/model.bin":
            self.send_response(302)
            self.send_header("Location", "/stored")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if self.path != "/stored":
            self.send_error(404)
            return
        range_asked = self.headers.get("Range")
        self.server.asked.append(range_asked)
        assert self.headers["Accept-Encoding"] == "identity"
        first = int(range_asked.removeprefix("bytes=").removesuffix("-")) if range_asked else 0
        part = CONTENT[first:] if self.server.knows_ranges else CONTENT
        self.send_response(206 if range_asked and self.server.knows_ranges else 200)
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        tries = len(self.server.asked)
        limits = self.server.hangs_up_after
        self.wfile.write(part[: limits[tries - 1]] if tries <= len(limits) else part)
        self.close_connection = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing is printed."""

    def log_error(self, *args: object) -> None:
        """Nothing is printed."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(local, "CHUNK", 100)
    monkeypatch.setattr(local, "PAUSE", 0.0)
    with Server(("127.0.0.1", 0), Handler) as started:
        started.asked = []
        thread = threading.Thread(target=started.serve_forever)
        thread.start()
        yield started
        started.shutdown()
        thread.join()


CATALOGUE = f"""\
models:
  - id: tall
    title: Some bytes
    file: tall.gguf
    bytes: {len(CONTENT)}
    sha256: "{hashlib.sha256(CONTENT).hexdigest()}"
    licence: Apache-2.0
    chat_format: template
    context: 4096
    sources: [{{kind: hub, url: "https://models.example.com/tall.gguf"}}]
"""


@pytest.mark.usefixtures("cache")
def test_a_language_model_of_the_catalogue_is_pulled_whole_though_the_line_breaks(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "_addresses", lambda entry, files: [server.url])
    server.hangs_up_after = (3_000, 5_000)
    pulled = weights.pull("tall")
    assert (pulled.path.read_bytes(), pulled.sha256) == (CONTENT, hashlib.sha256(CONTENT).hexdigest())
    assert server.asked == [None, "bytes=3000-", "bytes=8000-"]
    assert weights.pull("tall") == pulled
    assert len(server.asked) == 3


def fetched(server: Server) -> bytes:
    return b"".join(local.download(server.url))


def test_file_comes_whole_from_where_the_server_sends_us(server: Server) -> None:
    assert fetched(server) == CONTENT
    assert server.asked == [None]


def test_download_that_breaks_off_goes_on_where_it_was(server: Server) -> None:
    server.hangs_up_after = (3_000, 5_000, 200)
    assert fetched(server) == CONTENT
    assert len(server.asked) == 4
    assert server.asked[1:3] == ["bytes=3000-", "bytes=8000-"]


def test_one_that_brings_nothing_any_more_is_given_up(server: Server) -> None:
    server.hangs_up_after = (3_000, *[0] * 20)
    with pytest.raises(ModelError, match=r"model.bin: the download broke off \(RemoteProtocolError\): check the conn"):
        fetched(server)
    assert len(server.asked) == 1 + local.TRIES


def test_one_that_never_began_is_not_tried_again(server: Server) -> None:
    server.hangs_up_after = (0, 0)
    with pytest.raises(ModelError, match="broke off"):
        fetched(server)
    assert len(server.asked) == 1


def test_server_that_begins_anew_is_not_believed(server: Server) -> None:
    server.hangs_up_after, server.knows_ranges = (3_000,), False
    with pytest.raises(ModelError, match="answered 200"):
        fetched(server)


def test_address_without_a_file(server: Server) -> None:
    with pytest.raises(ModelError, match="nothing: the server answered 404: try again later"):
        list(local.download(server.url.replace("model.bin", "nothing")))
