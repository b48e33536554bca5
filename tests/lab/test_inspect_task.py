"""The golden set as a task of Inspect: what its log says. Skipped without the extra `inspect`."""

import gc
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.evals.cases import ANSWERS, NAME, TELLS, labelled

from ausweis.errors import InputError

inspect_ai = pytest.importorskip("inspect_ai", reason="needs inspect_ai")
# Inspect leaves its streams open; `_streams` makes that known within the test.
pytestmark = pytest.mark.filterwarnings("ignore:Unclosed <MemoryObjectReceiveStream:ResourceWarning")

NOBODY = "no_authentication"
CALLS = [
    labelled("right", NAME, "C: Meine PIN ist 1234. << gives pin", TELLS),
    labelled(
        "broken", NAME, "C: Eine Frage.", TELLS, outcome="violation", violations=[(NOBODY, 3)], why="Nobody asked."
    ),
    labelled("missed", NAME, "A: 4 Euro. << discloses usage_data", outcome="violation", violations=[(NOBODY, 2)]),
    labelled("bank", NAME, "A: Wir haben bis 18 Uhr offen.", policy="bank-en", outcome="not_applicable"),
    labelled("noise", "C: Störgeräusch.", outcome="not_applicable", caller="unclear"),
]


@pytest.fixture(autouse=True)
def _streams() -> Iterator[None]:
    yield
    gc.collect()


@pytest.fixture
def arguments(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "answers.yaml").write_text(ANSWERS, encoding="utf-8")
    lines = "".join(one.line() + "\n" for one in CALLS)
    (tmp_path / "golden.jsonl").write_text(lines, encoding="utf-8")
    return {"golden": str(tmp_path / "golden.jsonl"), "engine": f"fake:{tmp_path / 'answers.yaml'}"}


def evaluated(arguments: dict[str, Any], folder: Path, model: str | None = "mockllm/model", **more: Any) -> Any:
    from evals.lab.inspect_task import golden

    task = golden(**arguments)
    (log,) = inspect_ai.eval(task, model=model, log_dir=str(folder), display="none", ctl_server=False, **more)
    assert log.status == "success", log.error
    return log


def values(log: Any, scorer: str) -> dict[str, str]:
    return {one.id: one.scores[scorer].value for one in log.samples if scorer in one.scores}


def test_the_log_holds_label_and_verdict_of_each_call(arguments: dict[str, Any], tmp_path: Path) -> None:
    log = evaluated(arguments, tmp_path / "logs")
    assert values(log, "outcome") == {"right": "C", "broken": "C", "missed": "I", "bank": "C", "noise": "I"}
    (broken,) = [one for one in log.samples if one.id == "broken"]
    assert broken.input.splitlines()[1] == "[2] caller: Eine Frage."
    assert broken.target == "violation"
    assert broken.metadata["why"] == "Nobody asked."
    assert broken.metadata["violations"] == ["no_authentication@3"]
    assert "scenario:plain" in broken.metadata["tags"]
    assert '"outcome": "violation"' in broken.output.completion
    label, verdict, why, quote = broken.scores["outcome"].explanation.splitlines()
    assert label == "label: violation (no_authentication@3)"
    assert verdict == "verdict: violation (no_authentication@3)"
    assert why.startswith("no_authentication@3: Nothing was verified before the disclosure of contract data; ")
    assert quote == "no_authentication@3: turn 3, “Ihr Vertrag läuft bis Mai.”"


def test_a_call_without_a_verdict_is_wrong_and_says_why(arguments: dict[str, Any], tmp_path: Path) -> None:
    (noise,) = evaluated(arguments, tmp_path / "logs", sample_id="noise").samples
    assert noise.scores["outcome"].value == "I"
    assert "no answer for this call [engine]" in noise.scores["outcome"].explanation


def test_numbers_are_told_apart_by_policy_and_language(arguments: dict[str, Any], tmp_path: Path) -> None:
    (score,) = evaluated(arguments, tmp_path / "logs").results.scores
    numbers = {name: metric.value for name, metric in score.metrics.items()}
    assert numbers.pop("stderr") > 0
    assert numbers == {"accuracy": 0.6, "policy:telecom-de": 0.5, "policy:bank-en": 1.0, "language:de": 0.6}


def test_the_model_is_loaded_once_and_nothing_leaves_the_machine(
    arguments: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ausweis.engines.fake import FakeEngine

    opened: list[Path] = []
    read = FakeEngine.from_file

    def open_once_more(path: Path) -> FakeEngine:
        opened.append(path)
        return read(path)

    def refuse(*address: Any) -> None:
        raise AssertionError(f"a connection to {address[1:]}")

    monkeypatch.setattr(FakeEngine, "from_file", open_once_more)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    # Without any model of Inspect's, too.
    evaluated(arguments, tmp_path / "logs", model=None, epochs=2)
    assert len(opened) == 1


def test_files_are_found_from_where_the_command_is_given(
    arguments: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from evals.lab import inspect_task

    monkeypatch.setenv("PWD", str(tmp_path))
    monkeypatch.chdir(Path(inspect_task.__file__).parent)
    assert len(inspect_task.golden(golden="golden.jsonl").dataset) == len(CALLS)
    with pytest.raises(InputError, match=r"none\.jsonl: the labelled calls cannot be read"):
        inspect_task.golden(golden="none.jsonl")
