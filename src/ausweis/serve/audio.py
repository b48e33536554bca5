"""Recordings, in parts: a browser jumps to a second by asking for a range of bytes."""

import os
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response

from ausweis.serve.desk import RequestContext

__all__ = ["audio", "is_there", "media_type"]

_TYPES = {
    ".aac": "audio/aac",
    ".flac": "audio/flac",
    ".m4a": "audio/mp4",
    ".mp3": "audio/mpeg",
    ".mp4": "audio/mp4",
    ".oga": "audio/ogg",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".wav": "audio/wav",
    ".webm": "audio/webm",
}


def audio(context: RequestContext) -> Response:
    """A recording of the call. The path is the store's: none ever comes from an address."""
    files = context.store.record(context.parts["key"]).audio
    path = files[context.parts["place"]] if context.parts["place"] < len(files) else Path()
    kind = media_type(path)
    if kind is None:
        raise HTTPException(404)
    # No file name in the answer: names of recordings often hold numbers of customers.
    return FileResponse(path, media_type=kind, headers={"Content-Disposition": "inline"})


def media_type(path: Path) -> str | None:
    """What kind of recording it is, for a browser; None where it is none, or is not there any more."""
    return _TYPES.get(path.suffix.lower()) if is_there(path) else None


def is_there(path: Path) -> bool:
    """Whether there is a file that this process may read."""
    return os.access(path, os.R_OK) and path.is_file()
