"""The command line. Commands are imported when they are called, so that `ausweis --help` answers at once."""

import os
import sys
import traceback
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import click

from ausweis import __version__
from ausweis.cli.output import OutputError, output_checked, warn
from ausweis.errors import AusweisError, InputError, unforeseen

__all__ = ["SETTINGS", "UNFORESEEN", "LazyGroup", "broken_off", "cli", "main"]

broken_off: list[int] = []
"""The signals that broke off the command."""
UNFORESEEN = 4
"""The exit code where an error came up that nobody thought of."""

COMMANDS = {
    "score": "Read calls with the model, judge them by a policy, into the store.",
    "transcribe": "Make transcripts of recordings.",
    "store": "Look after the store: delete, sample, export, verify …",
    "judge": "Judge the facts of stored calls by another policy, without the model.",
    "review": "Write the review of a day from the store: what changed, then the calls to review, worst first.",
    "serve": "Review calls in the browser.",
    "eval": "Measure verdicts against the golden set: run, compare, gate, report …",
    "policies": "List, show, validate and explain policies.",
    "prompts": "List, show, check and release prompt templates.",
    "models": "List and pull model weights.",
    "schema": "Print the JSON Schema of a contract.",
    "doctor": "Say what this machine has and what is missing.",
}


class LazyGroup(click.Group):
    """A group whose commands are modules of a package, imported when they are called."""

    def __init__(self, *args: Any, package: str, table: dict[str, str], **more: Any) -> None:
        """`table`: what each command does, in the order of the list."""
        super().__init__(*args, **more)
        self._package = package
        self._table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order of the table."""
        return list(self._table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module and take the command of that name."""
        if cmd_name not in self._table:
            return None
        command: click.Command = getattr(import_module(f"{self._package}.{cmd_name}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of contents, without importing any command."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._table.items()))


_OF_REVIEW = ("multipart", "python_multipart", "starlette", "uvicorn", "xlsxwriter")
"""Modules of the extra `review`."""
SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.command("ausweis", cls=LazyGroup, package="ausweis.cli", table=COMMANDS, context_settings=SETTINGS)
@click.version_option(__version__, prog_name="ausweis")
def cli() -> None:
    """Was the caller authenticated before personal data or the account was touched?

    Ausweis lets a local language model read recorded customer-service calls and judges what it read by
    your policy. Start with: ausweis score CALLS --policy telecom-de
    """


def main(arguments: list[str] | None = None, command: click.Command | None = None) -> NoReturn:
    """Run a command line, and end the process.

    A user's mistake becomes one sentence on standard error and exit code 2, as does a file or an output that cannot be
    used; anything that nobody thought of exit code 4. `AUSWEIS_DEBUG` shows its traceback, and that of what a sentence
    was made of; both may quote calls.
    """
    command = command or cli
    try:
        _refuse_half_characters(sys.argv[1:] if arguments is None else arguments)
        with output_checked():
            returned = command.main(args=arguments, prog_name=command.name, standalone_mode=False)
        code = returned if isinstance(returned, int) else 0
    except (Exception, KeyboardInterrupt) as error:
        # A library may give an error of its own for what broke it off.
        code = _told("stopped", 130) if broken_off else _told_error(error)
    sys.exit(code)


def _told_error(error: Exception | KeyboardInterrupt) -> int:
    if isinstance(error, click.ClickException):
        with suppress(OSError):
            error.show()
        return error.exit_code
    if isinstance(error, (click.Abort, KeyboardInterrupt)):
        if isinstance(error.__cause__, EOFError):  # click takes any for the end of what a user types
            return _told_unforeseen(error.__cause__)
        if isinstance(error.__context__, EOFError):
            ended = "standard input ended before the question was answered; type the answer, or give it as an option"
            return _told(ended, 2)
        return _told("stopped", 130)
    if isinstance(error, OutputError) and error.unread:
        return 2
    if isinstance(error, AusweisError):
        if not isinstance(error, OutputError):
            _show_traceback(error.__context__)
        return _told(str(error), 2)
    return _told_unforeseen(error)


def _told(sentence: str, code: int) -> int:
    with suppress(OSError):
        warn(sentence)
    return code


def _show_traceback(error: BaseException | None) -> None:
    if error is not None and os.environ.get("AUSWEIS_DEBUG"):
        traceback.print_exception(error)


def _told_unforeseen(error: Exception) -> int:
    _show_traceback(error)
    if isinstance(error, OSError) and error.filename is not None:
        return _told(f"{error.filename!r} cannot be used ({error.strerror})", 2)
    try:
        Path.cwd()
    except OSError:
        return _told("the current folder is gone; change to another, and try again", 2)
    if isinstance(error, ModuleNotFoundError) and error.name in _OF_REVIEW:
        return _told(f"this needs {error.name}: pip install 'ausweis[review]'", 2)
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}:{frame.lineno}"
    return _told(f"{unforeseen(error)} at {place}; AUSWEIS_DEBUG=1 shows all of it", UNFORESEEN)


def _refuse_half_characters(arguments: list[str]) -> None:
    """What is no text can be written nowhere; but a file of such a name can be read."""
    for number, argument in enumerate(arguments, start=1):
        try:
            argument.encode()
        except UnicodeEncodeError:
            if not os.path.lexists(argument):
                raise InputError(f"argument {number} is not UTF-8, and there is no such file") from None
