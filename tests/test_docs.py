"""The documentation is true: help, links, paths and commands."""

import click
import pytest
from docs.help import PAGE, commands, page
from tests.command_lines import complaint, lines_of

ALL = {context.command_path: context for context in commands()}
LEAVES = {path: context for path, context in ALL.items() if not isinstance(context.command, click.Group)}


def a_sentence(text: str) -> bool:
    start = text.lstrip("`")[:1]
    return (start.isupper() or start.isdigit()) and text.rstrip().endswith((".", "?", "…"))


@pytest.mark.parametrize("path", ALL)
def test_help_is_made_of_sentences(path: str) -> None:
    command = ALL[path].command
    assert command.help
    paragraphs = [" ".join(paragraph.split()) for paragraph in command.help.split("\n\n")]
    assert all(a_sentence(paragraph.replace("\b", "")) for paragraph in paragraphs[:1])
    options = [option for option in command.params if isinstance(option, click.Option) and not option.hidden]
    assert {option.opts[0]: option.help for option in options if not a_sentence(option.help or "")} == {}


@pytest.mark.parametrize("path", LEAVES)
def test_help_has_an_example(path: str) -> None:
    examples = lines_of(LEAVES[path].command.epilog or "")
    assert any(f"{line} ".startswith(f"{path} ") for line in examples)
    assert [wrong for line in examples if (wrong := complaint(line))] == []


def test_help_page_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python docs/help.py"
