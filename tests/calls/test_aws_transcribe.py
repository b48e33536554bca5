import json
from typing import Any

import pytest
from tests.calls.conftest import ReadCall, ReadFault, turns


def items(words: str, start: float, **labels: str) -> list[dict[str, Any]]:
    """Words of 0.4 seconds, one each half second; a sign at a word's end becomes an item without a time."""
    found: list[dict[str, Any]] = []
    for number, word in enumerate(words.split()):
        begin = start + number / 2
        times = {"start_time": f"{begin:.2f}", "end_time": f"{begin + 0.4:.2f}"}
        spoken = word.rstrip(".,?")
        alternatives = [{"confidence": "1.0", "content": spoken}]
        found.append({"type": "pronunciation", "alternatives": alternatives, **times, **labels})
        if spoken != word:
            alternatives = [{"confidence": "0.0", "content": word[len(spoken) :]}]
            found.append({"type": "punctuation", "alternatives": alternatives, **labels})
    return found


def with_channels() -> dict[str, Any]:
    agent = items("Good morning. Your name, please?", 0.0, channel_label="ch_0")
    agent += items("Thank you.", 6.0, channel_label="ch_0")
    caller = items("Ida Wolf.", 3.0, channel_label="ch_1") + items("Right.", 1.7, channel_label="ch_1")
    channels = [{"channel_label": "ch_0", "items": agent}, {"channel_label": "ch_1", "items": caller}]
    labels = {"channels": channels, "number_of_channels": 2}
    results = {"transcripts": [{"transcript": "…"}], "channel_labels": labels, "items": agent + caller}
    return {"jobName": "j", "accountId": "111122223333", "status": "COMPLETED", "results": results}


def test_channels_become_turns_in_order_of_time(read_call: ReadCall) -> None:
    assert turns(read_call("x.json", json.dumps(with_channels()), language="en")) == [
        ("agent", 0.0, 2.4, "Good morning. Your name, please?"),
        ("caller", 1.7, 3.9, "Right. Ida Wolf."),
        ("agent", 6.0, 6.9, "Thank you."),
    ]


def test_an_answer_between_two_sentences_stands_between_them(read_call: ReadCall) -> None:
    document = with_channels()
    document["results"]["channel_labels"]["channels"] = [
        {"channel_label": "ch_0", "items": items("Your PIN? Thank you.", 0.0)},
        {"channel_label": "ch_1", "items": items("4711.", 0.8)},
    ]
    call = read_call("x.json", json.dumps(document), language="en")
    assert [(t.speaker, t.text) for t in call.turns] == [
        ("agent", "Your PIN?"),
        ("caller", "4711."),
        ("agent", "Thank you."),
    ]


@pytest.mark.parametrize("mapping", [{"ch_1": "agent"}, {"CH_0": "caller"}, {"ch_0": "caller", "ch_1": "agent"}])
def test_the_channel_of_the_agent_can_be_told(read_call: ReadCall, mapping: dict[str, str]) -> None:
    call = read_call("x.json", json.dumps(with_channels()), speakers=mapping)
    assert call.turn(1).speaker == "caller"
    assert {t.speaker for t in call.turns} == {"agent", "caller"}


def with_speakers() -> dict[str, Any]:
    first, second = items("Guten Tag.", 0.0), items("Hallo.", 2.0)
    segments = [
        {"start_time": "0.0", "end_time": "0.9", "speaker_label": "spk_0", "items": spans("spk_0", first)},
        {"start_time": "2.0", "end_time": "2.4", "speaker_label": "spk_1", "items": spans("spk_1", second)},
    ]
    labels = {"speakers": 2, "segments": segments}
    return {"results": {"speaker_labels": labels, "items": first + second, "language_code": "de-DE"}}


def spans(label: str, words: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"speaker_label": label, "start_time": w["start_time"]} for w in words if "start_time" in w]


def test_speaker_labels(read_call: ReadCall, read_fault: ReadFault) -> None:
    content = json.dumps(with_speakers())
    call = read_call("x.json", content, speakers={"spk_0": "agent", "spk_1": "caller"}, language="en")
    assert turns(call) == [("agent", 0.0, 0.9, "Guten Tag."), ("caller", 2.0, 2.4, "Hallo.")]
    assert call.language == "de"
    assert "'spk_0' of turn 1, 'spk_1' of turn 2" in read_fault("x.json", content).message


def test_audio_segments_are_turns(read_call: ReadCall) -> None:
    document = with_channels()
    document["results"]["audio_segments"] = [
        {"id": 1, "transcript": "Ida.", "start_time": "3.0", "end_time": "3.9", "channel_label": "ch_1", "items": [1]},
        {"id": 0, "transcript": "Name?", "start_time": "0.0", "end_time": "2.4", "channel_label": "ch_0", "items": [0]},
    ]
    assert turns(read_call("x.json", json.dumps(document))) == [
        ("agent", 0.0, 2.4, "Name?"),
        ("caller", 3.0, 3.9, "Ida."),
    ]


def test_contact_lens(read_call: ReadCall) -> None:
    document = {
        "Channel": "VOICE",
        "LanguageCode": "en-US",
        "Participants": [
            {"ParticipantId": "p-1", "ParticipantRole": "AGENT"},
            {"ParticipantId": "p-2", "ParticipantRole": "CUSTOMER"},
        ],
        "Transcript": [
            {"ParticipantId": "p-1", "Content": "Hello.", "BeginOffsetMillis": 0, "EndOffsetMillis": 1500, "Id": "1"},
            {"ParticipantId": "p-2", "Content": "Hi.", "BeginOffsetMillis": 1600, "EndOffsetMillis": 1900, "Id": "2"},
            {"ParticipantRole": "AGENT", "Content": "Yes?", "BeginOffsetMillis": 2000, "EndOffsetMillis": 2500},
            {"ParticipantId": "CUSTOMER", "Content": "No.", "BeginOffsetMillis": 3000, "EndOffsetMillis": 3500},
        ],
    }
    call = read_call("x.json", json.dumps(document))
    assert turns(call)[:2] == [("agent", 0.0, 1.5, "Hello."), ("caller", 1.6, 1.9, "Hi.")]
    assert [t.speaker for t in call.turns] == ["agent", "caller", "agent", "caller"]
    assert call.language == "en"


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"results": {"channel_labels": {"channels": [{"items": []}]}}}, "channels[1].channel_label"),
        ({"Transcript": [{"ParticipantRole": "AGENT"}]}, "Transcript[1].Content"),
        ({"results": {"items": [{"start_time": "Kranich"}]}}, "items[1].start_time"),
    ],
)
def test_other_shapes(read_fault: ReadFault, document: dict[str, Any], path: str) -> None:
    fault = read_fault("x.json", json.dumps(document))
    assert path in fault.message
    assert "Kranich" not in str(fault)
