"""One call in, one row out: read by a reader, judged by a policy. The same scorer works in every runner.

A runner takes tasks and gives rows as they are done, both in the caller's thread. It looks no further ahead in the
tasks than it has hands, so memory stays bounded however many there are.
"""

import itertools
import time
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import NamedTuple

from ausweis import __version__
from ausweis.batch.failure import Failure
from ausweis.batch.state import call_sha256, facts_sha256
from ausweis.calls.call import Call
from ausweis.engines.protocol import Engine
from ausweis.errors import ModelError, RunError
from ausweis.facts import Facts
from ausweis.judging.judge import judge
from ausweis.judging.verdict import Verdict
from ausweis.policies import PolicyFile
from ausweis.provenance import RunProvenance
from ausweis.reading.reader import Reader

__all__ = ["Runner", "Scored", "Scorer", "Task", "local_runner"]


class Task(NamedTuple):
    """A call to score; `facts` where it was read before."""

    call: Call
    facts: Facts | None = None


class Scored(NamedTuple):
    """What became of a task: a verdict, or a failure. `facts` only where they were read for this row."""

    call_id: str
    facts: Facts | None = None
    verdict: Verdict | None = None
    failure: Failure | None = None


class Scorer:
    """Reads and judges calls, with as many calls at once as its engine takes."""

    def __init__(self, reader: Reader, engine: Engine, policy: PolicyFile) -> None:
        self._reader = reader
        self.calls_at_once = engine.calls_at_once
        self._policy = policy
        self.origin = RunProvenance(
            ausweis=__version__,
            strategy=reader.strategy,
            policy=policy.provenance,
            prompts=reader.prompts,
            model=engine.info,
        )

    def read(self, call: Call) -> Facts:
        """Read one call, without judging it.

        Raises:
            EngineError, ModelError: as the reader.
        """
        return self._reader.read(call).facts

    def score(self, task: Task) -> Scored:
        """Score one call; whatever goes wrong with it alone becomes a failure.

        Raises:
            ModelError: no call can be read any more, such as when a server is gone.
            RunError: something that the run needs cannot be written.
        """
        begun = time.monotonic()
        call = task.call
        read: Facts | None = None
        tokens: int | None = None
        try:
            facts = task.facts
            if facts is None:
                fresh, tokens = self._reader.read(call)
                _same_call(fresh, call)
                update = {"call_sha256": call_sha256(call), "unmeasured": not self.origin.measured}
                facts = read = fresh.model_copy(update=update)
            verdict = judge(facts, self._policy.policy)
            seconds = None if tokens is None else time.monotonic() - begun
            provenance = self.origin.of_verdict(facts_sha256(facts), seconds=seconds, tokens=tokens)
            return Scored(call.id, read, verdict.model_copy(update={"provenance": provenance}))
        except (ModelError, RunError):
            raise
        except Exception as error:
            return Scored(call.id, read, failure=Failure.of(error, call.id))


def _same_call(facts: Facts, call: Call) -> None:
    # Facts are found again by their call: a reader that mixes calls up must not get that far.
    if facts.call_id != call.id:
        raise ValueError


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
                # What was read beside a call that ends the run is paid for: it is given first.
                for future in sorted(done, key=lambda future: future.exception() is not None):
                    yield future.result()
        finally:
            # Where a run is stopped, calls in hand may still wait for a server: the engine ends them when it is closed.
            pool.shutdown(wait=False, cancel_futures=True)

    return run
