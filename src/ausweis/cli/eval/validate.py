"""`ausweis eval validate`: is a golden set fit to measure by?"""

from pathlib import Path

import click

__all__ = ["validate"]


@click.command(epilog="\b\nExample:\n  ausweis eval validate evals/golden/*.jsonl")
@click.argument("golden", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.pass_context
def validate(context: click.Context, golden: tuple[Path, ...]) -> None:
    """Check GOLDEN files: words, turns, quotes, twins, and that gold facts judged by the policy give the gold verdict.

    Prints sizes and mix. Exit codes: 0 clean, 1 something is wrong, 2 a file cannot be read.
    """
    from ausweis.evals.validate import mix
    from ausweis.evals.validate import validate as problems_of
    from ausweis.labelled import read_all, read_labelled

    read_all(golden)
    wrong = 0
    for path in golden:
        calls = list(read_labelled(path))
        for problem in problems_of(calls):
            click.echo(f"{path}: {problem.call_id}: {problem.message}")
            wrong += 1
        click.echo(f"{path}: {len(calls)} calls")
        for kind, counts in mix(calls).items():
            click.echo(f"  {kind}: " + ", ".join(f"{count} {word}" for word, count in counts.items()))
    click.echo(f"{wrong} problems" if wrong else "no problems")
    context.exit(1 if wrong else 0)
