"""Runners on this machine: tasks in, rows out as they are done, both in the caller's thread.

A runner looks no further ahead in the tasks than it has hands, so memory stays bounded however many there are.
"""

import itertools
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from ausweis.batch.scorer import Scored, Scorer, Task

__all__ = ["Runner", "local_runner"]

Runner = Callable[[Iterable[Task]], Generator[Scored, None, None]]


def local_runner(scorer: Scorer) -> Runner:
    """As many calls at once as the scorer's engine takes: one after another in their order, or in threads."""
    return _one_by_one(scorer) if scorer.calls_at_once == 1 else _in_threads(scorer, scorer.calls_at_once)


def _one_by_one(scorer: Scorer) -> Runner:

    def run(tasks: Iterable[Task]) -> Generator[Scored, None, None]:
        for task in tasks:
            yield scorer.score(task)

    return run


def _in_threads(scorer: Scorer, calls: int) -> Runner:
    def run(tasks: Iterable[Task]) -> Generator[Scored, None, None]:
        ahead = iter(tasks)
        pool = ThreadPoolExecutor(calls, thread_name_prefix="call")
        try:
            open_: set[Future[Scored]] = set()
            while True:
                open_ |= {pool.submit(scorer.score, task) for task in itertools.islice(ahead, calls - len(open_))}
                if not open_:
                    return
                done, open_ = wait(open_, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        finally:
            # Where a run is stopped, calls in hand may still wait for a server: the engine ends them when it is closed.
            pool.shutdown(wait=False, cancel_futures=True)

    return run
