"""The example calls, scored by the commands of the README with the default model."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from ausweis.batch import comparable
from ausweis.calls import Call, read_calls

pytestmark = pytest.mark.model

EXAMPLES = Path(__file__).parents[2] / "examples"
INCIDENTS = str(EXAMPLES / "policies" / "telecom-incidents.yaml")
POLICIES = {
    "calls": "telecom-de",
    "calls-bank": "bank-en",
    "recordings": "bank-en",
    "recordings-de": "telecom-de",
    "calls-incidents": INCIDENTS,
}
EXPECTED: dict[str, Any] = YAML(typ="safe").load((EXAMPLES / "expected.yaml").read_text(encoding="utf-8"))


def score(paths: list[Path], policy: str, run: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ausweis", "score", *map(str, paths), "--policy", policy, "--run", str(run)]
    return subprocess.run([*command, *options], capture_output=True, text=True, check=False)


def verdicts(run: Path) -> dict[str, dict[str, Any]]:
    lines = (run / "verdicts.jsonl").read_text(encoding="utf-8").splitlines()
    return {verdict["call_id"]: verdict for verdict in map(json.loads, lines)}


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    for calls, policy in POLICIES.items():
        done = score([EXAMPLES / calls], policy, folder / calls)
        assert done.returncode == 0, done.stderr
        assert "calls judged" in done.stdout
    return folder


@pytest.fixture(scope="session")
def found(runs: Path) -> dict[str, dict[str, Any]]:
    return {name: verdict for run in runs.iterdir() for name, verdict in verdicts(run).items()}


@pytest.mark.parametrize("name", EXPECTED)
def test_outcome(found: dict[str, dict[str, Any]], name: str) -> None:
    assert found[Path(name).stem]["outcome"] == EXPECTED[name]["outcome"]


def test_incidents(found: dict[str, dict[str, Any]]) -> None:
    """The probe misses some (`docs/incidents.md`): of eight, two. It invents none in these calls."""
    right = invented = 0
    for name, expected in EXPECTED.items():
        told = {f"{incident['id']}@{incident['turn']}" for incident in found[Path(name).stem]["incidents"]}
        right += len(told & set(expected.get("incidents", ())))
        invented += len(told - set(expected.get("incidents", ())))
    assert right >= 6
    assert invented == 0


OWN = """\
  - id: to_competitor
    speaker: caller
    severity: low
    description: Der Anrufer droht, zu einem anderen Anbieter zu gehen.
  - id: investment
    speaker: agent
    severity: low
    description: Der Agent rät zu einer bestimmten Geldanlage.
"""


def test_what_a_policy_describes_is_told_in_the_same_reading(runs: Path, tmp_path: Path) -> None:
    policy = tmp_path / "own.yaml"
    policy.write_text(Path(INCIDENTS).read_text(encoding="utf-8") + OWN, encoding="utf-8")
    path = EXAMPLES / "calls-incidents" / "13-stoerung-versprochen-und-gedroht.json"
    done = score([path], str(policy), tmp_path / "run")
    assert done.returncode == 0, done.stderr
    (verdict,) = verdicts(tmp_path / "run").values()
    asked = [prompt["id"] for prompt in verdict["provenance"]["prompts"]]
    assert asked[-5:] == ["incidents", "incidents:probe", "incidents:ngrams", "incidents:matcher", "own-incident"]
    # The right line is the likeliest; whether it is likely enough is measured on the golden calls (docs/incidents.md).
    (line,) = (tmp_path / "run" / "facts.jsonl").read_text(encoding="utf-8").splitlines()
    mentions = [mention for mention in json.loads(line)["incidents"] if mention.get("description")]
    likeliest = max(mentions, key=lambda mention: mention["probability"])
    assert (likeliest["description"], likeliest["turn"]) == (
        "Der Anrufer droht, zu einem anderen Anbieter zu gehen.",
        10,
    )
    own = ("to_competitor", "investment")
    assert not [incident for incident in verdict["incidents"] if incident["id"] == "investment"]
    known = [incident for incident in verdict["incidents"] if incident["id"] not in own]
    assert known == verdicts(runs / "calls-incidents")[path.stem]["incidents"]


def test_every_quote_stands_in_its_turn(runs: Path, found: dict[str, dict[str, Any]]) -> None:
    folders = (EXAMPLES / "calls", EXAMPLES / "calls-bank", EXAMPLES / "calls-incidents")
    heard = [runs / folder / "transcripts.jsonl" for folder in POLICIES if folder.startswith("recordings")]
    paths = (*folders, *heard)
    calls = [call for call in read_calls(paths) if isinstance(call, Call)]
    assert len(calls) == len(EXPECTED)
    quoted = 0
    for call in calls:
        verdict = found[call.id]
        events = [*verdict["violations"], *verdict["incidents"]]
        evidence = [one for event in events for one in event["evidence"]]
        for one in [*evidence, *verdict["factors"], *verdict["actions"]]:
            assert one["quote"] in call.turn(one["turn"]).text
            quoted += 1
    assert quoted > len(calls)


def test_the_same_call_gives_the_same_verdict_bytes(runs: Path, tmp_path: Path) -> None:
    """In another process, alone, and after other calls were read."""
    path = EXAMPLES / "calls" / "07b-pin-dann-ersatzkarte.srt"
    assert score([path], "telecom-de", tmp_path / "run").returncode == 0
    (alone,) = (tmp_path / "run" / "verdicts.jsonl").read_text(encoding="utf-8").splitlines()
    lines = (runs / "calls" / "verdicts.jsonl").read_text(encoding="utf-8").splitlines()
    (among,) = [line for line in lines if json.loads(line)["call_id"] == path.stem]
    assert comparable(alone) == comparable(among)


def test_another_policy_without_the_model(runs: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ausweis", "judge", str(runs / "calls"), "--policy", "energy-de"]
    done = subprocess.run([*command, "--run", str(tmp_path / "again")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(verdicts(tmp_path / "again")) == len(verdicts(runs / "calls"))
