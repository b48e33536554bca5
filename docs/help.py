"""Writes docs/help.md, the help of each command as `--help` prints it: `python docs/help.py`."""

from collections.abc import Iterator
from pathlib import Path

import click

from ausweis.cli import cli

PAGE = Path(__file__).with_name("help.md")
WIDTH = 100


def commands(command: click.Command = cli, parent: click.Context | None = None) -> Iterator[click.Context]:
    """A command and all below it, each as the context in which it is called."""
    width = {"terminal_width": WIDTH, "max_content_width": WIDTH}
    name = command.name if parent else "ausweis"
    context = command.make_context(name, [], parent, resilient_parsing=True, **width)
    yield context
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            subcommand = command.get_command(context, child)
            assert subcommand is not None
            yield from commands(subcommand, context)


def page() -> str:
    """The page as it must be."""
    parts = ["# Command-line help\n\n    python docs/help.py      # writes this page\n"]
    for context in commands():
        level = "##" if context.command_path.count(" ") < 2 else "###"
        parts.append(f"{level} {context.command_path}\n\n```text\n{context.get_help()}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
