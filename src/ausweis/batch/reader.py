"""For programs: calls in, verdicts out, by the same scorer as that of the commands. `docs/python.md` shows how."""

import hashlib
import logging
import os
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ausweis.batch.config import ScorerConfig
from ausweis.batch.scoring import Scorer
from ausweis.calls import Call, Speakers, UnreadableCall, read_calls
from ausweis.calls.call import RawCall
from ausweis.calls.checks import check
from ausweis.errors import CallFormatError, EngineError, InputError
from ausweis.judging.verdict import Verdict
from ausweis.policies import Policy, PolicyFile, find_policy

AnyCall = Call | str | os.PathLike[str] | Mapping[str, Any]
AnyPolicy = Policy | PolicyFile | str | Path


class Reader:
    """Reads calls and judges them by a policy, with a model that stays loaded inside of `with`.

    `policy`: the name of one that ships, the path of a file, or a policy. `engine`, `model`, `strategy`, `threads` and
    `context` are as the options of `ausweis score`, `prompts` as its `--prompt`. What a user should know of the reader
    is logged as a warning of `ausweis`.

    Raises:
        PolicyError: there is no such policy, or it says something impossible.
        InputError, ModelError, PromptError: on entering `with`: the engine, the model or a template cannot be used.
    """

    def __init__(
        self,
        policy: AnyPolicy,
        *,
        engine: str = "llama",
        model: str | None = None,
        strategy: str | None = None,
        prompts: tuple[str, ...] = (),
        threads: int | None = None,
        context: int | None = None,
    ) -> None:
        options = {"engine": engine, "model": model, "strategy": strategy, "pins": prompts}
        self._config = ScorerConfig.of(_file_of(policy), {**options, "threads": threads, "context": context})
        self._opened = ExitStack()
        self._scorer: Scorer | None = None

    def __enter__(self) -> Self:
        self._scorer = self._opened.enter_context(self._config.open(logging.getLogger("ausweis").warning))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._scorer = None
        self._opened.close()

    def score(self, call: AnyCall) -> Verdict:
        """The verdict on one call: a `Call`, the path of a transcript, or a mapping with the keys of a call in JSON.

        Raises:
            InputError: the file is not there, or holds no call or several; or the reader is not open.
            CallFormatError: it is no call that can be judged.
            EngineError: the model gave no usable answer for this call; others may still be scored.
            ModelError: no call can be read any more.
        """
        if self._scorer is None:
            raise InputError("the reader is not open: use it by `with ausweis.Reader(…) as reader:`")
        read = _call_of(call, self._config.policy.policy)
        scored = self._scorer.score(read)
        if scored.verdict is None:
            raise EngineError(scored.failure.message if scored.failure else "no verdict", place=f"call {read.id}")
        return scored.verdict


def score(call: AnyCall, policy: AnyPolicy, **options: Any) -> Verdict:
    """The verdict on one call. The model is loaded for it alone: for many, open a `Reader`, which has these options.

    Raises:
        AusweisError: as `Reader` and its `score`.
    """
    with Reader(policy, **options) as reader:
        return reader.score(call)


def _file_of(policy: AnyPolicy) -> PolicyFile:
    if isinstance(policy, PolicyFile):
        return policy
    if not isinstance(policy, Policy):
        return find_policy(policy)
    text = policy.model_dump_json(by_alias=True, exclude_unset=True)
    return PolicyFile(policy, text, policy.id, hashlib.sha256(text.encode()).hexdigest())


def _call_of(call: AnyCall, policy: Policy) -> Call:
    if isinstance(call, Call):
        return call
    if isinstance(call, Mapping):
        found = [check(RawCall(dict(call), "the call", "call"), Speakers(), policy.language)]
    else:
        found = list(read_calls([call], language=policy.language))
    if len(found) != 1:
        raise InputError(
            f"holds {len(found)} calls: give one, or read them by ausweis.calls.read_calls", place=str(call)
        )
    if isinstance(found[0], UnreadableCall):
        raise CallFormatError(found[0].message, place=found[0].place, call_id=found[0].call_id)
    return found[0]
