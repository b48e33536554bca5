"""The wave form of a call's recordings, as JSON that a script draws: made when it is asked for, not with the page."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from ausweis.audio.pcm import Pcm, open_pcm
from ausweis.audio.wave_form import Row, wave_form
from ausweis.calls.call import Turn
from ausweis.errors import InputError
from ausweis.serve.audio import media_type
from ausweis.serve.desk import RequestContext

__all__ = ["wave"]


def wave(context: RequestContext) -> Response:
    """The rows of a call, none where nothing can be drawn; 503 where it must be asked for again later.

    Raises:
        HTTPException: the call has no recording that is there.
        StoreError: there is no such call any more.
    """
    record = context.store.record(context.parts["key"])
    files = {place: path for place, path in enumerate(record.audio) if media_type(path)}
    if not files:
        raise HTTPException(404)
    turns = record.call.turns if record.call else ()
    # Another text may have other turns, and with them other sides.
    key = (record.says, *(_state(place, path) for place, path in files.items()))
    rows = context.desk.waves.get(key, lambda: _rows(files, turns))
    if rows is None:
        return Response(status_code=503, headers={"Retry-After": "3"})
    return JSONResponse([_told(row) for row in rows])


def _rows(files: dict[int, Path], turns: Sequence[Turn]) -> list[Row]:
    readable = dict(_readable(files))
    try:
        return wave_form(readable, turns)
    except (InputError, OSError):
        return []


def _readable(files: dict[int, Path]) -> Iterator[tuple[int, Pcm]]:
    for place, path in files.items():
        with suppress(InputError):
            yield place, open_pcm(path)


def _state(place: int, path: Path) -> tuple[int, Path, int, int]:
    try:
        about = path.stat()
    except OSError:
        return place, path, 0, 0
    return place, path, about.st_mtime_ns, about.st_size


def _told(row: Row) -> dict[str, object]:
    return {
        "place": row.file,
        "channel": row.channel,
        "side": row.side,
        "seconds": row.seconds,
        "levels": list(row.levels),
        "gain": row.gain,
        "gains": dict(row.gains),
    }
