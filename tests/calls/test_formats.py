"""The rule: an installed package adds a format by an entry point; one that is broken costs a clear sentence."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.calls.conftest import turns

from ausweis.calls import Call, UnreadableCall, formats, read_calls
from ausweis.errors import InputError

Install = Callable[[str], Path]
ACME = """
from ausweis.errors import CallFormatError

def read(data):
    if data.startswith(b"old"):
        raise CallFormatError("version 1 of this format is not read")
    lines = [line.split("|") for line in data.decode().splitlines()]
    return {"id": "acme-1", "turns": [{"speaker": who, "start": float(at), "text": text} for who, at, text in lines]}
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Puts an installed package `acme_calls` with this code on the path, and gives a folder for its files."""

    def put(code: str) -> Path:
        site = tmp_path / "site"
        about = site / "acme_calls-1.dist-info"
        about.mkdir(parents=True)
        (site / "acme_calls.py").write_text(code)
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-calls\nVersion: 1\n")
        (about / "entry_points.txt").write_text("[ausweis.transcripts]\nacme = acme_calls:read\n")
        monkeypatch.syspath_prepend(str(site))
        formats._added.cache_clear()
        (tmp_path / "calls").mkdir()
        return tmp_path / "calls"

    yield put
    formats._added.cache_clear()
    sys.modules.pop("acme_calls", None)


def test_a_call_in_a_format_that_a_package_adds(install: Install) -> None:
    folder = install(ACME)
    (folder / "one.acme").write_text("agent|0.5|Guten Tag.\u200b\nkunde|2|Hallo.\n")
    (folder / "two.docx").write_text("agent|0|a\ncaller|1|b\n")
    [call] = read_calls([folder])
    assert isinstance(call, Call), str(call)
    assert call.id == "acme-1"
    assert turns(call) == [("agent", 0.5, None, "Guten Tag."), ("caller", 2.0, None, "Hallo.")]
    [call] = read_calls([folder / "two.docx"], format="acme")
    assert isinstance(call, Call), str(call)


def test_a_reader_may_give_several_calls(install: Install) -> None:
    one = '{"turns": ({"speaker": "agent", "text": "a"}, {"speaker": "caller", "text": "b"})}'
    folder = install(f"def read(data):\n    yield {one}\n    yield {{'turns': 7}}\n    yield {one}\n")
    (folder / "x.acme").write_text("x")
    first, bad, last = read_calls([folder])
    assert [call.id for call in (first, last) if isinstance(call, Call)] == ["x-1", "x-3"]
    assert isinstance(bad, UnreadableCall)
    assert bad.place.endswith("x.acme[2]")


@pytest.mark.parametrize(
    ("code", "content", "message"),
    [
        (ACME, "old", "version 1 of this format is not read"),
        (ACME, "Geheim", "the reader of the format acme (acme_calls:read) failed with ValueError; ask whoever made it"),
        ("def read(data): return 7", "x", "the reader of the format acme (acme_calls:read) failed with TypeError"),
        ("def read(data): return {'turns': [{'text': object()}]}", "x", "failed with TypeError"),
        ("import no_such_module_of_ours", "x", "acme_calls:read cannot be imported (ModuleNotFoundError)"),
        ("def other(): ...", "x", "acme_calls:read cannot be imported (AttributeError)"),
    ],
)
def test_a_reader_that_cannot_read_a_file(install: Install, code: str, content: str, message: str) -> None:
    folder = install(code)
    (folder / "x.acme").write_text(content)
    (folder / "y.txt").write_text("AGENT: a\nKUNDE: b\n")
    fault, call = read_calls([folder])
    assert isinstance(fault, UnreadableCall)
    assert message in fault.message
    assert "Geheim" not in str(fault)
    assert isinstance(call, Call)


def test_a_broken_package_is_told_before_anything_is_read(install: Install) -> None:
    folder = install("raise OSError")
    (folder / "x.txt").write_text("x")
    with pytest.raises(InputError, match=r"acme_calls:read cannot be imported \(OSError\); install the package"):
        read_calls([folder], format="acme")
    with pytest.raises(InputError, match="aws, acme"):
        read_calls([folder], format="docx")
