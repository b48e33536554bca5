import pytest
from tests.evals.cases import labelled

from ausweis.evals.agreement import Label, agreement, label_of


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


def test_a_label_of_a_call() -> None:
    one = labelled("a", "C: Hier Brandt. << gives name", "A: Stimmt. << accepts")
    assert label_of(one).events == ("1 gives name", "2 accepts")
