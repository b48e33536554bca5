"""The options of recordings, which `score` and `transcribe` share."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

__all__ = ["recording_options"]

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--recogniser",
        metavar="ID|FOLDER",
        help="Of recordings: a Whisper model of faster-whisper, by id (ausweis models list) or by its folder.",
    ),
    click.option(
        "--agent-channel",
        type=click.Choice(["left", "right"]),
        help="Of stereo recordings; unless given, a side-car file says it, or the talk.",
    ),
    click.option("--keep-audio", is_flag=True, help="Copy the recordings into the run folder."),
)


def recording_options(command: Command) -> Command:
    """Add them to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
