import itertools
from collections.abc import Iterator

import pytest
from tests.calls.conftest import Read, ReadCall, ReadFault, turns

from ausweis.calls import Call, UnreadableCall, csv_format
from ausweis.calls.call import RawCall

EXPECTED = [("agent", 0.5, 2.0, 'Guten Tag; "Nordstern", ja?'), ("caller", 62.0, None, "Hallo,\nich ziehe um.")]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (
            "x.csv",
            'speaker,text,start,end\nAGENT,"Guten Tag; ""Nordstern"", ja?",0.5,2\nKUNDE,"Hallo,\nich ziehe um.",62,\n',
        ),
        (
            "x.csv",
            '\ufeffSprecher;Text;Beginn;Ende\r\nAgent;"Guten Tag; ""Nordstern"", ja?";0,5;2,0\r\n'
            'Kunde;"Hallo,\r\nich ziehe um.";01:02;\r\n',
        ),
        (
            "x.tsv",
            'start\tend\tspeaker\tnote\ttext\n0.5\t2\tagent\tx\t"Guten Tag; ""Nordstern"", ja?"\n'
            '1:02\t\tcaller\t\t"Hallo,\nich ziehe um."\n\t\t\t\t\n',
        ),
        (
            "x.csv",
            'sep=;\nspeaker;text;start;end\nAGENT;"Guten Tag; ""Nordstern"", ja?";0,5;2\n'
            'KUNDE;"Hallo,\nich ziehe um.";62;\nKUNDE; ;70;\n',
        ),
    ],
)
def test_dialects(read_call: ReadCall, name: str, content: str) -> None:
    call = read_call(name, content)
    assert turns(call) == EXPECTED
    assert call.id == "x"


def test_several_calls_in_one_file(read: Read) -> None:
    found = read(
        "x.csv",
        "call_id,language,speaker,text,start\na,en,agent,hello,1\na,,caller,hi,2\nb,,agent,Tag,\nb,,caller,Tag,x\n"
        "c,,agent,Tag,\nc,,caller\nd,,agent,Tag,\nd,,caller,Hallo,\n",
    )
    a, b, c, d = found
    assert isinstance(a, Call)
    assert (a.id, a.language, len(a.turns)) == ("a", "en", 2)
    assert isinstance(b, UnreadableCall)
    assert (b.call_id, b.place.rsplit(":", 1)[1]) == ("b", "5")
    assert isinstance(c, UnreadableCall)
    assert isinstance(d, Call)
    assert d.id == "d"


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        ("a,agent,Tag\nb,agent,Tag\na,caller,Tag\nb,caller,Tag\n", 4),
        ("a,agent,Tag\na,caller,Tag\nb,agent,Tag\nb,caller,Tag\na,agent,Ihr Vertrag\na,caller,Ja\n", 6),
    ],
)
def test_a_call_whose_rows_stand_apart_is_refused_whole(read: Read, rows: str, line: int) -> None:
    first, *_ = read("x.csv", f"call_id,speaker,text\n{rows}c,agent,Tag\nc,caller,Tag\n")
    assert isinstance(first, UnreadableCall)
    assert first.call_id == "a"
    assert f"more of them begin in line {line}" in first.message


def test_calls_before_a_row_that_breaks_the_table_off_are_read(read: Read) -> None:
    a, fault = read("x.csv", 'call_id,speaker,text\na,agent,Tag\na,caller,Tag\nb,agent,Tag\nb,caller,"Tag\n')
    assert isinstance(a, Call)
    assert isinstance(fault, UnreadableCall)


def test_calls_of_a_long_table_do_not_wait_for_its_end() -> None:
    def rows() -> Iterator[bytes]:
        yield b"call_id,speaker,text\n"
        for number in itertools.count():
            yield f"{number},agent,{'Tag ' * 10_000}\n".encode()

    assert isinstance(next(csv_format.read(rows(), "x.csv", "x")), RawCall)


def test_a_very_long_cell(read_call: ReadCall) -> None:
    call = read_call("x.csv", f"speaker,text\nagent,{'a' * 200_000}\ncaller,ja\n")
    assert len(call.turn(1).text) == 200_000


@pytest.mark.parametrize(
    ("content", "line", "word"),
    [
        ("wer,was\nagent,Kranich\n", 1, "speaker"),
        ("speaker,was\nagent,Kranich\n", 1, "text"),
        ('speaker,text\nagent,ja\ncaller,"Kranich\nund mehr\n', 3, "quotes"),
        ('speaker,text\nagent,"ja" Kranich\n', 2, "quotes"),
    ],
)
def test_what_cannot_be_read_has_its_line(read_fault: ReadFault, content: str, line: int, word: str) -> None:
    fault = read_fault("x.csv", content)
    assert fault.place.endswith(f"x.csv:{line}")
    assert word in fault.message
    assert "Kranich" not in str(fault)


def test_header_alone(read_fault: ReadFault) -> None:
    assert read_fault("x.csv", "speaker,text\n").kind == "empty"
