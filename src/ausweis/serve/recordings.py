"""Recordings of a call: in parts, as WAV where a browser needs that, and their wave form."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from ausweis.audio.pcm import Pcm, can_decode, open_pcm
from ausweis.audio.wav import HEADER_BYTES, PlainPcm, Wav, header
from ausweis.audio.wave_form import Row, wave_form
from ausweis.errors import InputError
from ausweis.pages.findings import is_there
from ausweis.serve.desk import RequestContext
from ausweis.store import CallRecord


class WavResponse(Response):
    """Answers with all of it, or with the range of bytes that the request asks for."""

    media_type = "audio/wav"

    def __init__(self, pcm: Pcm) -> None:
        super().__init__()
        self._pcm = pcm
        self._size = HEADER_BYTES + 2 * pcm.channels * pcm.length

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        await self._answer(Headers(scope=scope).get("range", ""), scope["method"])(scope, receive, send)

    def _answer(self, asked: str, method: str) -> Response:
        headers = {"Accept-Ranges": "bytes", "Content-Disposition": "inline"}
        span = _span(asked, self._size)
        if span is None:
            return Response(status_code=416, headers=headers | {"Content-Range": f"bytes */{self._size}"})
        headers["Content-Length"] = str(len(span))
        if asked and len(span) < self._size:
            headers["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{self._size}"
        parts = self._parts(span) if method == "GET" else iter(())
        status = 206 if "Content-Range" in headers else 200
        return StreamingResponse(parts, status, headers, self.media_type)

    def _parts(self, span: range) -> Iterator[bytes]:
        left = len(span)
        for part in self._from(span.start):
            yield part[:left]
            left -= len(part)
            if left <= 0:
                return

    def _from(self, begin: int) -> Iterator[bytes]:
        if begin < HEADER_BYTES:
            yield header(self._pcm.channels, self._pcm.rate, self._pcm.length)[begin:]
        first, skip = divmod(max(0, begin - HEADER_BYTES), 2 * self._pcm.channels)
        for samples in self._pcm.read(first):
            yield samples.astype("<i2", copy=False).tobytes()[skip:]
            skip = 0


def _span(asked: str, size: int) -> range | None:
    """The bytes that a `Range` asks for, all where it asks for several ranges or none; None where there are none."""
    found = re.fullmatch(r"\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", asked, re.ASCII)
    if not found or not any(found.groups()):
        return range(size)
    first, last = found.groups()
    if not first:
        span = range(max(0, size - int(last)), size)
    else:
        span = range(int(first), min(int(last) + 1, size) if last else size)
    return span if span else None


WAV = "audio/wav"
_TYPES = {
    ".aac": "audio/aac",
    ".flac": "audio/flac",
    ".m4a": "audio/mp4",
    ".mp3": "audio/mpeg",
    ".mp4": "audio/mp4",
    ".oga": "audio/ogg",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".wav": WAV,
    ".webm": "audio/webm",
}
_DECODED = frozenset({".3gp", ".aif", ".aiff", ".amr", ".au", ".awb", ".caf", ".gsm", ".snd", ".wma"})
"""What no browser plays, or not each of them."""


def audio(context: RequestContext) -> Response:
    """A recording of the call. The path is the store's: none ever comes from an address.

    It goes out as it is where browsers play it, else as 16-bit WAV; `as=wav` asks for that, where a browser could not.
    """
    files = context.store.record(context.parts["key"]).audio
    path = files[context.parts["place"]] if context.parts["place"] < len(files) else Path()
    kind = media_type(path)
    if kind is None:
        raise HTTPException(404)
    if context.asked.get("as") == "wav" or _wants_decoding(path):
        try:
            return WavResponse(open_pcm(path))
        except InputError:
            if context.asked.get("as") == "wav" or path.suffix.lower() not in _TYPES:
                raise HTTPException(404) from None
    # No file name in the answer: names of recordings often hold numbers of customers.
    return FileResponse(path, media_type=kind, headers={"Content-Disposition": "inline"})


def media_type(path: Path) -> str | None:
    """What kind of recording it is, for a browser; None where it is none, or is not there any more."""
    extension = path.suffix.lower()
    kind = WAV if extension in _DECODED and can_decode() else _TYPES.get(extension)
    return kind if kind is not None and is_there(path) else None


def _wants_decoding(path: Path) -> bool:
    if path.suffix.lower() in _DECODED:
        return True
    wav = Wav.read(path) if path.suffix.lower() == ".wav" else None
    return wav is not None and not wav.plays and (PlainPcm.fits(wav) or can_decode())


def recordings(record: CallRecord) -> dict[str, Any]:
    """`audio`: the addresses that a browser may ask for; `gone`: whether a recording is not there any more."""
    own = [f"/calls/{record.row.key}/audio/{place}" for place, path in enumerate(record.audio) if media_type(path)]
    return {"audio": own, "gone": not all(map(is_there, record.audio))}


def wave(context: RequestContext) -> Response:
    """The rows of a call, none where nothing can be drawn; 503 where it must be asked for again later."""
    record = context.store.record(context.parts["key"])
    files = {place: path for place, path in enumerate(record.audio) if media_type(path)}
    if not files:
        raise HTTPException(404)
    turns = record.call.turns
    # Another text may have other turns, and with them other sides.
    key = (record.says, *(_state(place, path) for place, path in files.items()))

    def rows_of() -> list[Row]:
        readable = {}
        for place, path in files.items():
            with suppress(InputError):
                readable[place] = open_pcm(path)
        try:
            return wave_form(readable, turns)
        except (InputError, OSError):
            return []

    rows = context.desk.waves.get(key, rows_of)
    if rows is None:
        return Response(status_code=503, headers={"Retry-After": "3"})
    own = [{"place": row.file, "levels": list(row.levels), "gains": dict(row.gains)} for row in rows]
    return JSONResponse([asdict(row) | told for row, told in zip(rows, own, strict=True)])


def _state(place: int, path: Path) -> tuple[int, Path, int, int]:
    try:
        about = path.stat()
    except OSError:
        return place, path, 0, 0
    return place, path, about.st_mtime_ns, about.st_size
