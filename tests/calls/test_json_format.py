import json
from typing import Any

import pytest
from tests.calls.conftest import Read, ReadCall, ReadFault, turns

from ausweis.calls import Call, UnreadableCall


def call(**changes: Any) -> dict[str, Any]:
    turns = [
        {"speaker": "agent", "start": 0.0, "end": 2.0, "text": "Guten Tag."},
        {"speaker": "caller", "start": 2.5, "end": 4.0, "text": "Ich ziehe um."},
    ]
    return {"id": "a1", "language": "de", "turns": turns} | changes


def test_object_keeps_every_field(read_call: ReadCall) -> None:
    document = call(agent="m.k", team="nord", queue="dsl", direction="inbound", metadata={"crm": 7})
    document["started_at"] = "2025-01-02T10:00:00Z"
    found = read_call("x.json", json.dumps(document))
    assert found == Call.model_validate(document)


def test_array_and_wrapper(read: Read) -> None:
    found = read("x.json", json.dumps([call(), {"call": call(id="a2"), "gold": {"outcome": "compliant"}}]))
    assert [c.id for c in found if isinstance(c, Call)] == ["a1", "a2"]


def test_id_from_file_name_where_there_is_none(read: Read) -> None:
    document = call()
    del document["id"]
    assert isinstance(only := read("anruf-7.json", json.dumps(document))[0], Call)
    assert only.id == "anruf-7"
    several = read("anruf-8.jsonl", "\n".join([json.dumps(document)] * 2))
    assert [c.id for c in several if isinstance(c, Call)] == ["anruf-8-1", "anruf-8-2"]


def test_language_default_holds_only_where_the_call_has_none(read_call: ReadCall) -> None:
    document = call()
    del document["language"]
    assert read_call("x.json", json.dumps(document), language="en").language == "en"
    assert read_call("x.json", json.dumps(call()), language="en").language == "de"


def test_broken_json_has_file_line_and_column(read_fault: ReadFault) -> None:
    fault = read_fault("x.json", '{\n "id": "a1",\n "turns": [}\n')
    assert fault.place.endswith("x.json:3:12")
    assert fault.kind == "format"


def test_one_bad_line_never_stops_the_others(read: Read) -> None:
    lines = [json.dumps(call(id="a")), '{"id": "b", ', "", json.dumps(call(id="c", turns=[])), json.dumps(call(id="d"))]
    a, b, c, d = read("x.jsonl", "\n".join(lines))
    assert isinstance(a, Call)
    assert isinstance(d, Call)
    assert isinstance(b, UnreadableCall)
    assert ":2:" in b.place
    assert isinstance(c, UnreadableCall)
    assert (c.call_id, c.kind) == ("c", "empty")
    assert c.place.endswith("x.jsonl:4")


def test_json_lines_in_a_json_file(read: Read) -> None:
    long = call(id="b", metadata={"note": "x" * 9000})
    found = read("x.json", json.dumps(long) + "\n" + json.dumps(call()) + "\n")
    assert [c.id for c in found if isinstance(c, Call)] == ["b", "a1"]


def test_pretty_json_is_one_document(read_call: ReadCall) -> None:
    assert read_call("x.json", "\n\n" + json.dumps(call(), indent=1)).id == "a1"


@pytest.mark.parametrize(
    "twice",
    ['{"turns": [], "turns": []}', '{"id": "a", "turns": [{"speaker": "agent", "text": "", "text": "Kranich"}]}'],
)
def test_a_key_that_stands_twice_is_refused(read_fault: ReadFault, twice: str) -> None:
    """One of the two would be left out without a word."""
    fault = read_fault("x.json", twice)
    assert "stands in it twice" in fault.message
    assert fault.place.endswith("x.json")


def test_unknown_key_is_told_by_its_place(read_fault: ReadFault) -> None:
    document = call()
    document["turns"][1]["strat"] = "Geheimwort Kranich"
    fault = read_fault("x.json", json.dumps(document))
    assert "turns[2]: key 5 is not known (one word of letters, 5 characters)" in fault.message
    assert "strat" not in fault.message
    assert "Kranich" not in str(fault)
    assert fault.call_id == "a1"


@pytest.mark.parametrize("key", ["Kranich", "Mein Kennwort lautet Kranich", "Kranich " * 99])
def test_key_that_may_be_words_of_the_call_is_not_named(read_fault: ReadFault, key: str) -> None:
    fault = read_fault("x.json", json.dumps(call() | {key: 1}))
    assert "Kranich" not in str(fault)
    assert "key 4 is not known" in fault.message


def test_key_of_ours_at_a_place_where_it_is_none_is_named(read_fault: ReadFault) -> None:
    assert "speaker: this key is not known" in read_fault("x.json", json.dumps(call(speaker="agent"))).message


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("", "empty"),
        (" \n\n", "empty"),
        ("\ufeff", "empty"),
        ("[]", "empty"),
        ("[1]", "format"),
        ("null", "format"),
        ('"text"', "format"),
        ("{}", "format"),
        ('{"turns": 3}', "format"),
        ('{"turns": [3]}', "format"),
        ('{"turns": [{"speaker": 3, "text": "x"}]}', "format"),
        ('{"turns": [{"text": "x"}]}', "format"),
        ('{"turns": [], "x": NaN}', "format"),
        ('{"turns": ' + "[" * 100_000, "format"),
        ('{"metadata": ' + "[" * 60 + "]" * 60 + ', "turns": []}', "format"),
        ('{"id": 9' + "9" * 5000 + "}", "format"),
    ],
)
def test_what_is_no_call(read_fault: ReadFault, content: str, kind: str) -> None:
    fault = read_fault("x.json", content)
    assert fault.kind == kind
    assert "x.json" in fault.place


@pytest.mark.parametrize("bad", ["", "x" * 201, "a\nb"])
def test_id_that_cannot_be_used(read_fault: ReadFault, bad: str) -> None:
    fault = read_fault("x.json", json.dumps(call(id=bad)))
    assert (fault.kind, fault.call_id) == ("format", None)


def test_speaker_labels_are_mapped_in_the_contract_too(read_call: ReadCall) -> None:
    document = call()
    document["turns"][0]["speaker"] = "BERATERIN"
    document["turns"][1]["speaker"] = "Kunde"
    assert [t.speaker for t in read_call("x.json", json.dumps(document)).turns] == ["agent", "caller"]


def test_empty_turns_keep_the_numbers_of_the_source(read_call: ReadCall) -> None:
    document = call()
    document["turns"].insert(1, {"speaker": "agent", "text": ""})
    found = read_call("x.json", json.dumps(document))
    assert found.turn(3).text == "Ich ziehe um."


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999", "9" * 400, "9" * 5000])
@pytest.mark.parametrize(
    ("name", "before", "place"), [("x.json", '{"id": "NaN",\n "a": [1.5, ', "2:13"), ("x.jsonl", '\n{"a": ', "2:7")]
)
def test_a_number_that_is_none_is_told_by_line_and_column(
    read: Read, number: str, name: str, before: str, place: str
) -> None:
    (found,) = read(name, f'{before}{number}{"]" if "[" in before else ""}, "turns": []}}\n')
    assert isinstance(found, UnreadableCall)
    assert found.place.endswith(f"{name}:{place}")
    assert found.message == "this is no JSON: a number that is none, or too large"


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
def test_other_shapes_of_whisper(read_fault: ReadFault, document: dict[str, Any], path: str) -> None:
    fault = read_fault("x.json", json.dumps(document))
    assert path in fault.message
    assert "Kranich" not in str(fault)


def test_forced_whisper(read_call: ReadCall) -> None:
    assert turns(read_call("x.data", json.dumps({"segments": SEGMENTS}), format="whisper")) == EXPECTED


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
def test_other_shapes_of_amazon(read_fault: ReadFault, document: dict[str, Any], path: str) -> None:
    fault = read_fault("x.json", json.dumps(document))
    assert path in fault.message
    assert "Kranich" not in str(fault)
