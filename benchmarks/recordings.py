"""How well recordings are heard: `python evals/speak_calls.py FOLDER`, then `python benchmarks/recordings.py FOLDER`.

For each folder of spoken calls with their truth: word error rate (numbers and spelling made alike by Whisper's own
normaliser), turns with the right speaker, and seconds of computing for a second of sound with the peak memory, beside a
plain call of faster-whisper on the same files, each in a process of its own. `--verdicts` judges the calls too, as they
were heard and as they were written.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import click

POLICY = "bank-en"
Way = Literal["ausweis", "plain"]


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), default=Path("runs/recordings"), show_default=True)
@click.option("--verdicts", is_flag=True, help="Judge the calls as heard and as written, too.")
@click.option("--way", type=click.Choice(["ausweis", "plain"]), hidden=True)
def main(folders: tuple[Path, ...], out: Path, verdicts: bool, way: Way | None) -> None:
    """Measure the FOLDERS."""
    if way is not None:
        click.echo(json.dumps(_measured(folders[0], way, out)))
        return
    click.echo(f"{'folder':<28}{'way':<10}{'WER':>7}{'roles':>8}{'real-time':>11}{'MiB':>7}")
    for folder in folders:
        for each in ("plain", "ausweis"):
            found = _in_process(folder, out, each)
            roles = "" if found["roles"] is None else f"{found['roles']:.3f}"
            click.echo(
                f"{folder.name:<28}{each:<10}{found['wer']:>7.3f}{roles:>8}{found['factor']:>11.3f}{found['mib']:>7.0f}"
            )
        if verdicts:
            _judge(folder, out)


def _in_process(folder: Path, out: Path, way: str) -> dict[str, Any]:
    command = [sys.executable, __file__, str(folder), "--out", str(out), "--way", way]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _measured(folder: Path, way: Way, out: Path) -> dict[str, Any]:
    truths = {path.name.removesuffix(".truth.json"): json.loads(path.read_text()) for path in _truths(folder)}
    begun = time.monotonic()
    heard = dict(_plain(folder, sorted(truths)) if way == "plain" else _ausweis(folder, out))
    seconds = time.monotonic() - begun
    total = sum(truth["seconds"] for truth in truths.values())
    return {
        "wer": _word_errors(truths, heard),
        "roles": None if way == "plain" else _roles(truths, heard),
        "factor": seconds / total,
        "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _truths(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.truth.json"))


def _plain(folder: Path, names: list[str]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    from faster_whisper import WhisperModel

    from ausweis.engines.weights import locate_folder

    model = WhisperModel(str(locate_folder("whisper-base").path), cpu_threads=2)
    for name in names:
        (path,) = folder.glob(f"{name}.wav")
        segments, _ = model.transcribe(str(path), language="en")
        yield name, [{"text": " ".join(segment.text for segment in segments)}]


def _ausweis(folder: Path, out: Path) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    from ausweis.cli import cli

    place = out / folder.name
    (place / "transcripts.jsonl").unlink(missing_ok=True)
    arguments = ["transcribe", str(folder), "--out", str(place), "--policy", POLICY, "--language", "en", "--quiet"]
    cli.main(arguments, standalone_mode=False)
    for line in (place / "transcripts.jsonl").read_text().splitlines():
        call = json.loads(line)
        yield call["id"], call["turns"]


def _word_errors(truths: dict[str, Any], heard: dict[str, list[dict[str, Any]]]) -> float:
    import jiwer
    from whisper_normalizer.english import EnglishTextNormalizer

    alike = EnglishTextNormalizer()
    said = [alike(" ".join(turn["text"] for turn in truths[name]["turns"])) for name in truths]
    wrote = [alike(" ".join(turn["text"] for turn in heard.get(name, []))) for name in truths]
    return float(jiwer.wer(said, wrote))


def _roles(truths: dict[str, Any], heard: dict[str, list[dict[str, Any]]]) -> float:
    """The share of the turns that were said whose time is, for the most part, that of turns of the right speaker."""
    right = total = 0
    for name, truth in truths.items():
        for turn in truth["turns"]:
            shares = {"agent": 0.0, "caller": 0.0}
            for found in heard.get(name, []):
                both = min(turn["end"], found["end"]) - max(turn["start"], found["start"])
                shares[found["speaker"]] += max(0.0, both)
            total += 1
            right += shares[turn["speaker"]] > shares["caller" if turn["speaker"] == "agent" else "agent"]
    return right / max(total, 1)


def _judge(folder: Path, out: Path) -> None:
    """Score the transcripts and the written calls by each call's own policy, and show where the outcomes differ."""
    lines = Path("evals/golden/dev.jsonl").read_text().splitlines()
    golden = {row["call"]["id"]: row for row in map(json.loads, lines)}
    heard = [json.loads(line) for line in (out / folder.name / "transcripts.jsonl").read_text().splitlines()]
    same = right = written_right = 0
    for call in heard:
        gold = golden[call["id"]]["gold"]
        outcomes = [
            _outcome(one, gold["policy"], out / f"{folder.name}-{call['id']}-{name}")
            for name, one in (("heard", call), ("written", golden[call["id"]]["call"]))
        ]
        same += outcomes[0] == outcomes[1]
        right += outcomes[0] == gold["outcome"]
        written_right += outcomes[1] == gold["outcome"]
        click.echo(f"  {call['id']}: heard {outcomes[0]}, written {outcomes[1]}, gold {gold['outcome']}")
    click.echo(f"  of {len(heard)}: same outcome {same}, right as heard {right}, right as written {written_right}")


def _outcome(call: dict[str, Any], policy: str, place: Path) -> str:
    import shutil

    shutil.rmtree(place, ignore_errors=True)
    place.with_suffix(".json").write_text(json.dumps(call))
    command = [sys.executable, "-m", "ausweis", "score", str(place.with_suffix(".json")), "--policy", policy]
    subprocess.run([*command, "--run", str(place), "--quiet"], check=True, capture_output=True)
    return str(json.loads((place / "verdicts.jsonl").read_text())["outcome"])


if __name__ == "__main__":
    main()
