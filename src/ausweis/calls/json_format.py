"""JSON: the contract as an object, an array or JSON Lines; Whisper and Amazon Transcribe, which are told by their keys.

A call may be wrapped as in evaluation sets, `{"call": …, "gold": …}`; all but the call is left alone. Whether the keys
of a call are those of the contract is checked later, in `checks`.

Whisper: `whisper/transcribe.py` and `whisper/utils.py` (WriteJSON) of openai-whisper, `Segment` of faster-whisper and
`assign_word_speakers` of whisperX have `segments` in seconds; `output_json` in `examples/cli` of whisper.cpp has
`transcription` with offsets in milliseconds, and `speaker` where it told channels apart, with `?` where it could not.
Else who speaks is taken from a label that the text begins with, as in `[AGENT] …`.

Amazon: "Example channel identification output (batch)", "Example diarization output (batch)" and "Post-call analytics
output" in the Amazon Transcribe Developer Guide; "Transcript" in the Amazon Connect Contact Lens API Reference. Labels
are `ch_0`, `spk_0`, `AGENT`, `CUSTOMER`: `speakers` says who they are. `audio_segments` are turns already. Without
them, words are put together to utterances, which end with a sentence or at a silence; utterances of all channels are
ordered by time; and those that follow one another on one channel become a turn. So an answer that falls between two
sentences of the other side stands between them, and talking at once does not tear sentences apart.
"""

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, AliasPath, BaseModel, BeforeValidator, Field, ValidationError

from ausweis.calls.call import RawCall, UnreadableCall, raw_turn
from ausweis.calls.checks import explain
from ausweis.calls.plain import told_apart
from ausweis.calls.speakers import Speakers
from ausweis.calls.text import LATEST, clean_tree, decode_lines, shape
from ausweis.errors import CallFormatError, EncodingError

_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|(-?(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|NaN|Infinity))', re.DOTALL)
"""Texts, and as group 1 numbers."""
Reader = Callable[[dict[str, Any], str, Speakers], dict[str, Any]]
"""From one JSON object to a document in the shape of the contract."""


def parse(text: str, place: str, *, first_line: int | None = 1) -> Any:
    """The JSON value. With `first_line` None the place has its line already, and only the column is added.

    Raises:
        CallFormatError: it is no JSON, where `place` has line and column; or a key stands twice in an object.
    """
    try:
        # Control characters inside strings are let through here, since `clean_tree` takes them out.
        value = json.loads(
            text,
            strict=False,
            parse_constant=_number,
            parse_float=_number,
            parse_int=_number,
            object_pairs_hook=_each_key_once,
        )
    except RecursionError:
        raise CallFormatError("the JSON is nested too deeply", place=place) from None
    except CallFormatError as error:
        raise CallFormatError(error.message, place=place) from None
    except ValueError as error:
        fault = error if isinstance(error, json.JSONDecodeError) else _odd_number(text)
        line = "" if first_line is None else f":{fault.lineno + first_line - 1}"
        reason = f"this is no JSON: {fault.msg.split(':')[0].lower()}"
        raise CallFormatError(reason, place=f"{place}{line}:{fault.colno}") from None
    return clean_tree(value, place)


def read_document(
    value: Any, place: str, default_id: str, speakers: Speakers, force: Reader | None = None
) -> Iterator[RawCall | UnreadableCall]:
    """The calls of one JSON value: one object, or an array with a call an element (its number, from 1, in the place).

    `force` reads every object as its format, instead of asking the keys.
    """
    if isinstance(value, list) and not _is_segment_list(value):
        if not value:
            yield UnreadableCall(place, None, "the JSON array is empty; it should hold calls", "empty")
        for number, element in enumerate(value, start=1):
            yield _read_object(element, f"{place}[{number}]", f"{default_id}-{number}", speakers, force)
        return
    yield _read_object(value, place, default_id, speakers, force)


def read_lines(
    lines: Iterable[bytes], place: str, default_id: str, speakers: Speakers, force: Reader | None = None
) -> Iterator[RawCall | UnreadableCall]:
    """The calls of JSON Lines, one a line, blank lines left out; only one line is held at a time.

    Raises:
        EncodingError: the whole file is UTF-16 or UTF-32.
    """
    for number, line in decode_lines(lines, place):
        here = f"{place}:{number}"
        if isinstance(line, EncodingError):
            yield UnreadableCall.of(line, here)
        elif line.strip():
            try:
                value = parse(line, here, first_line=None)
            except Exception as error:
                yield UnreadableCall.of(error, here)
            else:
                yield _read_object(value, here, f"{default_id}-{number}", speakers, force)


def _read_object(
    value: Any, place: str, default_id: str, speakers: Speakers, force: Reader | None
) -> RawCall | UnreadableCall:
    if isinstance(value, dict) and "turns" not in value and "call" in value:
        value = value["call"]
    if _is_segment_list(value):
        value = {"segments": value}
    call_id = value.get("id") if isinstance(value, dict) else None
    try:
        if not isinstance(value, dict):
            raise CallFormatError("a call must be a JSON object", place=place)
        document = (force or _reader_of(value))(value, place, speakers)
    except Exception as error:
        return UnreadableCall.of(
            error, place, call_id=call_id if isinstance(call_id, str) and len(call_id) <= 200 else None
        )
    return RawCall(document, place, default_id)


def _reader_of(value: dict[str, Any]) -> Reader:
    if "turns" in value:
        return lambda value, place, speakers: value
    if isinstance(value.get("results"), dict) or isinstance(value.get("Transcript"), list):
        return read_amazon
    if isinstance(value.get("segments"), list) or isinstance(value.get("transcription"), list):
        return read_whisper
    raise CallFormatError("the JSON is no call: it has neither 'turns' nor the keys of Whisper or Amazon Transcribe")


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for number, (key, part) in enumerate(pairs, start=1):
        if key in value:
            raise CallFormatError(f"key {number} of an object ({shape(key)}) stands in it twice; delete one of the two")
        value[key] = part
    return value


def _number(text: str) -> int | float:
    number = float(text)
    if not math.isfinite(number):  # NaN, Infinity, 1e999, hundreds of digits
        raise ValueError(text)
    return number if set(".eE").intersection(text) else int(text)


def _odd_number(text: str) -> json.JSONDecodeError:
    """Where the first number stands that is none, or that no float can hold."""
    tokens = (token for token in _TOKENS.finditer(text) if token[1])
    first = next((token.start() for token in tokens if not math.isfinite(float(token[1]))), 0)
    return json.JSONDecodeError("a number that is none, or too large", text, first)


M = TypeVar("M", bound=BaseModel)
_Milliseconds = Annotated[float, Field(ge=0, le=1000 * LATEST), AfterValidator(lambda value: value / 1000)]
"""In seconds, once it is read."""


def _model(model: type[M], value: Any, what: str, place: str) -> M:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise CallFormatError(f"this is no {what}: {explain(error)}", place=place) from None


class _Segment(BaseModel):
    start: float | None = None
    end: float | None = None
    text: str
    speaker: str | None = None


class _Whisper(BaseModel):
    segments: list[_Segment]
    language: str | None = None


class _CppSegment(_Segment):
    start: _Milliseconds = Field(validation_alias=AliasPath("offsets", "from"))
    end: _Milliseconds = Field(validation_alias=AliasPath("offsets", "to"))


class _WhisperCpp(BaseModel):
    segments: list[_CppSegment] = Field(validation_alias="transcription")
    language: str | None = Field(None, validation_alias=AliasPath("result", "language"))


def _is_segment_list(value: Any) -> bool:
    """Whether this is a bare list of segments, as faster-whisper's are often saved."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(part, dict) and "text" in part and "start" in part for part in value)
        and not any("turns" in part for part in value)
    )


def read_whisper(value: dict[str, Any], place: str, speakers: Speakers) -> dict[str, Any]:
    """A Whisper transcript in the shape of the contract, a turn a segment; segments without words are left out.

    Raises:
        CallFormatError: a key is missing or of another type.
    """
    form: type[_Whisper | _WhisperCpp] = _WhisperCpp if "transcription" in value else _Whisper
    transcript = _model(form, value, "Whisper transcript", place)
    language = transcript.language
    spoken = [segment for segment in transcript.segments if segment.text.strip()]
    labelled = [(None if (one.speaker or "").strip() == "?" else one.speaker, one.text.strip()) for one in spoken]
    turns = [
        raw_turn(label, text, segment.start, segment.end)
        for segment, parts in zip(spoken, told_apart(labelled, speakers), strict=True)
        for label, text in parts
    ]
    names = {"german": "de", "english": "en"}
    return {"turns": turns} | ({"language": names.get(language, language)} if language else {})


_SILENCE_IN_UTTERANCE = 0.8
_SILENCE_IN_TURN = 2.0
_SENTENCE_END = (".", "?", "!")
_Time = Annotated[float | None, BeforeValidator(lambda value: None if value == "" else value)]
"""Seconds, which Amazon writes as strings (`"4.86"`)."""


class _Item(BaseModel):
    type: str = "pronunciation"
    start_time: _Time = None
    end_time: _Time = None
    word: str = Field("", validation_alias=AliasPath("alternatives", 0, "content"))
    channel_label: str | None = None
    speaker_label: str | None = None


class _AudioSegment(_Item):
    transcript: str


class _Span(BaseModel):
    speaker_label: str | None = None
    items: list[_Item] = Field(default_factory=list)


class _Channel(BaseModel):
    channel_label: str
    items: list[_Item]


class _Results(BaseModel):
    items: list[_Item] = Field(default_factory=list)
    channels: list[_Channel] = Field([], validation_alias=AliasPath("channel_labels", "channels"))
    spans: list[_Span] = Field([], validation_alias=AliasPath("speaker_labels", "segments"))
    audio_segments: list[_AudioSegment] = Field(default_factory=list)
    language_code: str | None = None


class _LensTurn(BaseModel):
    content: str = Field(alias="Content")
    role: str | None = Field(default=None, alias="ParticipantRole")
    participant: str | None = Field(default=None, alias="ParticipantId")
    start: _Milliseconds | None = Field(default=None, alias="BeginOffsetMillis")
    end: _Milliseconds | None = Field(default=None, alias="EndOffsetMillis")


class _Participant(BaseModel):
    id: str | None = Field(default=None, alias="ParticipantId")
    role: str = Field(alias="ParticipantRole")


class _Lens(BaseModel):
    transcript: list[_LensTurn] = Field(alias="Transcript")
    participants: list[_Participant] = Field(default_factory=list, alias="Participants")
    language: str | None = Field(default=None, alias="LanguageCode")


def read_amazon(value: dict[str, Any], place: str, speakers: Speakers) -> dict[str, Any]:
    """A transcript of Amazon Transcribe or Contact Lens in the shape of the contract, its labels as they are there.

    Raises:
        CallFormatError: a key is missing or of another type.
    """
    if "Transcript" in value:
        lens = _model(_Lens, value, "Amazon Transcribe output", place)
        language, turns = lens.language, _lens_turns(lens)
    else:
        results = _model(_Results, value.get("results"), "Amazon Transcribe output", place)
        language, turns = results.language_code, _amazon_turns(results)
    return {"turns": turns} | ({"language": language.split("-")[0].lower()} if language else {})


def _lens_turns(lens: _Lens) -> list[dict[str, Any]]:
    roles = {participant.id: participant.role for participant in lens.participants if participant.id}
    return [
        raw_turn(turn.role or roles.get(turn.participant or "", turn.participant), turn.content, turn.start, turn.end)
        for turn in lens.transcript
    ]


def _amazon_turns(results: _Results) -> list[dict[str, Any]]:
    if results.audio_segments and all(s.channel_label or s.speaker_label for s in results.audio_segments):
        segments = sorted(results.audio_segments, key=lambda segment: segment.start_time or 0.0)
        return [
            raw_turn(s.channel_label or s.speaker_label, s.transcript, s.start_time, s.end_time)
            for s in segments
            if s.transcript.strip()
        ]
    words: list[tuple[str | None, _Item]] = [
        (item.channel_label or channel.channel_label, item) for channel in results.channels for item in channel.items
    ]
    if not results.channels:
        spoken_by = {
            item.start_time: item.speaker_label or span.speaker_label for span in results.spans for item in span.items
        }
        words = [(spoken_by.get(item.start_time) or item.speaker_label, item) for item in results.items]
    utterances = sorted(_utterances(words), key=lambda utterance: utterance["start"] or 0.0)
    return _joined(utterances, lambda _, gap: gap <= _SILENCE_IN_TURN)


def _utterances(words: list[tuple[str | None, _Item]]) -> list[dict[str, Any]]:
    """Words to utterances. Punctuation has no time and belongs to the word before."""
    spoken: list[dict[str, Any]] = []
    for label, item in words:
        if item.word and item.type == "punctuation" and spoken:
            spoken[-1]["text"] += item.word
        elif item.word:
            spoken.append(raw_turn(label, item.word, item.start_time, item.end_time))
    return _joined(spoken, lambda word, gap: not word.endswith(_SENTENCE_END) and gap <= _SILENCE_IN_UTTERANCE)


def _joined(parts: list[dict[str, Any]], goes_on: Callable[[str, float], bool]) -> list[dict[str, Any]]:
    """Parts of one speaker that follow one another, as one where it `goes_on` after this text and silence."""
    turns: list[dict[str, Any]] = []
    texts: list[list[str]] = []
    for part in parts:
        last = turns[-1] if turns else {"speaker": None, "end": None}
        gap = 0.0 if part["start"] is None or last["end"] is None else part["start"] - last["end"]
        if turns and last["speaker"] == part["speaker"] and goes_on(texts[-1][-1], gap):
            texts[-1].append(part["text"])
            last["end"] = part["end"]
        else:
            turns.append(part)
            texts.append([part["text"]])
    # Put together at the end: bit by bit, a long turn would be copied for each of its words.
    for turn, said in zip(turns, texts, strict=True):
        turn["text"] = " ".join(said)
    return turns
