"""What servers and networks do instead of replying."""

import json
import socket
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

WHOLE = b'{"choices": [{"message": {"content": "nothing"}}]}'


def drop(handler: Any, asked: Any) -> None:
    """Close without a word."""
    handler.close_connection = True


def reset(handler: Any, asked: Any) -> None:
    """Break off as a crashed process does."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


def half_closed(handler: Any, asked: Any) -> None:
    """Say that nothing more will be sent, but keep the connection."""
    handler.connection.shutdown(socket.SHUT_WR)
    handler.server.served.stop.wait(5)
    handler.close_connection = True


def stall(handler: Any, asked: Any) -> None:
    """Say nothing at all."""
    handler.server.served.stop.wait(30)
    handler.close_connection = True


def drip(handler: Any, asked: Any) -> None:
    """Send a byte now and then: no time-out between two bytes ever ends this."""
    _head(handler, f"content-length: {len(WHOLE)}")
    for place in range(len(WHOLE)):
        handler.wfile.write(WHOLE[place : place + 1])
        handler.wfile.flush()
        if handler.server.served.stop.wait(0.05):
            break
    handler.close_connection = True


def drip_headers(handler: Any, asked: Any) -> None:
    """The same before the body."""
    for sign in b"HTTP/1.1 200 OK\r\nx-slow: " + b"z" * 400:
        handler.connection.sendall(bytes([sign]))
        if handler.server.served.stop.wait(0.05):
            break
    handler.close_connection = True


def garbage(handler: Any, asked: Any) -> None:
    """What is no HTTP."""
    handler.connection.sendall(b"\x00\xff\x16\x03 nothing that anybody knows\r\n\r\n")
    handler.close_connection = True


def no_json(handler: Any, asked: Any) -> None:
    """A page for people."""
    _head(handler, "content-length: 15")
    handler.wfile.write(b"<html>busy</ht>")


def cut_json(handler: Any, asked: Any) -> None:
    """A body of the length that was said, but cut within."""
    _head(handler, "content-length: 20")
    handler.wfile.write(WHOLE[:20])


def other_json(handler: Any, asked: Any) -> None:
    """JSON of another interface."""
    handler.send_json(200, {"response": "nothing"})


def a_list(handler: Any, asked: Any) -> None:
    """JSON that is no object."""
    handler.send_json(200, [])


def too_short(handler: Any, asked: Any) -> None:
    """A body shorter than was said, then the end."""
    _head(handler, "content-length: 5000")
    handler.wfile.write(WHOLE)
    handler.close_connection = True


def bad_length(handler: Any, asked: Any) -> None:
    """A length that is none."""
    _head(handler, "content-length: -7")
    handler.close_connection = True


def cut_chunk(handler: Any, asked: Any) -> None:
    """A piece of a stream, then the end."""
    _head(handler, "transfer-encoding: chunked")
    handler.wfile.write(b"ff\r\n" + WHOLE)
    handler.close_connection = True


def not_in_list(handler: Any, asked: Any) -> None:
    """An answer that was not asked for."""
    handler.send_json(200, {"choices": [{"message": {"content": "whatever"}}]})


def status(code: int, retry_after: str | None = None) -> Callable[[Any, Any], None]:
    """An error; as some servers do it, with the prompt in its message."""

    def send(handler: Any, asked: Any) -> None:
        headers = {} if retry_after is None else {"retry_after": retry_after}
        handler.send_json(code, {"error": {"message": json.dumps(asked.body["messages"])}}, **headers)

    return send


def in_seconds(seconds: float) -> str:
    """A date for Retry-After."""
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


def _head(handler: Any, *lines: str) -> None:
    text = "\r\n".join(("HTTP/1.1 200 OK", "content-type: application/json", *lines, "", ""))
    handler.wfile.write(text.encode())
    handler.wfile.flush()


PASSING = (
    drop,
    reset,
    half_closed,
    garbage,
    no_json,
    cut_json,
    a_list,
    other_json,
    too_short,
    bad_length,
    cut_chunk,
    not_in_list,
    status(408),
    status(409),
    status(425),
    status(429),
    status(429, "0"),
    status(500),
    status(502),
    status(503),
    status(504),
)
"""Faults that end by themselves."""
SLOW = (stall, drip, drip_headers)
"""Faults that only the client ends."""
