"""Calls, a reader and a policy in, a run out: one call at a time, in the order of the input, in bounded memory.

One bad call never stops the others: it becomes a line of `failures.jsonl`. A run folder that cannot be written stops
the run. Held in memory are the ids of the calls that are done, and one call.
"""

import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ausweis import __version__
from ausweis.batch.canonical import provenance_of
from ausweis.batch.failure import Failure
from ausweis.batch.manifest import Counts, Inputs, Machine, RunManifest, now
from ausweis.batch.run_folder import RunFolder
from ausweis.calls.call import Call
from ausweis.calls.unreadable import UnreadableCall
from ausweis.engines.protocol import EngineInfo
from ausweis.errors import AusweisError, RunError
from ausweis.judging.judge import judge
from ausweis.judging.policy_files import PolicyFile
from ausweis.judging.verdict import PromptProvenance
from ausweis.reading.facts import Facts
from ausweis.reading.reader import Reader

__all__ = ["Progress", "Summary", "manifest_of", "score"]

Found = Call | UnreadableCall


@dataclass(frozen=True, slots=True)
class Progress:
    """Calls looked at so far: `earlier` were settled by a run before, of the others `failed` have no verdict."""

    seen: int = 0
    earlier: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Summary:
    """A run as it stands: `counts` of the whole folder; `progress` and `seconds` of this time."""

    run: Path
    complete: bool
    counts: Counts
    progress: Progress
    seconds: float


def manifest_of(reader: Reader, engine: EngineInfo, policy: PolicyFile, inputs: Inputs) -> RunManifest:
    """The manifest of a run that begins now, on this machine."""
    return RunManifest(
        ausweis=__version__,
        strategy=reader.strategy,
        policy=policy.provenance,
        prompts=tuple(PromptProvenance(id=p.id, version=p.version, sha256=p.sha256) for p in reader.prompts),
        engine=engine,
        inputs=inputs,
        machine=Machine.here(),
        started=now(),
    )


def score(
    calls: Iterable[Found],
    reader: Reader,
    engine: EngineInfo,
    policy: PolicyFile,
    run: RunFolder,
    *,
    inputs: Inputs | None = None,
    retry_failed: bool = False,
    limit: int | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Summary:
    """Read and judge every call that the run has not settled yet; at most the first `limit` calls of the input.

    A call that failed stays failed when the run is resumed, unless `retry_failed`; retried calls stand at the end of
    the files. KeyboardInterrupt ends the run between two lines, and is passed on.

    Raises:
        RunError: the run was made of other parts, or its folder cannot be written; all whole lines are kept.
    """
    begun = time.monotonic()
    manifest = manifest_of(reader, engine, policy, inputs or Inputs())
    run.begin(manifest, retry_failed=retry_failed)
    scorer = _Scorer(reader, policy, run, manifest, on_progress)
    try:
        complete = scorer.all(calls, limit)
    except BaseException:
        with suppress(RunError):
            run.finish(complete=False)
        raise
    run.finish(complete=complete)
    return Summary(run.path, complete, run.counts, scorer.progress, time.monotonic() - begun)


class _Scorer:
    def __init__(
        self,
        reader: Reader,
        policy: PolicyFile,
        run: RunFolder,
        manifest: RunManifest,
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        self._reader = reader
        self._policy = policy
        self._run = run
        self._manifest = manifest
        self._on_progress = on_progress
        self.progress = Progress()

    def all(self, calls: Iterable[Found], limit: int | None) -> bool:
        """Whether every call of the input was looked at."""
        whole = True
        for found in itertools.islice(_guarded(calls), limit):
            if isinstance(found, Call):
                self._step(earlier=self._run.is_settled(found.id), failed=not self._settle(found))
            else:
                failure = Failure.unreadable(found) if isinstance(found, UnreadableCall) else found
                whole = whole and failure is not found
                self._step(earlier=not self._run.add_failure(failure), failed=True)
        return whole and (limit is None or self.progress.seen < limit)

    def _step(self, *, earlier: bool, failed: bool) -> None:
        done = self.progress
        self.progress = Progress(done.seen + 1, done.earlier + earlier, done.failed + (failed and not earlier))
        if self._on_progress is not None:
            self._on_progress(self.progress)

    def _settle(self, call: Call) -> bool:
        """Read and judge one call, unless that is done; False where it has no verdict."""
        if self._run.is_settled(call.id):
            return True
        try:
            self._score(call)
        except RunError:
            raise
        except Exception as error:
            self._run.add_failure(Failure.of(error, call.id))
            return False
        return True

    def _score(self, call: Call) -> None:
        begun = time.monotonic()
        tokens: int | None = None
        facts = self._run.stored_facts(call.id)
        if facts is None:
            facts, tokens = self._reader.read(call)
            _same_call(facts, call)
            self._run.add_facts(facts)
        verdict = judge(facts, self._policy.policy, policy_sha256=self._policy.sha256)
        provenance = provenance_of(
            facts,
            self._manifest.ausweis,
            self._policy,
            self._manifest.prompts,
            self._manifest.model,
            seconds=time.monotonic() - begun if tokens is not None else None,
            tokens=tokens,
        )
        self._run.add_verdict(verdict.model_copy(update={"provenance": provenance}))


def _same_call(facts: Facts, call: Call) -> None:
    # Facts are found again by their call: a reader that mixes calls up must not get that far.
    if facts.call_id != call.id:
        raise ValueError


def _guarded(calls: Iterable[Found]) -> Iterator[Found | Failure]:
    """The calls; what breaks their reading itself comes as a last failure instead."""
    iterator = iter(calls)
    while True:
        try:
            found = next(iterator)
        except StopIteration:
            return
        except AusweisError:
            raise
        except Exception as error:
            message = f"{type(error).__name__} while calls were read from their files; those after it are left out"
            yield Failure(kind="internal", message=message)
            return
        yield found
