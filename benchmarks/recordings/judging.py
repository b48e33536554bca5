"""Verdicts of spoken calls, as they were heard and as they were written, each by its call's own policy.

A verdict is kept by the hash of all that it depends on: the written calls of a golden set are judged once.
"""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from benchmarks.recordings.material import Spoken
from benchmarks.recordings.ways import ROOT, state_of

from ausweis.calls.call import Call
from ausweis.policies import find_policy

JUDGES = ("calls", "engines", "facts.py", "judging", "prompts", "reading", "vocabulary.py", "vocabulary.toml")
"""What a verdict depends on, besides the call, its policy and the templates."""
AT_ONCE = 10
"""Calls that one process judges: what it judged is kept when it is done, and goes on when it was killed."""


@dataclass(frozen=True)
class Judged:
    """The verdicts of one call, as JSON; None where it could not be heard or judged."""

    call: Spoken
    heard: Mapping[str, Any] | None
    written: Mapping[str, Any] | None


def judge_both(calls: Sequence[Spoken], heard: Mapping[str, Call], out: Path) -> list[Judged]:
    """Judge the calls. `out` is the folder of the verdicts that are kept.

    Raises:
        CalledProcessError: the command gave up.
    """
    written = _verdicts([(call.labelled.call, call.policy) for call in calls], out)
    spoken = _verdicts([(heard[call.id], call.policy) for call in calls if call.id in heard], out)
    return [Judged(call, spoken.get(call.id), written.get(call.id)) for call in calls]


def _verdicts(calls: Iterable[tuple[Call, str]], out: Path) -> dict[str, dict[str, Any]]:
    """The verdict of each call by its id, from those that are kept or from the command."""
    out.mkdir(parents=True, exist_ok=True)
    found: dict[str, dict[str, Any]] = {}
    missing: list[tuple[str, str, Call]] = []
    state = _state()
    for call, policy in calls:
        key = _key(call, policy, state)
        path = out / f"{key}.json"
        if path.exists():
            found[call.id] = json.loads(path.read_text(encoding="utf-8"))
        else:
            missing.append((policy, key, call))
    for policy, group in groupby(sorted(missing, key=lambda one: one[:2]), key=lambda one: one[0]):
        members = [(key, call) for _, key, call in group]
        for begin in range(0, len(members), AT_ONCE):
            found |= _judge(policy, members[begin : begin + AT_ONCE], out)
    return found


def _judge(policy: str, calls: Sequence[tuple[str, Call]], out: Path) -> dict[str, dict[str, Any]]:
    name = hashlib.sha256("".join(key for key, _ in calls).encode()).hexdigest()[:16]
    file, store = (out / f"{name}.jsonl").absolute(), (out / f"{name}.sqlite").absolute()
    verdicts_file = file.with_suffix(".verdicts.jsonl")
    file.write_text("".join(call.model_dump_json(exclude_none=True) + "\n" for _, call in calls), encoding="utf-8")
    command = [sys.executable, "-m", "ausweis", "score", str(file), "--policy", policy, "--quiet"]
    command += ["--store", str(store), "--out", str(verdicts_file)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    if done.returncode not in (0, 3):
        done.check_returncode()
    lines = verdicts_file.read_text(encoding="utf-8").splitlines()
    verdicts = {verdict["call_id"]: verdict for verdict in map(json.loads, lines)}
    for key, call in calls:
        if call.id in verdicts:
            (out / f"{key}.json").write_text(json.dumps(verdicts[call.id], ensure_ascii=False), encoding="utf-8")
    return verdicts


def _state() -> str:
    digest = hashlib.sha256(state_of(*JUDGES).encode())
    for path in sorted((ROOT / "prompts").rglob("*.md")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _key(call: Call, policy: str, state: str) -> str:
    rules = find_policy(str(ROOT / policy) if "/" in policy else policy).policy.model_dump_json()
    return hashlib.sha256("\n".join((state, rules, call.model_dump_json())).encode()).hexdigest()[:32]
