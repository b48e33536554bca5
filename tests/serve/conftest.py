"""Stores for tests of the desk."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.serve.filled import fill, golden, threats, tone

from ausweis.store import Store


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of sixty-six calls of the golden set, the even ones with a recording."""
    folder = tmp_path_factory.mktemp("store")
    calls = list(golden(66))
    recording = tone(folder / "recording.wav", 300)
    fill(folder / "calls.sqlite", calls, audio={one.call.id: (recording,) for one in calls[::2]}).close()
    return folder / "calls.sqlite"


@pytest.fixture
def store(filled: Path, tmp_path: Path) -> Iterator[Store]:
    """A copy of it, to be changed."""
    for name in ("calls.sqlite", "calls.sqlite.key"):
        shutil.copy(filled.with_name(name), tmp_path)
    with Store.open(tmp_path / "calls.sqlite") as found:
        yield found


@pytest.fixture
def incidents(tmp_path: Path) -> Iterator[Store]:
    """The three calls of `threats`, by their keys 1 to 3."""
    with fill(tmp_path / "threats.sqlite", threats()) as found:
        yield found
