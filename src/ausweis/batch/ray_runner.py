"""A runner on Ray Data: a pool of processes, on this machine or a cluster, each with the model loaded once a window.

Ray Data works on datasets, so tasks go to it in windows, a block a call, and rows come back one by one as they are
done. Ray starts a process that died again and repeats its call; a call whose process dies each time is given up.
"""

import itertools
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from ausweis.batch.ray_session import Place, connected
from ausweis.batch.ray_worker import Attempts, Worker, open_origin, packed, unpacked
from ausweis.batch.recipe import Recipe
from ausweis.batch.scorer import Runner, Scored, Task
from ausweis.batch.stopping import held_back
from ausweis.errors import AusweisError, InputError, ModelError, RunError
from ausweis.provenance import RunProvenance

__all__ = ["WINDOW", "gpu_share", "ray_runner", "threads_for"]

WINDOW = 1000
"""Calls a worker in one dataset: what loading the model anew costs is little beside reading them."""
LARGEST_WINDOW = 20_000
"""Calls in one dataset, however many workers: they are held in memory, about 20 kB each where they are short."""
OPENINGS = 5
"""So many times more than there are workers may the model be loaded without a call being begun."""


class _Pool(NamedTuple):
    """So many workers; `share` is what Ray keeps free for each."""

    recipe: Recipe
    workers: int
    share: dict[str, float]


@contextmanager
def ray_runner(
    recipe: Recipe, workers: int, folder: Path, warn: Callable[[str], None] | None = None
) -> Iterator[tuple[Runner, RunProvenance]]:
    """Give a runner with so many processes, and what its verdicts come from.

    Ray is that of `RAY_ADDRESS`, or is started on this machine and ended afterwards; it may spill to `folder`. `warn`
    is told what a user should know before.

    Raises:
        InputError: Ray is not installed, or the recipe cannot be used in several processes.
        ModelError: a worker cannot load the model, or has another one than the first.
        RunError: Ray cannot be reached or does not start.
    """
    if recipe.record is not None:
        raise InputError("--record writes from one process: leave it out, or leave out --runner ray")
    with connected(workers, folder) as place:
        pool = _pool(recipe, workers, place)
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


def _pool(recipe: Recipe, workers: int, place: Place) -> _Pool:
    """On this machine Ray counts workers; in a cluster, the processors that each of them takes.

    Raises:
        InputError: no machine has as many processors as one worker is to take.
    """
    if recipe.engine == "llama" and recipe.threads is None:
        recipe = replace(recipe, threads=threads_for(place.processors, workers))
    threads = recipe.threads or 1
    if place.cluster and threads > max(place.processors, default=1):
        # Ray would wait for such a machine, for ever and without a word.
        raise InputError(f"no machine of the cluster gives Ray {threads} processors: give fewer --threads")
    gpus = gpu_share(place.gpus, workers) if place.gpus and _reads_on_gpus(recipe) else 0
    return _Pool(recipe, workers, {"num_cpus": threads if place.cluster else 1, "num_gpus": gpus})


def _reads_on_gpus(recipe: Recipe) -> bool:
    if recipe.engine != "llama":
        return False
    import llama_cpp

    return bool(llama_cpp.llama_supports_gpu_offload())


def _first_origin(pool: _Pool) -> tuple[RunProvenance, list[str]]:
    import ray

    opened = ray.remote(**pool.share, max_retries=0)(open_origin).remote(pool.recipe, Path.cwd())
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

    def run(tasks: Iterable[Task]) -> Generator[Scored, None, None]:
        ahead = iter(tasks)
        while window := [packed(number, task) for number, task in enumerate(itertools.islice(ahead, size))]:
            with _told():
                yield from _rows(window, pool, origin)

    return run


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except AusweisError:
        raise
    except Exception as error:
        message = f"Ray stopped ({type(error).__name__}); all rows that came back are written: go on with --resume"
        raise RunError(message) from None


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
            fn_constructor_args=(pool.recipe, origin, attempts, workers + OPENINGS, Path.cwd()),
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
        raise RunError(f"{waiting} calls did not come back from Ray: go on with --resume")
