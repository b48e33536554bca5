"""A raw call becomes a Call, or an UnreadableCall that says what is wrong with it.

A call needs a turn of the agent and a turn of the caller: with one side alone nothing can be judged. Turns of
`unknown` speakers may stand besides, and are read. Empty turns stay, so that turn numbers are those of the source.
"""

from typing import Any

from pydantic import ValidationError

from ausweis.calls.call import Call, RawCall, SpokenWord, Turn, UnreadableCall
from ausweis.calls.speakers import Speakers
from ausweis.calls.text import LATEST, shape
from ausweis.errors import CallFormatError

LONGEST = 1_000_000
"""Characters of a call: ten hours of talk have some 650,000. More take hours to read, and the other calls wait."""

_BACKWARDS = 1.0
"""Seconds that a turn may begin before the one that stands above it: people talk at the same time."""


def check(raw: RawCall, speakers: Speakers, language: str) -> Call | UnreadableCall:
    """The call, its labels resolved. `language` is taken where the document has none."""
    document = {"language": language} | raw.document
    if document.get("id") is None:
        document["id"] = raw.default_id
    call_id = document["id"] if isinstance(document["id"], str) and 0 < len(document["id"]) <= 200 else None
    turns = document.get("turns")
    if isinstance(turns, list) and not turns:
        return UnreadableCall(raw.place, call_id, "the call has no turns", "empty")
    try:
        document["turns"] = _resolved(turns, speakers, raw, call_id)
    except CallFormatError as error:
        return UnreadableCall.of(error, raw.place, "speakers", call_id)
    try:
        call = Call.model_validate(document)
    except ValidationError as error:
        return UnreadableCall(
            raw.place, call_id, f"the call does not fit the contract: {explain(error, document)}", "format"
        )
    return _faults(call, raw.place) or call


def _resolved(turns: Any, speakers: Speakers, raw: RawCall, call_id: str | None) -> Any:
    """The turns with speakers for labels; what has another shape is left for the contract to refuse."""
    if not isinstance(turns, list):
        return turns
    labels = [turn.get("speaker") if isinstance(turn, dict) else None for turn in turns]
    texts = [label if isinstance(label, str) else None for label in labels]
    said = [str(turn.get("text")) if isinstance(turn, dict) else "" for turn in turns]
    resolved = speakers.resolve(texts, raw.place, call_id, raw.lines, said)
    return [
        turn | {"speaker": speaker}
        if isinstance(turn, dict) and "speaker" in turn and (label is None or isinstance(label, str))
        else turn
        for turn, label, speaker in zip(turns, labels, resolved, strict=True)
    ]


def _faults(call: Call, place: str) -> UnreadableCall | None:
    if "\n" in call.id or "\t" in call.id:
        return UnreadableCall(place, None, "the id of a call must be one line without tabs", "format")
    if not any(turn.text.strip() for turn in call.turns):
        return UnreadableCall(place, call.id, "the call has turns, but no words in them", "empty")
    length = sum(len(turn.text) for turn in call.turns)
    if length > LONGEST:
        message = f"the call has {length:,} characters, and at most {LONGEST:,} (15 hours of talk) are read as one call"
        return UnreadableCall(place, call.id, f"{message}; is it several calls in one?", "format")
    present = {turn.speaker for turn in call.turns}
    missing = [speaker for speaker in ("agent", "caller") if speaker not in present]
    if missing:
        message = (
            f"the call has no turn of the {' and none of the '.join(missing)}, and it needs both; "
            "where a label stands for the wrong side, or none is there, say who it is with --speaker LABEL=agent"
        )
        return UnreadableCall(place, call.id, message, "speakers")
    times = _times(call.turns)
    return UnreadableCall(place, call.id, times, "times") if times else None


def _times(turns: tuple[Turn, ...]) -> str | None:
    """What is wrong with the times, with the numbers of the turns; None where they run as they should."""
    above: tuple[int, float] | None = None
    for number, turn in enumerate(turns, start=1):
        if not all(time <= LATEST for time in (turn.start, turn.end) if time is not None):
            return f"a time of turn {number} is no number of seconds"
        if turn.start is None:
            continue
        if turn.end is not None and turn.end < turn.start:
            return f"turn {number} ends before it starts ({turn.end:g} s after {turn.start:g} s)"
        if above and turn.start < above[1] - _BACKWARDS:
            return (
                f"turn {number} starts before turn {above[0]} ({turn.start:g} s after {above[1]:g} s); order the turns"
            )
        above = number, turn.start
    return None


_OURS = frozenset({*Call.model_fields, *Turn.model_fields, *SpokenWord.model_fields})
"""Keys that are no words of a call, wherever they stand."""


def explain(error: ValidationError, document: Any = None) -> str:
    """What pydantic found wrong, in one clause: the JSON path and the rule, never a value, nor a key that is not ours.

    The first fault as `'turns[3].start': …`, list positions counted from 1, and how many more there are.

    Of a key that is not known, its place among the keys of its object in `document` is told, and what it looks like.
    """
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    first = faults[0]
    *above, last = first["loc"] or ("",)
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    if first["type"] == "extra_forbidden" and str(last) not in _OURS:
        number = _number(document, above, last)
        key = "a key" if number is None else f"key {number}"
        return f"{_path(above) or 'the whole'}: {key} is not known ({shape(str(last))}){more}"
    rule = {"extra_forbidden": "this key is not known", "missing": "this key is missing"}.get(
        first["type"], first["msg"][:1].lower() + first["msg"][1:]
    )
    return f"{_path(first['loc']) or 'the whole'}: {rule}{more}"


def _path(steps: Any) -> str:
    path = ""
    for step in steps:
        path += f"[{step + 1}]" if isinstance(step, int) else f".{step}"
    return path.removeprefix(".")


def _number(document: Any, above: list[int | str], key: int | str) -> int | None:
    """The place of a key in its object, from 1; None where that is not to be found."""
    try:
        for step in above:
            document = document[step]
        return list(document).index(key) + 1
    except (LookupError, TypeError, ValueError):
        return None
