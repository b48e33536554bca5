"""Ways to ask a local model many closed questions, for `engine_speed.py`: each answers the questions of one call."""

import contextlib
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from ausweis.engines.protocol import Request, Result
from ausweis.engines.server.dialects import BARE_LISTS

Way = Callable[[Sequence[Request]], list[Result]]
"""Questions of one call in the order of its turns, to their answers."""

LONGEST_ANSWER = 8
"""Tokens that the plain loops may write: enough for any label."""
CONTEXT = 8192
GRAMMAR = next(dialect for dialect in BARE_LISTS if dialect.name == "grammar")


@contextmanager
def plain_loop(model: Path, threads: int, *, kept: bool) -> Iterator[Way]:
    """llama-cpp-python as its README shows it: one question after another, in free text.

    `Llama` keeps what the next prompt begins with, as long as no other kind of prompt comes between. With `kept`, the
    questions of a template are asked together, so that instructions and examples stay; else in the order of the turns.
    """
    from llama_cpp import Llama

    # Flash attention, since it is faster here.
    settings: Any = {"n_ctx": CONTEXT, "n_threads": threads, "n_threads_batch": threads, "flash_attn": True}
    llama = Llama(str(model), verbose=False, **settings)

    def ask(request: Request) -> Result:
        messages: Any = [message.model_dump() for message in request.messages]
        reply: Any = llama.create_chat_completion(messages, temperature=0.0, max_tokens=LONGEST_ANSWER)
        return Result(text=str(reply["choices"][0]["message"]["content"]).strip())

    def loop(requests: Sequence[Request]) -> list[Result]:
        return [ask(request) for request in requests]

    try:
        yield (lambda requests: _by_template(loop, requests)) if kept else loop
    finally:
        llama.close()


def _by_template(answer: Way, requests: Sequence[Request]) -> list[Result]:
    """Ask the questions of one template, then those of the next; the answers in the order of the requests."""
    found: dict[int, Result] = {}
    for template in dict.fromkeys(request.template for request in requests):
        places = [place for place, request in enumerate(requests) if request.template == template]
        found.update(zip(places, answer([requests[place] for place in places]), strict=True))
    return [found[place] for place in range(len(requests))]


@contextmanager
def server(tools: Path, model: Path, threads: int, slots: int) -> Iterator[Way]:
    """llama-server with so many slots that share one memory; half as many requests at once, one a question.

    The answer is held to the list by a grammar. The questions of one template are asked together: so each kind of
    prompt finds its half of the slots as it left them. In the order of the turns the two kinds push each other out.
    """
    port = free_port()
    command = [str(tools / "llama-server"), "-m", str(model), "--host", "127.0.0.1", "--port", str(port)]
    command += ["-t", str(threads), "-np", str(slots), "--kv-unified", "-c", str(CONTEXT * max(2, slots // 2))]
    command += ["-fa", "on", "--no-cache-idle-slots"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{port}/health", process)
        with (
            httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=600) as client,
            ThreadPoolExecutor(max(1, slots // 2)) as pool,
        ):

            def ask(request: Request) -> Result:
                body = {
                    "messages": [message.model_dump() for message in request.messages],
                    "temperature": 0,
                    "max_tokens": LONGEST_ANSWER,
                    **GRAMMAR.fields(request.choices),
                }
                reply = client.post("/v1/chat/completions", json=body).raise_for_status().json()
                return Result(text=reply["choices"][0]["message"]["content"].strip())

            yield lambda requests: _by_template(lambda some: list(pool.map(ask, some)), requests)
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    """Until a server answers.

    Raises:
        SystemExit: it does not start.
    """
    for _ in range(600):
        if process.poll() is not None:
            break
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(address).is_success:
                return
        time.sleep(0.1)
    raise SystemExit("llama-server does not start")
