"""What this machine lets the process use."""

import os

__all__ = ["usable_cpus"]


def usable_cpus() -> int:
    """How many processors the process may run on; all of them where the system does not say."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
