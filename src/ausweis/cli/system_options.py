"""The options that say what reads calls: model, strategy, prompts and engine. `score` and `eval` share them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

__all__ = ["system_options"]

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--model",
        metavar="ID|PATH",
        help="An id that `ausweis models list` shows, the path of a .gguf file, or the name of a server's model.",
    ),
    click.option(
        "--strategy",
        type=click.Choice(["turnwise", "direct"]),
        default="turnwise",
        show_default=True,
        help="Read turn by turn and judge by the policy, or ask the model for the whole verdict.",
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


def system_options(command: Command) -> Command:
    """Add them to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
