"""`ausweis serve`: review calls in the browser."""

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from ausweis.cli.options import FILE, added, desk_address, is_store, opened, store_option
from ausweis.errors import InputError
from ausweis.opening import read_bytes

if TYPE_CHECKING:
    from ausweis.serve.auth import SignOn

SHORTEST = 16
"""Letters of a secret that nobody tries out."""

sign_on_options = added(
    click.option(
        "--trust-header",
        "header",
        metavar="NAME",
        help="The header in which the company's sign-on names the user, such as X-Forwarded-User. Needs --proxy.",
    ),
    click.option(
        "--proxy",
        "proxies",
        multiple=True,
        metavar="ADDRESS",
        help="From where that header counts: an address, or a network such as 10.0.3.0/28. Repeatable.",
    ),
    click.option(
        "--proxy-secret",
        "secret",
        type=FILE,
        metavar="FILE",
        help="A file with what the proxy sends besides, as X-Ausweis-Proxy-Secret, and no other program knows.",
    ),
    click.option("--known-only", is_flag=True, help="Let in only who is in the team; without it, others review."),
)


@click.command(epilog="\b\nExample:\n  ausweis serve --store calls.sqlite")
@store_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8321,
    show_default=True,
    metavar="N",
    help="Port to listen on. With 0, any free one.",
)
@click.option("--agents", is_flag=True, help="Show pseudonyms of agents.")
@sign_on_options
def serve(address: str, host: str, port: int, agents: bool, **sign_on: Any) -> None:
    """Review calls in the browser: a queue, the worst first; one call a page; decide with one key.

    Prints the address to open, with the token that opens it. Ends with Ctrl-C. Where browsers reach it by another name
    than --host, AUSWEIS_SERVE says by which: https://NAME through a proxy that speaks HTTPS. Behind the company's
    sign-on, a proxy says in a header who somebody is, and there is no token.
    """
    from ausweis.serve.running import run
    from ausweis.serve.security import LOOPBACK

    named = urlsplit(desk_address() or "")
    if host not in LOOPBACK and not named.hostname:
        raise InputError(
            f"with --host {host}, say by which name browsers reach this machine: AUSWEIS_SERVE=https://NAME"
        )
    told = sign_on_of(**sign_on)
    if not is_store(address):
        opened(address)
    with _listening(host, port) as listener:
        hosts = (host, named.hostname) if named.hostname else (host,)
        secure = named.scheme == "https"
        run(address, listener, click.echo, hosts=hosts, agents=agents, secure=secure, sign_on=told)


def _listening(host: str, port: int) -> socket.socket:
    """The socket, bound before anything else, so that a port that is taken is one sentence.

    Raises:
        InputError: the port is taken, or the host is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"cannot listen on {host}, port {port} ({reason}); take another: --port N") from None


def sign_on_of(header: str | None, proxies: tuple[str, ...], secret: Path | None, known_only: bool) -> "SignOn | None":
    """The sign-on that was asked for; None without one.

    Raises:
        InputError: an option is missing, a proxy is no address, or the secret cannot be used.
    """
    from ausweis.serve.auth import SignOn

    if header is None:
        if proxies or secret or known_only:
            raise InputError("--proxy, --proxy-secret and --known-only go with --trust-header NAME")
        return None
    if not header.replace("-", "").isalnum() or not header.isascii():
        raise InputError(f"--trust-header {header} is no name of a header")
    if not proxies:
        raise InputError("with --trust-header, say from where it counts: --proxy ADDRESS")
    try:
        return SignOn.of(header, proxies, _read(secret) if secret else "", known_only=known_only)
    except ValueError as error:
        raise InputError(f"--proxy: {error}") from None


def _read(path: Path) -> str:
    try:
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise InputError("others may read the secret; forbid it: chmod 600", place=str(path))
        text = read_bytes(path).decode("ascii").strip()
    except (OSError, UnicodeError):
        raise InputError("the secret cannot be read, or is not ASCII", place=str(path)) from None
    if len(text) < SHORTEST or not text.isprintable():
        raise InputError(f"the secret needs at least {SHORTEST} letters, in one line", place=str(path))
    return text
