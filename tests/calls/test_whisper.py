import json
from typing import Any

import pytest
from tests.calls.conftest import ReadCall, ReadFault, turns

SEGMENTS: list[dict[str, Any]] = [
    {
        "id": 0,
        "seek": 0,
        "start": 0.0,
        "end": 2.5,
        "text": " [AGENT] Good morning.",
        "tokens": [1],
        "no_speech_prob": 0.1,
    },
    {"id": 1, "seek": 0, "start": 2.5, "end": 4.0, "text": " CUSTOMER: Hello.", "tokens": [2]},
    {"id": 2, "seek": 0, "start": 4.0, "end": 5.0, "text": " Er.", "tokens": [3]},
    {"id": 3, "seek": 0, "start": 5.0, "end": 6.0, "text": "  ", "tokens": []},
]
EXPECTED = [("agent", 0.0, 2.5, "Good morning."), ("caller", 2.5, 4.0, "Hello."), ("unknown", 4.0, 5.0, "Er.")]


@pytest.mark.parametrize("language", ["en", "english"])
def test_openai_whisper(read_call: ReadCall, language: str) -> None:
    call = read_call("x.json", json.dumps({"text": "…", "segments": SEGMENTS, "language": language}))
    assert (turns(call), call.language, call.id) == (EXPECTED, "en", "x")


def test_bare_segments_of_faster_whisper(read_call: ReadCall) -> None:
    call = read_call("x.json", json.dumps(SEGMENTS), language="en")
    assert (turns(call), call.language) == (EXPECTED, "en")


def test_whisperx_speakers_are_mapped_by_the_user(read_call: ReadCall, read_fault: ReadFault) -> None:
    segments = [
        {"start": 0.0, "end": 1.0, "text": " Tag.", "words": [], "speaker": "SPEAKER_00"},
        {"start": 1.0, "end": 2.0, "text": " Hallo.", "words": [], "speaker": "SPEAKER_01"},
        {"start": 2.0, "end": 3.0, "text": " Hm.", "words": []},
    ]
    content = json.dumps({"segments": segments, "word_segments": []})
    call = read_call("x.json", content, speakers={"SPEAKER_00": "agent", "SPEAKER_01": "caller"})
    assert [t.speaker for t in call.turns] == ["agent", "caller", "unknown"]
    fault = read_fault("x.json", content)
    assert "'SPEAKER_00' of turn 1, 'SPEAKER_01' of turn 2" in fault.message
    assert "--speaker SPEAKER_00=agent" in fault.message


def test_whisper_cpp(read_call: ReadCall) -> None:
    def segment(start: int, end: int, text: str, speaker: str) -> dict[str, Any]:
        stamps = {"from": "00:00:00,000", "to": "00:00:00,000"}
        return {"timestamps": stamps, "offsets": {"from": start, "to": end}, "text": text, "speaker": speaker}

    document = {
        "systeminfo": "",
        "params": {"language": "de"},
        "result": {"language": "de"},
        "transcription": [
            segment(0, 1500, " Tag.", "0"),
            segment(1500, 2000, " Hallo.", "1"),
            segment(2000, 2500, "x", "?"),
        ],
    }
    call = read_call("x.json", json.dumps(document), speakers={"0": "agent", "1": "caller"})
    assert turns(call) == [("agent", 0.0, 1.5, "Tag."), ("caller", 1.5, 2.0, "Hallo."), ("unknown", 2.0, 2.5, "x")]


def test_nobody_known_says_how_to_go_on(read_fault: ReadFault) -> None:
    fault = read_fault("x.json", json.dumps({"segments": [{"start": 0, "end": 1, "text": "Kranich"}]}))
    assert fault.kind == "speakers"
    assert "--speaker" in fault.message
    assert "Kranich" not in str(fault)


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"segments": [{"start": 0, "end": 1}]}, "segments[1].text"),
        ({"segments": [{"start": "Kranich", "text": "x"}]}, "segments[1].start"),
        ({"transcription": [{"text": "Kranich"}]}, "transcription[1].offsets"),
    ],
)
def test_other_shapes(read_fault: ReadFault, document: dict[str, Any], path: str) -> None:
    fault = read_fault("x.json", json.dumps(document))
    assert path in fault.message
    assert "Kranich" not in str(fault)


def test_forced_format(read_call: ReadCall) -> None:
    assert turns(read_call("x.data", json.dumps({"segments": SEGMENTS}), format="whisper")) == EXPECTED
