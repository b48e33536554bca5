"""JSON of Whisper: what openai-whisper, faster-whisper, whisperX and whisper.cpp write.

The first three have `segments` in seconds, whisper.cpp has `transcription` with offsets in milliseconds.

Sources: `whisper/transcribe.py` and `whisper/utils.py` (WriteJSON) of openai-whisper; `Segment` of faster-whisper;
`assign_word_speakers` of whisperX; `output_json` in `examples/cli` of whisper.cpp, which writes `speaker` where it
told channels apart, with `?` where it could not.

Who speaks is taken from `speaker`, else from a label that the text begins with, as in `[AGENT] …` or `KUNDE: …`, else
it is unknown. Segments without words are left out.
"""

from typing import Any

from pydantic import BaseModel, Field, ValidationError

from ausweis.calls.call import raw_turn
from ausweis.calls.checks import explain
from ausweis.calls.plain import told_apart
from ausweis.calls.speakers import Speakers
from ausweis.calls.times import Milliseconds
from ausweis.errors import CallFormatError

__all__ = ["is_segment_list", "is_transcript", "read"]

_LANGUAGES = {"german": "de", "english": "en"}


class _Segment(BaseModel):
    start: float | None = None
    end: float | None = None
    text: str
    speaker: str | None = None


class _Offsets(BaseModel):
    begin: Milliseconds = Field(alias="from")
    to: Milliseconds


class _CppSegment(BaseModel):
    offsets: _Offsets
    text: str
    speaker: str | None = None


class _Result(BaseModel):
    language: str | None = None


class _Transcript(BaseModel):
    segments: list[_Segment]
    language: str | None = None


class _CppTranscript(BaseModel):
    transcription: list[_CppSegment]
    result: _Result = _Result()


def is_transcript(value: dict[str, Any]) -> bool:
    """Whether the keys are those of Whisper."""
    return isinstance(value.get("segments"), list) or isinstance(value.get("transcription"), list)


def is_segment_list(value: Any) -> bool:
    """Whether this is a bare list of segments, as faster-whisper's are often saved."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(part, dict) and "text" in part and "start" in part for part in value)
        and not any("turns" in part for part in value)
    )


def read(value: dict[str, Any], place: str, speakers: Speakers) -> dict[str, Any]:
    """A Whisper transcript in the shape of the contract, a turn a segment.

    Raises:
        CallFormatError: a key is missing or of another type.
    """
    try:
        if "transcription" in value:
            cpp = _CppTranscript.model_validate(value)
            language = cpp.result.language
            segments = [
                _Segment(start=s.offsets.begin / 1000, end=s.offsets.to / 1000, text=s.text, speaker=s.speaker)
                for s in cpp.transcription
            ]
        else:
            transcript = _Transcript.model_validate(value)
            language, segments = transcript.language, transcript.segments
    except ValidationError as error:
        raise CallFormatError(f"this is no Whisper transcript: {explain(error)}", place=place) from None
    spoken = [segment for segment in segments if segment.text.strip()]
    labelled = ((None if (one.speaker or "").strip() == "?" else one.speaker, one.text.strip()) for one in spoken)
    turns = [
        raw_turn(label, text, segment.start, segment.end)
        for segment, parts in zip(spoken, told_apart(list(labelled), speakers), strict=True)
        for label, text in parts
    ]
    return {"turns": turns} | ({"language": _LANGUAGES.get(language, language)} if language else {})
