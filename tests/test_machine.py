from pathlib import Path

import pytest

from ausweis.machine import gpu_maker, usable_memory


@pytest.mark.parametrize(
    ("limit", "free"), [("max\n", 2048 * 1024), (None, 2048 * 1024), ("1000\n", 1000), ("9999999\n", 2048 * 1024)]
)
def test_memory_is_what_the_system_has_free_and_a_container_may_take(
    tmp_path: Path, limit: str | None, free: int
) -> None:
    (tmp_path / "meminfo").write_text("MemTotal: 9 kB\nMemAvailable:    2048 kB\n")
    if limit is not None:
        (tmp_path / "memory.max").write_text(limit)
    assert usable_memory(tmp_path / "meminfo", tmp_path / "memory.max") == free


def test_memory_that_no_system_tells(tmp_path: Path) -> None:
    assert usable_memory(tmp_path / "meminfo", tmp_path / "memory.max") is None


@pytest.mark.parametrize(("file", "maker"), [("nvidiactl", "NVIDIA"), ("kfd", "AMD"), ("null", None)])
def test_a_gpu_is_seen_by_its_device(tmp_path: Path, file: str, maker: str | None) -> None:
    (tmp_path / file).touch()
    assert gpu_maker(tmp_path) == maker
