"""The options of recordings, which `score` and `transcribe` share."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

__all__ = ["recording_options"]

Command = TypeVar("Command", bound=Callable[..., Any])


class _Renamed(click.Option):
    """An option that is read under an earlier name too, of which help says nothing."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Its names and text, without the earlier name."""
        record = super().get_help_record(ctx)
        return record and (record[0].replace("--recogniser, ", ""), record[1])


_OPTIONS = (
    click.option(
        "--recogniser",
        "--asr-model",
        "asr_model",
        cls=_Renamed,
        metavar="ID|FOLDER",
        help="The Whisper model that hears recordings: an id that `ausweis models list` shows, or a folder.",
    ),
    click.option(
        "--agent-channel",
        type=click.Choice(["left", "right"]),
        help="The agent's side of stereo recordings. Unless given, a file beside the recording says it, or the talk.",
    ),
    click.option("--keep-audio", is_flag=True, help="Copy the recordings into the run folder."),
)


def recording_options(command: Command) -> Command:
    """Add them to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
