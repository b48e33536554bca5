"""`python -m evals.lab metamorphic`: do verdicts behave when calls are changed in ways whose effect is known?"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ausweis.cli.eval.run import recipe_of
from ausweis.cli.options import system_options
from ausweis.cli.warning import warn

if TYPE_CHECKING:
    from evals.lab.changing import Behaviour

    from ausweis.evals.labelled import LabelledCall

__all__ = ["metamorphic"]


@click.command(
    epilog="\b\nExample:\n  python -m evals.lab metamorphic evals/golden/dev.jsonl --each 6 --run runs/changed"
)
@click.argument("golden", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--run", "folder", required=True, type=click.Path(path_type=Path), metavar="DIR", help="Folder to write into."
)
@click.option("--resume", is_flag=True, help="Go on with the run in --run.")
@click.option("--each", type=click.IntRange(min=1), metavar="N", help="Only the first N calls that a change fits.")
@system_options
@click.option(
    "--recorded",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Ask the model only what is not recorded in this file, as `eval run` does.",
)
@click.option("--quiet", is_flag=True, help="Show no progress.")
@click.option("--json", "as_json", is_flag=True, help="Print the numbers as JSON on standard output.")
@click.pass_context
def metamorphic(context: click.Context, /, **options: Any) -> None:
    """Change the calls of GOLDEN, judge both, and count the verdicts that behave as they must.

    Harmless changes (other names and digits, small talk, what a caller says about the rating) may not move the
    outcome. After harmful ones (the factor is gone, the agent says it first) it must be what the rules then say.
    """
    from evals.lab.changing import changed_calls, check, original_of

    from ausweis.cli.progress import progress_shown
    from ausweis.evals.labelled import read_all
    from ausweis.evals.running import Wanted, evaluate

    calls = read_all(options["golden"])
    changed = changed_calls(calls, each=options["each"])
    needed = {original_of(labelled.call.id) for labelled in changed}
    folder: Path = options["folder"]
    written = folder / "changed.jsonl"
    _write(
        written, [*(labelled for labelled in calls if labelled.call.id in needed), *changed], resume=options["resume"]
    )
    wanted = Wanted(golden=(written,), recipe=recipe_of(options), recorded=options["recorded"])
    try:
        with progress_shown(len(needed) + len(changed), quiet=options["quiet"]) as show:
            evaluation = evaluate(wanted, folder / "eval", resume=options["resume"], on_progress=show)
    except KeyboardInterrupt:
        warn("stopped: go on with the same command and --resume")
        context.exit(130)
    behaviours = check(evaluation.cases)
    if options["as_json"]:
        import json

        click.echo(json.dumps([behaviour.model_dump() for behaviour in behaviours]))
    else:
        _show(behaviours)
    context.exit(3 if any(case.told is None for case in evaluation.cases) else 0)


def _write(path: Path, calls: "list[LabelledCall]", *, resume: bool) -> None:
    from ausweis.errors import RunError
    from ausweis.journal import make_folder, replace_file

    text = "".join(labelled.line() + "\n" for labelled in calls)
    if path.exists() and not (resume and path.read_text(encoding="utf-8") == text):
        raise RunError(
            "other calls are changed here; give --resume with the same options, or another folder", place=str(path)
        )
    make_folder(path.parent)
    replace_file(path, text)


def _show(behaviours: "list[Behaviour]") -> None:
    from rich.table import Table

    from ausweis.cli.run_table import console
    from ausweis.evals.metrics.estimate import share

    table = Table("change", "behave as they must", "calls")
    for behaviour in behaviours:
        table.add_row(behaviour.change, str(behaviour.behaves), str(behaviour.behaves.n))
    total = sum(behaviour.behaves.n for behaviour in behaviours)
    right = total - sum(len(behaviour.wrong) for behaviour in behaviours)
    table.add_row("all", str(share(right, total)), str(total))
    console().print(table)
    for behaviour in behaviours:
        for changed in behaviour.wrong:
            click.echo(f"  {changed.id}: must be {changed.wanted}, is {changed.told}")
