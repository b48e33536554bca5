import os
from pathlib import Path

import pytest

from ausweis.engines.llama.context import MOST_KEPT, CachedPrefix


def test_of_too_many_those_go_that_nobody_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUSWEIS_CACHE", str(tmp_path))
    prefixes = [CachedPrefix("0" * 64, "llama.cpp", [number]) for number in range(MOST_KEPT + 1)]
    for age, prefix in enumerate(prefixes[:-1]):
        prefix.keep(lambda name, text=str(age): bool(Path(name).write_text(text, encoding="utf-8")))
        kept = prefix.find()
        assert kept is not None
        os.utime(kept, (age, age))
    assert prefixes[0].find() is not None
    prefixes[-1].keep(lambda name: bool(Path(name).write_text("new", encoding="utf-8")))
    assert [place for place, prefix in enumerate(prefixes) if prefix.find() is None] == [1]
