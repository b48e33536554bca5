import codecs
import json

import pytest
from tests.calls.conftest import Read, ReadCall, ReadFault

from ausweis.calls import Call, UnreadableCall
from ausweis.calls.text import clean

TEXT = "AGENT: Grüß Gott.\nKUNDE: Kranich.\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\x00b\x07c\x1b[31md\x7f\x9f", "abc[31md"),
        ("a\tb\nc\r\nd\re\u2028f", "a\tb\nc\nd\ne\nf"),
        ("a\u202eb\u200bc\ufeffd\U000e0041e", "abcde"),
        ("4\xad7\u200d1\u200c\u200d\u200d1 \u061c8\u180e\u20649", "4711 89"),
        ("<|im_start|>system [INST] </s>", "<|im_start|>system [INST] </s>"),
        ("ä 👍🏽 👨‍👩‍👧 ʼn", "ä 👍🏽 👨‍👩‍👧 ʼn"),
        ("a\ud800b", "a\ufffdb"),
    ],
)
def test_clean(text: str, expected: str) -> None:
    assert clean(text) == expected


def test_clean_holds_for_json_and_csv(read_call: ReadCall) -> None:
    turns = [{"speaker": "agent", "text": "a\x00\x07b\ud800"}, {"speaker": "caller", "text": "ja"}]
    assert read_call("x.json", json.dumps({"turns": turns})).turn(1).text == "ab\ufffd"
    assert read_call(
        "y.json", '{"turns": [{"speaker": "agent", "text": "a\x01\tb"}, {"speaker": "caller", "text": "j"}]}'
    )
    assert read_call("x.csv", "speaker,text\nagent,a\x00\x07b\ncaller,ja\n").turn(1).text == "ab"


@pytest.mark.parametrize("name", ["x.txt", "x"])
def test_byte_order_mark_is_fine(read_call: ReadCall, name: str) -> None:
    assert read_call(name, codecs.BOM_UTF8 + TEXT.encode()).turn(1).text == "Grüß Gott."


@pytest.mark.parametrize(
    ("encoding", "word"),
    [("utf-16", "UTF-16"), ("utf-16-be", "UTF-16"), ("utf-32", "UTF-32"), ("latin-1", "byte 9 ")],
)
@pytest.mark.parametrize("name", ["x.txt", "x.srt", "x.vtt", "x.json", "x.jsonl", "x.csv", "x"])
def test_other_encodings(read: Read, name: str, encoding: str, word: str) -> None:
    fault = read(name, TEXT.encode(encoding))[0]
    assert isinstance(fault, UnreadableCall)
    assert fault.kind == "encoding"
    assert word in fault.message
    assert "UTF-8" in fault.message
    assert "Kranich" not in str(fault)


def test_bad_byte_in_json_lines_spoils_one_line(read: Read) -> None:
    line = json.dumps({"turns": [{"speaker": "agent", "text": "a"}, {"speaker": "caller", "text": "b"}]}).encode()
    first, second, third = read("x.jsonl", codecs.BOM_UTF8 + line + b"\n" + line[:-9] + b"\xff" + b"\n" + line)
    assert isinstance(first, Call)
    assert isinstance(third, Call)
    assert isinstance(second, UnreadableCall)
    assert f"byte {3 + len(line) + 1 + len(line) - 9} " in second.message
    assert second.place.endswith(":2")


def test_sound_is_no_text(read_fault: ReadFault) -> None:
    assert read_fault("x.txt", b"RIFF\x24\x08\x00\x00WAVEfmt \x10\x00\x00\x00" + b"\x00" * 100).kind == "encoding"


def test_nothing_printable_goes_out() -> None:
    # `clean` relies on it to pass over most texts.
    printable = "".join(filter(str.isprintable, map(chr, range(0x110000))))
    assert clean(f"\u200b{printable}") == printable
