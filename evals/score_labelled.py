"""Score labelled calls by the policy of each label: `python evals/score_labelled.py LABELLED.jsonl RUNS [option …]`.

One run a policy is written below RUNS; options after that go to `ausweis score`. Then `evals/measure.py RUNS/*`.
"""

import subprocess
import sys
from pathlib import Path

import click

from ausweis.evals import read_labelled


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("labelled", type=click.Path(exists=True, path_type=Path))
@click.argument("runs", type=click.Path(path_type=Path))
@click.argument("options", nargs=-1)
@click.option("--policies", type=click.Path(exists=True, path_type=Path), help="Folder with policies that do not ship.")
def score(labelled: Path, runs: Path, options: tuple[str, ...], policies: Path | None) -> None:
    """Score LABELLED by the policy of each label, into RUNS."""
    runs.mkdir(parents=True, exist_ok=True)
    by_policy: dict[str, list[str]] = {}
    for one in read_labelled(labelled):
        by_policy.setdefault(one.gold.policy, []).append(one.call.model_dump_json(exclude_none=True))
    for policy, calls in sorted(by_policy.items()):
        path = runs / f"{policy}.jsonl"
        path.write_text("\n".join(calls) + "\n", encoding="utf-8")
        named = policies / f"{policy}.yaml" if policies and (policies / f"{policy}.yaml").is_file() else policy
        run = runs / policy
        resume = ["--resume"] if (run / "run.json").is_file() else []
        command = [sys.executable, "-m", "ausweis", "score", str(path), "--policy", str(named), "--run", str(run)]
        subprocess.run([*command, *resume, *options], check=True)  # noqa: S603


if __name__ == "__main__":
    score()
