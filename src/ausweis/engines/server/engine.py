"""The server engine: any OpenAI-compatible server, such as llama-server, vLLM or Ollama, on this machine or another.

Requests go to it side by side, at most `workers` at once, whichever thread they come from. A transient fault is
waited out; another one fails the call, and a server that is gone ends the run, so that no call is lost.
"""

import asyncio
import hashlib
import json
import re
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

from ausweis.engines.protocol import Request, Result
from ausweis.engines.server.connection import Connection, RetryPolicy, checked_address
from ausweis.engines.server.dialects import Questions, abilities_of
from ausweis.engines.server.reply import count
from ausweis.errors import EngineError, InputError, ModelError
from ausweis.provenance import ModelProvenance

T = TypeVar("T")
WORKERS = 8
"""Requests at once unless told otherwise."""
_FIRST_ATTEMPTS = 4
"""At the start somebody is waiting: a server that is not there is soon reported."""
_GRACE = 5.0
"""Seconds for what was ended to clear up."""
_TELLING = ("vocab_type", "n_vocab", "n_ctx_train", "n_embd", "n_params", "size", "ftype")
"""What llama-server tells of the weights themselves."""
_SHOWN = 10
_LONGEST_NAME = 1000
"""Characters: it goes with every question, and into every verdict."""


class ServerEngine:
    """Any thread may use it.

    The `model` is named as the server names it, and may be left out where there is only one. `context` is what a prompt
    may fill, where the server does not tell; the server is never told to take less. `key` is sent as a bearer token.
    `warn` is told every ten seconds of a server that is silent, or asked again; and what a user should know of answers.

    `info.parameters` say how answers are enforced, and `"probabilities": "none"` where the server tells no
    log-probabilities: the given answer of a list then counts as certain.

    Raises:
        InputError: the address, key, model or context is none.
        ModelError: the server cannot be reached, is silent, does not enforce answers, or tells nonsense.
    """

    def __init__(
        self,
        address: str,
        *,
        model: str | None = None,
        context: int | None = None,
        workers: int | None = None,
        key: str | None = None,
        retry_policy: RetryPolicy | None = None,
        warn: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.calls_at_once = workers or WORKERS  # a call may consist of a single request
        policy = retry_policy or RetryPolicy()
        first = replace(policy, attempts=min(policy.attempts, _FIRST_ATTEMPTS))
        address = checked_address(address)
        self._connection = Connection(address, key=key, parallel=self.calls_at_once, retry_policy=first, warn=warn)
        self._background = _Background()
        try:
            served, self._questions = self._background.run(self._started(model, context))
        except BaseException:
            self.close()
            raise
        self._connection.retry_policy = policy
        abilities = self._questions.abilities
        parameters = {
            "temperature": 0,
            "lists": f"{abilities.lists.name}{'' if abilities.lists.bare else ' (in JSON)'}",
            "schemas": abilities.schemas.name if abilities.schemas else "none",
            "probabilities": f"of {abilities.alternatives} alternatives" if abilities.alternatives else "none",
        }
        if not abilities.alternatives:
            warn(
                f"{self._connection.server} tells no log-probabilities: how sure the model is of an answer is not known"
            )
        context = self._questions.context or 0
        self.info = served.model_copy(update={"parameters": parameters, "context_tokens": context})

    async def _started(self, model: str | None, context: int | None) -> tuple[ModelProvenance, Questions]:
        """What is found at the start, within the whole time of the retry policy."""
        connection, seconds = self._connection, self._connection.retry_policy.total_seconds
        try:
            async with asyncio.timeout(seconds):
                name, served = await _served_model(connection, model)
                abilities = await abilities_of(connection, name)
        except TimeoutError:
            raise ModelError(f"{connection.server} was not ready within {seconds:g} s: see its log") from None
        tokens = served.context_tokens
        if context is not None and 0 < tokens < context:
            raise InputError(f"--context {context} is more than the server has for a prompt: {tokens} tokens")
        return served, Questions(connection, name, abilities, context or tokens or None)

    def complete(self, requests: Sequence[Request]) -> list[Result]:
        """Answer a batch, in its order. The first fault ends what is still open of the batch."""
        return self._background.run(self._all(requests))

    async def _all(self, requests: Sequence[Request]) -> list[Result]:
        asking = [asyncio.ensure_future(self._questions.ask(request)) for request in requests]
        try:
            return await asyncio.gather(*asking)
        except BaseException:
            for question in asking:
                question.cancel()
            await asyncio.gather(*asking, return_exceptions=True)
            raise

    def close(self) -> None:
        """End all waits, in other threads too, and close the connections."""
        self._background.close(self._connection.close())


class _Background:
    """An event loop in a thread of its own. Any thread may use it, and any may close it while others wait."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._lock = threading.Lock()
        self._closed = False
        self._waiting: set[Future[Any]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="server", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for what the work returns. What interrupts the waiting, such as Ctrl-C, ends the work too."""
        with self._lock:
            if self._closed:
                work.close()
                raise EngineError("the engine is closed")
            waiting = asyncio.run_coroutine_threadsafe(work, self._loop)
            self._waiting.add(waiting)
        try:
            return waiting.result()
        except CancelledError:
            raise EngineError("the engine is closed") from None
        except BaseException:
            waiting.cancel()
            raise
        finally:
            self._waiting.discard(waiting)

    def close(self, last: Coroutine[Any, Any, None]) -> None:
        """End all work at once, do the last thing, and end the thread. A second time it does nothing."""
        with self._lock:
            if self._closed:
                last.close()
                return
            self._closed = True
        # Nobody waits any more, whatever becomes of the work.
        for waiting in self._waiting.copy():
            waiting.cancel()
        try:
            with suppress(TimeoutError):
                asyncio.run_coroutine_threadsafe(self._end(last), self._loop).result(_GRACE)
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_GRACE)
            if not self._thread.is_alive():
                self._loop.close()

    @staticmethod
    async def _end(last: Coroutine[Any, Any, None]) -> None:
        working = asyncio.all_tasks() - {asyncio.current_task()}
        while working:
            for task in working:
                task.cancel()
            # Again, where a library lost it.
            done, working = await asyncio.wait(working, timeout=1)
            await asyncio.gather(*done, return_exceptions=True)
        await last


async def _served_model(connection: Connection, wanted: str | None) -> tuple[str, ModelProvenance]:
    """The model `wanted`, or the only one that the server lists: its name, as requests must say it, and what it is.

    Its id is the last part of the name, as a path is of no use elsewhere. Its hash is of the id and of what the server
    tells of the weights; not of its address, nor of how it was started. A server does not tell the hash of its weights,
    so this is never the hash of a file, and what was learned for one (probes) is not used. The context is 0 where the
    server does not tell.
    """
    listed = (await connection.ask("models")).get("data")
    entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    ids = ((entry.get("id"), entry) for entry in entries)
    models = {name: entry for name, entry in ids if isinstance(name, str) and 0 < len(name) <= _LONGEST_NAME}
    if not models:
        raise ModelError(f"{connection.server} lists no model: see that its address is that of an OpenAI interface")
    if wanted is None and len(models) == 1:
        wanted = next(iter(models))
    if wanted is None or wanted not in models:
        what = "has several models: choose one with --model" if wanted is None else "has no such model"
        shown = ["".join(filter(str.isprintable, name))[:100] for name in sorted(models)[:_SHOWN]]
        names = ", ".join(shown) + (f" and {len(models) - _SHOWN} more" if len(models) > _SHOWN else "")
        raise InputError(f"{connection.server} {what} (there are: {names})")
    entry = models[wanted]
    meta = entry.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    identifier = wanted.rstrip("/").rpartition("/")[2] or wanted
    told = {key: meta[key] for key in _TELLING if isinstance(meta.get(key), str | int | float)}
    body = json.dumps({"server": identifier, "weights": told}, sort_keys=True, ensure_ascii=False)
    context = count(meta.get("n_ctx")) or count(entry.get("max_model_len"))
    kind = entry.get("owned_by")
    if not isinstance(kind, str) or not re.fullmatch(r"[\x20-\x7e]{1,40}", kind):
        kind = "unknown"
    sha256 = hashlib.sha256(body.encode()).hexdigest()
    return wanted, ModelProvenance(id=identifier, sha256=sha256, engine=f"server ({kind})", context_tokens=context)
