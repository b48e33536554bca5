"""Hears recordings in one way, in this process, whose memory is measured: `python -m benchmarks.recordings.hear JOB`.

The job is JSON on the command line: `{"way", "files": {ID: [FILE…]}, "seconds": {ID: …}, "place", "policy",
"options"}`. What was heard
is kept in the folder `place`, call by call, and is not heard again. A line of `sessions.jsonl` says how long this
process heard which calls, and the most memory that it took.
"""

import hashlib
import json
import resource
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PLAIN = "plain.jsonl"


def main(job: Mapping[str, Any]) -> None:
    """Do the job."""
    place = Path(job["place"])
    place.mkdir(parents=True, exist_ok=True)
    before = set(_kept(job["way"], place))
    begun = time.monotonic()
    (_ausweis if job["way"] == "ausweis" else _plain)(job, place)
    new = [call["id"] for key, call in _kept(job["way"], place).items() if key not in before]
    if new:
        session = {
            "calls": len(new),
            "sound": sum(job["seconds"].get(name, 0.0) for name in new),
            "seconds": time.monotonic() - begun,
            "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
        _append(place / "sessions.jsonl", session)


def heard_by(way: str, place: Path) -> dict[str, dict[str, Any]]:
    """The calls that are kept in a folder, by id."""
    return {call["id"]: call for call in _kept(way, place).values()}


def _kept(way: str, place: Path) -> dict[str, dict[str, Any]]:
    """The calls that are kept, by what tells a recording from another of the same name."""
    path = place / ("transcripts.jsonl" if way == "ausweis" else PLAIN)
    calls = map(json.loads, path.read_text(encoding="utf-8").splitlines()) if path.exists() else ()
    return {call["metadata"]["recording"]["key"]: call for call in calls}


def _plain(job: Mapping[str, Any], place: Path) -> None:
    """A plain call of faster-whisper, as its makers set it, or in eight bits; nobody is told from anybody else."""
    from faster_whisper import WhisperModel

    from ausweis.engines.weights import locate_folder
    from ausweis.machine import usable_cpus

    kind = "int8" if job["way"] == "plain-int8" else "default"
    folder = locate_folder(job["options"].get("asr-model") or "whisper-base").path
    model = WhisperModel(str(folder), compute_type=kind, cpu_threads=usable_cpus())
    done = _kept(job["way"], place)
    for name, files in job["files"].items():
        key = _key(files)
        if key in done:
            continue
        turns = []
        language = ""
        for file in files:
            segments, about = model.transcribe(file)
            language = about.language
            turns += [
                {"speaker": "unknown", "start": segment.start, "end": segment.end, "text": segment.text}
                for segment in segments
            ]
        turns.sort(key=lambda turn: turn["start"])
        call = {"id": name, "language": language, "turns": turns, "metadata": {"recording": {"key": key}}}
        _append(place / PLAIN, call)


def _key(files: list[str]) -> str:
    states = [(file, Path(file).stat().st_size, Path(file).stat().st_mtime_ns) for file in files]
    return hashlib.sha256(json.dumps(states).encode()).hexdigest()


def _ausweis(job: Mapping[str, Any], place: Path) -> None:
    from ausweis.cli import cli

    files = [file for group in job["files"].values() for file in group]
    options = [part for name, value in job["options"].items() for part in (f"--{name}", value)]
    arguments = ["transcribe", *files, "--out", str(place), "--policy", job["policy"], *options]
    cli.main(arguments, standalone_mode=False)


def _append(path: Path, line: Mapping[str, Any]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
