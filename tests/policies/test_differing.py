"""What one policy lets through that another does not: each rule of a policy makes a sentence, on the right side."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.judging.own_policies import MARINA

from ausweis.cli.policies import policies
from ausweis.policies import Policy, differences, find_policy, shipped_policies

OLD: dict[str, Any] = {
    "id": "old",
    "version": "1",
    "title": "Old",
    "language": "en",
    "levels": {"basic": {"any_of": [["password"], ["pin", "date_of_birth"]]}, "high": {"any_of": [["password"]]}},
    "actions": {"disclosure": {"usage_data": "basic"}},
}
OWN = {"berth": {"description": "Where the boat lies.", "strength": "weak", "looks_like": "words"}}
WEAKER: list[tuple[dict[str, Any], str]] = [
    ({"levels": {"basic": {"any_of": [["pin"], ["password"]]}, "high": OLD["levels"]["high"]}}, "usage data: by PIN."),
    (
        {"actions": {"change": {"payment_change": "basic"}, **OLD["actions"]}},
        "Change of payment data: by date of birth +",
    ),
    (
        {"factors": {"name": {}, "password": {}, "pin": {"read_out": "basic"}, "date_of_birth": {}}},
        "PIN: may be said by",
    ),
    ({"name_required": False}, "name is not wanted"),
    ({"attempts": 5}, "5 rejected answers are allowed"),
    ({"expected_violations": 0.05}, "if 5 of 100"),
]
STRICTER: list[tuple[dict[str, Any], str]] = [
    ({"third_party": {"accept": []}}, "For a third party nothing is told"),
    ({"incidents": [{"kind": "rude_agent", "severity": "high"}]}, "Also looked for (severity high)"),
]


def changed(change: dict[str, Any]) -> Policy:
    return Policy.model_validate(OLD | change)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [*(({}, change, says) for change, says in WEAKER), *((change, {}, "") for change, _ in STRICTER)],
)
def test_what_is_weaker_stands_there_and_the_way_back_is_stricter(
    old: dict[str, Any], new: dict[str, Any], says: str
) -> None:
    found = differences(changed(old), changed(new), "en")
    assert len(found.weaker) == 1
    assert says in found.weaker[0]
    assert (found.stricter, found.otherwise) == ((), ())
    back = differences(changed(new), changed(old), "en")
    assert (back.weaker, len(back.stricter), back.otherwise) == ((), 1, ())


@pytest.mark.parametrize(("change", "says"), STRICTER)
def test_what_is_stricter_is_told_as_explain_tells_it(change: dict[str, Any], says: str) -> None:
    (told,) = differences(changed({}), changed(change), "en").stricter
    assert says in told


def test_what_a_policy_does_not_look_for_any_more_is_weaker(tmp_path: Path) -> None:
    """An own word that is described anew is neither."""
    (tmp_path / "marina.yaml").write_text(MARINA, encoding="utf-8")
    marina = find_policy(tmp_path / "marina.yaml").policy
    kept = {key: rule for key, rule in marina.actions.change.items() if key != "key_change"}
    without = marina.model_copy(update={"actions": marina.actions.model_copy(update={"change": kept})})
    (told,) = differences(marina, without, "en").weaker
    assert told.startswith("No more: A change of its own: ")
    assert "(key_change)" in told
    rule = marina.factors["harbour_word"].model_copy(update={"description": "Ein anderes Wort."})
    anew = marina.model_copy(update={"factors": marina.factors | {"harbour_word": rule}})
    found = differences(marina, anew, "de")
    assert (found.weaker, found.stricter, len(found.otherwise)) == ((), (), 1)


def test_how_grave_a_violation_is_counts_as_another_difference() -> None:
    found = differences(changed({}), changed({"severity": {"factor_leaked": "low"}}), "en")
    assert (found.weaker, found.stricter, len(found.otherwise)) == ((), (), 1)
    assert ": low, " in found.otherwise[0]


def test_names_of_levels_and_titles_make_no_difference() -> None:
    renamed = changed(
        {
            "title": "New",
            "version": "2",
            "levels": {"a": OLD["levels"]["basic"], "b": OLD["levels"]["high"]},
            "actions": {"disclosure": {"usage_data": "a"}},
        }
    )
    found = differences(changed({}), renamed, "en")
    assert (found.weaker, found.stricter, found.otherwise) == ((), (), ())


@pytest.mark.parametrize(("before", "after"), [("telecom-de", "bank-en"), ("bank-en", "telecom-de")])
def test_the_command(before: str, after: str) -> None:
    """What is weaker stands first; the exit code is that of `diff`."""
    told = CliRunner().invoke(policies, ["diff", before, after])
    heads = [line for line in told.output.splitlines() if not line.startswith("- ")]
    assert (told.exit_code, len(heads)) == (1, 2)
    assert all(head.startswith(after) and before in head for head in heads)
    for name in shipped_policies():
        same = CliRunner().invoke(policies, ["diff", name, name])
        assert (same.exit_code, len(same.output.splitlines())) == (0, 1)
