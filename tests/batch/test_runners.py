"""The contract of runners: whatever runs the scorer, the store is the same, but for the order of its rows.

A runner is added by a line in `RUNNERS`: a function that opens a recipe, and gives a runner with what it comes from.
A server answers as the fake engine does, but tells its probabilities as rounded logarithms, and its faults otherwise.
"""

import ast
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from ruamel.yaml import YAML
from tests.engines.server.openai_server import serving
from tests.stored import content, count

from ausweis.batch import Runner, ScoreSummary, local_runner, score
from ausweis.batch.config import ScorerConfig
from ausweis.batch.scoring import Progress
from ausweis.calls import Call, UnreadableCall
from ausweis.policies import find_policy
from ausweis.provenance import RunProvenance
from ausweis.store import Store

ANSWERS = r"""
answers:
  - {template: call-start, answer: beginning}
  - {contains: Störgeräusch, error: no answer for this call}
  - {template: caller-turn, matches: 'Meine PIN[^\n]*$', answer: {gives pin: 0.9, nothing: 0.1}}
  - {template: caller-turn, contains: mein Name, answer: gives name}
  - {template: agent-turn, contains: Ihr Vertrag, answer: tells contract data}
  - {answer: nothing}
"""
Opened = tuple[Runner, RunProvenance]
Found = list[Call | UnreadableCall]


@contextmanager
def one_by_one(recipe: ScorerConfig, folder: Path) -> Iterator[Opened]:
    with recipe.open() as scorer:
        yield local_runner(scorer), scorer.origin


@contextmanager
def in_threads(recipe: ScorerConfig, folder: Path) -> Iterator[Opened]:
    with recipe.open() as scorer:
        scorer.calls_at_once = 4
        yield local_runner(scorer), scorer.origin


@contextmanager
def on_ray(recipe: ScorerConfig, folder: Path) -> Iterator[Opened]:
    from ausweis.batch.ray_runner import ray_runner

    with ray_runner(recipe, 2, folder) as opened:
        yield opened


@contextmanager
def with_a_server(recipe: ScorerConfig, folder: Path) -> Iterator[Opened]:
    """Its script is as good as the fake engine's, so it counts as measured, as that does."""
    script = YAML(typ="safe").load(ANSWERS)["answers"]
    measured = patch.object(RunProvenance, "measured", True)
    with (
        measured,
        serving(script) as server,
        replace(recipe, engine=f"server:{server.address}", workers=4, strategy="turnwise").open() as scorer,
    ):
        yield local_runner(scorer), scorer.origin


RUNNERS = [one_by_one, in_threads, with_a_server, pytest.param(on_ray, marks=pytest.mark.ray)]


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> ScorerConfig:
    answers = tmp_path_factory.mktemp("script") / "answers.yaml"
    answers.write_text(ANSWERS, encoding="utf-8")
    return ScorerConfig(find_policy("telecom-de"), engine=f"fake:{answers}")


@pytest.fixture(scope="module", params=RUNNERS, ids=lambda runner: str(runner.__name__))
def opened(
    request: pytest.FixtureRequest, recipe: ScorerConfig, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Opened]:
    with request.param(recipe, tmp_path_factory.mktemp("ray")) as found:
        yield found


@pytest.fixture
def found(calls: Callable[[int], list[Any]], new_call: Callable[..., Call]) -> Found:
    bad = UnreadableCall("x.json", None, "the file is empty", "empty")
    return [*calls(5), bad, new_call(6, extra="Störgeräusch"), *calls(12)[6:]]


@pytest.fixture
def whole(recipe: ScorerConfig, found: Found, tmp_path: Path) -> Path:
    """The store that the others must equal."""
    with one_by_one(recipe, tmp_path) as plain:
        assert run(plain, found, tmp_path / "whole").complete
    return tmp_path / "whole"


def run(opened: Opened, found: Found, path: Path, **more: Any) -> ScoreSummary:
    runner, origin = opened
    with Store.open(path) as store:
        return score(found, runner, store.begin(origin), **more)


def comparable(path: Path, *, of: Opened) -> dict[str, Any]:
    """What must be the same."""
    found = content(path)
    if of[1].model.engine != "fake":
        for name in ("facts", "verdicts"):
            found[name] = sorted(json.dumps(alike(json.loads(line))) for line in found[name])
        found["failures"] = sorted(json.dumps(alike(ast.literal_eval(line))) for line in found["failures"])
    return found


def alike(value: Any) -> Any:
    """What two engines with the same answers have in common."""
    if isinstance(value, dict):
        own = ("engine", "model", "facts_sha256", *(("message",) if value.get("kind") == "engine" else ()))
        return {name: alike(inner) for name, inner in value.items() if name not in own}
    if isinstance(value, list):
        return [alike(inner) for inner in value]
    return round(value, 3) if isinstance(value, float) else value


def test_the_same_run_from_every_runner(opened: Opened, found: Found, whole: Path, tmp_path: Path) -> None:
    summary = run(opened, found, tmp_path / "s")
    assert comparable(tmp_path / "s", of=opened) == comparable(whole, of=opened)
    assert (summary.complete, summary.progress) == (True, Progress(13, 0, 2))
    assert summary.tally.counts.failures == {"empty": 1, "engine": 1}
    assert summary.tally.counts.outcomes == {"compliant": 6, "violation": 2, "not_applicable": 3}


def test_stopped_in_the_middle_and_gone_on_with(opened: Opened, found: Found, whole: Path, tmp_path: Path) -> None:
    written = 0

    def stop(progress: Progress) -> None:
        nonlocal written
        written += 1
        if written == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(opened, found, tmp_path / "s", on_progress=stop)
    assert count(tmp_path / "s") < 11
    assert run(opened, found, tmp_path / "s").complete
    assert comparable(tmp_path / "s", of=opened) == comparable(whole, of=opened)


def test_failed_calls_are_tried_again(opened: Opened, found: Found, whole: Path, tmp_path: Path) -> None:
    run(opened, found, tmp_path / "s")
    again = run(opened, found, tmp_path / "s")
    assert again.progress == Progress(13, 11, 2)
    assert comparable(tmp_path / "s", of=opened) == comparable(whole, of=opened)
