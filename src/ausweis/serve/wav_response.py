"""A recording that is decoded while it is sent: a WAV file that is nowhere, of which any range can be asked for."""

import re
from collections.abc import Iterator

from starlette.datastructures import Headers
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from ausweis.audio.pcm import Pcm
from ausweis.audio.wav import HEADER_BYTES, header

__all__ = ["WavResponse"]


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
