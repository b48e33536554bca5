"""How well recordings are heard.

    python -m evals.lab.speak_calls FOLDER
    python -m benchmarks.recordings FOLDER…

For each folder of spoken calls: word error rate by language (numbers, umlauts and words written apart made alike),
the values of factors that were heard by kind, turns with the right speaker, seconds of computing for a second of
sound, and peak memory; beside a plain call of faster-whisper on the same files, as its makers set it and in eight
bits. `--verdicts` judges the calls too, as they were heard and as they were written, each by its own policy. What was
heard and judged is kept below `--out`, call by call: a killed measurement goes on with the same command.
"""

import json
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import click
from benchmarks.recordings.judging import judge_both
from benchmarks.recordings.material import spoken_calls
from benchmarks.recordings.outcomes import differences_of, outcomes_of
from benchmarks.recordings.scores import errors_of, found_values, scores_of
from benchmarks.recordings.tables import (
    aligned,
    difference_rows,
    hearing_rows,
    kind_rows,
    outcome_rows,
    reason_rows,
)
from benchmarks.recordings.ways import WAYS, Way, hear_all


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), default=Path("runs/recordings"), show_default=True)
@click.option("--calls", default="", metavar="ID,ID…", help="Only these.")
@click.option("--only", "ways", multiple=True, type=click.Choice(WAYS), help="Not all ways. Repeatable.")
@click.option("--verdicts", is_flag=True, help="Judge the calls as heard by Ausweis and as written, too.")
@click.option("--agent-channel", type=click.Choice(["left", "right"]), help="As the command takes it.")
@click.option("--asr-model", help="As the command takes it; of the plain ways too.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write all numbers.")
@click.option("--errors", "errors_file", type=click.Path(dir_okay=False, path_type=Path), help="List wrong values.")
def main(
    folders: tuple[Path, ...],
    out: Path,
    calls: str,
    ways: tuple[Way, ...],
    verdicts: bool,
    agent_channel: str | None,
    asr_model: str | None,
    json_file: Path | None,
    errors_file: Path | None,
) -> None:
    """Measure the FOLDERS."""
    options = {"agent-channel": agent_channel, "asr-model": asr_model}
    given = {name: value for name, value in options.items() if value}
    results: dict[str, dict[str, Any]] = {}
    wrong: list[dict[str, Any]] = []
    names = _names(folders)
    for folder, way in product(folders, ways or WAYS):
        name = names[folder]
        click.echo(f"{name}: {way} …", err=True)
        spoken = spoken_calls(folder, [one for one in calls.split(",") if one])
        heard = hear_all(spoken, way, out / "-".join(folder.absolute().parts[-2:]), given)
        found = found_values(spoken, heard.calls)
        results.setdefault(name, {})[way] = scores_of(spoken, heard, found)
        wrong += [{"folder": name, "way": way} | error for error in errors_of(found)]
        if verdicts and way == "ausweis":
            judged = judge_both(spoken, heard.calls, out / "verdicts")
            results[name][way] |= {"outcomes": outcomes_of(judged), "differences": differences_of(judged)}
        # After each way: a measurement takes hours, and what is done can be looked at.
        if json_file:
            json_file.write_text(json.dumps(results, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        if errors_file:
            errors_file.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in wrong), "utf-8")
    for rows in (hearing_rows, kind_rows, outcome_rows, reason_rows, difference_rows):
        if len(table := rows(results)) > 1:
            click.echo(aligned(table) + "\n")


def _names(folders: Sequence[Path]) -> dict[Path, str]:
    """What the folders are called in tables: their last names, with the one before where two are the same."""
    alone = len({folder.name for folder in folders}) == len(set(folders))
    return {folder: folder.name if alone else "/".join(folder.absolute().parts[-2:]) for folder in folders}


if __name__ == "__main__":
    main()
