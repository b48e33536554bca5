"""`ausweis serve`: review calls in the browser."""

import socket
from typing import Any

import click

from ausweis.cli.sign_on import sign_on_of, sign_on_options
from ausweis.cli.store_options import VARIABLE, address_of
from ausweis.errors import InputError

__all__ = ["serve"]


@click.command(epilog="\b\nExample:\n  ausweis serve --store calls.sqlite")
@click.option(
    "--store",
    "address",
    metavar="ADDR",
    help=f"The store: a SQLite file, or postgresql://…. Default: ${VARIABLE}, or ausweis.sqlite.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8321,
    show_default=True,
    metavar="N",
    help="Port to listen on. With 0, any free one.",
)
@click.option("--reviewer", default="", metavar="NAME", help="The name that is proposed at sign-in.")
@click.option("--agents", is_flag=True, help="Show pseudonyms of agents.")
@click.option("--name", "names", multiple=True, metavar="HOST", help="A name by which browsers reach it. Repeatable.")
@click.option("--https", is_flag=True, help="Browsers reach it through a proxy that speaks HTTPS.")
@sign_on_options
def serve(
    address: str | None,
    host: str,
    port: int,
    reviewer: str,
    agents: bool,
    names: tuple[str, ...],
    https: bool,
    **sign_on: Any,
) -> None:
    """Review calls in the browser: a queue, the worst first; one call a page; decide with one key.

    Prints the address to open, with the token that opens it. Ends with Ctrl-C. Behind the company's sign-on, a proxy
    says in a header who somebody is, and there is no token.
    """
    try:
        from ausweis.serve.running import Settings, run
        from ausweis.serve.security import LOOPBACK
    except ImportError as error:
        raise InputError(f"ausweis serve needs {error.name}: pip install 'ausweis[review]'") from None
    if host not in LOOPBACK and not names:
        raise InputError(f"with --host {host}, say by which name browsers reach this machine: --name HOST")
    if https and not names:
        raise InputError("with --https, say by which name browsers reach the proxy: --name HOST")
    told = sign_on_of(**sign_on)
    with _listening(host, port) as listener:
        settings = Settings(
            address=address_of(address),
            reviewer=reviewer,
            agents=agents,
            hosts=(host, *names),
            https=https,
            sign_on=told,
        )
        run(settings, listener, click.echo)


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
