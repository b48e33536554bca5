"""`ausweis prompts`: look at, check and release prompt templates."""

from pathlib import Path
from typing import Any

import click

from ausweis.cli.options import FILE, json_option
from ausweis.cli.output import show_json, warn
from ausweis.errors import PromptError
from ausweis.prompts import Library, Template, default_library, lint_file, lint_library
from ausweis.prompts import release as release_template
from ausweis.vocabulary import LANGUAGES

__all__ = ["prompts"]


@click.group()
def prompts() -> None:
    """List, show, check and release prompt templates.

    They are those that ship, and those of your own in the folder that AUSWEIS_PROMPTS names: what stands there goes
    before what ships.
    """


@prompts.command("list", epilog="\b\nExample:\n  ausweis prompts list")
@json_option
def list_command(as_json: bool) -> None:
    """Show all templates with their versions."""
    from rich.text import Text

    from ausweis.cli.tables import print_table

    library = default_library()
    if as_json:
        show_json([_about(library, template) for template in library.templates()])
        return
    rows = []
    for template in library.templates():
        entry = library.released(template.name)
        answer = f"{len(template.labels)} labels" if template.labels else "JSON" if template.is_prompt else "none"
        released = entry.released if entry else "draft"
        rows.append((template.name, released, answer, len(template.examples), Text(template.description.strip())))
    print_table("", ("template", "released", "answer", "examples", "description"), rows, no_wrap=(0, 1))


def _about(library: Library, template: Template) -> dict[str, Any]:
    entry = library.released(template.name)
    return {
        "id": template.id,
        "version": template.version,
        "sha256": template.sha256,
        "released": entry and entry.released,
        "message": entry and entry.message,
        "description": template.description.strip(),
        "labels": template.labels,
        "examples": len(template.examples),
        "path": str(template.path),
    }


@prompts.command(epilog="\b\nExample:\n  ausweis prompts show agent-turn@1 --language de")
@click.argument("template", metavar="TEMPLATE")
@click.option("--language", type=click.Choice(LANGUAGES), help="Leave out examples in the other language.")
def show(template: str, language: str | None) -> None:
    """Print the messages that TEMPLATE makes of its first example, and the file that it stands in.

    TEMPLATE is an id (its newest released version), id@version or a file.
    """
    chosen = default_library().get(template)
    # A template without examples is shown with the names of its inputs in their places.
    sample = chosen.examples[0].inputs if chosen.examples else {name: f"<{name}>" for name in chosen.inputs}
    for message in chosen.render(sample, language=language):
        click.secho(f"[{message.role}]", bold=True)
        click.echo(f"{message.content}\n")
    click.echo(chosen.path, err=True)


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
        library = default_library()
        problems = lint_library(library)
        what = f"{sum(map(len, library.versions().values()))} templates in {library}"
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
def release(template: str, message: str, force: bool) -> None:
    """Release TEMPLATE: id@version, or an id for its newest version. Its file may never change again.

    A version that calls cannot be read with, since nothing was learned for it but for others, is refused.
    """
    library = default_library()
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
