"""Calls and a runner in, verdicts in the store, in bounded memory: whatever runs the scorer, they are the same.

A scorer makes of a call a row: facts and a verdict, or a failure. A runner takes calls and gives rows as they are done,
both in the caller's thread. It looks no further ahead in the calls than it has hands.

One bad call never stops the others: it becomes a failure in the store. A store that cannot be written stops the run.
Held in memory are the calls that the runner has in hand, counts, and what failed.
"""

import itertools
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from types import FrameType
from typing import TYPE_CHECKING, NamedTuple

from ausweis import __version__
from ausweis.batch.tally import Tally
from ausweis.calls.call import Call, UnreadableCall, call_sha256
from ausweis.calls.failure import Failure
from ausweis.calls.folders import PassedOver
from ausweis.calls.sources import Sources
from ausweis.errors import AusweisError, ModelError, RunError, StoreError, unforeseen
from ausweis.facts import Facts, facts_sha256
from ausweis.judging.judge import judge
from ausweis.judging.verdict import Verdict
from ausweis.policies.files import PolicyFile
from ausweis.provenance import RunProvenance

if TYPE_CHECKING:  # whoever works with runs need not load what reads calls
    from ausweis.engines.protocol import Engine
    from ausweis.reading.questions import Reader
    from ausweis.store.writing import Audio, RunWriter, Settled


class Scored(NamedTuple):
    """What became of a call: facts and a verdict, or a failure."""

    call_id: str
    facts: Facts | None = None
    verdict: Verdict | None = None
    failure: Failure | None = None


class Scorer:
    """Reads and judges calls, with as many calls at once as its engine takes."""

    def __init__(self, reader: "Reader", engine: "Engine", policy: PolicyFile) -> None:
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
        """Read one call, without judging it."""
        return self._reader.read(call).facts

    def score(self, call: Call) -> Scored:
        """Score one call; whatever goes wrong with it alone becomes a failure.

        Raises:
            ModelError: no call can be read any more, such as when a server is gone.
            RunError: something that the run needs cannot be written.
        """
        begun = time.monotonic()
        facts: Facts | None = None
        try:
            fresh, tokens = self._reader.read(call)
            if fresh.call_id != call.id:
                raise ValueError  # a reader that mixes calls up must not get as far as a verdict
            update = {"call_sha256": call_sha256(call), "unmeasured": not self.origin.measured}
            facts = fresh.model_copy(update=update)
            verdict = judge(facts, self._policy.policy)
            seconds = time.monotonic() - begun
            provenance = self.origin.of_verdict(facts_sha256(facts), seconds=seconds, tokens=tokens)
            return Scored(call.id, facts, verdict.model_copy(update={"provenance": provenance}))
        except (ModelError, RunError):
            raise
        except Exception as error:
            return Scored(call.id, facts, failure=Failure.of(error, call.id))


Runner = Callable[[Iterable[Call]], Generator[Scored, None, None]]


def local_runner(scorer: Scorer) -> Runner:
    """As many calls at once as the scorer's engine takes: one after another in their order, or in threads."""
    calls = scorer.calls_at_once
    return _in_threads(scorer, calls) if calls != 1 else lambda ahead: (scorer.score(call) for call in ahead)


def _in_threads(scorer: Scorer, calls: int) -> Runner:
    def run(wanted: Iterable[Call]) -> Generator[Scored, None, None]:
        ahead = iter(wanted)
        pool = ThreadPoolExecutor(calls, thread_name_prefix="call")
        try:
            open_: set[Future[Scored]] = set()
            while True:
                open_ |= {pool.submit(scorer.score, call) for call in itertools.islice(ahead, calls - len(open_))}
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


Found = Call | UnreadableCall


@dataclass(frozen=True, slots=True)
class Progress:
    """Calls looked at so far: `earlier` have a verdict from before, of the others `failed` have none."""

    seen: int = 0
    earlier: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class ScoreSummary:
    """What became of the calls of a command. `complete`: all of them were looked at, whether or not they failed.

    `empty`: how many calls were judged this time, if the reader found no event in any of them; otherwise 0.
    `unknown_speakers`: of each call that was judged this time, how many turns are of unknown speakers, if any.
    """

    complete: bool
    tally: Tally
    progress: Progress
    seconds: float
    files: int | None = None
    passed_over: tuple[PassedOver, ...] = ()
    empty: int = 0
    unknown_speakers: Mapping[str, int] = field(default_factory=dict)


def score(
    calls: Iterable[Found],
    runner: Runner,
    run: "RunWriter",
    *,
    sources: Sources | None = None,
    recordings: "Audio | None" = None,
    in_one_step: bool = False,
    on_progress: Callable[[Progress], None] | None = None,
    on_verdict: Callable[[Verdict], None] | None = None,
) -> ScoreSummary:
    """Score every call that is not settled.

    A call is settled if its text has a verdict of the same system. If something else was written about it since, that
    verdict is written again, so that it counts; otherwise it is left as it is. `run` is of the runner's scorer,
    `sources` are the files that the calls come from, `recordings` those of calls by id. `on_verdict` is told every
    verdict, also of settled calls: in the order of the input where the runner takes one call at a time.
    KeyboardInterrupt ends the run between two calls, and is passed on. `in_one_step`: no signal comes between what the
    store and `on_verdict` are told of a call; not for one that may wait for ever, such as a pipe.

    Raises:
        ModelError: no call can be read any more.
        StoreError: the store cannot be written; all that was written is kept.
    """
    begun = time.monotonic()
    scoring = _Scoring(run, recordings or {}, on_progress, on_verdict, held_back if in_one_step else nullcontext)
    scoring.all(calls, runner)
    if sources is not None and not scoring.left_out:
        run.forget_failures(sources.places)
    return ScoreSummary(
        not scoring.left_out,
        scoring.tally,
        scoring.progress,
        time.monotonic() - begun,
        files=sources.count if sources else None,
        passed_over=sources.passed_over if sources else (),
        empty=scoring.empty,
        unknown_speakers=scoring.unknown_speakers,
    )


class _Scoring:
    def __init__(
        self,
        run: "RunWriter",
        recordings: "Audio",
        on_progress: Callable[[Progress], None] | None,
        on_verdict: Callable[[Verdict], None] | None,
        one_step: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._run = run
        self._recordings = recordings
        self._in_hand: dict[str, Call] = {}
        self._on_progress = on_progress
        self._on_verdict = on_verdict
        self._one_step = one_step
        self.left_out = False
        """Whether a file could not be read to its end."""
        self.tally = Tally()
        self.progress = Progress()
        self.unknown_speakers: dict[str, int] = {}
        self._found_any = False

    @property
    def empty(self) -> int:
        """As in `ScoreSummary`."""
        done = self.progress
        return 0 if self._found_any else done.seen - done.earlier - done.failed

    def all(self, calls: Iterable[Found], runner: Runner) -> None:
        """Look at all of the input."""
        with closing(runner(self._to_read(_guarded(calls)))) as rows:
            for row in rows:
                with self._one_step():
                    self._write(self._in_hand.pop(row.call_id), row)

    def _to_read(self, calls: Iterable[Found | Failure]) -> Iterator[Call]:
        """The calls that are still to be read; all others are settled on the way."""
        for call in calls:
            if not isinstance(call, Call):
                failure = Failure.unreadable(call) if isinstance(call, UnreadableCall) else call
                self.left_out = self.left_out or failure.kind == "internal"
                self._failed(failure)
            elif (settled := self._settled(call)) is None:
                if call.id in self._recordings:
                    # Kept before it is read, so that nobody listens to it twice.
                    self._run.add_text(call)
                self._in_hand[call.id] = call
                yield call
            elif settled.counts:
                self._judged(settled.verdict)
                self._step(earlier=True, failed=False)
            else:
                with self._one_step():
                    self._write(call, Scored(call.id, settled.facts, settled.verdict))

    def _settled(self, call: Call) -> "Settled | None":
        try:
            return self._run.settled(call)
        except StoreError as error:
            if error.code != "store_damaged":
                raise
            return None

    def _write(self, call: Call, row: Scored) -> None:
        facts, failure = row.facts, row.failure
        self._found_any |= facts is not None and bool(facts.events or facts.incidents)
        if row.verdict is not None and facts is not None:
            try:
                self._run.add(call, facts, row.verdict, self._recordings.get(call.id, ()))
            except StoreError as error:
                if error.code != "store_damaged":
                    raise
                failure = Failure(call_id=call.id, kind="internal", message=error.message)
            except AusweisError:
                raise
            except Exception as error:
                failure = Failure.of(error, row.call_id)
            else:
                if facts.unknown_speakers:
                    self.unknown_speakers[row.call_id] = len(facts.unknown_speakers)
                self._judged(row.verdict)
                self._step(earlier=False, failed=False)
        if failure is not None:
            self._failed(failure, call)

    def _judged(self, verdict: Verdict) -> None:
        self.tally.add(verdict)
        if self._on_verdict is not None:
            self._on_verdict(verdict)

    def _failed(self, failure: Failure, call: Call | None = None) -> None:
        self._run.add_failure(failure, call)
        self.tally.add_failure(failure)
        self._step(earlier=False, failed=True)

    def _step(self, *, earlier: bool, failed: bool) -> None:
        done = self.progress
        self.progress = Progress(done.seen + 1, done.earlier + earlier, done.failed + failed)
        if self._on_progress is not None:
            self._on_progress(self.progress)


def _guarded(calls: Iterable[Found]) -> Iterator[Found | Failure]:
    """The calls; what breaks their reading itself comes as a last failure instead."""
    iterator = iter(calls)
    while True:
        try:
            call = next(iterator)
        except StopIteration:
            return
        except AusweisError:
            raise
        except Exception as error:
            message = f"{unforeseen(error)} while calls were read; those after it are left out"
            yield Failure(kind="internal", message=message)
            return
        yield call


@contextmanager
def held_back() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM wait until the block ends, a second one excepted; without effect outside the main thread.

    For a call that is written, and for imports: broken off, they leave locks behind, and others would wait for ever.
    """
    stopped: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        stopped.append(number)
        if len(stopped) > 1:
            raise KeyboardInterrupt

    numbers = (signal.SIGINT, signal.SIGTERM) if threading.current_thread() is threading.main_thread() else ()
    before = {number: signal.signal(number, note) for number in numbers}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
        if stopped:
            signal.raise_signal(stopped[0])
