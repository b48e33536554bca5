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


AGENT, CALLER = "AGENT: Guten Tag, Nordfunk, mein Name ist Paulsen.", "KUNDE: Ich ziehe um, in die Ulmenstraße."
TOLD = "Seine Nummer ist die 0171 39200 64."


def said_by(call: Call) -> list[tuple[str, str]]:
    return [(turn.speaker, turn.text) for turn in call.turns]


@pytest.mark.parametrize(
    ("label", "speaker"),
    [
        ("Supervisor", "agent"),
        ("Teamleiter/in", "agent"),
        ("Team lead", "agent"),
        ("Vorgesetzte", "agent"),
        ("Kollegin", "agent"),
        ("Mitarbeiter/in Paulsen", "agent"),
        ("Kim, Teamleiterin", "agent"),
        ("Paulsen, Nordfunk", "agent"),
        ("Frau Meier", "unknown"),
        ("Frau Dr. Meier, Nachbarin", "unknown"),
        ("FRAU MEIER", "unknown"),
        ("Kim", "unknown"),
        ("Customer Care", "unknown"),
    ],
)
def test_a_third_voice_has_a_turn_of_its_own(read_call: ReadCall, label: str, speaker: str) -> None:
    """Its words are never those of the turn before, whatever the letters of its label."""
    call = read_call("x.txt", f"{AGENT}\n{CALLER}\n{label}: {TOLD}\nKUNDE: Danke.\n")
    assert [turn.speaker for turn in call.turns] == ["agent", "caller", speaker, "caller"]
    assert call.turn(3).text.endswith(TOLD)


def test_a_label_that_may_have_been_said_stays_in_the_text(read_call: ReadCall) -> None:
    call = read_call("x.txt", f"{AGENT}\n{CALLER}\nBald: {TOLD}\nIda: Ja.\nIda: Nein.\n")
    assert said_by(call)[2:] == [("unknown", f"Bald: {TOLD}"), ("unknown", "Ja."), ("unknown", "Nein.")]


LAYOUTS = {
    "a turn a line": (f"{AGENT}\n{CALLER}\n{{}}\nKUNDE: Danke.\n", True),
    "blank lines between turns": (f"{AGENT}\n\n{CALLER}\n\n{{}}\n\nKUNDE: Danke.\n", True),
    "no blank line above": (f"{AGENT}\n\n{CALLER}\n{{}}\n\nKUNDE: Danke.\n", False),
    "a time stamp": (f"[00:01] {AGENT}\n[00:02] {CALLER}\n[00:03] {{}}\n[00:04] KUNDE: Danke.\n", True),
    "no time stamp": (f"[00:01] {AGENT}\n[00:02] {CALLER}\n{{}}\n[00:04] KUNDE: Danke.\n", False),
    "indented": (f"{AGENT}\n{CALLER}\n    {{}}\nKUNDE: Danke.\n", False),
    "the line above has room": (f"AGENT: Guten Tag, mein Name ist\nPaulsen.\n{CALLER}\nIch\n{{}}\n", True),
    "the line above is full": (f"AGENT: Tag, hier\nPaulsen.\n{CALLER[:-1]}\n{{}}\n", False),
    "the line above ends a sentence": (f"AGENT: Tag, hier\nPaulsen.\n{CALLER}\n{{}}\n", True),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_layout_of_the_file_tells_what_a_label_is(read_call: ReadCall, layout: str) -> None:
    lines, begins_turn = LAYOUTS[layout]
    call = read_call("x.txt", lines.format(f"Kim: {TOLD}"))
    assert ("unknown" in [turn.speaker for turn in call.turns]) is begins_turn
    assert TOLD in " ".join(turn.text for turn in call.turns)


@pytest.mark.parametrize(
    "said", ["Kundennummer: 4711", "PIN: 4711", "12:30 Uhr", "12:30", "https://a.example/", "IBAN: ja"]
)
def test_values_times_and_addresses_are_text(read_call: ReadCall, said: str) -> None:
    call = read_call("x.txt", f"{AGENT}\n{CALLER}\n{said}\nAGENT: Danke.\n")
    assert said_by(call)[1] == ("caller", f"{CALLER.removeprefix('KUNDE: ')} {said}")


def test_a_stamped_line_without_a_label_is_nobodys(read_call: ReadCall) -> None:
    call = read_call("x.txt", f"[00:01] {AGENT}\n[00:02] {CALLER}\n[00:03] {TOLD}\n[00:04] KUNDE: Danke.\n")
    assert said_by(call)[2] == ("unknown", TOLD)


def test_a_label_right_before_its_words(read_call: ReadCall) -> None:
    assert said_by(read_call("x.txt", f"{AGENT}\n{CALLER}\nSupervisor:{TOLD}\n"))[2] == ("agent", TOLD)


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
