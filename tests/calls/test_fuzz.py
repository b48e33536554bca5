"""Whatever the bytes, reading yields calls or faults, and no fault has words of the call in it."""

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ausweis.calls import FORMATS, Call, UnreadableCall, read_calls

FEW = settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow])
NAMES = ["x.json", "x.jsonl", "x.vtt", "x.srt", "x.txt", "x.csv", "x.tsv", "x"]
SIGNS = [*'{}[]:,;"<>-.\n\r\t\0 1aä\x1b\ufeff\u2028', "\n\n", "\\ud800"]
SUBTITLES = ["WEBVTT", "-->", "00:00:01,000 --> 00:00:02,000", "00:01.000 --> 00:02.000", "<v Agent>", "</v>", "NOTE"]
LABELS = ["AGENT: ", "KUNDE: ", "[00:01] "]
TABLES = ["speaker,text\n", "call_id;speaker;text;start\n", "sep=;\n"]
JSON = ['{"turns":[', '{"speaker":"agent","text":"', '"segments"', '"results"', '"call"', "NaN", "1e999"]
KEYS = [
    *["id", "language", "turns", "speaker", "start", "end", "text", "call", "metadata", "segments"],
    *["transcription", "offsets", "from", "to", "result", "results", "items", "channel_labels", "channels"],
    *["channel_label", "speaker_labels", "audio_segments", "transcript", "start_time", "alternatives", "content"],
    *["Transcript", "Content", "ParticipantRole", "BeginOffsetMillis", "Participants"],
]
texts = st.lists(st.sampled_from(SIGNS + SUBTITLES + LABELS + TABLES + JSON), max_size=60).map("".join)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
values = st.recursive(
    scalars | st.sampled_from(["agent", "ch_0", "0.5"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=25,
)

SECRET = "mein Kennwort ist Kranich 4711"
TURNS = [{"speaker": "agent", "start": 0, "end": 1, "text": SECRET}, {"speaker": "caller", "text": SECRET}]
SEGMENTS = [{"start": 0, "end": 1, "text": f" AGENT: {SECRET}"}, {"start": 1, "text": f" KUNDE: {SECRET}"}]
WHOLE = {
    "x.json": json.dumps({"turns": TURNS}),
    "w.json": json.dumps({"segments": SEGMENTS}),
    "x.vtt": f"WEBVTT\n\n00:01.000 --> 00:02.000\n<v Agent>{SECRET}</v>\n\n"
    f"00:02.000 --> 00:03.000\nKUNDE: {SECRET}, {SECRET}\n",
    "x.srt": f"1\n00:00:01,000 --> 00:00:02,000\nAGENT: {SECRET}\n\n"
    f"2\n00:00:02,000 --> 00:00:03,000\nKUNDE: {SECRET}\n",
    "x.txt": f"[00:01] AGENT: {SECRET}, {SECRET}.\n[00:02] KUNDE: {SECRET}\n und {SECRET}\n",
    "x.csv": f'speaker,text,start\nagent,"{SECRET}, {SECRET}",0\ncaller,{SECRET},1\n',
    "x.tsv": f"call_id\tspeaker\ttext\tdirection\n1\tagent\t{SECRET}\tinbound\n1\tcaller\t{SECRET}\t\n",
    "x.jsonl": (json.dumps({"language": "de", "direction": "inbound", "turns": TURNS}) + "\n") * 2,
    "cpp.json": json.dumps(
        {"transcription": [{"offsets": {"from": 1, "to": 2}, "text": one["text"]} for one in SEGMENTS]}
    ),
    "lens.json": json.dumps(
        {
            "LanguageCode": "de-DE",
            "Transcript": [
                {"Content": SECRET, "ParticipantRole": role, "BeginOffsetMillis": 1, "EndOffsetMillis": 2}
                for role in ("AGENT", "CUSTOMER")
            ],
        }
    ),
    "aws.json": json.dumps(
        {
            "results": {
                "language_code": "de-DE",
                "audio_segments": [
                    {"transcript": SECRET, "start_time": "0.1", "end_time": "2", "channel_label": label}
                    for label in ("ch_0", "ch_1")
                ],
            }
        }
    ),
}
NAME = "Zwergpinguin"
DAMAGE = ["", '"', "x", "\n", "-->", ";", "}", "\x00", "9", "9" * 400, "1e999", "-", "٠", "&#", "[" * 2000]
DAMAGE += [NAME, f" {NAME} ", f"{NAME}: ", f"\n{NAME}: ", f'"{NAME}": 1, ', f'{NAME}"', f",{NAME}", f"<v {NAME}>"]


def read(name: str, data: bytes, **options: Any) -> list[Call | UnreadableCall]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        return list(read_calls([path], **options))


def assert_sound(found: list[Call | UnreadableCall]) -> None:
    """No file passes in silence; each item can be written as UTF-8; each call has both sides."""
    assert found
    for item in found:
        if isinstance(item, Call):
            item.model_dump_json().encode()
            assert {"agent", "caller"} <= {turn.speaker for turn in item.turns}
        else:
            assert "\n" not in str(item)
            assert "unforeseen" not in item.message
            str(item).encode()


@FEW
@given(data=st.binary(max_size=300), name=st.sampled_from(NAMES), forced=st.sampled_from([None, *FORMATS]))
def test_any_bytes(data: bytes, name: str, forced: str | None) -> None:
    assert_sound(read(name, data, format=forced))


@FEW
@given(text=texts, name=st.sampled_from(NAMES), forced=st.sampled_from([None, *FORMATS]))
def test_pieces_of_the_formats(text: str, name: str, forced: str | None) -> None:
    assert_sound(read(name, text.encode(), format=forced))


@FEW
@given(value=values, forced=st.sampled_from([None, "whisper", "aws"]))
def test_json_of_any_shape(value: Any, forced: str | None) -> None:
    assert_sound(read("x.json", json.dumps(value).encode(), format=forced))


@pytest.mark.parametrize("name", WHOLE)
@FEW
@given(data=st.data())
def test_a_damaged_file_tells_no_words(name: str, data: st.DataObject) -> None:
    text = WHOLE[name]
    cut = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(cut, min(len(text), cut + 8)))
    found = read(name, (text[:cut] + data.draw(st.sampled_from(DAMAGE)) + text[end:]).encode())
    assert_sound(found)
    messages = " ".join(str(item) for item in found if isinstance(item, UnreadableCall))
    for word in ("Kranich", "4711", "pinguin"):
        assert word not in messages
