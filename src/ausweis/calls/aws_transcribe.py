"""JSON of Amazon Transcribe (channels, speaker labels, audio segments) and of Contact Lens and Call Analytics.

Sources: "Example channel identification output (batch)", "Example diarization output (batch)" and "Post-call analytics
output" in the Amazon Transcribe Developer Guide; "Transcript" in the Amazon Connect Contact Lens API Reference. Times
are seconds as strings there (`"4.86"`), and integer milliseconds in Contact Lens.

Labels are `ch_0`, `ch_1`, `spk_0`, …, `AGENT`, `CUSTOMER`: `speakers` says who they are. `audio_segments` are turns
already. Without them, words are put together to utterances, which end with a sentence or at a silence; utterances of
all channels are ordered by time; and those that follow one another on one channel become a turn. So an answer that
falls between two sentences of the other side stands between them, and talking at once does not tear sentences apart.
"""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from ausweis.calls.call import raw_turn
from ausweis.calls.checks import explain
from ausweis.calls.speakers import Speakers
from ausweis.calls.times import Milliseconds
from ausweis.errors import CallFormatError

__all__ = ["is_transcript", "read"]

_SILENCE_IN_UTTERANCE = 0.8
_SILENCE_IN_TURN = 2.0
_SENTENCE_END = (".", "?", "!")


def _number(value: Any) -> Any:
    return None if value == "" else value


_Time = Annotated[float | None, BeforeValidator(_number)]


class _Alternative(BaseModel):
    content: str = ""


class _Item(BaseModel):
    type: str = "pronunciation"
    start_time: _Time = None
    end_time: _Time = None
    alternatives: list[_Alternative] = Field(default_factory=list)
    channel_label: str | None = None
    speaker_label: str | None = None


class _Channel(BaseModel):
    channel_label: str
    items: list[_Item]


class _Channels(BaseModel):
    channels: list[_Channel]


class _SpokenItem(BaseModel):
    start_time: _Time = None
    speaker_label: str | None = None


class _Span(BaseModel):
    speaker_label: str | None = None
    items: list[_SpokenItem] = Field(default_factory=list)


class _Spans(BaseModel):
    segments: list[_Span]


class _Segment(BaseModel):
    transcript: str
    start_time: _Time = None
    end_time: _Time = None
    channel_label: str | None = None
    speaker_label: str | None = None


class _Results(BaseModel):
    items: list[_Item] = Field(default_factory=list)
    channel_labels: _Channels | None = None
    speaker_labels: _Spans | None = None
    audio_segments: list[_Segment] = Field(default_factory=list)
    language_code: str | None = None


class _LensTurn(BaseModel):
    content: str = Field(alias="Content")
    role: str | None = Field(default=None, alias="ParticipantRole")
    participant: str | None = Field(default=None, alias="ParticipantId")
    start: Milliseconds | None = Field(default=None, alias="BeginOffsetMillis")
    end: Milliseconds | None = Field(default=None, alias="EndOffsetMillis")


class _Participant(BaseModel):
    id: str | None = Field(default=None, alias="ParticipantId")
    role: str = Field(alias="ParticipantRole")


class _Lens(BaseModel):
    transcript: list[_LensTurn] = Field(alias="Transcript")
    participants: list[_Participant] = Field(default_factory=list, alias="Participants")
    language: str | None = Field(default=None, alias="LanguageCode")


def is_transcript(value: dict[str, Any]) -> bool:
    """Whether the keys are those of Amazon Transcribe or Contact Lens."""
    return isinstance(value.get("results"), dict) or isinstance(value.get("Transcript"), list)


def read(value: dict[str, Any], place: str, speakers: Speakers) -> dict[str, Any]:
    """A transcript in the shape of the contract, its labels as they are there.

    Raises:
        CallFormatError: a key is missing or of another type.
    """
    try:
        if "Transcript" in value:
            lens = _Lens.model_validate(value)
            language, turns = lens.language, _lens_turns(lens)
        else:
            results = _Results.model_validate(value.get("results"))
            language, turns = results.language_code, _turns(results)
    except ValidationError as error:
        raise CallFormatError(f"this is no Amazon Transcribe output: {explain(error)}", place=place) from None
    return {"turns": turns} | ({"language": language.split("-")[0].lower()} if language else {})


def _lens_turns(lens: _Lens) -> list[dict[str, Any]]:
    roles = {participant.id: participant.role for participant in lens.participants if participant.id}
    return [
        raw_turn(
            turn.role or roles.get(turn.participant or "", turn.participant),
            turn.content,
            None if turn.start is None else turn.start / 1000,
            None if turn.end is None else turn.end / 1000,
        )
        for turn in lens.transcript
    ]


def _turns(results: _Results) -> list[dict[str, Any]]:
    if results.audio_segments and all(s.channel_label or s.speaker_label for s in results.audio_segments):
        segments = sorted(results.audio_segments, key=lambda segment: segment.start_time or 0.0)
        return [
            raw_turn(s.channel_label or s.speaker_label, s.transcript, s.start_time, s.end_time)
            for s in segments
            if s.transcript.strip()
        ]
    if results.channel_labels:
        words: list[tuple[str | None, _Item]] = [
            (item.channel_label or channel.channel_label, item)
            for channel in results.channel_labels.channels
            for item in channel.items
        ]
    else:
        spoken_by = _spoken_by(results)
        words = [(spoken_by.get(item.start_time) or item.speaker_label, item) for item in results.items]
    utterances = sorted(_utterances(words), key=lambda utterance: utterance["start"] or 0.0)
    return _joined(utterances, lambda _, gap: gap <= _SILENCE_IN_TURN)


def _spoken_by(results: _Results) -> dict[float | None, str | None]:
    spans = results.speaker_labels.segments if results.speaker_labels else []
    return {item.start_time: item.speaker_label or span.speaker_label for span in spans for item in span.items}


def _utterances(words: list[tuple[str | None, _Item]]) -> list[dict[str, Any]]:
    """Words to utterances. Punctuation has no time and belongs to the word before."""
    spoken: list[dict[str, Any]] = []
    for label, item in words:
        word = item.alternatives[0].content if item.alternatives else ""
        if word and item.type == "punctuation" and spoken:
            spoken[-1]["text"] += word
        elif word:
            spoken.append(raw_turn(label, word, item.start_time, item.end_time))
    return _joined(spoken, lambda word, gap: not word.endswith(_SENTENCE_END) and gap <= _SILENCE_IN_UTTERANCE)


def _joined(parts: list[dict[str, Any]], goes_on: Callable[[str, float], bool]) -> list[dict[str, Any]]:
    """Parts of one speaker that follow one another, as one where it `goes_on` after this text and silence."""
    turns: list[dict[str, Any]] = []
    texts: list[list[str]] = []
    for part in parts:
        last = turns[-1] if turns else None
        if last and last["speaker"] == part["speaker"] and goes_on(texts[-1][-1], _gap(last, part["start"])):
            texts[-1].append(part["text"])
            last["end"] = part["end"]
        else:
            turns.append(part)
            texts.append([part["text"]])
    # Put together at the end: bit by bit, a long turn would be copied for each of its words.
    for turn, said in zip(turns, texts, strict=True):
        turn["text"] = " ".join(said)
    return turns


def _gap(turn: dict[str, Any], start: float | None) -> float:
    return 0.0 if start is None or turn["end"] is None else start - float(turn["end"])
