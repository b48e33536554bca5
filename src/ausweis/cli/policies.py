"""`ausweis policies`: list, show, validate, explain, compare."""

import click

from ausweis.cli.options import json_option
from ausweis.cli.output import show_json
from ausweis.vocabulary import INCIDENTS, KNOWN_WORDS, Language


@click.group()
def policies() -> None:
    """List, show, validate, explain and compare policies.

    A policy is the name of one that ships (see: ausweis policies list) or the path of a YAML file.
    """


@policies.command("list", epilog="\b\nExample:\n  ausweis policies list")
@json_option
def list_policies(as_json: bool) -> None:
    """List the policies that ship: name, version, language, title."""
    from ausweis.policies import find_policy, shipped_policies

    files = list(map(find_policy, shipped_policies()))
    if as_json:
        keys = {"id", "version", "language", "title"}
        show_json([{**file.policy.model_dump(include=keys), "sha256": file.sha256} for file in files])
        return
    width = max(len(file.policy.id) for file in files)
    for policy in (file.policy for file in files):
        click.echo(f"{policy.id:<{width}}  {policy.version}  {policy.language}  {policy.title}")


@policies.command(epilog="\b\nExample:\n  ausweis policies show telecom-de > ours.yaml")
@click.argument("policy", required=False)
@click.option("--words", is_flag=True, help="List the words that a policy may use instead, with a POLICY its own too.")
def show(policy: str | None, words: bool) -> None:
    """Print the file of POLICY: the start of your own. Or the words that a policy may use, each with a sentence.

    The sentences are in the language of POLICY, else in English.
    """
    from ausweis.errors import InputError
    from ausweis.policies import find_policy

    if words:
        _words(policy)
    elif policy is None:
        raise InputError("name a policy: ausweis policies list shows those that ship")
    else:
        click.echo(find_policy(policy).text, nl=False)


@policies.command(epilog="\b\nExample:\n  ausweis policies validate ours.yaml --strict")
@click.argument("policy", nargs=-1, required=True)
@click.option("--strict", is_flag=True, help="Exit code 1 if there is a warning.")
@click.pass_context
def validate(context: click.Context, policy: tuple[str, ...], strict: bool) -> None:
    """Check POLICY files. Each mistake is told with file, line and the words allowed; exit code 2 if there is one.

    Of a good one, what `explain` warns of is told.
    """
    from ausweis.errors import AusweisError
    from ausweis.policies import check_all

    faulty = warned = False
    for name in policy:
        try:
            found, warnings = check_all(name)
            problems = [f"{name}:{problem.line}: {problem.message}" for problem in found]
            if any(problem.hides for problem in found):
                problems.append(f"{name}: more may show once this is mended")
        except AusweisError as error:
            problems = [str(error)]
        for problem in problems:
            click.echo(problem, err=True)
        faulty = faulty or bool(problems)
        if not problems:
            for warning in warnings:
                click.echo(f"{name}:{warning.line}: {warning.message}", err=True)
            click.echo(f"{name}: good" + (", with warnings" if warnings else ""))
            warned = warned or bool(warnings)
    context.exit(2 if faulty else int(strict and warned))


def _words(policy: str | None) -> None:
    """Factors, kinds of actions and incidents, those of the policy too."""
    from ausweis.policies import find_policy

    given = find_policy(policy).policy if policy else None
    known = given.vocabulary if given else KNOWN_WORDS
    spoken: Language = given.language if given else "en"
    sentences: dict[str, dict[str, str]] = {
        "factors": {factor: record.sentence[spoken] for factor, record in known.factors.items()},
        "actions": {
            f"{record.kind}: {category}": record.sentence[spoken] for category, record in known.categories.items()
        },
        "incidents": {incident: record.sentence[spoken] for incident, record in INCIDENTS.items()},
    }
    width = max(len(word) for table in sentences.values() for word in table)
    for key, table in sentences.items():
        click.echo(f"{key}:")
        for word, sentence in table.items():
            click.echo(f"  {word:<{width}}  {sentence}")


@policies.command(epilog="\b\nExample:\n  ausweis policies explain telecom-de")
@click.argument("policy")
def explain(policy: str) -> None:
    """Say in plain sentences what POLICY asks, in its language, and warn where weak factors alone are enough."""
    from ausweis.policies import find_policy
    from ausweis.policies.explain import explain as sentences

    for sentence in sentences(find_policy(policy).policy):
        click.echo(sentence)


@policies.command(epilog="\b\nExample:\n  ausweis policies diff telecom-de ours.yaml")
@click.argument("before")
@click.argument("after")
@click.pass_context
def diff(context: click.Context, before: str, after: str) -> None:
    """Say what the policy AFTER lets through that BEFORE does not, then the other way; in the language of AFTER.

    Exit code 1 if they differ, 0 if both judge alike, whatever their titles and levels are called.
    """
    from dataclasses import asdict

    from ausweis.policies import differences, find_policy
    from ausweis.policies.differing import TEXTS

    old, new = find_policy(before).policy, find_policy(after).policy
    found = {part: told for part, told in asdict(differences(old, new, new.language)).items() if told}
    for part, told in found.items():
        click.echo(TEXTS[new.language][part].format(before=before, after=after))
        for sentence in told:
            click.echo(f"- {sentence}")
    if not found:
        click.echo(TEXTS[new.language]["same"])
    context.exit(int(bool(found)))
