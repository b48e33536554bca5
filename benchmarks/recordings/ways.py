"""The ways to hear that are compared, each in processes of its own, and what they heard."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Literal, get_args

from benchmarks.recordings.hear import heard_by
from benchmarks.recordings.material import Spoken

from ausweis.calls.call import Call

Way = Literal["ausweis", "plain", "plain-int8"]
WAYS: tuple[Way, ...] = get_args(Way)
ROOT = Path(__file__).parents[2]
HEARS = ("audio", "calls", "cli/scoring.py", "cli/transcribe.py", "vocabulary.py", "vocabulary.toml")
"""What a transcript depends on: when one of these changes, recordings are heard anew."""


@dataclass(frozen=True)
class Heard:
    """The calls that were heard in one way, by id; those that failed are missing. `languages`: as they were heard.

    `seconds` of computing for the `sound` seconds of those sessions that came to their end; `mib`: most memory.
    """

    calls: dict[str, Call]
    languages: dict[str, str]
    seconds: float
    sound: float
    mib: float

    @property
    def real_time(self) -> float | None:
        """Seconds of computing a second of sound, loading of the models among them."""
        return self.seconds / self.sound if self.sound else None


def hear_all(calls: Sequence[Spoken], way: Way, out: Path, options: Mapping[str, str]) -> Heard:
    """Hear the calls of one folder, those of each policy in a process: its words are among the hot words.

    Raises:
        CalledProcessError: a process gave up.
    """
    if way != "ausweis":
        options = {name: value for name, value in options.items() if name == "asr-model"}
    state = json.dumps([state_of(*HEARS) if way == "ausweis" else "", dict(options)])
    place = out / f"{way}-{hashlib.sha256(state.encode()).hexdigest()[:10]}"
    found: dict[str, dict[str, Any]] = {}
    sessions: list[dict[str, Any]] = []
    groups: Iterable[tuple[str, Iterable[Spoken]]] = [("", calls)]
    if way == "ausweis":
        groups = groupby(sorted(calls, key=_policy), key=_policy)
    for policy, group in groups:
        found |= _hear(list(group), way, place / Path(policy).stem, policy, options)
        kept = place / Path(policy).stem / "sessions.jsonl"
        sessions += [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []
    return Heard(
        calls={name: _call(document) for name, document in found.items()},
        languages={name: document["language"] for name, document in found.items()},
        seconds=sum(session["seconds"] for session in sessions),
        sound=sum(session["sound"] for session in sessions),
        mib=max((session["mib"] for session in sessions), default=0.0),
    )


def state_of(*parts: str) -> str:
    """A hash of the product's files, learned weights among them; `parts` are folders and files in `src/ausweis`."""
    digest = hashlib.sha256()
    for part in parts:
        path = ROOT / "src" / "ausweis" / part
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and file.suffix != ".pyc":
                digest.update(file.read_bytes())
    return digest.hexdigest()


def _hear(
    calls: Sequence[Spoken], way: Way, place: Path, policy: str, options: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    job = {
        "way": way,
        "files": {call.id: [str(path.absolute()) for path in call.files] for call in calls},
        "seconds": {call.id: call.seconds for call in calls},
        "place": str(place.absolute()),
        "policy": policy,
        "options": dict(options),
    }
    command = [sys.executable, "-m", "benchmarks.recordings.hear", json.dumps(job)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    heard = heard_by(way, place)
    return {call.id: heard[call.id] for call in calls if call.id in heard}


def _policy(call: Spoken) -> str:
    return call.policy


def _call(document: Mapping[str, Any]) -> Call:
    """A plain call of Whisper may hear any language."""
    known = document if document["language"] in ("de", "en") else {**document, "language": "en"}
    return Call.model_validate(known)
