"""From the PATH arguments of a user to checked calls, one at a time; one that cannot be read never stops the others."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence

from ausweis.calls.call import Call, RawCall, UnreadableCall
from ausweis.calls.checks import check
from ausweis.calls.formats import RawCalls, check_format, read_stream
from ausweis.calls.sources import Source, Sources, find_sources
from ausweis.calls.speakers import Speakers
from ausweis.errors import AusweisError, InputError, unforeseen
from ausweis.opening import require_file
from ausweis.vocabulary import Language

Hear = Callable[[Source], RawCall | UnreadableCall]
"""What makes a raw call of a recording."""


def read_calls(
    paths: Sequence[str | os.PathLike[str]] | Sources,
    *,
    speakers: Mapping[str, str] | None = None,
    language: Language = "de",
    format: str | None = None,  # noqa: A002 - the word of the option
    hear: Hear | None = None,
) -> Iterator[Call | UnreadableCall]:
    """Read every call below the paths, in order.

    `speakers` maps labels to agent, caller or unknown, besides the known ones; `language` holds for calls that do not
    say theirs; `format` (one of FORMATS, or one that a package adds) is taken for every file, instead of extension and
    content; `hear` listens to recordings, which are unreadable without it. Never more than `opening.LARGEST` is held.
    Ids are unique: the second call with an id is unreadable.

    Raises:
        InputError: at once, before anything is read: a path that does not exist, a folder without calls, an empty
            argument, an unknown format, a label mapped to no speaker.
    """
    forced = None if format is None else check_format(format)
    table = Speakers(speakers)
    sources = paths if isinstance(paths, Sources) else find_sources(paths, any_extension=forced is not None)
    return _read_all(sources, table, language, forced, hear)


def find_call(name: str) -> Call:
    """The first call of a file, or the one with this id as `FILE#ID`.

    Raises:
        InputError: there is no such file or call, or it cannot be read.
    """
    path, sign, wanted = name.rpartition("#")
    if not sign or os.path.exists(name):  # noqa: PTH110 - `Path.exists` raises where the name is too long
        path, wanted = name, ""
    ids: list[str] = []
    for found in read_calls([path]):
        identifier = found.id if isinstance(found, Call) else str(found.call_id)
        if wanted not in ("", identifier):
            ids.append(identifier)
        elif isinstance(found, Call):
            return found
        else:
            raise InputError(found.message, place=found.place)
    more = f" and {len(ids) - 5} more" if len(ids) > 5 else ""
    raise InputError(f"there is no call {wanted} here (there are: {', '.join(ids[:5])}{more})", place=path)


def _read_all(
    sources: Sources, speakers: Speakers, language: str, forced: str | None, hear: Hear | None
) -> Iterator[Call | UnreadableCall]:
    first_place: dict[str, str] = {}
    for source in sources.files:
        for place, call in _checked(source, speakers, language, forced, hear):
            if isinstance(call, Call):
                if call.id in first_place:
                    message = f"another call with this id was read from {first_place[call.id]}; ids must be unique"
                    yield UnreadableCall(place, call.id, message, "duplicate")
                    continue
                first_place[call.id] = place
            yield call


def _checked(
    source: Source, speakers: Speakers, language: str, forced: str | None, hear: Hear | None
) -> Iterator[tuple[str, Call | UnreadableCall]]:
    """The calls of one file, each with its place. Whatever goes wrong, the files after it are read."""
    heard = source.is_recording and forced is None
    try:
        for raw in _listen(source, hear) if heard else _read_source(source, speakers, forced):
            yield raw.place, _check(raw, speakers, language) if isinstance(raw, RawCall) else raw
    except AusweisError:
        # Nothing can be heard any more.
        raise
    except OSError as error:
        unlisted = "it is a folder whose list cannot be read"
        why = unlisted if isinstance(error, IsADirectoryError) else error.strerror or "I/O error"
        message = f"the file cannot be read ({why}); mend that, or leave it out"
        yield source.place, UnreadableCall(source.place, source.default_id if heard else None, message, "file")
    except Exception as error:
        message = f"{unforeseen(error)}; what follows in this file is left out"
        yield source.place, UnreadableCall(source.place, None, message, "internal")


def _check(raw: RawCall, speakers: Speakers, language: str) -> Call | UnreadableCall:
    try:
        return check(raw, speakers, language)
    except Exception as error:
        return UnreadableCall.of(error, raw.place)


def _listen(source: Source, hear: Hear | None) -> RawCalls:
    for path in source.files:
        require_file(path)
    if hear is None:
        message = "this is a recording: make a transcript of it first, with `ausweis transcribe`"
        yield UnreadableCall(source.place, source.default_id, message, "format")
    else:
        yield hear(source)


def _read_source(source: Source, speakers: Speakers, forced: str | None) -> RawCalls:
    count = 0
    try:
        with source.open() as stream:
            calls = read_stream(stream, source.place, source.extension, source.default_id, speakers, forced)
            for count, raw in enumerate(calls, start=1):  # noqa: B007
                yield raw
        if not count:
            yield UnreadableCall(source.place, None, "the file holds no calls", "empty")
    except AusweisError as error:
        yield UnreadableCall.of(error, source.place, call_id=None)
