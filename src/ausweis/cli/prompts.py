"""`ausweis prompts`: look at, check and release prompt templates."""

from pathlib import Path
from typing import Any

import click

from ausweis.cli.options import FILE
from ausweis.cli.warning import warn
from ausweis.errors import PromptError
from ausweis.prompts import Library, Template, default_library, lint_file, lint_folder
from ausweis.prompts import release as release_template
from ausweis.vocabulary import LANGUAGES

__all__ = ["prompts"]


@click.group()
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    help="Folder of templates instead of the ones that ship (or set AUSWEIS_PROMPTS).",
)
@click.pass_context
def prompts(context: click.Context, folder: Path | None) -> None:
    """List, show, check and release prompt templates."""
    context.obj = folder


def _library(folder: Path | None) -> Library:
    return Library(folder) if folder else default_library()


@prompts.command("list", epilog="\b\nExample:\n  ausweis prompts list")
@click.pass_obj
def list_command(folder: Path | None) -> None:
    """Show all templates with their versions."""
    from rich.table import Table
    from rich.text import Text

    from ausweis.cli.run_table import console

    library = _library(folder)
    table = Table("template", "released", "answer", "examples", "description")
    table.columns[0].no_wrap = True
    table.columns[1].no_wrap = True
    for template in library.templates():
        entry = library.lock.entries.get(template.name)
        answer = f"{len(template.labels)} labels" if template.labels else "JSON"
        if not template.is_prompt:
            answer = "none"
        released = entry.released if entry else "draft"
        description = Text(template.description.strip())
        table.add_row(template.name, released, answer, str(len(template.examples)), description)
    console().print(table)


@prompts.command(epilog="\b\nExample:\n  ausweis prompts show agent-turn@1 --language de")
@click.argument("template", metavar="TEMPLATE")
@click.option("--raw", is_flag=True, help="Print the file as it is.")
@click.option("--example", "number", type=click.IntRange(min=1), default=1, help="Which example to ask about.")
@click.option("--language", type=click.Choice(LANGUAGES), help="Leave out examples in the other language.")
@click.pass_obj
def show(folder: Path | None, template: str, raw: bool, number: int, language: str | None) -> None:
    """Print the messages that TEMPLATE makes of one of its examples.

    TEMPLATE is an id (its newest released version), id@version or a file.
    """
    chosen = _library(folder).get(template)
    if raw:
        click.echo(chosen.path.read_text(encoding="utf-8"), nl=False)
        return
    for message in chosen.render(_sample(chosen, number), language=language):
        click.secho(f"[{message.role}]", bold=True)
        click.echo(f"{message.content}\n")


def _sample(template: Template, number: int) -> dict[str, Any]:
    if not template.examples:
        # A template without examples is shown with the names of its inputs in their places.
        return {name: f"<{name}>" for name in template.inputs}
    if number > len(template.examples):
        raise PromptError(f"{template.name} has {len(template.examples)} examples, no number {number}")
    return dict(template.examples[number - 1].inputs)


@prompts.command(epilog="\b\nExample:\n  ausweis prompts lint")
@click.argument("files", nargs=-1, type=FILE)
@click.pass_context
def lint(context: click.Context, files: tuple[Path, ...]) -> None:
    """Check all templates and the lock, or only FILES; exit code 1 if something is wrong."""
    library = None
    if files:
        problems = [problem for file in files for problem in lint_file(file)]
        what = f"{len(files)} files"
    else:
        library = _library(context.obj)
        problems = lint_folder(library.folder)
        count = sum(map(len, library.versions().values()))
        if not count and not problems:
            raise PromptError("holds no template: they stand in it as ID/VERSION.md", place=str(library.folder))
        what = f"{count} templates in {library.folder}"
    for problem in problems:
        click.echo(str(problem), err=True)
    if problems:
        context.exit(1)
    told = _tell_unlearned(library) if library else 0
    click.echo(f"{what}: nothing {'else ' if told else ''}to complain about")


def _tell_unlearned(library: Library, only: str | None = None) -> int:
    """Say what was not learned for the newest versions of templates, or of one of them; the number of sentences."""
    from ausweis.engines.learned_index import bases
    from ausweis.reading.strategies import HEADS, unlearned

    identifiers = [identifier for identifier in HEADS if only in (None, identifier)]
    sentences = [sentence for base in bases() for sentence in unlearned(library, base, identifiers)]
    for sentence in sentences:
        warn(sentence)
    return len(sentences)


@prompts.command(epilog="\b\nExample:\n  ausweis prompts release agent-turn@2 --message 'Tells offers from changes'")
@click.argument("template", metavar="TEMPLATE")
@click.option("--message", "-m", prompt="What is better in this version", help="What is better in this version.")
@click.option("--force", is_flag=True, help="Release it though nothing was learned for it, and say what is lost.")
@click.pass_obj
def release(folder: Path | None, template: str, message: str, force: bool) -> None:
    """Release TEMPLATE: id@version, or an id for its newest version. Its file may never change again.

    A version that calls cannot be read with, since nothing was learned for it but for others, is refused.
    """
    library = _library(folder)
    chosen = library.get(template if "@" in template else library.newest(template))
    if not force:
        _refuse_unlearned(chosen)
    name, entry = release_template(library, chosen.name, message)
    click.echo(f"released {name} ({entry.sha256[:12]})")
    _tell_unlearned(library, chosen.id)


def _refuse_unlearned(template: Template) -> None:
    from ausweis.engines.learned_index import bases, kinds_for
    from ausweis.reading.strategies import HEADS, how_to_learn

    heads = HEADS.get(template.id, ())
    learned = [kinds_for(base.sha256) for base in bases()] if heads else []
    others = {stamp.version for kinds in learned for stamp in kinds if stamp.id == template.id}
    if others and not any(kinds[template.provenance] & set(heads) for kinds in learned):
        raise PromptError(
            f"{template.name} has no {heads[0]} learned for it, so calls would be read with an earlier one or without: "
            f"{how_to_learn(template)}, or give --force",
            place=str(template.path),
        )
