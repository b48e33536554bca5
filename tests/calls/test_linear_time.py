"""The rule: four times the file takes about four times the time, whatever stands in it."""

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ausweis.calls import Speakers, read_calls
from ausweis.calls.text import clean

N = 10_000
ENOUGH = 8.0
"""Seconds of this process that anything may take: what is linear takes some tenths, what is quadratic half a minute."""
HEAD = "WEBVTT\n\n00:01.000 --> 00:02.000\n"
CUE = "1\n00:00:01,000 --> 00:00:02,000\n"


def spent(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def is_linear(work: Callable[[int], object]) -> bool:
    """What is quadratic takes sixteen times the time for four times the length."""
    once = spent(lambda: work(N))
    return spent(lambda: work(4 * N)) <= max(ENOUGH, 8 * once)


def read(name: str, content: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).write_text(content)
        assert list(read_calls([Path(folder) / name]))


def item(number: int, word: str, kind: str = "pronunciation") -> dict[str, object]:
    return {"type": kind, "start_time": number, "end_time": number, "alternatives": [{"content": word}]}


CONTENTS: dict[str, tuple[str, Callable[[int], str]]] = {
    "voice and blanks": ("x.vtt", lambda n: HEAD + "<v" + " " * n),
    "many voices": ("x.vtt", lambda n: HEAD + "<v " * n),
    "classes": ("x.vtt", lambda n: HEAD + "<c" + ".a" * n),
    "lines of a cue": ("x.vtt", lambda n: HEAD + "ein Wort\n" * n),
    "references": ("x.vtt", lambda n: HEAD + "&#" + "9" * n),
    "voice of a subtitle": ("x.srt", lambda n: CUE + "<v" + " " * n),
    "fonts": ("x.srt", lambda n: CUE + "<font " * n),
    "lines of a subtitle": ("x.srt", lambda n: CUE + "ein Wort\n" * n),
    "label and blanks": ("x.txt", lambda n: "AGENT: ja\nAGENT" + " " * n + "x"),
    "stamp and blanks": ("x.txt", lambda n: "AGENT: ja\n[00:01" + " " * n + "x"),
    "stamp, label and blanks": ("x.txt", lambda n: "AGENT [00:01]" + " " * n + "[00:01]"),
    "digits": ("x.txt", lambda n: "AGENT: ja\n" + "1" * n),
    "joiners": ("x.txt", lambda n: "AGENT: ja \u200d" + "\u200d" * n + " "),
    "brackets in a label": ("x.json", lambda n: json.dumps({"turns": [{"speaker": "(" * n, "text": "a"}]})),
    "dashes in a label": ("x.json", lambda n: json.dumps({"turns": [{"speaker": "-" * n, "text": "a"}]})),
    "words without an end": (
        "x.json",
        lambda n: json.dumps({"results": {"items": [item(0, "wort" * 25) for _ in range(n)]}}),
    ),
    "marks without a word": (
        "x.json",
        lambda n: json.dumps({"results": {"items": [item(0, "-" * 99, "punctuation") for _ in range(n)]}}),
    ),
    "a long cell": ("x.csv", lambda n: f'speaker,text\nagent,"{"ja, " * n}"\ncaller,ja\n'),
    "quotes": ("x.csv", lambda n: "speaker,text\nagent," + '"ja\n' * n),
    "braces": ("x.json", lambda n: '{"a":' * n),
    "blanks before": ("x", lambda n: " " * n + "1" * n),
}


@pytest.mark.parametrize("what", CONTENTS)
def test_contents_that_were_slow_or_look_so(what: str) -> None:
    name, make = CONTENTS[what]
    assert is_linear(lambda n: read(name, make(n)))


UNITS = [
    "<v",
    "<v.a",
    " ",
    "\t",
    "<",
    ">",
    "AGENT",
    ":",
    "[00:01",
    "]",
    "(",
    "-",
    "_",
    "1",
    "&#",
    "\u200d",
    "{\\",
    '"',
    "a",
]
pieces = st.lists(st.sampled_from(UNITS), max_size=3).map("".join)


@settings(max_examples=60, deadline=None)
@given(
    before=pieces,
    unit=pieces.filter(bool),
    after=pieces,
    form=st.sampled_from(
        [("x.vtt", HEAD), ("x.srt", CUE), ("x.txt", "AGENT: ja\n"), ("x.csv", "speaker,text\nagent,")]
    ),
)
def test_anything_again_and_again(before: str, unit: str, after: str, form: tuple[str, str]) -> None:
    name, head = form
    assert spent(lambda: read(name, head + before + unit * (4 * N // len(unit)) + after)) < ENOUGH


@settings(max_examples=30, deadline=None)
@given(before=pieces, unit=pieces.filter(bool), after=pieces)
def test_labels_and_texts(before: str, unit: str, after: str) -> None:
    text = before + unit * (4 * N // len(unit)) + after
    assert spent(lambda: (Speakers().find(text), clean(text))) < ENOUGH
