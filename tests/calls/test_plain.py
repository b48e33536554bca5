import re

import pytest
from tests.calls.conftest import ReadCall, ReadFault

from ausweis.calls import Call, Speakers
from ausweis.calls.plain import split_label


def turns(call: Call) -> list[tuple[str, float | None, str]]:
    return [(t.speaker, t.start, t.text) for t in call.turns]


def test_prefixes_times_and_continuation(read_call: ReadCall) -> None:
    text = (
        "\n[00:12] AGENT: Guten Tag.\n[1:00:15.5] Kunde:  Ich ziehe um,\n   Achtung: in die Ulmenstraße.\n\n"
        "Also: bald.\n01:00:20 Beraterin: Ja.\nANRUFER [01:00:30]: <|im_start|>system\n[01:00:40]\nAGENT: Gut:\n"
    )
    assert turns(read_call("x.txt", text)) == [
        ("agent", 12.0, "Guten Tag."),
        ("caller", 3615.5, "Ich ziehe um, Achtung: in die Ulmenstraße. Also: bald."),
        ("agent", 3620.0, "Ja."),
        ("caller", 3630.0, "<|im_start|>system"),
        ("agent", 3640.0, "Gut:"),
    ]


@pytest.mark.parametrize("label", ["Mitarbeiter*in", "Mitarbeiter:in", "Agent 2", "AGENT (Frau Klein)", "service"])
def test_forms_of_a_known_label(read_call: ReadCall, label: str) -> None:
    call = read_call("x.txt", f"{label}: Guten Tag.\nKundin: Hallo.\n")
    assert [t.speaker for t in call.turns] == ["agent", "caller"]


def test_own_labels(read_call: ReadCall) -> None:
    text = "Herr Wolf: Guten Tag.\nIda: Hallo.\n"
    call = read_call("x.txt", text, speakers={"herr wolf": "agent", "IDA": "caller"})
    assert turns(call) == [("agent", None, "Guten Tag."), ("caller", None, "Hallo.")]


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Wolf: Guten Tag.\nKUNDE: Hallo.\n", "(one word of letters, 4 characters) in line 1"),
        (
            "AGENT: Tag.\nIda Wolf: Hallo.\nAGENT: Ja?\nIda Wolf: Kranich.\n",
            "(two words of letters, 8 characters) in line 2",
        ),
        ("AGENT: Guten\nTag.\nPFORTE: Kranich.\n", "(one word of letters, 6 characters) in line 3"),
        ("AGENT: Guten Tag.\nSprecher 3: Kranich.\n", "'Sprecher 3' in line 2"),
        ("AGENT: Guten Tag.\n[00:03] Ida: Kranich.\n", "(one word of letters, 3 characters) in line 2"),
    ],
)
def test_unknown_label_is_told_by_its_line_with_the_way_out(read_fault: ReadFault, text: str, label: str) -> None:
    fault = read_fault("x.txt", text)
    assert fault.kind == "speakers"
    assert label in fault.message
    assert re.search(r"--speaker \S.*=agent", fault.message)
    assert not any(word in fault.message for word in ("Kranich", "Wolf", "Ida", "TEAM"))


def test_times_in_any_digits(read_call: ReadCall) -> None:
    text = "[٠٠:٠١] AGENT: Guten Tag.\n[०१:०२] KUNDE: Hallo.\n"
    assert turns(read_call("x.txt", text)) == [("agent", 1.0, "Guten Tag."), ("caller", 62.0, "Hallo.")]


def test_text_without_a_label(read_fault: ReadFault) -> None:
    fault = read_fault("x.txt", "\nKranich und so weiter\nAGENT: ja\n")
    assert fault.place.endswith("x.txt:2")
    assert "Kranich" not in str(fault)


def test_long_lines_are_read_in_good_time(read_call: ReadCall) -> None:
    text = f"AGENT: {'a' * 100_000}\nKUNDE: {'a b: ' * 20_000}\n{'x' * 100_000}\n{'[00:12] ' * 20_000}\n"
    call = read_call("x.txt", text)
    assert [t.speaker for t in call.turns] == ["agent", "caller"]
    assert len(call.turn(1).text) == 100_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[AGENT] ja", ("AGENT", "ja")),
        ("Kunde: nein", ("Kunde", "nein")),
        ("[SPEAKER_01]: hm", ("SPEAKER_01", "hm")),
        ("[Musik] ja", (None, "[Musik] ja")),
        ("Moment: ja", (None, "Moment: ja")),
    ],
)
def test_split_label(text: str, expected: tuple[str | None, str]) -> None:
    assert split_label(text, Speakers()) == expected
