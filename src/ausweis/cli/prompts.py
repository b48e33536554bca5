"""`ausweis prompts`: look at, check and release prompt templates."""

from pathlib import Path
from typing import Any

import click

from ausweis.cli.options import FILE, PATH, added, engine_option, json_option, model_option
from ausweis.cli.output import show_json, warn
from ausweis.engines.protocol import Message
from ausweis.errors import InputError, PromptError
from ausweis.prompts import EvalNumbers, Library, Template, default_library, lint_library
from ausweis.prompts import release as release_template
from ausweis.vocabulary import KNOWN_WORDS

_about_options = added(
    click.option("--turn", type=click.IntRange(min=1), metavar="N", help="Only what is asked about this turn."),
    click.option(
        "--policy",
        default="telecom-de",
        show_default=True,
        metavar="NAME|FILE",
        help="The policy to read by: own words and incidents are asked where it has some.",
    ),
)
CALL_HELP = "A file that `ausweis score` reads; of several calls the first, or the one with this id."


@click.group()
def prompts() -> None:
    """List, show, try, check and release prompt templates.

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


@prompts.command(epilog="\b\nExample:\n  ausweis prompts show agent-turn@2 --call call.json --turn 7")
@click.argument("template", metavar="TEMPLATE")
@click.option("--call", metavar="FILE[#ID]", help=CALL_HELP)
@_about_options
def show(template: str, call: str | None, turn: int | None, policy: str) -> None:
    """Print what the model gets of TEMPLATE for a call, as reading asks it, and the file that the template stands in.

    TEMPLATE is an id (its newest released version), id@version or a file. Without --call its first example is asked
    about, without that one among the examples.
    """
    from ausweis.cli.asked import print_messages, print_questions

    chosen = default_library().get(template)
    if call is not None:
        from ausweis.batch.asked import asked_with
        from ausweis.calls import find_call
        from ausweis.policies import find_policy

        heard = asked_with(template, find_call(call), find_policy(policy), turn)
        # The last row of a transcript is asked about with the whole of it.
        print_questions([asked for group in heard for asked in (group if turn else group[-1:])])
    elif turn is not None:
        raise InputError("--turn is for --call")
    else:
        try:
            print_messages(_of_example(chosen))
        except PromptError as error:
            if chosen.examples:
                raise
            raise InputError(
                f"{chosen.name} has no example to show: give --call FILE", place=str(chosen.path)
            ) from error
    click.echo(chosen.path, err=True)


def _of_example(template: Template) -> tuple[Message, ...]:
    """What a template makes of its first example, or of the names of its inputs."""
    from ausweis.reading.call_events import shown_words

    inputs = template.examples[0].inputs if template.examples else {name: f"<{name}>" for name in template.inputs}
    words = shown_words({}, KNOWN_WORDS) if template.id == "call-events" else {}
    messages = template.render(inputs | {name: words[name] for name in words if name in inputs})
    asked = messages[-1]
    place = messages.index(asked)
    # Behind a question that an example asks too stands its answer.
    return messages if place == len(messages) - 1 else messages[:place] + messages[place + 2 :]


@prompts.command("try", epilog="\b\nExample:\n  ausweis prompts try agent-turn@2 --call call.json --turn 7")
@click.argument("template", metavar="TEMPLATE")
@click.option("--call", required=True, metavar="FILE[#ID]", help=CALL_HELP)
@_about_options
@model_option
@engine_option
def try_command(template: str, call: str, turn: int | None, policy: str, model: str | None, engine: str) -> None:
    """Ask the model TEMPLATE about a call, and print what it answers, the likeliest first.

    TEMPLATE is an id (its newest released version), id@version or a file: a draft too. What heads read needs heads.
    """
    from ausweis.batch.asked import asked_with
    from ausweis.calls import find_call
    from ausweis.cli.asked import print_answers
    from ausweis.engines.opened import open_engine
    from ausweis.policies import find_policy

    default_library().get(template)
    about, rules = find_call(call), find_policy(policy)
    opened = open_engine(engine, model=model, warn=warn)
    try:
        heard = asked_with(template, about, rules, turn, opened)
    finally:
        opened.close()
    print_answers([asked for group in heard for asked in group], all_labels=turn is not None)


@prompts.command(epilog="\b\nExample:\n  ausweis prompts lint")
@click.argument("files", nargs=-1, type=FILE)
@click.pass_context
def lint(context: click.Context, files: tuple[Path, ...]) -> None:
    """Check all templates, or only FILES, and by the lock that what is released is unchanged; exit code 1 if not."""
    library = default_library()
    problems = lint_library(library, files)
    for problem in problems:
        click.echo(str(problem), err=True)
    if problems:
        context.exit(1)
    told = 0 if files else _tell_unlearned(library)
    templates = f"{sum(map(len, library.versions().values()))} templates in {library}"
    what = ", ".join(map(str, files)) or templates
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


@prompts.command(
    epilog="\b\nExample:\n  ausweis prompts release agent-turn@2 --run runs/two --message 'Tells offers from changes'"
)
@click.argument("template", metavar="TEMPLATE")
@click.option("--message", "-m", prompt="What is better in this version", help="What is better in this version.")
@click.option("--run", "folder", type=PATH, metavar="DIR", help="The finished eval run of this version.")
@click.option("--force", is_flag=True, help="Release it without a run, or though nothing was learned for it.")
def release(template: str, message: str, folder: Path | None, force: bool) -> None:
    """Release TEMPLATE: id@version, or an id for its newest version. Its file may never change again.

    It rests on an eval run, whose numbers prompts.lock keeps. A version that calls cannot be read with, since nothing
    was learned for it but for others, is refused.
    """
    from ausweis.batch.config import ASKED_BY

    library = default_library()
    chosen = library.get(template if "@" in template else library.newest(template))
    if not force:
        _refuse_unlearned(chosen)
    if folder is None and not force:
        strategy = ASKED_BY.get(chosen.id, "heads")
        named = "" if strategy == "heads" else f"--strategy {strategy} "
        how = f"`ausweis eval run {named}--prompt {chosen.name} --out DIR`, then give --run DIR, or --force"
        raise PromptError(f"{chosen.name} was not measured: {how}", place=str(chosen.path))
    name, entry = release_template(library, chosen.name, message, _numbers(folder, chosen) if folder else None)
    click.echo(f"released {name} ({entry.sha256[:12]})")
    _tell_unlearned(library, chosen.id)


def _numbers(folder: Path, template: Template) -> EvalNumbers:
    """The main numbers of a finished eval run of this very version."""
    from ausweis.evals.comparing import numbers_of
    from ausweis.evals.folder import CASES_FILE, finished, read_cases, sha256_of

    system = finished(folder).system
    if system is None or str(template.provenance) not in system.prompts:
        asked = ", ".join(system.prompts) if system else "nothing"
        raise PromptError(f"the run did not ask with {template.provenance}, but with {asked}", place=str(folder))
    found = numbers_of(read_cases(folder)).model_dump(include={"calls", "right", "found", "false_alarms"})
    rounded = {name: None if value is None else round(value, 3) for name, value in found.items()}
    return EvalNumbers(sha256=sha256_of(folder / CASES_FILE), **rounded)


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
