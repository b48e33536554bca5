"""The golden calls with incidents are whole; what a label of incidents may say."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from pydantic import ValidationError
from tests.evals.cases import asked

from ausweis.errors import InputError
from ausweis.labelled import IncidentLabel, LabelledCall, read_all
from ausweis.reading.chunks import spoken_chunks
from ausweis.reading.incidents import named_before
from ausweis.vocabulary import INCIDENTS

FOLDER = Path(__file__).parents[2] / "evals" / "incidents"


def calls_of(name: str) -> list[LabelledCall]:
    return read_all([FOLDER / f"{name}.jsonl"])


def label_of(labelled: LabelledCall) -> IncidentLabel:
    assert labelled.gold.incidents is not None
    return labelled.gold.incidents


GOLDEN, TRAIN = calls_of("golden"), calls_of("train")
OWN, OWN_TRAIN = calls_of("described-golden"), calls_of("described-train")
FIELD, FIELD_TRAIN = calls_of("described-field"), calls_of("described-field-train")
SPLICED, SPLICED_DEV = calls_of("described-spliced"), calls_of("described-spliced-dev")
LONG, LONG_TRAIN = calls_of("spliced"), calls_of("spliced-train")


def test_size_and_mix() -> None:
    assert len(GOLDEN) >= 80
    kinds = Counter(kind for case in GOLDEN for kind in label_of(case).turns)
    assert min(kinds[kind] for kind in INCIDENTS) >= 8
    assert Counter(case.call.language for case in GOLDEN)["de"] > len(GOLDEN) / 2


@pytest.mark.parametrize("cases", [GOLDEN, TRAIN], ids=["golden", "train"])
def test_each_call_has_a_twin_of_other_kinds(cases: list[LabelledCall]) -> None:
    by_id = {case.call.id: case for case in cases}
    for case in cases:
        other = by_id[str(case.gold.twin)]
        assert other.gold.twin == case.call.id
        assert label_of(other).turns.keys() != label_of(case).turns.keys()


@pytest.mark.parametrize("cases", [OWN, OWN_TRAIN], ids=["golden", "train"])
def test_of_twins_by_description_one_has_it(cases: list[LabelledCall]) -> None:
    by_id = {case.call.id: case for case in cases}
    for case in cases:
        first, *others = label_of(case).own
        other = by_id[str(case.gold.twin)]
        assert other.gold.twin == case.call.id
        assert label_of(other).own[0] == first
        assert (first.id in label_of(other).turns) != (first.id in label_of(case).turns)
        assert not any(own.id in label_of(case).turns for own in others)


def test_no_description_is_in_both_sets() -> None:
    golden, train = ({own.description for case in some for own in label_of(case).own} for some in (OWN, OWN_TRAIN))
    assert (len(golden), len(train)) == (28, 205)
    assert not golden & train
    field, *others = (
        {own.description for case in some for own in label_of(case).own} for some in (FIELD, FIELD_TRAIN, SPLICED_DEV)
    )
    assert field == golden
    assert set.union(*others) <= train


@pytest.mark.parametrize(("cases", "count"), [(FIELD, 3), (FIELD_TRAIN, 4)], ids=["field", "field-train"])
def test_hardly_anything_happens_in_ordinary_calls(cases: list[LabelledCall], count: int) -> None:
    assert {len(label_of(case).own) for case in cases} == {count}
    assert min(len(case.call.turns) for case in cases) > 50
    own = [(case, one) for case in cases for one in label_of(case).own]
    happens = [(case, one, label_of(case).turns[one.id]) for case, one in own if one.id in label_of(case).turns]
    assert 0 < len(happens) < 0.05 * count * len(cases)
    for case, one, turns in happens:
        assert one.speaker is None or {case.call.turns[turn - 1].speaker for turn in turns} == {one.speaker}


def test_each_description_happens_once_in_a_long_call() -> None:
    assert {own for case in SPLICED for own in label_of(case).own} == {
        own for case in OWN for own in label_of(case).own
    }
    assert len(SPLICED) == 28
    texts = {turn.text for case in OWN for turn in case.call.turns}
    for case in SPLICED:
        (own,) = label_of(case).own
        (turns,) = label_of(case).turns.values()
        said = [case.call.turns[turn - 1] for turn in turns]
        assert len(case.call.turns) > 50
        assert {turn.text for turn in said} <= texts
        assert own.speaker in (None, *(turn.speaker for turn in said))


def test_in_long_calls_something_happens_and_something_nearly() -> None:
    """What happens comes first, two descriptions follow that are nearly said."""
    ordinary = {case.call.id: case.call.turns for case in read_all([FOLDER.parent / "golden" / "field-train.jsonl"])}
    for case in SPLICED_DEV:
        *happen, _, _ = (own.id for own in label_of(case).own)
        assert label_of(case).turns.keys() >= set(happen)
        turns = iter(case.call.turns)
        assert all(turn in turns for turn in ordinary[case.call.id.removeprefix("put-")])
    happens = sum(len(label_of(case).turns.keys() - INCIDENTS.keys()) for case in SPLICED_DEV)
    asked_for = sum(len(label_of(case).own) for case in SPLICED_DEV)
    assert 0.4 < happens / asked_for < 0.5


@pytest.mark.parametrize(("cases", "name"), [(LONG, "field-dev"), (LONG_TRAIN, "field-train")], ids=["golden", "train"])
def test_a_known_kind_happens_in_each_long_call_that_turns_were_put_into(cases: list[LabelledCall], name: str) -> None:
    ordinary = {case.call.id: case.call.turns for case in read_all([FOLDER.parent / "golden" / f"{name}.jsonl"])}
    for case in cases:
        assert label_of(case).turns
        turns = iter(case.call.turns)
        assert all(turn in turns for turn in ordinary[case.call.id.removeprefix("with-")])
    kinds = Counter(kind for case in cases for kind in label_of(case).turns)
    assert min(kinds[kind] for kind in INCIDENTS) >= 5


@pytest.mark.parametrize("cases", [FIELD, FIELD_TRAIN], ids=["field", "field-train"])
def test_hardly_any_known_kind_happens_in_ordinary_calls(cases: list[LabelledCall]) -> None:
    assert all(set(INCIDENTS) <= set(label_of(case).kinds) for case in cases)
    assert sum(bool(label_of(case).turns.keys() & INCIDENTS.keys()) for case in cases) <= 2


def test_no_ordinary_call_is_in_two_sets() -> None:
    train, golden = (
        [re.sub("^(put|inc|with)-", "", case.call.id) for case in some]
        for some in ((*SPLICED_DEV, *FIELD_TRAIN, *LONG_TRAIN), (*FIELD, *LONG))
    )
    assert len(train) == len({*train}) == 96 + 72 + 60
    assert len(golden) == len({*golden}) == 60 + 36


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
        chunks = spoken_chunks(case.call)
        for one in label_of(case).events:
            shown = next((chunk for chunk in chunks if chunk.turn == one.shown), None)
            if shown is not None:
                found = named_before(chunks, shown)
                total += 1
                right += found is not None and found.turn == one.turn
    assert total > 150
    assert right / total > 0.65


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({"id": "rude_agent", "turn": 2}, "not the agent's"),
        ({"id": "rude_agent", "turn": 9}, "behind the last turn"),
        ({"id": "wrong_terms", "turn": 3, "shown": 1}, "shown wrong"),
        ({"id": "press_threat", "turn": 2}, "neither among the known kinds"),
        ({"id": "rude_agent", "turn": 3, "quote": "y"}, "does not stand in turn 3"),
    ],
)
def test_a_label_that_cannot_be_is_refused(tmp_path: Path, event: dict[str, object], words: str) -> None:
    turns = [{"speaker": side, "text": "x"} for side in ("agent", "caller", "agent")]
    label = {"events": [event], "known": ["rude_agent", "wrong_terms"]}
    (tmp_path / "a.jsonl").write_text(json.dumps({"call": {"id": "a", "turns": turns}, "gold": {"incidents": label}}))
    with pytest.raises(InputError, match=words):
        read_all([tmp_path / "a.jsonl"])


@pytest.mark.parametrize(
    ("own", "turn", "words"),
    [
        ([{"id": "x", "description": "x", "speaker": "agent"}], 2, "not the agent's"),
        ([{"id": "x", "description": "x"}], 5, "behind the last turn"),
        ([{"id": "x", "description": "x"}, {"id": "y", "description": "x", "speaker": "agent"}], 1, "twice"),
        ([{"id": "x", "description": "x"}, {"id": "x", "description": "y"}], 1, "twice"),
    ],
)
def test_an_own_incident_that_cannot_be_is_refused(own: Sequence[Mapping[str, object]], turn: int, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        asked("a", "b", {"id": "x", "turn": turn}, known=(), own=own)


def test_a_label_says_something() -> None:
    for gold, words in (({}, "neither an outcome nor incidents"), ({"outcome": "compliant"}, "names its policy")):
        with pytest.raises(ValidationError, match=words):
            LabelledCall.model_validate({"call": {"id": "a", "turns": []}, "gold": gold})


def test_a_line_says_its_schema_and_is_read_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("".join(case.line() + "\n" for case in OWN), "utf-8")
    assert read_all([tmp_path / "a.jsonl"]) == OWN
    assert json.loads(OWN[0].line())["schema"] == "ausweis/labelled@1"
