"""How far the verdicts of a run agree with labelled calls: `python evals/measure.py RUN LABELLED.jsonl`."""

from pathlib import Path

import click

from ausweis.evals import agreement, read_labelled
from ausweis.judging.verdict import Verdict
from ausweis.vocabulary import OUTCOMES


@click.command()
@click.argument("run", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--labelled", required=True, type=click.Path(exists=True, path_type=Path), help="Labelled calls (JSONL).")
@click.option("--wrong", is_flag=True, help="List the calls that were judged otherwise than labelled.")
def measure(run: tuple[Path, ...], labelled: Path, wrong: bool) -> None:
    """Compare the verdicts of one or more RUN folders with the labels."""
    verdicts: dict[str, Verdict] = {}
    for folder in run:
        for line in (folder / "verdicts.jsonl").read_text(encoding="utf-8").splitlines():
            verdict = Verdict.model_validate_json(line)
            verdicts[verdict.call_id] = verdict
    labels = [one for one in read_labelled(labelled) if any(v.call_id == one.call.id for v in verdicts.values())]
    result = agreement(labels, verdicts)
    click.echo(f"{result.calls} calls, outcome right {result.accuracy:.2f}, kappa {result.kappa:.2f}")
    click.echo(f"violations: precision {result.precision:.2f}, recall {result.recall:.2f}")
    click.echo(f"average precision of risk {result.average_precision:.2f}")
    click.echo(f"of {result.found} found: first turn right {result.first_turn}, types right {result.types}")
    click.echo("label \\ verdict".ljust(18) + "".join(name.rjust(16) for name in OUTCOMES))
    for right in OUTCOMES:
        click.echo(right.ljust(18) + "".join(str(result.confusion[right][said]).rjust(16) for said in OUTCOMES))
    if wrong:
        for one in labels:
            verdict = verdicts[one.call.id]
            if verdict.outcome != one.gold.outcome:
                click.echo(
                    f"{one.call.id}: label {one.gold.outcome} "
                    f"{[(v.type, v.turn) for v in one.gold.violations]}, verdict {verdict.outcome} "
                    f"{[(v.type, v.turn) for v in verdict.violations]} risk {verdict.risk} ({one.gold.scenario})"
                )


if __name__ == "__main__":
    measure()
