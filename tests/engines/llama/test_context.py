import os
from pathlib import Path

import pytest

from ausweis.engines.llama.context import MOST_KEPT, CachedPrefix


def saved(name: str) -> bool:
    Path(name).write_text("states", encoding="utf-8")
    return True


def test_of_too_many_those_go_that_nobody_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUSWEIS_CACHE", str(tmp_path))
    prefixes = [CachedPrefix("0" * 64, "llama.cpp", [number]) for number in range(MOST_KEPT + 1)]
    for age, prefix in enumerate(prefixes[:-1]):
        prefix.keep(saved)
        kept = prefix.find()
        assert kept is not None
        os.utime(kept, (age, age))
    assert prefixes[0].find() is not None
    prefixes[-1].keep(saved)
    assert [place for place, prefix in enumerate(prefixes) if prefix.find() is None] == [1]
