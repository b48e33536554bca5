import json
from pathlib import Path

import pytest

from ausweis.errors import InputError
from ausweis.evals.agreement import Label, agreement, read_labels


def label(identifier: str, **more: object) -> Label:
    return Label.model_validate(
        {
            "id": identifier,
            "turns": 4,
            "outcome": "compliant",
            "caller": "unclear",
            "authorisation": "not_needed",
            **more,
        }
    )


def test_kappa_by_field() -> None:
    first = [label(str(n), outcome="violation" if n < 2 else "compliant") for n in range(4)]
    second = [label(str(n), outcome="violation" if n < 1 else "compliant") for n in range(4)]
    found = {one.field: one for one in agreement(first, second)}
    assert found["outcome"].kappa == pytest.approx(0.5)
    assert found["outcome"].differing == ("1",)
    assert found["caller"].kappa == 1.0


def test_turns_are_compared_by_what_happens_in_them() -> None:
    first = [label("a", events=("1 gives name", "2 asks pin", "3 gives pin"))]
    second = [label("a", events=("1 gives name", "3 gives pin", "4 accepts"))]
    found = {one.field: one for one in agreement(first, second)}
    assert found["factors given"].same == 1.0
    assert found["all events"].same == 0.5
    assert found["all events"].n == 4


def test_only_calls_that_both_labelled() -> None:
    assert agreement([label("a")], [label("b")])[0].n == 0


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"violations": ["late_authentication"]}, r"violations\[1\]"),
        ({"violations": ["late_authentication@7", "late_authentification@7"]}, r"violations\[2\]"),
        ({"violations": ["late_authentication@0"]}, r"violations\[1\]"),
        ({"events": ["gives pin@2"]}, r"events\[1\]"),
        ({"events": ["2 gives pin", "3"]}, r"events\[2\]"),
        ({"events": ["9999999999 accepts"]}, r"events\[1\]"),
        ({"turns": 0}, "turns"),
    ],
)
def test_what_is_wrong_in_a_label_is_named_with_its_line(tmp_path: Path, wrong: dict[str, object], place: str) -> None:
    good = label("a", violations=("late_authentication@2",), events=("2 gives berth_number", "3 accepts"))
    path = tmp_path / "labels.jsonl"
    path.write_text(f"{good.model_dump_json()}\n{json.dumps(good.model_dump() | wrong)}\n", encoding="utf-8")
    with pytest.raises(InputError, match=rf"labels\.jsonl:2: no label, at {place}: "):
        read_labels(path)
