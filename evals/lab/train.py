"""`python -m evals.lab train`: learns what the reader needs from labelled calls."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ausweis.cli.options import FILE, added
from ausweis.errors import InputError

if TYPE_CHECKING:
    from evals.lab.training.options import Options


@click.group()
def train() -> None:
    """Learn from labelled calls what the reader needs for a model, a template or incidents of your own.

    Needs PyTorch: pip install --group lab.
    """
    from importlib.util import find_spec

    if any(find_spec(name) is None for name in ("scipy", "sklearn", "torch")):
        raise InputError("learning needs PyTorch: pip install --group lab")


_out = click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write this file alone. Default: the folder of learned parts (AUSWEIS_LEARNED), where the reader looks.",
)
_model_and_work = added(
    click.option("--model", metavar="ID|PATH", help="See: ausweis models list. Default: the default model."),
    click.option("--limit", type=click.IntRange(min=10), metavar="N", help="Only so many calls, drawn by chance."),
    click.option(
        "--work",
        type=click.Path(file_okay=False, path_type=Path),
        default=Path("runs/training"),
        show_default=True,
        metavar="DIR",
        help="Where what was read is kept, so that a stopped training goes on.",
    ),
)
_common = added(click.argument("labelled", nargs=-1, required=True, type=FILE), _model_and_work, _out)
_rounds = click.option("--rounds", type=click.IntRange(min=1), metavar="N", help="How often calls are learned from.")
_transcript, _incidents = (
    click.option("--template", default=name, show_default=True, help="Or another version, or a file.")
    for name in ("transcript", "incidents")
)


def options_of(given: dict[str, Any]) -> "Options":
    """The same for the training."""
    from evals.lab.training.options import Options

    from ausweis.engines.weights import catalogue

    return Options(
        **{**given, "model": given["model"] or catalogue.default_id()},
        progress=lambda calls: click.progressbar(
            calls, label="Reading", item_show_func=lambda labelled: labelled.call.id if labelled else ""
        ),
        tell=click.echo,
    )


@train.command(
    epilog="\b\nExample:\n  python -m evals.lab train probe evals/golden/train.jsonl --model model.gguf --out probes"
)
@_common
@_rounds
@click.option("--template", default="transcript", show_default=True, help="Or incidents, another version, or a file.")
@click.option("--go-on", type=FILE, metavar="PROBE", help="Go on from this probe of the same template and model.")
@click.option(
    "--rehearse",
    multiple=True,
    type=FILE,
    metavar="LABELLED",
    help="With --go-on: labelled calls that it has learned from. May be given several times.",
)
@click.option("--rehearsed", type=click.IntRange(min=1), metavar="N", help="So many of those, by chance. Default: all.")
@click.option(
    "--share",
    type=click.FloatRange(0, 1, min_open=True),
    metavar="X",
    help="With --go-on: how far to go from that probe to what is learned; 0.5 keeps most of both. Default: 1.",
)
def probe(share: float | None, **given: Any) -> None:
    """Learn a probe from LABELLED calls: it reads answers from what the model computed over the transcript.

    Shows how well calls are judged whose writing pass was left out (of incidents: false alarms, and what is found),
    learns from all, and writes the probe into the folder of learned parts; beside it what the words of a line tell.
    """
    if (given["rehearse"] or share) and not given["go_on"]:
        raise InputError(f"{'--rehearse' if given['rehearse'] else '--share'} is for --go-on")
    if given["rehearsed"] and not given["rehearse"]:
        raise InputError("--rehearsed is for --rehearse")
    from evals.lab.training.probe import train_probe

    train_probe(options_of({**given, "share": share or 1.0}))


@train.command(
    epilog="\b\nExample:\n  python -m evals.lab train answers evals/golden/train.jsonl --weigh evals/golden/dev.jsonl"
)
@_common
@_transcript
@click.option(
    "--weigh",
    multiple=True,
    type=FILE,
    metavar="LABELLED",
    help="Other calls, such as yours, by which it is learned how much answers count beside lines. Repeatable.",
)
def answers(**given: Any) -> None:
    """Learn to read answers to questions about a call as a whole: for whom its caller speaks.

    The questions are those of the template third-party, asked after the last line. How much an answer counts beside the
    lines is learned from --weigh, or else from the LABELLED calls, writing passes left out; so the probe must have
    learned from none of these. Shows how well they are told, and keeps what was learned for the reader.
    """
    from evals.lab.training.answers import train_answers

    train_answers(options_of(given))


@train.command(epilog="\b\nExample:\n  python -m evals.lab train matcher yours.jsonl evals/incidents/*train.jsonl")
@_common
@_rounds
@_incidents
def matcher(**given: Any) -> None:
    """Learn a matcher from LABELLED calls whose incidents have descriptions: what a description says, whatever it is.

    The first description of a call is left out with it, so there must be two. Long, ordinary calls belong among them
    (evals/incidents/described-field-train.jsonl): from short ones alone it says too much of long ones. Shows how well
    descriptions are told that were left out, learns from all, and writes it into the folder of learned parts.
    """
    from evals.lab.training.incidents import train_matcher

    train_matcher(options_of(given))


@train.command(
    epilog="\b\nExample:\n  python -m evals.lab train words own-train.jsonl --wordings evals/golden/wordings.yaml"
)
@_common
@_rounds
@_transcript
@click.option(
    "--wordings", type=FILE, metavar="YAML", help="Other ways to say the descriptions: a policy, a word, sentences."
)
def words(**given: Any) -> None:
    """Learn a matcher of words from LABELLED calls whose policies have factors or categories of their own.

    Shows how well words are told of companies that were left out, learns from all, and keeps it for the reader. Calls
    without own words may be among them: they teach what descriptions of known words are about.
    """
    from evals.lab.training.words import train_words

    train_words(options_of(given))


@train.command("all", epilog="\b\nExample:\n  python -m evals.lab train all --template transcript@2 --dry-run")
@_model_and_work
@click.option(
    "--template",
    "templates",
    multiple=True,
    default=("transcript", "incidents"),
    show_default=True,
    help="Or another version, or a file. May be given several times.",
)
@click.option("--without", multiple=True, metavar="STEP", help="Leave a step out. May be given several times.")
@click.option("--dry-run", is_flag=True, help="Only tell the steps: their time, what they need, what is lost without.")
def everything(templates: tuple[str, ...], without: tuple[str, ...], dry_run: bool, **given: Any) -> None:
    """Learn all parts of a template, or of a model, from the calls that the shipped ones have learned from.

    A step that is done is not done again, as long as all that it learns from is the same. The steps are a table,
    evals/lab/steps.yaml.
    """
    from evals.lab.training.steps import train_all

    train_all(options_of({**given, "labelled": (), "template": ""}), templates, without, dry_run=dry_run)


@train.command(epilog="\b\nExample:\n  python -m evals.lab train roles transcripts.jsonl evals/golden/train.jsonl")
@click.argument("calls", nargs=-1, required=True, type=FILE)
@_out
def roles(calls: tuple[Path, ...], out: Path | None) -> None:
    """Learn from CALLS, whose sides are known, the words that tell the agent from the caller.

    Any transcripts do, labelled or not. Names and what few calls have are left out. The file is role-words.json.
    """
    from evals.lab.training.roles import learn_roles

    learn_roles(calls, out, click.echo)
