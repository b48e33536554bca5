"""Whether a line of a shell calls `ausweis` as it wants to be called, without running it."""

import shlex

import click

from ausweis.cli import cli


def lines_of(text: str) -> list[str]:
    """The lines that call `ausweis`, those that go on after a backslash joined."""
    joined = text.replace("\\\n", " ")
    return [line.strip() for line in joined.splitlines() if line.strip().startswith("ausweis ")]


def complaint(line: str) -> str:
    """What is wrong with a line that calls `ausweis`; empty if nothing is."""
    words = shlex.split(line, comments=True)[1:]
    for end in ("|", ">", "&&", ";", "||"):
        words = words[: words.index(end)] if end in words else words
    command: click.Command = cli
    context = click.Context(cli, info_name="ausweis")
    try:
        while isinstance(command, click.Group) and words and not words[0].startswith("-"):
            subcommand = command.get_command(context, words[0])
            if subcommand is None:
                return f"{line}: no command {words[0]}"
            command, words = subcommand, words[1:]
            context = click.Context(command, info_name=command.name, parent=context)
        values, _, _ = command.make_parser(context).parse_args(args=words)
        return _wrong_values(command, context, values, line)
    except click.UsageError as error:
        return f"{line}: {error.format_message()}"


def _wrong_values(command: click.Command, context: click.Context, values: dict[str, object], line: str) -> str:
    for parameter in command.params:
        value = values.get(parameter.name or "")
        if parameter.required and value in (None, (), []):
            return f"{line}: {parameter.name} is missing"
        if isinstance(parameter.type, click.Choice | click.IntRange):
            for word in value if isinstance(value, list | tuple) else [value]:
                if isinstance(word, str) and word.isascii():
                    parameter.type(word, parameter, context)
    return ""
