"""`ausweis eval incidents`: how well critical incidents beyond authentication are found."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ausweis.cli.run_table import console

if TYPE_CHECKING:
    from ausweis.evals.metrics.incidents import IncidentSummary, KindNumbers

__all__ = ["incidents"]

GOLDEN = Path("evals/incidents/golden.jsonl")


@click.command(epilog="\b\nExample:\n  ausweis eval incidents evals/incidents/golden.jsonl --out found.jsonl")
@click.argument("golden", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--model", metavar="ID|PATH", help="An id that `ausweis models list` shows, or a file.")
@click.option(
    "--engine", default="llama", show_default=True, metavar="llama|server:URL|replay:DIR", help="What runs the model."
)
@click.option("--zero-shot", is_flag=True, help="Ask by description, without what was learned for this model.")
@click.option(
    "--prompts",
    "prompt_folder",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Take the templates of this folder.",
)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Measure only the first N calls.")
@click.option("--threads", type=click.IntRange(1, 512), metavar="N", help="Threads of the model in this process.")
@click.option("--record", type=click.Path(path_type=Path), metavar="DIR", help="Record the model's answers for replay.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write what was found, one call a line.")
@click.option("--fail-under", type=click.FloatRange(0, 1), metavar="F1", help="Exit with 1 where F1 is below: for CI.")
@click.option("--json", "as_json", is_flag=True, help="Print the numbers as JSON on standard output.")
@click.pass_context
def incidents(
    context: click.Context,
    golden: tuple[Path, ...],
    model: str | None,
    engine: str,
    zero_shot: bool,
    prompt_folder: Path | None,
    limit: int | None,
    threads: int | None,
    record: Path | None,
    out: Path | None,
    fail_under: float | None,
    as_json: bool,
) -> None:
    """Read the GOLDEN calls for incidents, and measure by kind: found, precision, turn, twins told apart."""
    from contextlib import closing

    from ausweis.batch.setup import open_engine
    from ausweis.errors import InputError
    from ausweis.evals.incident_case import read_incident_cases
    from ausweis.evals.incident_running import read_incidents
    from ausweis.evals.metrics.incidents import summarise_incidents
    from ausweis.prompts import Library, default_library

    if out is not None and not out.parent.is_dir():
        raise InputError("there is no such folder", place=str(out.parent))
    cases = read_incident_cases(golden or (GOLDEN,))[:limit]
    library = Library(prompt_folder) if prompt_folder else default_library()
    with (
        closing(open_engine(engine, model=model, threads=threads, record=record)) as opened,
        click.progressbar(length=len(cases), label="Reading", hidden=as_json) as bar,
    ):
        found = read_incidents(cases, opened, library, probes=not zero_shot, on_progress=lambda done: bar.update(1))
    if out is not None:
        lines = ({"id": name, "incidents": [one.model_dump() for one in some]} for name, some in found.items())
        out.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    summary = summarise_incidents(cases, found)
    if as_json:
        click.echo(summary.model_dump_json())
    else:
        _show(summary)
    if fail_under is not None and (summary.f1 or 0.0) < fail_under:
        click.echo(f"ausweis: F1 {summary.f1 or 0.0:.3f} is below {fail_under}", err=True)
        context.exit(1)


def _show(summary: "IncidentSummary") -> None:
    from rich.table import Table

    table = Table("incident", "calls", "found", "precision", "average precision")
    rows: list[tuple[str, KindNumbers]] = list(summary.kinds.items())
    if summary.described is not None:
        rows.append(("own descriptions", summary.described))
    for kind, numbers in rows:
        ranked = "–" if numbers.average_precision is None else f"{numbers.average_precision:.2f}"
        table.add_row(kind, str(numbers.found.n), str(numbers.found), str(numbers.precision), ranked)
    table.add_row("all", str(summary.found.n), str(summary.found), str(summary.precision), "")
    console().print(table)
    f1 = "–" if summary.f1 is None else f"{summary.f1:.2f}"
    click.echo(f"F1 {f1}; right turn of those found {summary.turn}; calls without any, left alone {summary.clean}")
    click.echo(f"twins of which both are right {summary.twins}, of {summary.twins.n} pairs")
