"""Ray while a run needs it: a cluster that is there already, or processes on this machine that go with the run.

Calls are personal data. Ray holds those in hand in shared memory, and spills to the disk what finds no room there: to
the run folder here, and wherever a cluster was told to. What is started here listens to this machine only, and to
nobody without a token that is made for it.
"""

import logging
import os
import secrets
import shutil
import socket
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ausweis.batch.manifest import Machine
from ausweis.batch.stopping import held_back
from ausweis.errors import InputError, RunError

if TYPE_CHECKING:
    import psutil

__all__ = ["Place", "connected"]

STORE_BYTES = 256 << 20
"""Shared memory for calls in hand, on this machine."""
SPILL_FOLDER = ".ray-spill"
_KNOCK_SECONDS = 5.0
_REMOVAL_SECONDS = 15.0
_END_SECONDS = 5.0

_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    "RAY_DEDUP_LOGS": "0",
    # Ray would start a process a processor before any is asked for.
    "RAY_enable_worker_prestart": "0",
    "RAY_prestart_worker_first_driver": "0",
}


@dataclass(frozen=True)
class Place:
    """Where workers run: the processors of each machine, all GPUs, and whether there are others than this machine."""

    processors: list[int]
    gpus: int
    cluster: bool


@contextmanager
def connected(workers: int, folder: Path) -> Iterator[Place]:
    """Connect to the cluster of `RAY_ADDRESS`, or start Ray here with room for so many workers; end that afterwards.

    Raises:
        InputError: Ray is not installed.
        RunError: there is no cluster, or Ray does not start.
    """
    os.environ.update(_QUIET)
    address = os.environ.get("RAY_ADDRESS", "")
    cluster = address not in ("", "local")
    if cluster:
        _refuse_silence(address)
    own = None if cluster else Path(tempfile.mkdtemp(prefix="ausweis-ray-"))
    spill = (folder / SPILL_FOLDER).resolve()
    try:
        _start(address, workers, own, spill)
        yield Place(_each("CPU") if cluster else [Machine.here().cpus], sum(_each("GPU")), cluster)
    finally:
        with held_back():
            _stop(own)
            if own is not None:
                _remove(own)
                _remove(spill)


def _refuse_silence(address: str) -> None:
    """Ray would knock for minutes, at an address where nobody is, and cannot be stopped meanwhile."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_KNOCK_SECONDS).close()
    except (OSError, OverflowError):
        raise RunError(f"no cluster answers at {address}, the address in RAY_ADDRESS") from None


def _start(address: str, workers: int, own: Path | None, spill: Path) -> None:
    if own is not None:
        _keep_to_this_machine()
    try:
        # Ray tells of its own plans and settings: nothing that a person who scores calls can act on.
        with held_back(), warnings.catch_warnings(), _no_standard_error():
            warnings.simplefilter("ignore")
            import psutil  # noqa: F401 - of the same extra: `_stop` needs it
            import ray
            import ray.data

            _silence()
            wanted: dict[str, Any] = {"address": address}
            if own is not None:
                wanted = {
                    "address": "local",
                    "num_cpus": workers,
                    "include_dashboard": False,
                    "object_store_memory": STORE_BYTES,
                    "object_spilling_directory": str(spill),
                    "_temp_dir": str(own),
                }
            ray.init(**wanted, log_to_driver=False, logging_level=logging.CRITICAL)
    except SystemExit:
        # What Ray makes of SIGTERM at the end of its start.
        raise KeyboardInterrupt from None
    except ImportError:
        raise InputError("--runner ray needs Ray: pip install 'ausweis[ray]'") from None
    except Exception as error:
        what = "Ray does not start on this machine; TMPDIR must be a short path, with room"
        if own is None:
            what = "the cluster of RAY_ADDRESS cannot be reached, or runs another version of Ray or Python"
        raise RunError(f"{what} ({type(error).__name__})") from None
    # Ray makes the folder at once, and again when it needs it: a run without spilling shall leave none.
    with suppress(OSError):
        spill.rmdir()


def _keep_to_this_machine() -> None:
    # Where Ray believes that there are no clusters, it listens to this machine only. It reads this when it is imported.
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    if not {"RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"} & os.environ.keys():
        # Ray would write one to the home folder, and keep it.
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)


@contextmanager
def _no_standard_error() -> Iterator[None]:
    """Of this process, also of what is no Python; not of the lines that come afterwards."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _silence() -> None:
    import ray

    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    # A row has a few kB. By default Ray keeps room for 128 MB a task, and would let fewer workers work.
    context.target_max_block_size = 1 << 20


def _each(resource: str) -> list[int]:
    """How much each machine gives Ray."""
    import ray

    return [int(node["Resources"].get(resource, 0)) for node in ray.nodes() if node["Alive"]]


def _stop(own: Path | None) -> None:
    """Leave Ray. Where it was started here, all its workers end: now and then it leaves one behind, with a call."""
    with suppress(ImportError), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import psutil
        import ray

        workers = [] if own is None else _workers(own)
        ray.shutdown()
        _, left = psutil.wait_procs(workers, timeout=_END_SECONDS)
        for worker in left:
            with suppress(psutil.Error):
                worker.kill()


def _workers(own: Path) -> "list[psutil.Process]":
    """What the processes of Ray have started that work in this folder."""
    import psutil

    found = []
    for child in psutil.Process().children():
        with suppress(psutil.Error):
            if str(own) in " ".join(child.cmdline()):
                found += child.children(recursive=True)
    return found


def _remove(folder: Path) -> None:
    """Where Ray was stopped in its start, its last processes may still write to their logs."""
    end = time.monotonic() + _REMOVAL_SECONDS
    while folder.exists() and time.monotonic() < end:
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(0.05)
