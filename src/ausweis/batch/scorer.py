"""One call in, one row out: read by a reader, judged by a policy. The same scorer works in every runner."""

import time
from typing import NamedTuple

from ausweis import __version__
from ausweis.batch.canonical import facts_sha256
from ausweis.batch.failure import Failure
from ausweis.calls.call import Call
from ausweis.engines.protocol import Engine
from ausweis.errors import ModelError, RunError
from ausweis.facts import Facts
from ausweis.judging.judge import judge
from ausweis.judging.policy_files import PolicyFile
from ausweis.judging.verdict import Verdict
from ausweis.provenance import RunProvenance
from ausweis.reading.reader import Reader

__all__ = ["Scored", "Scorer", "Task"]


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
                facts, tokens = self._reader.read(call)
                _same_call(facts, call)
                read = facts
            verdict = judge(facts, self._policy.policy, policy_sha256=self._policy.sha256)
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
