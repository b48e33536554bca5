"""What a reader's probabilities mean is learned from labelled calls, told of authors left out, and then used."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tests.evals.cases import NAME, TELLS, labelled
from tests.evals.test_running import write

from ausweis.batch.config import ScorerConfig
from ausweis.engines.learned_index import LearnedIndex, ReaderCalibration
from ausweis.errors import InputError, ModelError
from ausweis.evals import calibrating
from ausweis.evals.calibrating import calibrate, event_curve, risk_curve
from ausweis.evals.folder import read_cases, read_source
from ausweis.evals.running import EvalJob, evaluate
from ausweis.labelled import LabelledCall
from ausweis.policies import find_policy
from ausweis.reading.call_events import STATED

ANSWERS = """
answers:
  - template: call-events
    contains: Meine PIN
    answer:
      start: beginning
      events:
        - {turn: 1, quote: mein Name ist Ilse Krummbiegel, event: gives name}
        - {turn: 2, quote: Meine PIN ist 1234, event: gives pin}
        - {turn: 3, quote: In Ordnung, event: accepts}
        - {turn: 4, quote: Ihr Vertrag läuft bis Mai, event: discloses contract_data}
  - template: call-events
    answer:
      start: beginning
      events:
        - {turn: 1, quote: mein Name ist Ilse Krummbiegel, event: gives name}
        - {turn: 3, quote: In Ordnung, event: accepts}
        - {turn: 4, quote: Ihr Vertrag läuft bis Mai, event: discloses contract_data}
"""
"""A model that takes every `In Ordnung` for an acceptance, and is right of all else."""
BROKEN = ("no_authentication", 4)


def call(author: str, number: int) -> LabelledCall:
    """Each second one is a violation; half of all accept something."""
    says = "A: In Ordnung." + " << accepts" * (number // 2 % 2)
    if number % 2:
        return labelled(f"{author}-{number:02}", NAME, "C: Meine PIN ist 1234. << gives pin", says, TELLS)
    lines = (NAME, "C: Eine Frage.", says, TELLS)
    return labelled(f"{author}-{number:02}", *lines, outcome="violation", violations=[BROKEN])


CALLS = [call(author, number) for author in ("ab", "cd", "ef", "gh") for number in range(12)]


@pytest.fixture(autouse=True)
def learned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A company's own folder of learned parts."""
    (tmp_path / "learned").mkdir()
    monkeypatch.setenv("AUSWEIS_LEARNED", str(tmp_path / "learned"))
    return tmp_path / "learned"


@pytest.fixture
def wanted(tmp_path: Path) -> EvalJob:
    answers = tmp_path / "answers.yaml"
    answers.write_text(ANSWERS, encoding="utf-8")
    recipe = ScorerConfig(find_policy("telecom-de"), engine=f"fake:{answers}", strategy="events")
    return EvalJob(golden=(write(tmp_path / "golden.jsonl", CALLS),), recipe=recipe)


@pytest.fixture
def run(wanted: EvalJob, tmp_path: Path) -> Path:
    evaluate(wanted, tmp_path / "run")
    return tmp_path / "run"


def part_of(folder: Path) -> ReaderCalibration:
    index = LearnedIndex.read(folder)
    part = max(index.parts, key=lambda one: one.version)
    return ReaderCalibration.load(index.checked(part), part)


def test_events_become_as_likely_as_they_were_right(run: Path, learned: Path) -> None:
    """By kind; one of which nothing is known is as likely as all are."""
    told: list[str] = []
    calibrate(run, told.append)
    events = part_of(learned).events
    assert events is not None
    likely = {kind: events.probability(kind, STATED) for kind in ("accepts", "gives", "discloses", "refuses")}
    assert likely["accepts"] == pytest.approx(0.5, abs=0.1)
    assert likely["accepts"] < likely["refuses"] < likely["gives"]
    assert min(likely["gives"], likely["discloses"]) > STATED
    assert "48 calls by 4 authors, 24 of them violations" in told[0]
    assert any("24 of 168 are wrong" in line for line in told)


def test_the_next_run_reads_with_what_was_learned(run: Path, wanted: EvalJob, learned: Path, tmp_path: Path) -> None:
    """Facts and provenance name it, and its events come true more often."""
    calibrate(run, lambda line: None)
    evaluate(wanted, tmp_path / "again")
    source, before = read_source(tmp_path / "again"), read_source(run)
    part = part_of(learned)
    assert [one.facts["ab-00"].calibration for one in (before, source)] == [None, part.risk]
    origin = source.verdicts["ab-00"].provenance
    assert origin is not None
    assert part.provenance in origin.prompts
    assert before.calibrated is not None
    for of in (event_curve, risk_curve):
        told, learnt = of(before), of(source)
        assert told is not None
        assert learnt is not None
        assert learnt.brier < told.brier


def test_what_is_learned_again_rests_on_what_was_learned(
    run: Path, wanted: EvalJob, learned: Path, tmp_path: Path
) -> None:
    """The second part is for what the model says, not for what the first one made of it."""
    calibrate(run, lambda line: None)
    first = part_of(learned).events
    evaluate(wanted, tmp_path / "again")
    calibrate(tmp_path / "again", lambda line: None)
    second = part_of(learned).events
    assert first is not None
    assert second is not None
    assert len(LearnedIndex.read(learned).parts) == 2
    for kind in ("accepts", "gives", "refuses"):
        assert second.probability(kind, STATED) == pytest.approx(first.probability(kind, STATED), abs=0.05)


def test_no_call_is_told_of_by_what_was_learned_from_its_author(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[set[str]] = []
    learn = calibrating._learned

    def spied(reads: Sequence[calibrating._Read], states_events: bool) -> object:
        seen.append({read.labelled.call.id[:2] for read in reads})
        return learn(reads, states_events)

    monkeypatch.setattr(calibrating, "_learned", spied)
    calibrate(run, lambda line: None, keep=False)
    assert [len(authors) for authors in seen] == [4, 3, 3, 3, 3]
    assert {frozenset(authors) for authors in seen[1:]} == {
        frozenset({"ab", "cd", "ef", "gh"} - {author}) for author in ("ab", "cd", "ef", "gh")
    }


def test_too_few_calls_teach_nothing(wanted: EvalJob, learned: Path, tmp_path: Path) -> None:
    few = write(tmp_path / "few.jsonl", CALLS[:30])
    evaluate(replace(wanted, golden=(few,)), tmp_path / "few")
    told: list[str] = []
    with pytest.raises(InputError, match="no reader of the run has read 20 violations and as many other calls"):
        calibrate(tmp_path / "few", told.append)
    assert "15 violations and 15 other calls: 20 of each are the fewest" in told[0]
    assert list(learned.iterdir()) == []


def test_events_of_which_none_is_known_to_be_wrong_stay_as_they_are(
    wanted: EvalJob, learned: Path, tmp_path: Path
) -> None:
    """Labels that were made of what was read, as those of confirmed verdicts, say nothing against it."""
    right = [one for one in CALLS if one.gold.events[-2].kind == "accepts"]
    calls = [
        *right,
        *(one.model_copy(update={"gold": one.gold.model_copy(update=unlabelled)}) for one in CALLS if one not in right),
    ]
    evaluate(replace(wanted, golden=(write(tmp_path / "desk.jsonl", calls),)), tmp_path / "desk")
    told: list[str] = []
    calibrate(tmp_path / "desk", told.append)
    assert part_of(learned).events is None
    assert any("events stay as they are" in line for line in told)


unlabelled = {"events": (), "caller": "unclear", "authorisation": "unclear"}


def test_a_calibration_whose_file_was_changed_is_refused(
    run: Path, wanted: EvalJob, learned: Path, tmp_path: Path
) -> None:
    calibrate(run, lambda line: None)
    (path,) = learned.glob("calibration*.json")
    path.write_text(path.read_text().replace('"surest": 0.9', '"surest": 0.8'))
    with pytest.raises(ModelError, match=r"the learned file has another SHA-256 than learned\.yaml says"):
        evaluate(wanted, tmp_path / "again")


def test_a_calibration_of_another_reader_is_not_used(run: Path, wanted: EvalJob, tmp_path: Path) -> None:
    """Of another model (a script is one by its answers), or of another way to ask."""
    calibrate(run, lambda line: None)
    other = tmp_path / "other.yaml"
    other.write_text(ANSWERS + "  - {contains: nothing of this, answer: nothing}\n", encoding="utf-8")
    by_lines = tmp_path / "lines.yaml"
    by_lines.write_text("answers: [{template: call-start, answer: beginning}, {answer: nothing}]", encoding="utf-8")
    for place, recipe in enumerate(
        (
            replace(wanted.recipe, engine=f"fake:{other}"),
            replace(wanted.recipe, engine=f"fake:{by_lines}", strategy="turnwise"),
        )
    ):
        evaluate(replace(wanted, recipe=recipe), tmp_path / str(place))
        assert {facts.calibration for facts in read_source(tmp_path / str(place)).facts.values()} == {None}


def test_a_run_by_one_policy_for_all_teaches_nothing(wanted: EvalJob, tmp_path: Path) -> None:
    evaluate(replace(wanted, policy="bank-en"), tmp_path / "bank")
    with pytest.raises(InputError, match="judged by another policy than the labels'"):
        calibrate(tmp_path / "bank", lambda line: None)
    assert read_cases(tmp_path / "bank")
