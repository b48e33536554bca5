"""The option that names the store, for all commands that have it; and opening it."""

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ausweis.cli.warning import warn
from ausweis.errors import InputError, StoreError

if TYPE_CHECKING:
    from ausweis.store import Store

__all__ = [
    "DAY",
    "DISPLACED",
    "VARIABLE",
    "address_of",
    "address_shown",
    "folder_of",
    "gone_option",
    "is_store",
    "is_there",
    "login",
    "opened",
    "serve_address",
    "store_option",
    "warn_of_key",
]

VARIABLE = "AUSWEIS_STORE"
"""The environment's word of where the store is."""
ADDRESS = "ausweis.sqlite"
"""Where the store is by default: in the current folder."""
MISSING = "there is no store here; name one with --store, or fill one: ausweis score CALLS --policy NAME"
DAY = click.DateTime(["%Y-%m-%d"])
"""A day as a user writes it, which comes as a datetime."""
DISPLACED = "{} calls have another text or time than before under their id; decisions about them count no more"


store_option = click.option(
    "--store",
    "address",
    envvar=VARIABLE,
    default=ADDRESS,
    show_default=True,
    show_envvar=True,
    metavar="FILE|postgresql://…",
    help="The store.",
)
gone_option = click.option(
    "--gone",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="What was here or below was removed for good, not moved. Repeatable.",
)


def address_of(given: str | None) -> str:
    """The store that is meant: the given one, else that of the environment, else the one in this folder."""
    return given or os.environ.get(VARIABLE) or ADDRESS


def address_shown(address: str) -> str:
    """An address without the password that may stand in it."""
    return re.sub(r"(?<=:)[^:/@]+(?=@)", "***", address) if "://" in address else address


def opened(address: str, *, make: bool = False, missing: str = MISSING) -> "Store":
    """The store at an address; a new one only with `make`, so that a slip of the pen makes no file.

    `missing`: what is said where there is none.

    Raises:
        StoreError: it cannot be opened, or there is none.
    """
    from ausweis.store import Key, Store

    if not make and not is_store(address):
        raise StoreError(missing, place=address)
    new = make and not is_there(Key.of(address).path)
    store = Store.open(address)
    if new:
        warn_of_key(address)
    return store


def is_store(address: str) -> bool:
    """Whether something is at the address; of a server nobody asks."""
    return "://" in address or is_there(Path(address))


def folder_of(address: str) -> Path:
    """Where files about calls may lie besides: beside a SQLite file; of a server in the current folder."""
    return Path.cwd() if "://" in address else Path(address).absolute().parent


def is_there(path: Path) -> bool:
    """Whether something is there; nothing is where no name can be so long, or the folder lets nobody look."""
    try:
        return path.exists()
    except OSError:
        return False


def warn_of_key(address: str) -> None:
    """Say on standard error where the key lies beside the store, and how it can be kept apart."""
    from ausweis.store import Key
    from ausweis.store.key import KEY_FILE

    key = Key.of(address)
    if key.lies_beside(address):
        why = "the key lies beside its store, and whoever copies the folder has both"
        warn(f"{key.path}: {why}; with real calls, move it elsewhere and name its file in {KEY_FILE}")


def serve_address(url: str | None) -> str | None:
    """The address of the desk as links begin.

    Raises:
        InputError: it is none.
    """
    if url is not None and not url.startswith(("http://", "https://")):
        raise InputError("--serve needs the address of ausweis serve, such as http://127.0.0.1:8321")
    return url.rstrip("/") if url else None


def login() -> str:
    """Who runs the command, for the audit log."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
