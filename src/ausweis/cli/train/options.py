"""The options that all commands have which learn from labelled calls."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from ausweis.training.options import Options

__all__ = ["options_of", "training_options"]

_Command = TypeVar("_Command", bound=Callable[..., Any])
_DECORATORS = (
    click.argument("labelled", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)),
    click.option("--model", metavar="ID|PATH", help="See: ausweis models list. Default: the default model."),
    click.option("--limit", type=click.IntRange(min=10), metavar="N", help="Only so many calls, drawn by chance."),
    click.option("--rounds", type=click.IntRange(min=1), metavar="N", help="How often all calls are learned from."),
    click.option(
        "--out",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Where to write. Default: beside the template, where the reader looks.",
    ),
    click.option(
        "--work",
        type=click.Path(file_okay=False, path_type=Path),
        default=Path("runs/training"),
        show_default=True,
        metavar="DIR",
        help="Where what was read is kept, so that a stopped training goes on.",
    ),
)


def training_options(command: _Command) -> _Command:
    """LABELLED, and the options."""
    for decorate in reversed(_DECORATORS):
        command = decorate(command)
    return command


def options_of(given: dict[str, Any]) -> "Options":
    """The same for the training."""
    from ausweis.engines.weights import catalogue
    from ausweis.training.options import Options

    return Options(
        **{**given, "model": given["model"] or catalogue.default_id()},
        progress=lambda calls: click.progressbar(
            calls, label="Reading", item_show_func=lambda labelled: labelled.call.id if labelled else ""
        ),
        tell=click.echo,
    )
