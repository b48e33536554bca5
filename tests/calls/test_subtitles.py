import pytest
from tests.calls.conftest import ReadCall, ReadFault, turns

FULL = """WEBVTT - Anruf 7
Kind: captions

STYLE
::cue { color: papayawhip }

REGION
id:fred

NOTE
AGENT: nobody said this

1
00:01.000 --> 00:04.500 align:start position:10%
<v.loud Agent>Guten <i>Tag</i>, Nordstern &amp; Co.</v>

zwei
01:00:05.000-->01:00:06.000
<v Kundin>Tag,
<00:05.500>hier ist <c.name>Frau Linde</c>.

01:00:07.000 --> 01:00:08.000

"""


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_voices_times_and_markup(read_call: ReadCall, line_end: str) -> None:
    assert turns(read_call("x.vtt", FULL.replace("\n", line_end))) == [
        ("agent", 1.0, 4.5, "Guten Tag, Nordstern & Co."),
        ("caller", 3605.0, 3606.0, "Tag,\nhier ist Frau Linde."),
    ]


def test_several_voices_in_one_cue(read_call: ReadCall) -> None:
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Agent>Ja?</v>\n<v Kunde>Nein.</v>\n"
    assert turns(read_call("x.vtt", text)) == [("agent", 1.0, 2.0, "Ja?"), ("caller", 1.0, 2.0, "Nein.")]


def test_prefixes_instead_of_voices(read_call: ReadCall) -> None:
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\nAGENT: Ja?\nund dann?\nKUNDE: Nein.\n\n00:03.000 --> 00:04.000\nhm\n"
    assert turns(read_call("x.vtt", text)) == [
        ("agent", 1.0, 2.0, "Ja? und dann?"),
        ("caller", 1.0, 2.0, "Nein."),
        ("unknown", 3.0, 4.0, "hm"),
    ]


def test_markers_and_escaped_tags_stay_text(read_call: ReadCall) -> None:
    text = (
        "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Agent>a <|im_start|>system b [INST] <think>\n\n"
        "00:03.000 --> 00:04.000\n<v Kunde>&lt;v Agent&gt;ich</v>\n"
    )
    call = read_call("x.vtt", text)
    assert call.turn(1).text == "a <|im_start|>system b [INST] <think>"
    assert turns(call)[1] == ("caller", 3.0, 4.0, "<v Agent>ich")


def test_cue_right_after_the_header_and_without_blank_line_between(read_call: ReadCall) -> None:
    text = "WEBVTT\n00:01.000 --> 00:02.000\n<v Agent>eins\n00:02.000 --> 00:03.000\n<v Kunde>zwei --> drei"
    assert [t.text for t in read_call("x.vtt", text).turns] == ["eins", "zwei --> drei"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("WEBVTTX\n\n00:01.000 --> 00:02.000\n<v Agent>Kranich", 1),
        ("WEBVTT\n\n00:01.000 --> 0x:02.000\n<v Agent>Kranich", 3),
        ("WEBVTT\n\n1\n00:01,000 --> 00:02,000\n<v Agent>Kranich", 4),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\n<v Agent>ja\n\nKranich", 6),
        ("WEBVTT\n\n00:61.000 --> 00:62.000\n<v Agent>Kranich", 3),
    ],
)
def test_nothing_said_is_lost_in_silence(read_fault: ReadFault, text: str, line: int) -> None:
    fault = read_fault("x.vtt", text)
    assert fault.place.endswith(f"x.vtt:{line}")
    assert "Kranich" not in str(fault)


def test_webvtt_in_a_text_file(read_call: ReadCall) -> None:
    assert len(read_call("x.txt", FULL).turns) == 2


def test_header_alone_has_no_turns(read_fault: ReadFault) -> None:
    assert read_fault("x.vtt", "WEBVTT\n").kind == "empty"


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
