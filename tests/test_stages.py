"""Stages of CI run again where their files are not those they passed on (`.ci/stages`)."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
STAGES = ["test-lab", "test-ray", "test-typed", "test-pages"]


def run(folder: Path, *command: str) -> list[str]:
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.split()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "stages", tmp_path / ".ci")
    run(tmp_path, "git", "init", "--quiet")
    commit(tmp_path, "src/ausweis/serve/page.py", "src/ausweis/batch/ray.py", "prompts/1.md", "evals/lab/train.py")
    return tmp_path


def commit(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        with (folder / name).open("a") as file:
            file.write("changed\n")
    run(folder, "git", "add", ".")
    run(folder, "git", "-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "--quiet", "-m", "A change")


def changed(folder: Path) -> list[str]:
    return run(folder, ".ci/stages", "changed")


def test_a_stage_runs_until_it_passed_and_when_its_files_changed(checkout: Path) -> None:
    assert changed(checkout) == STAGES
    for stage in STAGES:
        run(checkout, ".ci/stages", "passed", stage)
    assert changed(checkout) == []
    commit(checkout, "README.md")
    assert changed(checkout) == []
    commit(checkout, "src/ausweis/serve/page.py", "evals/lab/train.py")
    assert changed(checkout) == ["test-lab", "test-pages"]
    run(checkout, ".ci/stages", "passed", "test-lab")
    assert changed(checkout) == ["test-pages"]


def test_without_a_repository_all_run(checkout: Path) -> None:
    for stage in STAGES:
        run(checkout, ".ci/stages", "passed", stage)
    shutil.rmtree(checkout / ".git")
    assert changed(checkout) == STAGES
