"""The bytes of a file at its address; a download that breaks off goes on where it was."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ausweis.engines.weights.cache import CHUNK
from ausweis.errors import ModelError

if TYPE_CHECKING:
    import httpx

__all__ = ["download"]

TRIES = 5
"""Tries in a row that bring nothing, after which a download that had begun is given up."""
PAUSE = 2.0
"""Seconds before the first of them; each later one waits so much longer."""


def download(url: str) -> Iterator[bytes]:
    """The bytes of the file, in order. That they are the right ones, their hash tells whoever takes them.

    Raises:
        ModelError: the server refuses or cannot be reached, or the download broke off for good.
    """
    try:
        import httpx
    except ImportError as error:
        raise ModelError("httpx is missing: `pip install httpx`, and try again") from error
    done = tries = 0
    while True:
        try:
            for chunk in _from(url, done):
                done, tries = done + len(chunk), 0
                yield chunk
            return
        except httpx.HTTPError as error:
            tries += 1
            if not done or tries > TRIES:
                message = f"the download broke off ({type(error).__name__}): check the connection and try again"
                raise ModelError(message, place=url) from error
            time.sleep(PAUSE * tries)


def _from(url: str, done: int) -> Iterator[bytes]:
    """What comes after so many bytes."""
    import httpx

    # Compressed on the way, a file could not be gone on with: places are counted in what is sent.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={done}-"} if done else {})
    with _http_client() as client, client.stream("GET", url, headers=headers) as response:
        if response.status_code != (httpx.codes.PARTIAL_CONTENT if done else httpx.codes.OK):
            raise ModelError(f"the server answered {response.status_code}: try again later", place=url)
        yield from response.iter_bytes(CHUNK)


def _http_client() -> "httpx.Client":
    import httpx

    return httpx.Client(follow_redirects=True, timeout=60)
