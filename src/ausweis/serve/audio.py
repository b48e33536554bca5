"""Recordings, in parts: a browser jumps to a second by asking for a range of bytes."""

import os
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response

from ausweis.audio.pcm import can_decode, open_pcm
from ausweis.audio.wav import PlainPcm, Wav
from ausweis.errors import InputError
from ausweis.serve.desk import RequestContext
from ausweis.serve.wav_response import WavResponse

__all__ = ["audio", "is_there", "media_type"]

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

    Raises:
        HTTPException: there is no such recording, or not any more, or it cannot be decoded.
        StoreError: there is no such call any more.
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


def is_there(path: Path) -> bool:
    """Whether there is a file that this process may read."""
    return os.access(path, os.R_OK) and path.is_file()


def _wants_decoding(path: Path) -> bool:
    if path.suffix.lower() in _DECODED:
        return True
    wav = Wav.read(path) if path.suffix.lower() == ".wav" else None
    return wav is not None and not wav.plays and (PlainPcm.fits(wav) or can_decode())
