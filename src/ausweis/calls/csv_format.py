"""CSV with a header: `speaker` and `text`, and where known `start`, `end` and `call_id`; a turn a row.

Read are comma, semicolon (as German Excel writes), tab and bar as delimiters, told by the header; quotes as in
RFC 4180; a byte order mark; Excel's first line `sep=;`; times in seconds, with point or comma, or as a clock. German
column names work too.

With `call_id`, rows of one call stand together, and a file may hold many; `language`, `agent`, `team`, `queue`,
`started_at` and `direction` of a call are taken from its first row. Other columns are passed over.
Calls wait while `AHEAD` is read, so that one whose rows stand apart is refused rather than judged by some of them.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ausweis.calls.call import RawCall, UnreadableCall, raw_turn
from ausweis.calls.text import clean, decode_lines, seconds
from ausweis.errors import CallFormatError, EncodingError, InputError
from ausweis.opening import LARGEST, TOO_LARGE

_NAMES = {
    "speaker": ("speaker", "sprecher", "sprecherin", "role", "rolle"),
    "text": ("text", "transcript", "transkript", "utterance", "content"),
    "start": ("start", "start_time", "beginn", "von"),
    "end": ("end", "end_time", "ende", "bis"),
    "call_id": ("call_id", "callid", "anruf_id", "gespräch_id", "gespraech_id", "conversation_id"),
}
_OF_CALL = ("language", "agent", "team", "queue", "started_at", "direction")
_COLUMNS = {alias: name for name, aliases in _NAMES.items() for alias in aliases} | {name: name for name in _OF_CALL}
_DELIMITERS = ",;\t|"
AHEAD = 1 << 20
"""Characters of calls that wait."""

Row = tuple[int, dict[str, str] | CallFormatError]


def looks_like_csv(head: str) -> bool:
    """Whether the first line (or the one after `sep=`) is a header with speaker and text."""
    lines = head.lstrip("\ufeff").split("\n")
    line = lines[1] if lines[0].lower().startswith("sep=") and len(lines) > 1 else lines[0]
    return {"speaker", "text"} <= set(_header(line, _delimiter(line)))


def read(lines: Iterable[bytes], place: str, default_id: str) -> Iterator[RawCall | UnreadableCall]:
    """The calls of one file, in its order. A row that cannot be read makes its call unreadable, and no other.

    Raises:
        CallFormatError: the header lacks speaker or text; quotes do not close, or one call is larger than LARGEST: then
            the rest cannot be read.
        EncodingError: a byte is not UTF-8; it names the line and the byte.
    """
    current: str | None = None
    waiting: dict[str, list[list[Row]]] = {}
    sizes = Counter[str]()
    ahead = 0
    many = False
    held = _Held()
    try:
        for number, row, has_ids in _rows(_text(lines, place, held), place):
            many = has_ids
            call_id = row.get("call_id", "") if isinstance(row, dict) else current or ""
            if call_id != current:
                waiting.setdefault(call_id, []).append([])
                while ahead > AHEAD and (first := next(iter(waiting))) != call_id:
                    yield _call(waiting.pop(first), first, place, default_id, many)
                    ahead -= sizes.pop(first)
                held.size = 0
            current = call_id
            waiting[call_id][-1].append((number, row))
            sizes[call_id] += (size := sum(map(len, row.values())) if isinstance(row, dict) else 0)
            ahead += size
    except InputError:
        # The last call is cut off, those before it are whole.
        waiting.pop(current or "", None)
        yield from (_call(runs, call_id, place, default_id, many) for call_id, runs in waiting.items())
        raise
    if current is None:
        yield UnreadableCall(place, None, "the table has a header but no rows", "empty")
    yield from (_call(runs, call_id, place, default_id, many) for call_id, runs in waiting.items())


@dataclass
class _Held:
    """How many characters were read since the last call was done with."""

    size: int = 0


def _text(lines: Iterable[bytes], place: str, held: _Held) -> Iterator[str]:
    for number, line in decode_lines(lines, place):
        if isinstance(line, EncodingError):
            raise line
        held.size += len(line)
        if held.size > LARGEST:
            raise CallFormatError(TOO_LARGE, place=f"{place}:{number}")
        # The null byte goes before the csv module sees it, which would refuse the file.
        yield line.replace("\0", "")


def _delimiter(line: str) -> str:
    return max(_DELIMITERS, key=line.count)


def _header(line: str, delimiter: str) -> list[str]:
    return [_COLUMNS.get(cell.strip().strip('"').strip().casefold(), "") for cell in clean(line).split(delimiter)]


def _rows(lines: Iterator[str], place: str) -> Iterator[tuple[int, dict[str, str] | CallFormatError, bool]]:
    """Number of the line where a row begins, its known cells, and whether there is a column for ids."""
    header, skipped = next(lines, ""), 0
    delimiter = _delimiter(header)
    if header.lower().startswith("sep="):
        delimiter = header.strip()[4:5] or ";"
        header, skipped = next(lines, ""), 1
    if delimiter in '"\r\n ':
        raise CallFormatError("the sign after sep= cannot part cells; take one of , ; | or a tab", place=f"{place}:1")
    names = _header(header.rstrip("\r\n"), delimiter)
    for wanted in ("speaker", "text"):
        if names.count(wanted) != 1:
            raise CallFormatError(
                f"the header must name the column '{wanted}' once; wanted are speaker, text, and where known "
                "start, end, call_id",
                place=f"{place}:{skipped + 1}",
            )
    csv.field_size_limit(max(csv.field_size_limit(), LARGEST))
    table = csv.reader(lines, delimiter=delimiter, strict=True)
    begin = skipped + 2
    while True:
        try:
            cells = next(table)
        except StopIteration:
            return
        except csv.Error:
            raise CallFormatError(
                "from here on the quotes do not fit; a quote inside of a cell must be doubled", place=f"{place}:{begin}"
            ) from None
        if any(cell.strip() for cell in cells):
            yield begin, _row(cells, names, f"{place}:{begin}"), "call_id" in names
        begin = table.line_num + skipped + 2


def _row(cells: list[str], names: list[str], place: str) -> dict[str, str] | CallFormatError:
    if len(cells) != len(names):
        return CallFormatError(
            f"the row has {len(cells)} cells, the header {len(names)}; put quotes around text with the delimiter in it",
            place=place,
        )
    return {name: clean(cell) for name, cell in zip(names, cells, strict=True) if name}


def _call(runs: list[list[Row]], call_id: str, place: str, default_id: str, many: bool) -> RawCall | UnreadableCall:
    """`runs`: its rows, in one list what stands together."""
    rows, *others = runs
    where = f"{place}:{rows[0][0]}" if many else place
    if others:
        message = (
            f"rows of this call stand apart: more of them begin in line {others[0][0][0]}; sort the rows by call_id"
        )
        return UnreadableCall(where, call_id or None, message, "format")
    turns: list[dict[str, Any]] = []
    lines: list[int] = []
    first: dict[str, str] = {}
    for number, row in rows:
        if isinstance(row, CallFormatError):
            return UnreadableCall.of(row, where, call_id=call_id or None)
        first = first or row
        try:
            start, end = seconds(row.get("start", "")), seconds(row.get("end", ""))
        except ValueError:
            reason = "start and end must be seconds or a clock as 01:02"
            return UnreadableCall(f"{place}:{number}", call_id or None, reason, "format")
        if row["text"].strip():
            turns.append(raw_turn(row["speaker"], row["text"].strip(), start, end))
            lines.append(number)
    document: dict[str, Any] = {name: first[name].strip() for name in _OF_CALL if first.get(name, "").strip()}
    if call_id and call_id.strip():
        document["id"] = call_id.strip()
    return RawCall(document | {"turns": turns}, where, default_id, lines)
