"""Replies that are none, or have numbers that none can have. Each is made of the right one."""

import copy
import gzip
import json
from collections.abc import Callable, Iterator
from typing import Any

Content = dict[str, Any]
Sick = Callable[[Any, Content], None]
"""Sends something, given the handler of the connection and the right reply."""

HUGE = 50 * 1024 * 1024
WORD = "krank"


def spoiled(change: Callable[[Content], object]) -> Sick:
    """The right reply, changed in one way."""

    def send(handler: Any, content: Content) -> None:
        content = copy.deepcopy(content)
        change(content["choices"][0])
        handler.send_json(200, content)

    return send


def options_of(choice: Content) -> Iterator[Content]:
    """Every token and alternative of a reply."""
    for entry in choice["logprobs"]["content"]:
        yield entry
        yield from entry["top_logprobs"]


def numbers(value: Any) -> Sick:
    """All log-probabilities are this value."""

    def change(choice: Content) -> None:
        for option in options_of(choice):
            option["logprob"] = value

    return spoiled(change)


def one_alternative(value: Any) -> Sick:
    """Only one is."""
    return spoiled(lambda choice: choice["logprobs"]["content"][0]["top_logprobs"][-1].update(logprob=value))


def ruled_out(choice: Content) -> None:
    """What was given is all but impossible, says the server, and another answer is certain."""
    entry = choice["logprobs"]["content"][1]
    other = " 2" if entry["token"] != " 2" else " 1"
    entry |= {"logprob": -9999.0, "top_logprobs": [{"token": other, "logprob": -0.1}]}


def tokens(*texts: str) -> Callable[[Content], None]:
    def change(choice: Content) -> None:
        choice["logprobs"]["content"] = [{"token": text, "logprob": -0.1, "top_logprobs": []} for text in texts]

    return change


def body(data: bytes, *lines: str) -> Sick:
    """These bytes."""

    def send(handler: Any, content: Content) -> None:
        head = ("HTTP/1.1 200 OK", *(lines or ("content-type: application/json",)), f"content-length: {len(data)}")
        handler.wfile.write("\r\n".join((*head, "", "")).encode() + data)

    return send


def text(told: str) -> Sick:
    return spoiled(lambda choice: choice["message"].update(content=told))


def more(**fields: Any) -> Callable[[Content], None]:
    return lambda choice: choice.update(fields)


def in_other_bytes(encoding: str) -> Sick:
    def send(handler: Any, content: Content) -> None:
        content = {**content, "note": "größer"}
        body(json.dumps(content, ensure_ascii=False).encode(encoding))(handler, content)

    return send


def raw(head: bytes, piece: bytes, times: int) -> Sick:
    """Something, then something again and again."""

    def send(handler: Any, content: Content) -> None:
        handler.close_connection = True
        handler.connection.sendall(head)
        for _ in range(times):
            handler.connection.sendall(piece)

    return send


OK = b"HTTP/1.1 200 OK\r\n"
WHOLE = b'{"choices": [{"message": {"content": "number 3"}}]}'

SICK: dict[str, Sick] = {
    "NaN for all": numbers(float("nan")),
    "plus infinity for all": numbers(float("inf")),
    "minus infinity for all": numbers(float("-inf")),
    "0 for all": numbers(0),
    "5 for all": numbers(5),
    "-9999 for all": numbers(-9999.0),
    "null for all": numbers(None),
    "all likely": numbers(-0.3),
    "texts for numbers": numbers("-0.1"),
    "lists for numbers": numbers([-0.1]),
    "true for numbers": numbers(True),
    "huge whole numbers": numbers(10**400),
    "one NaN": one_alternative(float("nan")),
    "one infinity": one_alternative(float("inf")),
    "one above 0": one_alternative(0.5),
    "one too large for a float": lambda handler, content: body(
        json.dumps(content).replace('"logprob": -', '"logprob": 1e999, "x": -', 1).encode()
    )(handler, content),
    "an answer ruled out": spoiled(ruled_out),
    "tokens of something else": spoiled(tokens("something", " else")),
    "many tokens": spoiled(tokens(*["n"] * 2_000)),
    "a token of a megabyte": spoiled(tokens("n" * 1_000_000)),
    "bytes that are none": spoiled(lambda choice: [one.update(bytes=[300]) for one in options_of(choice)]),
    "tokens that are numbers": spoiled(lambda choice: [one.update(token=7, bytes=None) for one in options_of(choice)]),
    "thousands of alternatives": spoiled(
        lambda choice: choice["logprobs"]["content"][0]["top_logprobs"].extend(
            {"token": f"z{n}", "logprob": -20.0} for n in range(5000)
        )
    ),
    "alternatives that are a number": spoiled(
        lambda choice: [one.update(top_logprobs=7) for one in options_of(choice)]
    ),
    "no log-probabilities": spoiled(lambda choice: choice.pop("logprobs")),
    "null log-probabilities": spoiled(more(logprobs=None)),
    "log-probabilities of another interface": spoiled(more(logprobs={"tokens": ["number"], "token_logprobs": [-0.1]})),
    "log-probabilities that are a text": spoiled(more(logprobs={"content": "abc"})),
    "no message": spoiled(more(message=None)),
    "an answer that is a list": text(["number 3"]),  # type: ignore[arg-type]
    "half a surrogate pair": text("\ud800"),
    "a megabyte of answer": text("number " * 150_000),
    "a megabyte of blanks": text(" " * 1_000_000 + "number 3"),
    "no choices": lambda handler, content: handler.send_json(200, {**content, "choices": []}),
    "choices that are a number": lambda handler, content: handler.send_json(200, {**content, "choices": 7}),
    "an error in a good reply": body(b'{"error": {"message": "' + WORD.encode() + b'"}}'),
    "a number of 5,000 digits": body(WHOLE[:-1] + b', "usage": {"prompt_tokens": ' + b"9" * 5000 + b"}}"),
    "nested": body(b"[" * 1_000_000),
    "nested objects": body(b'{"a":' * 1_000_000),
    "latin-1": in_other_bytes("latin-1"),
    "UTF-16": in_other_bytes("utf-16"),
    "nothing": body(b""),
    "events": body(b"data: " + WHOLE + b"\n\ndata: [DONE]\n\n", "content-type: text/event-stream"),
    "a page": body(b"<html>" + WORD.encode(), "content-type: text/html"),
    "fifty megabytes": raw(OK + f"content-length: {HUGE}\r\n\r\n".encode(), b'{"x":"' + b"y" * 65530, HUGE // 65536),
    "fifty megabytes without a length": raw(OK + b"\r\n", b" " * 65536, HUGE // 65536),
    "a bomb": body(gzip.compress(b" " * HUGE + WHOLE), "content-encoding: gzip"),
    "a cut body": raw(OK + b"content-length: 500\r\n\r\n", WHOLE, 1),
    "endless headers": raw(OK, b"x: y\r\n" * 1000, 3000),
    "one endless header": raw(OK + b"x: ", b"y" * 65536, 800),
    "endless news": raw(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, 2),
    "chunks that are none": raw(OK + b"transfer-encoding: chunked\r\n\r\n", b"zz\r\n", 1),
    "a status that is none": raw(b"HTTP/1.1 2000 OK\r\n\r\n", b"", 1),
    "no content": raw(b"HTTP/1.1 204 No Content\r\n\r\n", b"", 1),
    "a redirection to an address that is none": raw(
        b"HTTP/1.1 302 Found\r\nlocation: http://xn--zzzzzz--.invalid/\r\ncontent-length: 0\r\n\r\n", b"", 1
    ),
    "a redirection to itself": raw(b"HTTP/1.1 307 x\r\nlocation: /v1\r\ncontent-length: 0\r\n\r\n", b"", 1),
}

SICK_JSON: dict[str, str] = {
    "NaN": '{"n": NaN}',
    "infinity": '{"n": -Infinity}',
    "too large": '{"n": 1e999}',
    "nested": "[" * 5000,
    "half a surrogate pair": '{"n": 1, "s": "\\ud800"}',
    "a megabyte": '{"n": 1, "l": [' + "0," * 500_000 + "0]}",
    "cut": '{"n": 1',
    "a number of 5,000 digits": '{"n": ' + "9" * 5000 + "}",
}
"""Texts of an answer that a schema of any number `n` was asked for."""
