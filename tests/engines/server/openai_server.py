"""An OpenAI-compatible server without a model: it answers from a script, and misbehaves where it is told to.

    with serving([{"contains": "PIN", "answer": {"gives pin": 0.9, "nothing": 0.1}}, {"answer": "nothing"}]) as server:
        engine = ServerEngine(server.address)

The script is that of the fake engine, but for templates, which a server does not see: an entry is for questions one of
whose choices it names.
"""

import json
import math
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ausweis.engines.fake import Script
from ausweis.engines.protocol import Message, Request

Misdeed = Callable[["Handler", "Asked"], None]
"""What is done instead of a reply."""


@dataclass(frozen=True)
class Asked:
    """A request about a call; `attempt`: it came for so many times, `number`: of all, from 1."""

    body: dict[str, Any]
    headers: Mapping[str, str]
    attempt: int
    number: int

    @property
    def text(self) -> str:
        return str(self.body["messages"][-1]["content"])


@dataclass
class Served:
    """`knows`: the fields of a request that are not ignored; with `strict`, one that is not known is refused.

    `probabilities`: those of the model, those after the list was enforced, or none. `most`: alternatives at a token.
    `sure`: how likely each token of JSON is.
    `misdeed`: says whether a request is answered otherwise; None for a reply.
    """

    script: tuple[Script, ...]
    knows: frozenset[str] = frozenset({"grammar", "json_schema"})
    strict: bool = False
    probabilities: str = "model"
    most: int = 1000
    sure: float = 0.9
    models: Sequence[Mapping[str, Any]] = ({"id": "scripted", "owned_by": "tests"},)
    key: str | None = None
    misdeed: Callable[[Asked], Misdeed | None] = lambda asked: None
    spoil: Callable[[dict[str, Any]], Any] = lambda content: content
    """What becomes of each reply with an answer, also of those at the start."""
    address: str = ""
    asked: list[Asked] = field(default_factory=list)
    at_once: list[int] = field(default_factory=list)
    """How many requests were in hand, as each came."""
    stop: threading.Event = field(default_factory=threading.Event)
    leave: Callable[[], None] = lambda: None
    """Take no connections any more."""
    _seen: Counter[str] = field(default_factory=Counter)
    _open: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def texts(self) -> Counter[str]:
        """How often each question came."""
        return Counter(asked.text for asked in self.asked)

    def note(self, body: dict[str, Any], headers: Mapping[str, str]) -> Asked:
        with self._lock:
            key = json.dumps(body, sort_keys=True)
            self._seen[key] += 1
            asked = Asked(body, headers, self._seen[key], len(self.asked) + 1)
            self.asked.append(asked)
            self._open += 1
            self.at_once.append(self._open)
            return asked

    def done(self) -> None:
        with self._lock:
            self._open -= 1

    def reply(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Status and body of the reply to a question."""
        kind = body.get("response_format", {}).get("type")
        names = {"grammar", "structured_outputs", "guided_choice", "guided_json"} & body.keys() | ({kind} - {None})
        if self.strict and names - self.knows:
            return 400, {"error": {"message": "unknown field", "type": "invalid_request_error"}}
        names &= self.knows
        schema, choices = _schema(body, names), _choices(body, names)
        before, after = ("", "")
        if schema and "answer" in schema.get("properties", {}):
            choices, (before, after) = schema["properties"]["answer"]["enum"], ('{"answer": "', '"}')
        script = self._script(body, choices)
        if script is not None and script.error is not None:
            return 400, {"error": {"message": "no", "type": "invalid_request_error"}}
        answer = None if script is None else script.answer
        if not choices:
            text = _free(schema, answer)
            told = body.get("logprobs") and self.probabilities != "none"
            return 200, self.spoil(_body(text, _written(text, self.sure) if told else None, body))
        weights = answer if isinstance(answer, dict) else {answer or choices[0]: 1.0}
        given = max(choices, key=lambda choice: weights.get(choice, 0.0))
        if self.probabilities == "list":
            weights = {choice: weights.get(choice, 0.0) or 1e-9 for choice in choices}
        logprobs = None
        if body.get("logprobs") and self.probabilities != "none":
            count = min(body["top_logprobs"], self.most)
            logprobs = _logprobs(weights, given, count, self.probabilities == "model", before, after)
        return 200, self.spoil(_body(before + given + after, logprobs, body))

    def _script(self, body: dict[str, Any], choices: Sequence[str]) -> Script | None:
        request = Request(messages=(Message(role="user", content=body["messages"][-1]["content"]),))
        for script in self.script:
            named = set(script.answer if isinstance(script.answer, dict) else [script.answer])
            wanted = script.error is not None or not choices or named & set(choices)
            if wanted and script.model_copy(update={"template": None}).fits(request):
                return script
        return None


@contextmanager
def serving(script: Sequence[Script | Mapping[str, Any]] = (), **more: Any) -> Iterator[Served]:
    """A server at `address` of what it gives, until the block ends."""
    scripts = tuple(one if isinstance(one, Script) else Script.model_validate(one) for one in script)
    served = Served(scripts, **more)
    server = _Server(("127.0.0.1", 0), Handler)
    server.served = served
    served.address = f"http://127.0.0.1:{server.server_port}/v1"
    served.leave = server.socket.close
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        served.stop.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    served: Served

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no event."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def log_message(self, *args: Any) -> None:
        """Nothing."""

    def do_GET(self) -> None:
        served = self.server.served
        if self.path == "/v1/models":
            self.send_json(200, {"object": "list", "data": list(served.models)})
        else:
            self.send_json(404, {"error": {"message": "no such path"}})

    def do_POST(self) -> None:
        served = self.server.served
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if served.key is not None and self.headers.get("authorization") != f"Bearer {served.key}":
            self.send_json(401, {"error": {"message": "wrong key"}})
            return
        if body["messages"][-1]["content"].startswith("What is two plus two?"):
            self.send_json(*served.reply(body))
            return
        asked = served.note(body, dict(self.headers))
        try:
            misdeed = served.misdeed(asked)
            if misdeed is None:
                self.send_json(*served.reply(body))
            else:
                misdeed(self, asked)
        finally:
            served.done()

    def send_json(self, status: int, content: Any, **headers: str) -> None:
        data = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()


def _choices(body: dict[str, Any], names: set[str]) -> list[str]:
    if "grammar" in names:
        literals = re.findall(r'"((?:[^"\\]|\\.)*)"', body["grammar"])
        return [re.sub(r"\\x(..)", lambda match: chr(int(match[1], 16)), literal) for literal in literals]
    if "structured_outputs" in names and "choice" in body["structured_outputs"]:
        return list(body["structured_outputs"]["choice"])
    return list(body["guided_choice"]) if "guided_choice" in names else []


def _schema(body: dict[str, Any], names: set[str]) -> dict[str, Any] | None:
    form = body.get("response_format", {})
    if "json_schema" in names:
        return dict(form["json_schema"]["schema"])
    if "json_object" in names and "schema" in form:
        return dict(form["schema"])
    if "structured_outputs" in names and "json" in body["structured_outputs"]:
        return dict(body["structured_outputs"]["json"])
    return dict(body["guided_json"]) if "guided_json" in names else None


def _free(schema: dict[str, Any] | None, answer: Any) -> str:
    if schema and "fruit" in schema.get("properties", {}):
        return json.dumps({"fruit": schema["properties"]["fruit"]["enum"][0]})
    if answer is None:
        return "4"
    return answer if isinstance(answer, str) else json.dumps(answer)


def _body(text: str, logprobs: Any, asked: dict[str, Any]) -> dict[str, Any]:
    prompt = sum(len(message["content"]) for message in asked["messages"]) // 4 + 1
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    usage = {"prompt_tokens": prompt, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": prompt - 1}}
    return {"object": "chat.completion", "choices": [{**choice, "logprobs": logprobs}], "usage": usage}


def pieces(text: str) -> list[str]:
    """Words, each with the blank before it: the tokens of this server. The last one is the end."""
    return [*re.findall(r" ?[^ ]+", text), ""]


def _logprobs(
    weights: Mapping[str, float], given: str, count: int, unmasked: bool, before: str, after: str
) -> dict[str, Any]:
    way = pieces(given)
    entries = [_entry(before, {before: 0.0})] if before else []
    for place, token in enumerate(way):
        sums: dict[str, float] = {}
        for name, weight in weights.items():
            if pieces(name)[: place + 1][:-1] == way[:place]:
                sums[pieces(name)[place]] = sums.get(pieces(name)[place], 0.0) + weight
        total, share = math.fsum(sums.values()) or 1.0, 0.5 if unmasked else 1.0
        options = {one: math.log(share * weight / total) for one, weight in sums.items() if weight > 0}
        if unmasked:
            options |= {"The": math.log(0.4), "zz": math.log(0.0001)}
        named = dict(sorted(options.items(), key=lambda option: -option[1])[:count])
        if after:
            named = {after if one == "" else one: value for one, value in named.items()}
        entries.append(_entry(token or after, named, options.get(token, -20.0)))
    return {"content": entries}


def _written(text: str, sure: float) -> dict[str, Any]:
    return {"content": [_entry(token, {token: math.log(sure)}, math.log(sure)) for token in pieces(text)]}


def _entry(token: str, named: Mapping[str, float], value: float = 0.0) -> dict[str, Any]:
    top = [{"token": one, "bytes": list(one.encode()), "logprob": logprob} for one, logprob in named.items()]
    return {"token": token, "bytes": list(token.encode()), "logprob": value, "top_logprobs": top}
