"""How precision and beam size of the ASR model change what is heard, and what they cost.

    python -m evals.lab.speak_calls FOLDER
    python -m benchmarks.asr_settings FOLDER

Each stereo recording is heard by Ausweis under every setting, one after the other, so that all of them meet the same
load of the machine. For each setting: word error rate, its difference from the first setting on the same recordings
(with a 95 % interval over recordings), values of factors heard, and seconds of computing for a second of sound, by the
clock and by the processors together. What was heard is kept in `--out`, and not heard again by the next start.
"""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import click
import numpy as np
from benchmarks.recordings.material import Spoken, spoken_calls
from benchmarks.recordings.scores import found_values
from benchmarks.recordings.word_errors import made_alike
from numpy.typing import NDArray

from ausweis.audio import asr_model
from ausweis.audio.asr_model import AsrModel
from ausweis.audio.decode import Recording
from ausweis.audio.heard import turns_of
from ausweis.audio.listening import listen
from ausweis.calls.call import Call
from ausweis.engines.weights import locate_folder
from ausweis.machine import usable_cpus
from ausweis.policies import find_policy

DRAWS = 2_000
COLUMNS = (
    ("precision", -10),
    ("beam", 5),
    ("calls", 7),
    ("WER", 8),
    ("against the first", 28),
    ("values", 12),
    ("clock", 8),
    ("processors", 12),
)


@dataclass(frozen=True)
class Setting:
    """`precision` as CTranslate2 names it."""

    precision: str
    beam: int


SETTINGS = tuple(Setting(precision, beam) for precision in ("int8", "float32") for beam in (5, 2, 1))


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--asr-model", "name", default="whisper-base", show_default=True, metavar="ID|FOLDER")
@click.option("--calls", type=click.IntRange(min=1), help="Hear no more than so many recordings, the first by id.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("runs/asr-settings.jsonl"), show_default=True)
def main(folder: Path, name: str, calls: int | None, out: Path) -> None:
    """Measure the recordings of FOLDER, each of which has its truth beside it, the agent on the left."""
    spoken = spoken_calls(folder)[:calls]
    out.parent.mkdir(parents=True, exist_ok=True)
    rows = [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []
    done = {(row["call"], row["precision"], row["beam"]) for row in rows}
    for call in spoken:
        for setting in SETTINGS:
            if (call.id, setting.precision, setting.beam) in done:
                continue
            row = _heard(call, _model(name, setting.precision, call), setting)
            with out.open("a") as file:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
            rows.append(row)
    ids = {call.id for call in spoken}
    _show([row for row in rows if row["call"] in ids])


def _model(name: str, precision: str, call: Spoken) -> AsrModel:
    from faster_whisper import WhisperModel

    folder = str(locate_folder(name).path)
    model = WhisperModel(folder, compute_type=precision, cpu_threads=usable_cpus(), local_files_only=True)
    return AsrModel(model, find_policy(call.policy).policy.hot_words)


def _heard(call: Spoken, model: AsrModel, setting: Setting) -> dict[str, Any]:
    asr_model.BEAM = setting.beam
    begun, used = time.monotonic(), time.process_time()
    listened = listen([Recording.open(call.files[0])], model, call.language, lambda heard, length: None)
    times = {"clock": time.monotonic() - begun, "processors": time.process_time() - used, "seconds": call.seconds}
    agent, caller = listened.channels
    heard = Call(id=call.id, turns=turns_of({"agent": agent.words, "caller": caller.words}))
    values = [one.finding.right for one in found_values([call], {call.id: heard})]
    counts = _errors(call, heard) | {"values": len(values), "right": sum(values)}
    told = {"call": call.id, "precision": setting.precision, "beam": setting.beam}
    return told | counts | times | {"heard": [turn.text for turn in heard.turns]}


def _errors(call: Spoken, heard: Call) -> dict[str, int]:
    """Words that are wrong, missing or too many, and words said; each side for itself, as their turns may overlap."""
    import jiwer

    errors = words = 0
    for side in ("agent", "caller"):
        said, wrote = (
            " ".join(turn.text for turn in turns if turn.speaker == side) for turns in (call.said, heard.turns)
        )
        out = jiwer.process_words(*made_alike(said, wrote, call.language))
        errors += out.substitutions + out.deletions + out.insertions
        words += out.hits + out.substitutions + out.deletions
    return {"errors": errors, "words": words}


def _show(rows: Sequence[dict[str, Any]]) -> None:
    _line([head for head, _ in COLUMNS])
    first: dict[str, Any] = {}
    for setting in SETTINGS:
        found = {
            row["call"]: row for row in rows if (row["precision"], row["beam"]) == (setting.precision, setting.beam)
        }
        if not found:
            continue
        first = first or found
        both = [(first[call], row) for call, row in found.items() if call in first]
        low, high = np.percentile(np.fromiter(_differences(both), float), [2.5, 97.5])
        ones = list(found.values())
        values = [sum(row[what] for row in ones) for what in ("right", "values")]
        sound = sum(row["seconds"] for row in ones)
        cost = [f"{sum(row[what] for row in ones) / sound:.3f}" for what in ("clock", "processors")]
        change = f"{_rate([row for _, row in both]) - _rate([row for row, _ in both]):+.3f} ({low:+.3f} to {high:+.3f})"
        told = [setting.precision, str(setting.beam), str(len(ones)), f"{_rate(ones):.3f}", change]
        _line([*told, "{} of {}".format(*values), *cost])


def _line(cells: Sequence[str]) -> None:
    pairs = zip(cells, (width for _, width in COLUMNS), strict=True)
    click.echo("".join(cell.ljust(-width) if width < 0 else cell.rjust(width) for cell, width in pairs))


def _rate(rows: Sequence[dict[str, Any]]) -> float:
    return cast("float", sum(row["errors"] for row in rows) / sum(row["words"] for row in rows))


def _differences(both: Sequence[tuple[dict[str, Any], dict[str, Any]]]) -> Iterator[float]:
    """By how much the rate differs, of recordings drawn with replacement."""
    chance = np.random.default_rng(0)
    for _ in range(DRAWS):
        drawn: NDArray[np.int64] = chance.integers(len(both), size=len(both))
        yield _rate([both[place][1] for place in drawn]) - _rate([both[place][0] for place in drawn])


if __name__ == "__main__":
    main()
