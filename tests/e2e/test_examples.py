"""The example calls, scored by the commands of the README with the default model."""

import itertools
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from tests.stored import judged

from ausweis.judging.verdict import Action, Evidence, UsedFactor, Verdict, comparable
from ausweis.store import CallFilter, Store

pytestmark = [pytest.mark.model, pytest.mark.alone]

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
INCIDENTS = str(EXAMPLES / "policies" / "telecom-incidents.yaml")
DEMO = ROOT / "runs" / "demo.sqlite"
POLICIES = {
    "calls": "telecom-de",
    "calls-bank": "bank-en",
    "recordings": "bank-en",
    "recordings-de": "telecom-de",
    "calls-incidents": INCIDENTS,
}
EXPECTED: dict[str, Any] = YAML(typ="safe").load((EXAMPLES / "expected.yaml").read_text(encoding="utf-8"))


def score(path: Path, policy: str, store: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ausweis", "score", str(path), "--policy", policy, "--store", str(store)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def verdicts(store: Path) -> dict[str, Verdict]:
    return {one.verdict.call_id: one.verdict for one in judged(store)}


@pytest.fixture(scope="session")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """By the commands of `make demo`, on a copy of its store if the program is no newer: what it read stands."""
    store = tmp_path_factory.mktemp("examples") / "s.sqlite"
    files = (path for folder in ("src", "prompts", "examples") for path in (ROOT / folder).rglob("*.*"))
    newest = max(path.stat().st_mtime for path in files if path.suffix != ".pyc")
    if DEMO.is_file() and DEMO.stat().st_mtime > newest:
        for suffix in ("", ".key"):
            shutil.copy(f"{DEMO}{suffix}", f"{store}{suffix}")
    for calls, policy in POLICIES.items():
        done = score(EXAMPLES / calls, policy, store)
        assert done.returncode == 0, done.stderr
        assert "calls judged" in done.stdout
    return store


@pytest.fixture(scope="session")
def found(scored: Path) -> dict[str, Verdict]:
    return verdicts(scored)


@pytest.mark.parametrize("name", EXPECTED)
def test_outcome(found: dict[str, Verdict], name: str) -> None:
    assert found[Path(name).stem].outcome == EXPECTED[name]["outcome"]


def test_incidents(found: dict[str, Verdict]) -> None:
    """The probe misses some (`docs/incidents.md`): of eight, two. It invents none in these calls."""
    right = invented = 0
    for name, expected in EXPECTED.items():
        told = {f"{incident.id}@{incident.turn}" for incident in found[Path(name).stem].incidents}
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


def test_what_a_policy_describes_is_told_in_the_same_reading(found: dict[str, Verdict], tmp_path: Path) -> None:
    policy = tmp_path / "own.yaml"
    policy.write_text(Path(INCIDENTS).read_text(encoding="utf-8") + OWN, encoding="utf-8")
    path = EXAMPLES / "calls-incidents" / "13-stoerung-versprochen-und-gedroht.json"
    done = score(path, str(policy), tmp_path / "s.sqlite")
    assert done.returncode == 0, done.stderr
    ((facts, verdict, _),) = judged(tmp_path / "s.sqlite")
    assert verdict.provenance is not None
    asked = [prompt.id for prompt in verdict.provenance.prompts]
    assert asked[-5:] == ["incidents", "incidents:probe", "incidents:ngrams", "incidents:matcher", "own-incident"]
    # The right line is the likeliest; whether it is likely enough is measured on the golden calls (docs/incidents.md).
    mentions = [mention for mention in facts.incidents if mention.description]
    likeliest = max(mentions, key=lambda mention: mention.probability)
    assert (likeliest.description, likeliest.turn) == (
        "Der Anrufer droht, zu einem anderen Anbieter zu gehen.",
        10,
    )
    own = ("to_competitor", "investment")
    assert not [incident for incident in verdict.incidents if incident.id == "investment"]
    known = tuple(incident for incident in verdict.incidents if incident.id not in own)
    assert known == found[path.stem].incidents


def test_every_quote_stands_in_its_turn(scored: Path) -> None:
    with Store.open(scored) as store:
        records = [store.record(key) for key in store.keys(CallFilter())]
    assert len(records) == len(EXPECTED)
    quoted = 0
    for record in records:
        verdict = record.verdict
        evidence = [one.evidence for one in verdict.violations] + [one.evidence for one in verdict.incidents]
        quotes: list[Evidence | UsedFactor | Action] = [*itertools.chain(*evidence), *verdict.factors, *verdict.actions]
        for one in quotes:
            assert one.quote in record.call.turn(one.turn).text
            quoted += 1
    assert quoted > len(records)


def test_the_same_call_gives_the_same_verdict_bytes(found: dict[str, Verdict], tmp_path: Path) -> None:
    """In another process, alone, and after other calls were read."""
    path = EXAMPLES / "calls" / "07b-pin-dann-ersatzkarte.srt"
    assert score(path, "telecom-de", tmp_path / "s.sqlite").returncode == 0
    alone = verdicts(tmp_path / "s.sqlite")[path.stem]
    lines = [comparable(one.model_dump_json(by_alias=True)) for one in (alone, found[path.stem])]
    assert lines[0] == lines[1]


def test_another_policy_without_the_model(scored: Path, found: dict[str, Verdict], tmp_path: Path) -> None:
    shutil.copytree(scored.parent, tmp_path / "again")
    again = tmp_path / "again" / scored.name
    command = [sys.executable, "-m", "ausweis", "judge", "--policy", "energy-de", "--store", str(again)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    policies = {name: one.provenance and one.provenance.policy.id for name, one in verdicts(again).items()}
    assert policies == dict.fromkeys(found, "energy-de")
