"""`ausweis eval agreement`: can the labels themselves be trusted?"""

from pathlib import Path

import click

__all__ = ["agreement"]

FOLDER = Path("evals/golden/double")


@click.command(epilog="\b\nExample:\n  ausweis eval agreement first.jsonl second.jsonl --list")
@click.argument("first", type=click.Path(path_type=Path), default=FOLDER / "first.jsonl")
@click.argument("second", type=click.Path(path_type=Path), default=FOLDER / "second.jsonl")
@click.option("--list", "listed", is_flag=True, help="Name the calls on which they differ.")
def agreement(first: Path, second: Path, listed: bool) -> None:
    """Compare two files of labels that were made independently: Cohen's kappa by field."""
    from rich.table import Table

    from ausweis.cli.run_table import console
    from ausweis.evals.agreement import agreement as compare
    from ausweis.evals.agreement import read_labels

    table = Table("field", "n", "same", "kappa", "calls that differ")
    for one in compare(read_labels(first), read_labels(second)):
        table.add_row(one.field, str(one.n), f"{one.same:.3f}", f"{one.kappa:.3f}", str(len(one.differing)))
        if listed and one.differing:
            click.echo(f"{one.field}: {', '.join(one.differing)}")
    console().print(table)
