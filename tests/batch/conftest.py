"""Calls, a script for the fake engine and a small reader, for runs without a model."""

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ausweis.batch import Scorer, ScoreSummary, local_runner, score
from ausweis.calls import Call, UnreadableCall
from ausweis.engines.fake import FakeEngine
from ausweis.engines.protocol import Engine
from ausweis.policies import find_policy
from ausweis.store import Store

SCRIPT: list[dict[str, Any]] = [
    {"contains": "mein Name", "answer": "gives name"},
    {"contains": "Meine PIN", "answer": {"gives pin": 0.9, "nothing": 0.1}},
    {"contains": "Ihr Vertrag", "answer": "discloses contract_data"},
    {"contains": "Störgeräusch", "error": "no answer for this call"},
    {"answer": "nothing"},
]

Score = Callable[..., ScoreSummary]
Calls = Callable[[int], list[Any]]


def make_call(number: int, *, pin: bool = True, tells: bool = True, extra: str = "") -> Call:
    texts = [
        ("caller", "Guten Tag, mein Name ist Ilse Krummbiegel."),
        ("agent", "Wie kann ich helfen?"),
        ("caller", "Meine PIN ist eins zwei drei vier." if pin else "Ich habe eine Frage."),
        ("agent", "Ihr Vertrag läuft bis Mai." if tells else "Das geht leider nicht."),
    ]
    turns = [{"speaker": speaker, "start": i, "end": i + 1, "text": text} for i, (speaker, text) in enumerate(texts)]
    if extra:
        turns.append({"speaker": "caller", "start": 9, "end": 10, "text": extra})
    return Call.model_validate({"id": f"call-{number}", "turns": turns})


def calls_of(count: int) -> list[Call | UnreadableCall]:
    return [make_call(number, pin=number % 3 != 0, tells=number % 4 != 0) for number in range(1, count + 1)]


def _load() -> ModuleType:
    # Tests are no package: what is shared is loaded by its path.
    spec = importlib.util.spec_from_file_location("small_reader", Path(__file__).with_name("reader.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["small_reader"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def new_call() -> Callable[..., Call]:
    return make_call


@pytest.fixture
def calls() -> Callable[[int], list[Call | UnreadableCall]]:
    return calls_of


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine(SCRIPT)


@pytest.fixture
def scored(engine: FakeEngine) -> Score:
    """Scores calls into the store at a path, with the small reader and the fake engine."""
    small = _load()

    def run(
        found: list[Call | UnreadableCall],
        path: Path,
        *,
        policy: str = "telecom-de",
        model: Engine = engine,
        **more: Any,
    ) -> ScoreSummary:
        scorer = Scorer(small.SmallReader(model), model, find_policy(policy))
        with Store.open(path) as store:
            return score(found, local_runner(scorer), store.begin(scorer.origin), **more)

    return run
