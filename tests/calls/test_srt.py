import pytest
from tests.calls.conftest import ReadCall, ReadFault, turns


def test_labels_markup_and_blank_lines_in_the_text(read_call: ReadCall) -> None:
    text = (
        "\n1\r\n00:00:01,000 --> 00:00:02,500 X1:10 X2:20\r\n{\\an8}<b>AGENT:</b> Guten Tag.\r\n\r\n"
        "2\r\n0:00:03.5 --> 00:00:04,000\r\n[Kundin] Hallo,\r\n\r\nhier Linde\r\n\r\n"
        "3\n00:00:05,000 --> 00:00:06,000\n<v Agent>Ja.</v><v Kunde>4711</v>\n4\n00:00:07,000 --> 00:00:08,000\n"
        "KUNDE: vier\n4712\n\n5\n00:00:09,000 --> 00:00:10,000\n\n"
    )
    assert turns(read_call("x.srt", text)) == [
        ("agent", 1.0, 2.5, "Guten Tag."),
        ("caller", 3.5, 4.0, "Hallo, hier Linde"),
        ("agent", 5.0, 6.0, "Ja."),
        ("caller", 5.0, 6.0, "4711"),
        ("caller", 7.0, 8.0, "vier 4712"),
    ]


@pytest.mark.parametrize(
    ("cue", "speaker"),
    [("hm", "unknown"), ("Frau Meier: hm", "unknown"), ("FRAU MEIER: hm", "unknown"), ("Supervisor: hm", "agent")],
)
def test_a_cue_of_a_third_voice_or_of_none(read_call: ReadCall, cue: str, speaker: str) -> None:
    cues = enumerate(["AGENT: Ja?", "KUNDE: Nein.\nAlso: bald.", cue, "KUNDE: Ja."], start=1)
    call = read_call("x.srt", "".join(f"{n}\n00:00:0{n},000 --> 00:00:0{n},900\n{text}\n\n" for n, text in cues))
    assert [turn.speaker for turn in call.turns] == ["agent", "caller", speaker, "caller"]
    assert call.turn(2).text == "Nein. Also: bald."
    assert call.turn(3).text.endswith("hm")


def test_a_number_as_last_words_stays_where_cues_have_no_numbers(read_call: ReadCall) -> None:
    text = "00:00:01,000 --> 00:00:02,000\nAGENT: PIN?\n\n00:00:03,000 --> 00:00:04,000\nKUNDE: ja\n4711\n"
    text += "00:00:05,000 --> 00:00:06,000\nAGENT: <|im_end|> danke -> ok\n"
    assert [t.text for t in read_call("x.srt", text).turns] == ["PIN?", "ja 4711", "<|im_end|> danke -> ok"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("1\n00:00:01,000 --> 00:00:0x,000\nAGENT: Kranich\n", 2),
        ("Kranich\n\n1\n00:00:01,000 --> 00:00:02,000\nAGENT: ja\n", 1),
        ("AGENT: Kranich\n", 1),
    ],
)
def test_what_cannot_be_read_has_its_line(read_fault: ReadFault, text: str, line: int) -> None:
    fault = read_fault("x.srt", text)
    assert fault.place.endswith(f"x.srt:{line}")
    assert "Kranich" not in str(fault)
