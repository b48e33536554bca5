"""A runner on Ray Data: a pool of processes, on this machine or a cluster, each with the model loaded once a window.

Ray Data works on datasets, so calls go to it in windows, a block a call, and rows come back one by one as they are
done. Ray starts a process that died again and repeats its call; a call whose process dies each time is given up.

Calls are personal data. Ray holds those in hand in shared memory, and spills to the disk what finds no room there:
beside the store here, and wherever a cluster was told to. What is started here listens to this machine only, and to
nobody without a token that is made for it.
"""

import itertools
import logging
import os
import secrets
import shutil
import socket
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ausweis.batch.config import ScorerConfig
from ausweis.batch.ray_worker import Attempts, Worker, open_origin, packed, unpacked
from ausweis.batch.scoring import Runner, Scored, held_back
from ausweis.calls.call import Call
from ausweis.errors import AusweisError, InputError, ModelError, RunError
from ausweis.machine import usable_cpus
from ausweis.provenance import RunProvenance

if TYPE_CHECKING:
    import psutil

WINDOW = 1000
"""Calls a worker in one dataset: what loading the model anew costs is little beside reading them."""
LARGEST_WINDOW = 20_000
"""Calls in one dataset, however many workers: they are held in memory, about 20 kB each where they are short."""
OPENINGS = 5
"""So many times more than there are workers may the model be loaded without a call being begun."""
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
class _Place:
    """Where workers run: the processors of each machine, all GPUs, and whether there are others than this machine."""

    processors: list[int]
    gpus: int
    cluster: bool


class _Pool(NamedTuple):
    """So many workers; `share` is what Ray keeps free for each."""

    config: ScorerConfig
    workers: int
    share: dict[str, float]


@contextmanager
def ray_runner(
    config: ScorerConfig, workers: int, folder: Path, warn: Callable[[str], None] | None = None
) -> Iterator[tuple[Runner, RunProvenance]]:
    """Give a runner with so many processes, and what its verdicts come from.

    Ray is that of `RAY_ADDRESS`, or is started on this machine and ended afterwards; it may spill to `folder`. `warn`
    is told what a user should know before.

    Raises:
        InputError: Ray is not installed, or the config cannot be used in several processes.
        ModelError: a worker cannot load the model, or has another one than the first.
        RunError: Ray cannot be reached or does not start.
    """
    if config.record is not None:
        raise InputError("--record writes from one process: leave it out, or leave out --workers")
    with connected(workers, folder) as place:
        pool = _pool(config, workers, place)
        origin, warnings = _first_origin(pool)
        if warn is not None:
            for warning in warnings:
                warn(warning)
        yield _in_windows(pool, origin), origin


def threads_for(processors: list[int], workers: int) -> int:
    """The most threads a worker with which all of them find room on machines of so many processors; at least 1."""
    fitting = (n for n in range(max(processors, default=1), 0, -1) if sum(p // n for p in processors) >= workers)
    return next(fitting, 1)


def gpu_share(gpus: int, workers: int) -> float:
    """How much of a GPU each worker gets: a whole one where there are enough, else an equal part; 0 without GPUs."""
    return 1 / -(-workers // gpus) if gpus else 0.0


def _pool(config: ScorerConfig, workers: int, place: _Place) -> _Pool:
    """On this machine Ray counts workers; in a cluster, the processors that each of them takes."""
    if config.engine == "llama" and config.threads is None:
        config = replace(config, threads=threads_for(place.processors, workers))
    threads = config.threads or 1
    if place.cluster and threads > max(place.processors, default=1):
        # Ray would wait for such a machine, for ever and without a word.
        raise InputError(f"no machine of the cluster gives Ray {threads} processors: give fewer --threads")
    gpus = gpu_share(place.gpus, workers) if place.gpus and config.engine == "llama" and _has_gpu_build() else 0
    return _Pool(config, workers, {"num_cpus": threads if place.cluster else 1, "num_gpus": gpus})


def _has_gpu_build() -> bool:
    import llama_cpp

    return bool(llama_cpp.llama_supports_gpu_offload())


def _first_origin(pool: _Pool) -> tuple[RunProvenance, list[str]]:
    import ray

    opened = ray.remote(**pool.share, max_retries=0)(open_origin).remote(pool.config, Path.cwd())
    try:
        origin, warnings = ray.get(opened)
    except ray.exceptions.RayTaskError:
        message = "a worker cannot run ausweis: install the same version, and the same Python, on every machine"
        raise ModelError(message) from None
    except ray.exceptions.RayError:
        message = "a worker ended while it loaded the model, out of memory perhaps; use fewer workers or a smaller one"
        raise ModelError(message) from None
    if isinstance(origin, AusweisError):
        raise origin
    return origin, warnings


def _in_windows(pool: _Pool, origin: RunProvenance) -> Runner:
    size = min(WINDOW * pool.workers, LARGEST_WINDOW)

    def run(wanted: Iterable[Call]) -> Generator[Scored, None, None]:
        ahead = iter(wanted)
        while window := [packed(number, call) for number, call in enumerate(itertools.islice(ahead, size))]:
            try:
                yield from _rows(window, pool, origin)
            except AusweisError:
                raise
            except Exception as error:
                message = f"Ray stopped ({type(error).__name__}); all rows that came back are written"
                raise RunError(f"{message}; say the same command again") from None

    return run


def _rows(window: list[dict[str, Any]], pool: _Pool, origin: RunProvenance) -> Generator[Scored, None, None]:
    import ray

    waiting = len(window)
    workers = min(pool.workers, waiting)
    with held_back():
        attempts = ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1)(Attempts).remote()
        dataset = ray.data.from_items(window, override_num_blocks=waiting)
        window.clear()
        scored = dataset.map(
            Worker,
            fn_constructor_args=(pool.config, origin, attempts, workers + OPENINGS, Path.cwd()),
            # One task at a worker: if it dies, it takes no other call with it.
            compute=ray.data.ActorPoolStrategy(size=workers, max_tasks_in_flight_per_actor=1),
            **pool.share,
        )
    try:
        for batch in scored.iter_batches(batch_size=None, prefetch_batches=0, batch_format="pyarrow"):
            for row in batch.to_pylist():
                waiting -= 1
                yield unpacked(row)
    finally:
        ray.kill(attempts)
    if waiting:
        raise RunError(f"{waiting} calls did not come back from Ray; say the same command again")


@contextmanager
def connected(workers: int, folder: Path) -> Iterator[_Place]:
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
        yield _Place(_each("CPU") if cluster else [usable_cpus()], sum(_each("GPU")), cluster)
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
        raise InputError("--workers needs Ray: pip install 'ausweis[ray]'") from None
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
