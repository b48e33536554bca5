"""The server engine: any OpenAI-compatible server, such as llama-server, vLLM or Ollama, on this machine or another.

Requests go to it side by side, at most `workers` at once, whichever thread they come from. A transient fault is
waited out; another one fails the call, and a server that is gone ends the run, so that no call is lost.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from ausweis.engines.protocol import Request, Result
from ausweis.engines.server.abilities import Abilities, abilities_of
from ausweis.engines.server.address import checked_address
from ausweis.engines.server.background import Background
from ausweis.engines.server.connection import Connection
from ausweis.engines.server.model import ServedModel, served_model
from ausweis.engines.server.questions import Questions
from ausweis.engines.server.retry import RetryPolicy
from ausweis.errors import InputError, ModelError
from ausweis.provenance import ModelProvenance

__all__ = ["WORKERS", "ServerEngine"]

WORKERS = 8
"""Requests at once unless told otherwise."""
_FIRST_ATTEMPTS = 4
"""At the start somebody is waiting: a server that is not there is soon reported."""


class ServerEngine:
    """Any thread may use it.

    The `model` is named as the server names it, and may be left out where there is only one. `context` is what a prompt
    may fill, where the server does not tell; the server is never told to take less. `key` is sent as a bearer token.
    `warn` is told whom is waited for, where a server lets wait at the start.

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
        warn: Callable[[str], None] | None = None,
    ) -> None:
        self.calls_at_once = workers or WORKERS  # a call may consist of a single request
        retry_policy = retry_policy or RetryPolicy()
        first = replace(retry_policy, attempts=min(retry_policy.attempts, _FIRST_ATTEMPTS))
        address = checked_address(address)
        self._host = urlsplit(address).netloc
        self._connection = Connection(address, key=key, parallel=self.calls_at_once, retry_policy=first)
        self._background = Background("server")
        try:
            served, abilities = self._background.run(self._started(model, warn or (lambda text: None)))
            self._questions = Questions(self._connection, served.name, abilities, _context(served, context))
        except BaseException:
            self.close()
            raise
        self._connection.retry_policy = retry_policy
        self.info = _info(served, abilities, self._questions.context)

    async def _started(self, model: str | None, warn: Callable[[str], None]) -> tuple[ServedModel, Abilities]:
        """What is found at the start, within the whole time of the retry policy."""
        retry_policy = self._connection.retry_policy
        whole = f"{retry_policy.total_seconds:g} s"
        text = f"waiting for the server at {self._host}, for {whole} at most (Ctrl-C stops)"
        notice = asyncio.get_running_loop().call_later(retry_policy.silent_seconds, warn, text)
        try:
            async with asyncio.timeout(retry_policy.total_seconds):
                return await self._found(model)
        except TimeoutError:
            raise ModelError(f"{self._connection.server} was not ready within {whole}: see its log") from None
        finally:
            notice.cancel()

    async def _found(self, model: str | None) -> tuple[ServedModel, Abilities]:
        served = await served_model(self._connection, model)
        return served, await abilities_of(self._connection, served.name)

    @property
    def warning(self) -> str | None:
        """What a user should know of the answers; None if nothing."""
        if self._questions.abilities.alternatives:
            return None
        return f"{self._connection.server} tells no log-probabilities: how sure the model is of an answer is not known"

    def complete(self, requests: Sequence[Request]) -> list[Result]:
        """Answer a batch, in its order. The first fault ends what is still open of the batch.

        Raises:
            ContextError: a prompt does not fit the context.
            EngineError: a request got no usable answer, or the engine is closed.
            ModelError: the server is gone.
        """
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


def _context(served: ServedModel, wanted: int | None) -> int | None:
    if wanted is not None and served.context is not None and wanted > served.context:
        raise InputError(f"--context {wanted} is more than the server has for a prompt: {served.context} tokens")
    return wanted or served.context


def _info(served: ServedModel, abilities: Abilities, context: int | None) -> ModelProvenance:
    """0 tokens of context: nobody told."""
    return ModelProvenance(
        id=served.id,
        sha256=served.sha256,
        engine=f"server ({served.kind})",
        parameters={
            "temperature": 0,
            "lists": f"{abilities.lists.name}{'' if abilities.lists.bare else ' (in JSON)'}",
            "schemas": abilities.schemas.name if abilities.schemas else "none",
            "probabilities": f"of {abilities.alternatives} alternatives" if abilities.alternatives else "none",
        },
        context_tokens=context or 0,
    )
