"""How well recordings are heard.

    python -m evals.tools.speak_calls FOLDER
    python benchmarks/recordings.py FOLDER

For each folder of spoken calls with their truth: word error rate (numbers and spelling made alike by Whisper's own
normaliser), turns with the right speaker, and seconds of computing for a second of sound with the peak memory, beside a
plain call of faster-whisper on the same files, as its makers set it and in eight bits, each in a process of its own.
With `--agent-channel` the language model is not asked for the roles. `--verdicts` judges the calls too, as they were
heard and as they were written.
"""

import json
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args

import click

POLICY = "bank-en"
Way = Literal["ausweis", "plain", "plain-int8"]
WAYS = get_args(Way)


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), default=Path("runs/recordings"), show_default=True)
@click.option("--verdicts", is_flag=True, help="Judge the calls as heard and as written, too.")
@click.option("--agent-channel", type=click.Choice(["left", "right"]), help="As the command takes it.")
@click.option("--only", "ways", multiple=True, type=click.Choice(WAYS), help="Not all of them. Repeatable.")
@click.option("--way", type=click.Choice(WAYS), hidden=True)
def main(
    folders: tuple[Path, ...],
    out: Path,
    verdicts: bool,
    agent_channel: str | None,
    ways: tuple[Way, ...],
    way: Way | None,
) -> None:
    """Measure the FOLDERS."""
    more = ["--agent-channel", agent_channel] if agent_channel else []
    if way is not None:
        click.echo(json.dumps(_measured(folders[0], way, out, more)))
        return
    click.echo(f"{'folder':<28}{'way':<12}{'WER':>7}{'roles':>8}{'real-time':>11}{'MiB':>7}")
    for folder in folders:
        for each in ways or WAYS:
            found = _in_process(folder, out, each, more)
            roles = "" if found["roles"] is None else f"{found['roles']:.3f}"
            click.echo(
                f"{folder.name:<28}{each:<12}{found['wer']:>7.3f}{roles:>8}{found['factor']:>11.3f}{found['mib']:>7.0f}"
            )
        if verdicts:
            _judge(folder, out)


def _in_process(folder: Path, out: Path, way: Way, more: list[str]) -> dict[str, Any]:
    command = [sys.executable, __file__, str(folder), "--out", str(out), "--way", way, *more]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _measured(folder: Path, way: Way, out: Path, more: list[str]) -> dict[str, Any]:
    truths = {path.name.removesuffix(".truth.json"): json.loads(path.read_text()) for path in _truths(folder)}
    begun = time.monotonic()
    heard = dict(_ausweis(folder, out, more) if way == "ausweis" else _plain(folder, sorted(truths), way))
    seconds = time.monotonic() - begun
    total = sum(truth["seconds"] for truth in truths.values())
    return {
        "wer": _word_errors(truths, heard),
        "roles": _roles(truths, heard) if way == "ausweis" else None,
        "factor": seconds / total,
        "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _truths(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.truth.json"))


def _plain(folder: Path, names: list[str], way: Way) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    from faster_whisper import WhisperModel

    from ausweis.engines.weights import locate_folder
    from ausweis.machine import usable_cpus

    kind = "int8" if way == "plain-int8" else "default"
    model = WhisperModel(str(locate_folder("whisper-base").path), compute_type=kind, cpu_threads=usable_cpus())
    for name in names:
        (path,) = folder.glob(f"{name}.wav")
        segments, _ = model.transcribe(str(path), language="en")
        yield name, [{"text": " ".join(segment.text for segment in segments)}]


def _ausweis(folder: Path, out: Path, more: list[str]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    from ausweis.cli import cli

    place = out / folder.name
    (place / "transcripts.jsonl").unlink(missing_ok=True)
    arguments = ["transcribe", str(folder), "--out", str(place), "--policy", POLICY, "--language", "en", "--quiet"]
    cli.main([*arguments, *more], standalone_mode=False)
    for call in map(json.loads, _transcripts(place)):
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
    """Judge the calls as heard and as written by each call's own policy, and show where the outcomes differ."""
    lines = Path("evals/golden/dev.jsonl").read_text().splitlines()
    golden = {row["call"]["id"]: row for row in map(json.loads, lines)}
    heard = {call["id"]: call for call in map(json.loads, _transcripts(out / folder.name))}
    of_heard = _verdicts(heard, golden, out / f"{folder.name}-heard")
    of_written = _verdicts({name: golden[name]["call"] for name in heard}, golden, out / f"{folder.name}-written")
    same = right = written_right = looked_at = 0
    for name, verdict in of_heard.items():
        gold, written, now = golden[name]["gold"]["outcome"], of_written[name]["outcome"], verdict["outcome"]
        same += now == written
        right += now == gold
        written_right += written == gold
        if now != written:
            looked_at += verdict["needs_review"]
            why = ", ".join(reason["code"] for reason in verdict["review_reasons"])
            click.echo(f"  {name}: heard {now}, written {written}, gold {gold}; review {why or '-'}")
    click.echo(
        f"  of {len(of_heard)} calls: same outcome {same}, right as heard {right}, right as written {written_right}; "
        f"needs review {sum(one['needs_review'] for one in of_heard.values())}, "
        f"and of those with another outcome {looked_at}"
    )


def _transcripts(place: Path) -> list[str]:
    return (place / "transcripts.jsonl").read_text().splitlines()


def _verdicts(calls: dict[str, Any], golden: dict[str, Any], place: Path) -> dict[str, Any]:
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    found: dict[str, Any] = {}
    for policy in sorted({golden[name]["gold"]["policy"] for name in calls}):
        some = [call for name, call in calls.items() if golden[name]["gold"]["policy"] == policy]
        (place / f"{policy}.jsonl").write_text("".join(json.dumps(call) + "\n" for call in some))
        command = [sys.executable, "-m", "ausweis", "score", str(place / f"{policy}.jsonl"), "--policy", policy]
        subprocess.run([*command, "--run", str(place / policy), "--quiet"], check=True, capture_output=True)
        found |= {one["call_id"]: one for one in map(json.loads, (place / policy / "verdicts.jsonl").open())}
    return {name: found[name] for name in sorted(found)}


if __name__ == "__main__":
    main()
