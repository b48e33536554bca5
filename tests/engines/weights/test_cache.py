"""A file that cannot be hashed is told in a sentence, whatever of it fails."""

from pathlib import Path

import pytest

from ausweis.engines.weights.cache import hash_noted
from ausweis.errors import ModelError


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUSWEIS_CACHE", str(tmp_path / "cache"))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"gone\.gguf: cannot be read: No such file"):
        hash_noted(tmp_path / "gone.gguf")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read: Is a directory"):
        hash_noted(tmp_path)
