"""The options of `ausweis serve` for the company's sign-on."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ausweis.cli.options import FILE, added
from ausweis.errors import InputError
from ausweis.opening import read_bytes

if TYPE_CHECKING:
    from ausweis.serve.auth import SignOn

__all__ = ["sign_on_of", "sign_on_options"]

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
