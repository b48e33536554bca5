import json
from typing import Any

import pytest
from tests.calls.conftest import Read, ReadCall, ReadFault

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
