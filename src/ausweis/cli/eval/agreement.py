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
    for field in compare(read_labels(first), read_labels(second)):
        table.add_row(field.field, str(field.n), f"{field.same:.3f}", f"{field.kappa:.3f}", str(len(field.differing)))
        if listed and field.differing:
            click.echo(f"{field.field}: {', '.join(field.differing)}")
    console().print(table)
