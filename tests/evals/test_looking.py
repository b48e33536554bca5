"""A call of an eval run is looked at without a model: what was asked, answered, labelled and read."""

import shutil
from pathlib import Path

import pytest
from tests.evals.cases import ANSWERS, NAME, TELLS, asked, labelled
from tests.evals.test_running import write

from ausweis.batch.config import ScorerConfig
from ausweis.errors import InputError
from ausweis.evals.folder import answers_folder
from ausweis.evals.looking import look
from ausweis.evals.running import EvalJob, evaluate
from ausweis.policies import find_policy
from ausweis.prompts import default_library

CALLS = [
    labelled("told", NAME, TELLS, outcome="violation", violations=[("no_authentication", 2)]),
    labelled("noise", "C: Störgeräusch.", outcome="not_applicable", caller="unclear"),
    asked("rude", "told", {"id": "rude_agent", "turn": 1}),
]


@pytest.fixture
def prompts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Templates that may be changed; `agent-turn` has a draft."""
    own = shutil.copytree(default_library().folder, tmp_path / "prompts")
    text = (own / "agent-turn" / "1.md").read_text("utf-8").replace("version: 1", "version: 2")
    (own / "agent-turn" / "2.md").write_text(text, "utf-8")
    monkeypatch.setenv("AUSWEIS_PROMPTS", str(own))
    return own


@pytest.fixture
def run(tmp_path: Path, prompts: Path) -> Path:
    (tmp_path / "answers.yaml").write_text(ANSWERS, encoding="utf-8")
    recipe = ScorerConfig(
        find_policy("telecom-de"),
        engine=f"fake:{tmp_path / 'answers.yaml'}",
        prompt_folder=prompts,
        pins=("agent-turn@2",),
    )
    evaluate(EvalJob(golden=(write(tmp_path / "golden.jsonl", CALLS),), recipe=recipe), tmp_path / "run")
    (tmp_path / "answers.yaml").unlink()
    return tmp_path / "run"


def test_all_that_was_asked_about_a_call(run: Path) -> None:
    """By the versions of then, whichever are released."""
    looked = look(run, "told")
    assert looked.unknown == ""
    assert [(one.template, one.turn, one.likeliest[0][0]) for one in looked.asked] == [
        ("caller-turn@1", 1, "gives name"),
        ("agent-turn@2", 2, "tells contract data"),
        ("call-start@1", None, "beginning"),
    ]
    assert looked.asked[1].messages[-1].content.endswith("agent: Ihr Vertrag läuft bis Mai.")
    assert looked.facts is not None
    assert [(event.kind, event.turn) for event in looked.facts.events] == [("gives", 1), ("discloses", 2)]


def test_a_call_of_which_incidents_alone_are_labelled(run: Path) -> None:
    looked = look(run, "rude")
    assert looked.unknown == ""
    assert {one.template for one in looked.asked} == {"incident@1"}
    assert {one.turn for one in looked.asked} == {1, 2, 3, 4}


def test_why_it_is_not_known_what_was_asked(run: Path, prompts: Path) -> None:
    """Label and facts are shown all the same."""
    assert "no answer for this call" in look(run, "noise").unknown
    with (prompts / "agent-turn" / "2.md").open("a", encoding="utf-8") as file:
        file.write("Now.\n")
    looked = look(run, "told")
    assert looked.asked == ()
    assert looked.facts is not None
    assert looked.unknown.startswith(f"{run}: what was asked cannot be shown: the run was read with agent-turn@2 (")
    (prompts / "agent-turn" / "2.md").unlink()
    assert "there is no version 2 of agent-turn" in look(run, "told").unknown
    shutil.rmtree(answers_folder(run, 1))
    assert "there are no recorded answers here" in look(run, "told").unknown
    (run / "eval.sqlite").unlink()
    assert look(run, "told").unknown == "the store of the run is not there"


def test_a_call_that_is_not_in_the_run(run: Path) -> None:
    with pytest.raises(InputError, match="the eval run has no call other"):
        look(run, "other")


def test_another_strategy(run: Path, tmp_path: Path) -> None:
    (tmp_path / "events.yaml").write_text("answers: [{answer: {start: beginning, events: []}}]", encoding="utf-8")
    recipe = ScorerConfig(find_policy("telecom-de"), engine=f"fake:{tmp_path / 'events.yaml'}", strategy="events")
    job = EvalJob(golden=(tmp_path / "golden.jsonl",), recipe=recipe, only=("told",))
    evaluate(job, tmp_path / "events")
    (one,) = look(tmp_path / "events", "told").asked
    assert (one.turn, one.told, one.text) == (None, {}, '{"start": "beginning", "events": []}')
