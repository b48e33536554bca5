"""The golden set itself: it is whole, of the wanted size and mix, and its labels agree with the rules."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score
from tests.evals.cases import labelled
from tests.judging.own_policies import MARINA, marina

from ausweis.errors import InputError
from ausweis.evals.validate import validate
from ausweis.labelled import LabelledCall, gold_facts, read_all, read_labelled
from ausweis.vocabulary import VIOLATIONS

FOLDER = Path(__file__).parents[1] / "evals" / "golden"
SETS = {
    name: list(read_labelled(FOLDER / f"{name}.jsonl"))
    for name in (
        *("dev", "test", "train", "rare-train", "passing-train", "buried-train"),
        *("field-dev", "field-test", "field-train", "field-violated", "buried-test"),
    )
}
TEST_IBANS = ("89370400440532013000", "02120300000000202051", "12500105170648489890")
"""Of Germany, as published for tests."""
GOLDEN = [*SETS["dev"], *SETS["test"]]


@pytest.mark.parametrize("name", SETS)
def test_a_set_is_clean(name: str) -> None:
    assert list(validate(SETS[name])) == []


def test_no_call_is_in_two_sets() -> None:
    assert len(read_all(FOLDER / f"{name}.jsonl" for name in SETS)) == sum(map(len, SETS.values()))


def test_the_size_and_mix_that_numbers_need() -> None:
    languages = Counter(one.call.language for one in GOLDEN)
    assert len(GOLDEN) >= 180
    assert languages["de"] >= 120
    assert languages["en"] >= 50
    assert {one.gold.policy for one in GOLDEN} == {"telecom-de", "energy-de", "bank-en"}
    assert len(SETS["train"]) >= 150
    assert 0.3 <= len(SETS["test"]) / len(GOLDEN) <= 0.4
    types = Counter(kind for one in GOLDEN for kind in {broken.type for broken in one.gold.violations})
    assert all(types[kind] >= 12 for kind in VIOLATIONS)
    recognised = sum(one.gold.tags.surface == "asr" for one in GOLDEN)
    assert 0.3 <= recognised / len(GOLDEN) <= 0.45
    turns = sorted(len(one.call.turns) for one in GOLDEN)
    assert turns[0] <= 6
    assert turns[-1] >= 70


def test_the_field_sets_are_as_long_and_as_ordinary_as_real_calls() -> None:
    """By whole writing passes, none of which is in two sets; nine of ten clean, and a third without any action."""
    passes = {}
    for name, least in (("field-dev", 120), ("field-test", 80), ("field-train", 400)):
        calls = SETS[name]
        turns = [len(one.call.turns) for one in calls]
        assert len(calls) >= least
        assert min(turns) >= 50
        assert max(turns) <= 140
        assert sum(turns) / len(turns) >= 75
        assert sum(one.call.language == "de" for one in calls) / len(calls) >= 0.65
        assert len({one.gold.policy for one in calls}) == 5
        assert sum(one.gold.outcome == "not_applicable" for one in calls) / len(calls) >= 0.3
        passes[name] = {one.gold.writing_pass for one in calls}
        if name != "field-train":
            assert 0.88 <= sum(one.gold.outcome != "violation" for one in calls) / len(calls) <= 0.92
    assert None not in set().union(*passes.values(), {one.gold.writing_pass for one in SETS["train"]})
    assert sum(map(len, passes.values())) == len(set().union(*passes.values()))


def test_twins_are_in_one_set_and_differ_in_outcome_or_violations() -> None:
    for calls in SETS.values():
        by_id: dict[str, LabelledCall] = {one.call.id: one for one in calls}
        for one in calls:
            if one.gold.twin is not None:
                other = by_id[one.gold.twin].gold
                assert (one.gold.outcome, one.gold.violations) != (other.outcome, other.violations)


def test_every_golden_call_was_labelled_twice() -> None:
    files = (FOLDER / "double" / f"{name}.jsonl" for name in ("first", "second"))
    first, second = (
        {one["id"]: one["outcome"] for one in map(json.loads, file.read_text("utf-8").splitlines())} for file in files
    )
    assert set(first) == set(second) == {one.call.id for one in GOLDEN}
    assert cohen_kappa_score([first[name] for name in first], [second[name] for name in first]) > 0.9


@pytest.mark.parametrize(
    "name", ["dev", "test", "train", "rare-train", "passing-train", "field-violated", "buried-train", "buried-test"]
)
def test_numbers_are_from_ranges_for_fiction(name: str) -> None:
    """As far as they stand in digits: mobile numbers, and IBANs of which enough is said."""
    for turn in (turn for labelled_call in SETS[name] for turn in labelled_call.call.turns):
        text = re.sub(r"(?<=\d)[ ./-]+(?=\d)", "", turn.text)
        for number in re.findall(r"(?<!\d)0(?:1[567]\d{8,9}|7\d{9})(?!\d)", text):
            assert number.startswith(("017139200", "0176040690", "01632960", "07700900")), turn.text
        for iban in re.findall(r"DE ?(\d{12,})", text):
            assert any(known.startswith(iban[:20]) for known in TEST_IBANS), turn.text


def test_a_line_that_is_no_labelled_call(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text('{"call": {}, "gold": {}}\n', encoding="utf-8")
    with pytest.raises(InputError, match=r"bad\.jsonl:1: no labelled call, at call"):
        list(read_labelled(path))


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        ({"turn": 9, "kind": "accepts"}, "labelled behind the last turn, 1"),
        ({"turn": 1, "kind": "asks", "subject": "customer number"}, "asks cannot have the subject here .two words"),
    ],
)
def test_a_label_that_does_not_fit_its_call(tmp_path: Path, event: dict[str, object], sentence: str) -> None:
    one = labelled("a", "A: Geheimnis.").model_dump(mode="json", by_alias=True)
    one["gold"]["events"] = [event]
    (tmp_path / "bad.jsonl").write_text(json.dumps(one) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=sentence) as caught:
        list(read_labelled(tmp_path / "bad.jsonl"))
    assert "Geheimnis" not in str(caught.value)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_message_of_a_damaged_label_has_words_of_the_file(tmp_path: Path, data: st.DataObject) -> None:
    label = labelled("a", "A: Geheimnis. << asks pin", "C: Geheimnis.")
    line = label.model_dump_json()
    damage = ["Zwergpinguin", '"Zwergpinguin": 1, ', 'Zwergpinguin"', "9" * 400, "[" * 2000, "1e999", '"', "", "\n"]
    begin = data.draw(st.integers(0, len(line)))
    end = data.draw(st.integers(begin, min(len(line), begin + 8)))
    path = tmp_path / "bad.jsonl"
    path.write_text(line[:begin] + data.draw(st.sampled_from(damage)) + line[end:], encoding="utf-8")
    message = ""
    try:
        list(read_labelled(path))
    except InputError as error:
        message = str(error)
    assert not any(word in message for word in ("pinguin", "Geheimnis", "\n"))


def test_two_calls_with_one_id(tmp_path: Path) -> None:
    line = labelled("a", "A: Hallo.").line() + "\n"
    (tmp_path / "one.jsonl").write_text(line, encoding="utf-8")
    (tmp_path / "two.jsonl").write_text(line, encoding="utf-8")
    with pytest.raises(InputError, match="two labelled calls have the id a"):
        read_all([tmp_path / "one.jsonl", tmp_path / "two.jsonl"])


def test_no_calls_at_all(tmp_path: Path) -> None:
    (tmp_path / "none.jsonl").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="there are no labelled calls"):
        read_all([tmp_path / "none.jsonl"])


def test_policies_beside_a_file_are_those_of_its_calls(tmp_path: Path) -> None:
    lines = ("C: B 17, Wendt. << gives berth_number; gives name", "A: Ist gesperrt. << changes key_change")
    (tmp_path / "own.jsonl").write_text(labelled("a", *lines, policy="hafenlicht-de").line() + "\n", encoding="utf-8")
    (tmp_path / "policies").mkdir()
    (one,) = read_labelled(tmp_path / "own.jsonl")
    assert (one.policy, gold_facts(one).asked_words) == ("hafenlicht-de", ())
    (tmp_path / "policies" / "hafenlicht-de.yaml").write_text(MARINA, encoding="utf-8")
    (one,) = read_labelled(tmp_path / "own.jsonl")
    assert one.policy == str(tmp_path / "policies" / "hafenlicht-de.yaml")
    assert gold_facts(one).asked_words == marina().own_words
    (problem,) = (found.message for found in validate([one]) if "insufficient" not in found.message)
    assert problem == "outcome: the label says compliant, the rules make violation of its events"
    assert str(tmp_path) not in one.line()


def test_a_policy_that_ships_is_never_looked_for_beside(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "telecom-de.yaml").write_text("id: other", encoding="utf-8")
    (tmp_path / "own.jsonl").write_text(labelled("a", "A: Hallo.").line() + "\n", encoding="utf-8")
    (one,) = read_labelled(tmp_path / "own.jsonl")
    assert one.policy == "telecom-de"
