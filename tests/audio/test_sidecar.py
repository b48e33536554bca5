"""What stands beside a recording."""

import json
from pathlib import Path
from typing import Any

import pytest

from ausweis.audio.sidecar import Sidecar
from ausweis.errors import InputError


def beside(folder: Path, content: Any) -> Sidecar:
    text = content if isinstance(content, str) else json.dumps(content)
    (folder / "a.json").write_text(text)
    return Sidecar.read(folder / "a.json")


def test_the_keys_of_a_call(tmp_path: Path) -> None:
    found = beside(
        tmp_path, {"queue": "billing", "agent": "a17", "channels": ["caller", "agent"], "metadata": {"k": 1}}
    )
    assert found.channels == ("caller", "agent")
    assert found.of_call() == {"queue": "billing", "agent": "a17", "metadata": {"k": 1}}


def test_its_words_are_cleaned_as_those_of_calls_are(tmp_path: Path) -> None:
    found = beside(tmp_path, {"id": "a\0\x1b[2Jb", "queue": "\u202ex", "metadata": {"k\0": "\0"}})
    assert found.of_call() == {"id": "a[2Jb", "queue": "x", "metadata": {"k": ""}}


def test_no_file_says_nothing(tmp_path: Path) -> None:
    assert Sidecar.read(tmp_path / "b.json").of_call() == {"metadata": {}}
    assert Sidecar.read(None) == Sidecar()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "no JSON"),
        ("[]", "does not fit"),
        ({"turns": []}, "turns: this key is not known"),
        ({"channels": ["agent", "agent"]}, "each once"),
        ({"language": "fr"}, "language"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, content: Any, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        beside(tmp_path, content)
    assert str(caught.value.place).startswith(str(tmp_path / "a.json"))
