"""The golden calls with incidents are whole, and the numbers of them are what they say."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from ausweis.errors import InputError
from ausweis.evals.incident_case import IncidentCase, IncidentGold, read_incident_cases
from ausweis.evals.incident_probe import INCIDENT_TASK, told_of
from ausweis.evals.metrics.incidents import summarise_incidents
from ausweis.facts import Mention
from ausweis.reading.incidents import named_before
from ausweis.reading.pieces import spoken_pieces
from ausweis.vocabulary import INCIDENTS

FOLDER = Path(__file__).parents[2] / "evals" / "incidents"
GOLDEN = read_incident_cases([FOLDER / "golden.jsonl"])
TRAIN = read_incident_cases([FOLDER / "train.jsonl"])
OWN = read_incident_cases([FOLDER / "described-golden.jsonl"])
OWN_TRAIN = read_incident_cases([FOLDER / "described-train.jsonl"])


def test_size_and_mix() -> None:
    assert len(GOLDEN) >= 80
    kinds = Counter(kind for case in GOLDEN for kind in case.gold.turns)
    assert min(kinds[kind] for kind in INCIDENTS) >= 8
    assert Counter(case.call.language for case in GOLDEN)["de"] > len(GOLDEN) / 2


@pytest.mark.parametrize("cases", [GOLDEN, TRAIN], ids=["golden", "train"])
def test_each_call_has_a_twin_of_other_kinds(cases: list[IncidentCase]) -> None:
    by_id = {case.call.id: case for case in cases}
    for case in cases:
        other = by_id[str(case.gold.twin)]
        assert other.gold.twin == case.call.id
        assert other.gold.turns.keys() != case.gold.turns.keys()


@pytest.mark.parametrize("cases", [OWN, OWN_TRAIN], ids=["golden", "train"])
def test_of_twins_by_description_one_has_it(cases: list[IncidentCase]) -> None:
    by_id = {case.call.id: case for case in cases}
    for case in cases:
        first, *others = case.gold.described
        other = by_id[str(case.gold.twin)]
        assert other.gold.twin == case.call.id
        assert other.gold.described[0].description == first.description
        assert bool(other.gold.described[0].turns) != bool(first.turns)
        assert not any(own.turns for own in others)


def test_no_description_is_in_both_sets() -> None:
    golden, train = ({own.description for case in some for own in case.gold.described} for some in (OWN, OWN_TRAIN))
    assert (len(golden), len(train)) == (28, 205)
    assert not golden & train


def test_twins_of_the_golden_set_are_near() -> None:
    by_id = {case.call.id: case for case in GOLDEN}
    for case in GOLDEN:
        other = by_id[str(case.gold.twin)]
        shared = {turn.text for turn in case.call.turns} & {turn.text for turn in other.call.turns}
        assert len(shared) >= len(case.call.turns) // 3


def test_no_call_is_in_both_sets() -> None:
    long = {turn.text for case in TRAIN for turn in case.call.turns if len(turn.text) > 40}
    shared = {turn.text for case in GOLDEN for turn in case.call.turns if turn.text in long}
    assert len(shared) <= 2


def test_where_a_wrong_price_was_named_is_mostly_found() -> None:
    right = total = 0
    for case in TRAIN:
        pieces = spoken_pieces(case.call)
        for one in case.gold.incidents:
            shown = next((piece for piece in pieces if piece.turn == one.shown), None)
            if shown is not None:
                found = named_before(pieces, shown)
                total += 1
                right += found is not None and found.turn == one.turn
    assert total > 150
    assert right / total > 0.65


def case(
    name: str,
    twin: str,
    *incidents: dict[str, object],
    known: tuple[str, ...] | None = None,
    described: Sequence[Mapping[str, object]] = (),
) -> IncidentCase:
    turns = [{"speaker": side, "text": "x"} for side in ("agent", "caller", "agent", "caller")]
    gold = {"incidents": incidents, "twin": twin, "known": known, "described": described}
    return IncidentCase.model_validate({"call": {"id": name, "turns": turns}, "gold": gold})


def found(kind: str, turn: int, probability: float = 0.8) -> Mention:
    return Mention.model_validate({"kind": kind, "turn": turn, "quote": "x", "probability": probability})


def test_the_numbers() -> None:
    cases = [
        case("1a", "1b", {"kind": "rude_agent", "turn": 1}),
        case("1b", "1a"),
        case("2a", "2b", {"kind": "rude_agent", "turn": 3}, {"kind": "press_threat", "turn": 4}),
        case("2b", "2a"),
    ]
    read = {
        "1a": [found("rude_agent", 1), found("rude_agent", 3, 0.6)],
        "1b": [found("rude_agent", 1, 0.2)],
        "2a": [found("rude_agent", 1), found("cancel_threat", 2)],
        "2b": [],
    }
    numbers = summarise_incidents(cases, read)
    assert numbers.found.value == pytest.approx(2 / 3)
    assert numbers.precision.value == pytest.approx(2 / 3)
    assert numbers.found.n == numbers.precision.n == 3
    assert numbers.f1 == pytest.approx(2 / 3)
    assert (numbers.turn.value, numbers.turn.n) == (0.5, 2)
    assert numbers.clean.value == 1.0
    assert (numbers.twins.value, numbers.twins.n) == (0.5, 2)
    assert numbers.kinds["rude_agent"].found.value == 1.0
    assert numbers.kinds["press_threat"].found.value == 0.0
    assert numbers.kinds["cancel_threat"].precision.value == 0.0
    assert numbers.kinds["lawyer_threat"].found.value is None


def test_kinds_that_a_label_does_not_know_do_not_count() -> None:
    rude: dict[str, object] = {"kind": "rude_agent", "turn": 1}
    cases = [case("1a", "1b", rude, known=("rude_agent",)), case("1b", "1a", known=("rude_agent", "press_threat"))]
    read = {
        "1a": [found("rude_agent", 1), found("press_threat", 2)],
        "1b": [found("lawyer_threat", 2), found("press_threat", 2, 0.2)],
    }
    numbers = summarise_incidents(cases, read)
    assert (numbers.found.value, numbers.precision.value, numbers.precision.n) == (1.0, 1.0, 1)
    assert (numbers.clean.value, numbers.twins.value) == (1.0, 1.0)
    assert numbers.kinds["press_threat"].precision.value is None
    assert numbers.kinds["rude_agent"].average_precision == 1.0


def test_the_order_of_calls_counts_mentions_under_the_bar_too() -> None:
    cases = [
        case("1a", "1b", {"kind": "rude_agent", "turn": 1}),
        case("1b", "1a"),
        case("2a", "2b", {"kind": "rude_agent", "turn": 3}),
    ]
    read = {
        "1a": [found("rude_agent", 1, 0.9)],
        "1b": [found("rude_agent", 1, 0.2)],
        "2a": [found("rude_agent", 1, 0.1)],
    }
    numbers = summarise_incidents(cases, read).kinds
    assert numbers["rude_agent"].found.value == 0.5
    assert numbers["rude_agent"].average_precision == pytest.approx((1 + 2 / 3) / 2)
    assert numbers["press_threat"].average_precision is None


def test_descriptions_count_as_kinds_do() -> None:
    def asked(turns: tuple[int, ...], speaker: str | None = None) -> dict[str, object]:
        return {"description": "Jemand spricht vom Wetter.", "speaker": speaker, "turns": turns}

    def mention(turn: int, probability: float) -> Mention:
        words = {"description": "Jemand spricht vom Wetter.", "turn": turn, "quote": "x", "probability": probability}
        return Mention.model_validate(words)

    cases = [case("1a", "1b", known=(), described=(asked((2, 4)),)), case("1b", "1a", known=(), described=(asked(()),))]
    read = {"1a": [mention(2, 0.7), mention(1, 0.9), found("rude_agent", 1)], "1b": [mention(3, 0.6)]}
    numbers = summarise_incidents(cases, read)
    assert numbers.kinds == {}
    assert numbers.described is not None
    assert (numbers.described.found.value, numbers.described.precision.value) == (1.0, 0.5)
    assert numbers.described.average_precision == 1.0
    assert (numbers.found, numbers.precision) == (numbers.described.found, numbers.described.precision)
    assert (numbers.turn.value, numbers.clean.value, numbers.twins.value) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("described", "words"),
    [
        ([{"description": "x", "speaker": "agent", "turns": [2]}], "not the agent's"),
        ([{"description": "x", "turns": [5]}], "behind the last turn"),
        ([{"description": "x"}, {"description": "x", "speaker": "agent"}], "twice"),
    ],
)
def test_a_description_that_cannot_be_is_refused(described: list[dict[str, object]], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        case("a", "b", described=described)


def test_what_is_true_of_each_line_by_a_description() -> None:
    one = case("a", "b", known=(), described=({"description": "x", "speaker": "caller", "turns": [4]},))
    told = told_of(one.gold.described[0], spoken_pieces(one.call))
    assert np.array_equal(told, [np.nan, 0, np.nan, 1], equal_nan=True)


@pytest.mark.parametrize(
    ("incident", "words"),
    [
        ({"kind": "rude_agent", "turn": 2}, "not the agent's"),
        ({"kind": "rude_agent", "turn": 9}, "behind the last turn"),
        ({"kind": "wrong_terms", "turn": 3, "shown": 1}, "shown wrong"),
        ({"kind": "wrong_terms", "turn": 3}, "not among the kinds that are known"),
    ],
)
def test_a_label_that_cannot_be_is_refused(tmp_path: Path, incident: dict[str, object], words: str) -> None:
    turns = [{"speaker": side, "text": "x"} for side in ("agent", "caller", "agent")]
    line = {"call": {"id": "a", "turns": turns}, "gold": {"incidents": [incident], "known": ["rude_agent"]}}
    (tmp_path / "a.jsonl").write_text(json.dumps(line))
    with pytest.raises(InputError, match=words):
        read_incident_cases([tmp_path / "a.jsonl"])


def test_twins_are_left_out_together_and_what_is_not_known_of_a_call_is_told() -> None:
    one, other = case("b", "a", {"kind": "wrong_terms", "turn": 1, "shown": 3}), case("a", "b")
    assert INCIDENT_TASK.group(one) == INCIDENT_TASK.group(other)
    assert INCIDENT_TASK.group(case("c", "d")) != INCIDENT_TASK.group(one)
    assert INCIDENT_TASK.known(one) == frozenset(record.label for record in INCIDENTS.values())
    half = INCIDENT_TASK.known(case("e", "f", {"kind": "wrong_terms", "turn": 1}))
    assert half == frozenset(record.label for record in INCIDENTS.values()) - {"wrong terms"}
    asked = case("g", "h").model_copy(update={"gold": IncidentGold(known=("rude_agent",))})
    assert INCIDENT_TASK.known(asked) == frozenset({"rude agent"})
