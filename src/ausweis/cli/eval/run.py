"""`ausweis eval run`: the golden set, read, judged and measured."""

from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ausweis.cli import UNFORESEEN
from ausweis.cli.options import system_options
from ausweis.cli.warning import warn

if TYPE_CHECKING:
    from ausweis.batch.config import ScorerConfig
    from ausweis.evals.running import EvalJob

__all__ = ["recipe_of", "run"]

DEV = Path("evals/golden/dev.jsonl")


@click.command(epilog="\b\nExample:\n  ausweis eval run evals/golden/dev.jsonl --out runs/new")
@click.argument("golden", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--out",
    "folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder to write into; one that was broken off goes on. Default: runs/eval-<UTC time>.",
)
@system_options
@click.option("--policy", metavar="NAME|FILE", help="Judge all calls and labels by this policy.")
@click.option("--repeat", "repeats", type=click.IntRange(1, 1000), default=1, show_default=True, help="Ask N times.")
@click.option(
    "--tag", "tags", multiple=True, metavar="KIND:WORD", help="Measure only such calls, as surface:asr. Repeatable."
)
@click.option("--id", "ids", multiple=True, metavar="ID", help="Measure only this call. Repeatable.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Measure only the first N calls.")
@click.option(
    "--workers", type=click.IntRange(1, 1024), metavar="N", help="With a server: requests at once (default 8)."
)
@click.option(
    "--recorded",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Ask the model only what is not recorded in this file of `eval bless`.",
)
@click.option(
    "--live",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="With --recorded: ask the model about N calls by chance all the same, and compare.",
)
@click.option("--quiet", is_flag=True, help="Show no progress and no table.")
@click.option("--json", "as_json", is_flag=True, help="Print the numbers as JSON on standard output.")
@click.pass_context
def run(context: click.Context, /, **options: Any) -> None:
    """Read and judge the calls of GOLDEN (files; evals/golden/dev.jsonl by default), and measure.

    Exit codes: 0 done, 2 wrong use, 3 some calls have no verdict, 4 something unforeseen, 130 stopped.
    """
    from ausweis.cli.eval.tables import show_summary
    from ausweis.cli.progress import progress_shown
    from ausweis.evals.running import evaluate

    folder = options["folder"] or _new_folder()
    wanted = _wanted(options)
    try:
        total = len(wanted.chosen()) * wanted.repeats
        with progress_shown(total, quiet=options["quiet"]) as show:
            say = (lambda text: None) if options["quiet"] else warn
            evaluation = evaluate(wanted, folder, on_progress=show, warn=warn, say=say)
    except KeyboardInterrupt:
        warn(f"stopped: the same command goes on, with --out {folder}")
        context.exit(130)
    if options["as_json"]:
        click.echo(evaluation.summary.model_dump_json(by_alias=True))
    elif not options["quiet"]:
        show_summary(evaluation)
        click.echo(f"eval run: {folder}")
    failed = [case.failure or "" for case in evaluation.cases if case.told is None]
    unforeseen = any(failure.endswith("[internal]") for failure in failed)
    context.exit(UNFORESEEN if unforeseen else 3 if failed else 0)


def _new_folder() -> Path:
    """`runs/eval-<UTC time>`; with a number behind it where another one of the same second has that."""
    name = f"eval-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    numbered = (Path("runs") / (name if number == 1 else f"{name}-{number}") for number in count(1))
    return next(path for path in numbered if not path.exists())


def _wanted(options: dict[str, Any]) -> "EvalJob":
    from ausweis.errors import InputError
    from ausweis.evals.running import EvalJob

    golden = options["golden"] or (DEV,)
    if not options["golden"] and not DEV.is_file():
        raise InputError(f"name the files of a golden set; there is no {DEV} here")
    if options["live"] and options["recorded"] is None:
        raise InputError("--live is for --recorded")
    if options["recorded"] is not None and options["repeats"] > 1:
        raise InputError("--recorded does not go with --repeat")
    if options["recorded"] is not None and options["context"] is not None:
        raise InputError("--context is not for --recorded: nobody knows what was recorded with another one")
    names = ("tags", "ids", "limit", "policy", "repeats", "recorded", "live")
    return EvalJob(golden=golden, recipe=recipe_of(options), **{name: options[name] for name in names})


def recipe_of(options: dict[str, Any]) -> "ScorerConfig":
    """The system to measure; the policy is a placeholder, since each call is judged by its own."""
    from ausweis.batch.config import ScorerConfig
    from ausweis.policies import find_policy

    return ScorerConfig.of(find_policy("telecom-de"), options.copy())
