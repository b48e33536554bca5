"""From labelled calls to verdicts that are read with what was learned: the smallest model, few steps, real files."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.cli.processes import Ran
from tests.evals.cases import labelled
from tests.training.small import calls

from ausweis.batch.recipe import Recipe
from ausweis.engines.learned_index import LearnedIndex
from ausweis.judging.policy_files import find_policy
from ausweis.prompts import default_library

pytestmark = [pytest.mark.model, pytest.mark.training]
MODEL = "smollm2-135m"
CALL = "Agent: Ihre PIN?\nKunde: Eins zwei.\nAgent: Ihr Vertrag läuft bis Mai.\n"


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    from ausweis.cli import main

    def invoke(*arguments: str) -> Ran:
        capfd.readouterr()
        with pytest.raises(SystemExit) as caught:
            main(list(arguments))
        return Ran(int(caught.value.code or 0), *capfd.readouterr())

    return invoke


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with labelled calls, one to judge, and templates with few words, which take time."""
    prompts = shutil.copytree(default_library().folder, tmp_path / "prompts")
    template = prompts / "transcript" / "1.md"
    head, _, rest = template.read_text(encoding="utf-8").partition("=== system ===\n")
    short = f"{head}=== system ===\nA call.\n\n=== user ==={rest.partition('=== user ===')[2]}"
    template.write_text(short, encoding="utf-8")
    (prompts / "prompts.lock").unlink(missing_ok=True)
    monkeypatch.setenv("AUSWEIS_PROMPTS", str(prompts))
    monkeypatch.setenv("AUSWEIS_LEARNED", str(tmp_path / "own"))
    (tmp_path / "labelled.jsonl").write_text("\n".join(call.line() for call in calls(24)), encoding="utf-8")
    (tmp_path / "call.txt").write_text(CALL, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def provenance(run: str) -> dict[str, Any]:
    (line,) = (Path(run) / "verdicts.jsonl").read_text(encoding="utf-8").splitlines()
    told: dict[str, Any] = json.loads(line)["provenance"]
    return told


def test_what_was_learned_reads_and_is_told_of(folder: Path, run: Callable[..., Ran]) -> None:
    few = ("--rounds", "2", "--layers", "2", "--rank", "2", "--work", "work", "--device", "cpu")
    done = run("train", "adapter", "labelled.jsonl", "--model", MODEL, "--out", "own", *few)
    assert done.code == 0, done.err
    adapter, probe = LearnedIndex.read(folder / "own").parts
    score = ("score", "call.txt", "--policy", "telecom-de", "--model", MODEL, "--quiet", "--run")
    done = run(*score, "adapted")
    assert done.code == 0, done.err
    told = provenance("adapted")
    assert told["model"]["parameters"]["adapter"] == adapter.sha256
    assert probe.sha256 in {prompt["sha256"] for prompt in told["prompts"] if prompt["id"] == "transcript:probe"}
    assert probe.bound_to == {"adapter": adapter.sha256}
    path = folder / "own" / adapter.file
    path.write_bytes(path.read_bytes()[:-1])
    done = run(*score, "cut")
    assert done.code == 2
    assert done.err.startswith(f"ausweis: {path}: the adapter is cut short")
    assert len(done.err.splitlines()) == 1
    with Recipe(find_policy("telecom-de"), model=MODEL, probes=False).engine_opened() as engine:
        assert "adapter" not in engine.info.parameters


def test_a_call_is_asked_about_once_its_answers_were_learned(folder: Path, run: Callable[..., Ran]) -> None:
    spoken = ("C: Für meine Mutter. << speaks_for_other", "C: Für mich.")
    some = [
        labelled(str(place), "A: Ihre PIN? << asks pin", spoken[place % 2], writing_pass=str(place % 3)).line()
        for place in range(24)
    ]
    (folder / "callers.jsonl").write_text("\n".join(some), encoding="utf-8")
    (folder / "own").mkdir()
    for what, more in (("probe", ("--rounds", "2")), ("answers", ())):
        done = run("train", what, "callers.jsonl", "--model", MODEL, "--work", "work", *more)
        assert done.code == 0, done.err
    assert "for another: 12 calls with it, 12 without it, which stand for 12" in done.out
    probe, answers = (part for part in LearnedIndex.read(folder / "own").parts if part.kind in ("probe", "answers"))
    assert answers.bound_to == {"probe": probe.sha256}
    done = run("score", "call.txt", "--policy", "telecom-de", "--model", MODEL, "--quiet", "--run", "asked")
    assert done.code == 0, done.err
    told = {prompt["id"]: prompt["sha256"] for prompt in provenance("asked")["prompts"]}
    assert told["third-party:answers"] == answers.sha256
