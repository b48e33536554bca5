"""Options that several commands have: of what reads calls, of recordings, of days and of the store; opening that."""

import os
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ausweis.cli.output import warn
from ausweis.errors import InputError, StoreError
from ausweis.vocabulary import LANGUAGES

if TYPE_CHECKING:
    from ausweis.store import Store

Command = TypeVar("Command", bound=Callable[..., Any])
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
"""The path of a file that is there."""
PATH = click.Path(path_type=Path)
_DEMO = Path("runs/demo.sqlite")
"""The store that `make demo` fills."""
_MISSING = "there is no store; name one with --store, or fill one: ausweis score CALLS --policy NAME"


def added(*options: Callable[[Any], Any]) -> Callable[[Command], Command]:
    """Adds options to a command, in this order."""

    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


class Days(click.ParamType):  # type: ignore[type-arg]
    """A day, or `FIRST/LAST` as ISO 8601 writes an interval; a side that is left out is None."""

    name = "days"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The first and the last day.

        Raises:
            InputError: there are none.
        """
        first, interval, last = value.partition("/")
        days = self._day(first), self._day(last if interval else first)
        if None not in days and days > days[::-1]:
            raise InputError("--day has a last day before the first")
        return days

    def _day(self, text: str) -> date | None:
        if text in ("today", "yesterday"):
            return date.today() - timedelta(days=text == "yesterday")
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            raise InputError("--day needs a date such as 2026-03-02, yesterday, today, or FIRST/LAST") from None


def day_option(text: str, *, required: bool = False) -> Callable[[Command], Command]:
    """`--day`, the days of the calls that a command is about: without one, all."""
    default = None if required else "/"
    named = click.option("--day", "days", type=Days(), required=required, default=default, metavar="DAY", help=text)
    return added(named)


store_option = click.option(
    "--store",
    "address",
    envvar="AUSWEIS_STORE",
    default="ausweis.sqlite",
    show_default=True,
    show_envvar=True,
    metavar="FILE|postgresql://…",
    help="The store.",
)
policy_option = click.option(
    "--policy", required=True, metavar="NAME|FILE", help="A name that `ausweis policies list` shows, or a file."
)
language_option = click.option(
    "--language", type=click.Choice(LANGUAGES), default="de", show_default=True, help="Language of what is written."
)


def out_option(text: str, *suffixes: str) -> Callable[[Command], Command]:
    """`--out FILE`, once or several times: the end of its name says what is written."""
    allowed = f"{', '.join(suffixes[:-1])} or {suffixes[-1]}"

    def checked(context: click.Context, parameter: click.Parameter, paths: tuple[Path, ...]) -> tuple[Path, ...]:
        if wrong := next((path for path in paths if path.suffix not in suffixes), None):
            raise click.BadParameter(f"{wrong}: name a file that ends with {allowed}")
        return paths

    text = f"{text}, by the end of its name: {allowed}. Repeatable."
    return added(click.option("--out", type=PATH, multiple=True, callback=checked, metavar="FILE", help=text))


json_option = click.option("--json", "as_json", is_flag=True, help="Print all of it as JSON on standard output.")
recording_options = added(
    click.option(
        "--asr-model",
        metavar="ID|FOLDER",
        help="The Whisper model that hears recordings: an id that `ausweis models list` shows, or a folder.",
    ),
    click.option(
        "--agent-channel",
        type=click.Choice(["left", "right"]),
        help="The agent's side of stereo recordings. Unless given, a file beside the recording says it, or the talk.",
    ),
)
"""How recordings are heard."""
model_option = click.option(
    "--model",
    metavar="ID|PATH",
    help="An id that `ausweis models list` shows, the path of a .gguf file, or the name of a server's model.",
)
engine_option = click.option(
    "--engine",
    default="llama",
    show_default=True,
    metavar="llama|server:URL|fake:FILE|recorded:DIR|FILE.xz",
    help="What runs the model. A server gets the calls; its key comes from AUSWEIS_API_KEY.",
)
system_options = added(
    model_option,
    click.option(
        "--strategy",
        type=click.Choice(["heads", "turnwise", "events"]),
        help="Read the transcript once, by what was learned for the model (heads); ask closed questions, line by line "
        "(turnwise); or ask for all events in one answer. Unless given: heads where something was learned, else "
        "events.",
    ),
    click.option(
        "--prompt",
        "pins",
        multiple=True,
        metavar="ID@VERSION|FILE",
        help="Take this version of a template. Repeatable.",
    ),
    engine_option,
    click.option("--threads", type=click.IntRange(1, 512), metavar="N", help="Threads of the model in this process."),
    click.option(
        "--context",
        type=click.IntRange(min=256),
        metavar="N",
        help="Tokens that the model looks at, or with a server those that a prompt may fill.",
    ),
)
"""What reads calls: model, strategy, prompts and engine."""


def opened(address: str, *, make: bool = False) -> "Store":
    """The store at an address; a new one only with `make`, so that a slip of the pen makes no file.

    Raises:
        StoreError: it cannot be opened, or there is none.
    """
    from ausweis.store import Key, Store

    if not make and not is_store(address):
        demo = f"; or open that of the demo: --store {_DEMO}" if _DEMO.is_file() else ""
        raise StoreError(f"{_MISSING}{demo}", place=address)
    new = make and not is_store(str(Key.of(address).path))
    store = Store.open(address)
    if new:
        warn_of_key(address)
    return store


def is_store(address: str) -> bool:
    """Whether something is at the address; of a server nobody asks."""
    # Where no name can be so long, or the folder lets nobody look, `Path.exists` would raise.
    return "://" in address or os.path.exists(address)  # noqa: PTH110


def folder_of(address: str) -> Path:
    """Where files about calls may lie besides: beside a SQLite file; of a server in the current folder."""
    return Path.cwd() if "://" in address else Path(address).absolute().parent


def warn_of_key(address: str) -> None:
    """Say on standard error where the key lies beside the store, and how it can be kept apart."""
    from ausweis.store import Key
    from ausweis.store.key import KEY_FILE

    key = Key.of(address)
    if key.lies_beside(address):
        why = "the key lies beside its store, and whoever copies the folder has both"
        warn(f"{key.path}: {why}; with real calls, move it elsewhere and name its file in {KEY_FILE}")


def desk_address() -> str | None:
    """The address of `ausweis serve` as links begin, from AUSWEIS_SERVE; None where that names none.

    Raises:
        InputError: it is no address.
    """
    url = os.environ.get("AUSWEIS_SERVE", "")
    if url and not url.startswith(("http://", "https://")):
        raise InputError("AUSWEIS_SERVE needs the address of ausweis serve, such as http://127.0.0.1:8321")
    return url.rstrip("/") or None


def login() -> str:
    """Who runs the command, for the audit log."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
