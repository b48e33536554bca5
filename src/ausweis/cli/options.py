"""What commands share: options of what reads calls and how recordings are heard, and the type of a file's path."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

__all__ = ["FILE", "Command", "added", "recording_options", "system_options"]

Command = TypeVar("Command", bound=Callable[..., Any])
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
"""The path of a file that is there."""


def added(*options: Callable[[Any], Any]) -> Callable[[Command], Command]:
    """Adds options to a command, in this order."""

    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


class _Renamed(click.Option):
    """An option that is read under an earlier name too, of which help says nothing."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Its names and text, without the earlier name."""
        record = super().get_help_record(ctx)
        return record and (record[0].replace("--recogniser, ", ""), record[1])


recording_options = added(
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
    click.option("--keep-audio", is_flag=True, help="Copy the recordings into the folder that is written."),
)
"""How recordings are heard."""
system_options = added(
    click.option(
        "--model",
        metavar="ID|PATH",
        help="An id that `ausweis models list` shows, the path of a .gguf file, or the name of a server's model.",
    ),
    click.option(
        "--strategy",
        type=click.Choice(["turnwise", "events"]),
        help="Read turn by turn, or all events in one answer. Unless given: turn by turn with what was learned for the "
        "model, else all events.",
    ),
    click.option("--zero-shot", is_flag=True, help="Read the answers without what was learned for this model."),
    click.option(
        "--prompts",
        "prompt_folder",
        type=click.Path(path_type=Path),
        metavar="FOLDER",
        help="Take the templates of this folder.",
    ),
    click.option(
        "--prompt", "pins", multiple=True, metavar="ID@VERSION", help="Take this version of a template. Repeatable."
    ),
    click.option(
        "--engine",
        default="llama",
        show_default=True,
        metavar="llama|server:URL|fake:FILE|replay:DIR",
        help="What runs the model. A server gets the calls; its key comes from AUSWEIS_API_KEY.",
    ),
    click.option("--threads", type=click.IntRange(1, 512), metavar="N", help="Threads of the model in this process."),
    click.option(
        "--context",
        type=click.IntRange(min=256),
        metavar="N",
        help="Tokens that the model looks at, or with a server those that a prompt may fill.",
    ),
)
"""What reads calls: model, strategy, prompts and engine."""
