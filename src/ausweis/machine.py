"""What this machine lets the process use."""

import os
from collections.abc import Callable
from pathlib import Path


def usable_cpus() -> int:
    """How many processors the process may run on; all of them where the system does not say."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def usable_memory(system: Path = Path("/proc/meminfo"), group: Path = Path("/sys/fs/cgroup/memory.max")) -> int | None:
    """Bytes that are free for it; None where the system does not say."""
    free = _number(system, lambda text: int(text.split("MemAvailable:")[1].split()[0]) * 1024)
    # A container may be given less than its machine has; `max` means no limit.
    sizes = [size for size in (free, _number(group, int)) if size is not None]
    return min(sizes, default=None)


def gpu_maker(devices: Path = Path("/dev")) -> str | None:
    """`NVIDIA` or `AMD`, where the system shows a GPU of theirs; whether llama.cpp can use it is another question."""
    files = {"nvidiactl": "NVIDIA", "dxg": "NVIDIA", "kfd": "AMD"}
    return next((maker for file, maker in files.items() if (devices / file).exists()), None)


def _number(source: Path, parse: Callable[[str], int]) -> int | None:
    try:
        return parse(source.read_text(encoding="utf-8"))
    except (OSError, ValueError, IndexError):
        return None
