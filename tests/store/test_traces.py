"""What would show that a deleted call is still in a file: its sentences, and its id as a whole word."""

import json
from pathlib import Path

import pytest
from tests.store.runs import make_call, origin_of

from ausweis.store import Store
from ausweis.store.traces import Traces, sentences


def test_sentences_are_long_and_plain() -> None:
    said = 'Kurz. "Ein langer Satz, der etwas sagt", sagte er\nund noch einer, der länger ist als der davor'
    assert list(sentences([said])) == [
        "und noch einer, der länger ist als der davor",
        "Ein langer Satz, der etwas sagt",
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("risk 0.1384213771", False),
        ("risk 0.384213771", False),
        ("a384213", False),
        ("ü384213", False),
        ("in /calls/384213/all", False),
        ("call 384213.", True),
        ("calls/384213.json", True),
        (json.dumps("see\n384213"), True),
        ("384213", True),
        ("und noch einer, der länger ist", True),
        (json.dumps("und noch einer, der länger ist"), True),
        ("", False),
    ],
)
def test_an_id_within_a_number_a_word_or_a_path_is_no_trace(tmp_path: Path, text: str, found: bool) -> None:
    traces = Traces(frozenset({"384213"}), ("und noch einer, der länger ist",), ("/calls/384213/all",))
    path = tmp_path / "x"
    assert not traces.in_database(path)
    path.write_text(text, "utf-8")
    assert traces.in_database(path) is found


def test_short_ids_and_many_are_not_searched_for(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("12345 and 123456")
    assert not Traces(frozenset({"12345"}), ()).in_database(path)
    assert not Traces(frozenset({"123456", *map(str, range(50))}), ()).in_database(path)


def test_a_row_or_an_index_that_holds_the_id_is_found(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    with Store.open(path) as store:
        run = store.begin(origin_of())
        for number in range(384200, 384230):
            run.add_text(make_call(number, id=f"{number:06}"))
    traces, row = Traces(frozenset({"384213"}), ()), path.read_bytes()
    assert traces.in_database(path)
    # The index without the row.
    day = b"3842132026-03-02"
    assert day in row
    path.write_bytes(row.replace(day, b"x" * len(day)))
    assert traces.in_database(path)
