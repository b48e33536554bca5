from typing import get_args

import pytest
from pydantic import ValidationError

from ausweis.facts import CALLER_EVENTS, Event, EventKind, Facts
from ausweis.vocabulary import CHANGES, DISCLOSURES, FACTORS

TAKES: dict[str, tuple[str | None, ...]] = {
    "gives": tuple(FACTORS),
    "asks": tuple(FACTORS),
    "reads_out": tuple(FACTORS),
    "rejects": (None, *FACTORS),
    "discloses": DISCLOSURES,
    "changes": CHANGES,
}
SUBJECTS = (None, "Schuhgröße 43", "Shoe_size", "x" * 61, "", *FACTORS, *DISCLOSURES, *CHANGES)


@pytest.mark.parametrize("kind", get_args(EventKind))
def test_a_kind_takes_its_own_subjects_only(kind: EventKind) -> None:
    for subject in SUBJECTS:
        if subject in TAKES.get(kind, (None,)):
            assert Event(kind=kind, subject=subject, turn=1, quote="x").subject == subject
        else:
            with pytest.raises(ValidationError, match="cannot have the subject"):
                Event(kind=kind, subject=subject, turn=1, quote="x")


@pytest.mark.parametrize("kind", get_args(EventKind))
def test_what_takes_a_subject_takes_any_word_that_a_policy_may_have_of_its_own(kind: EventKind) -> None:
    if kind in TAKES:
        assert Event(kind=kind, subject="shoe_size", turn=1, quote="x").subject == "shoe_size"
    else:
        with pytest.raises(ValidationError, match="cannot have the subject"):
            Event(kind=kind, subject="shoe_size", turn=1, quote="x")


@pytest.mark.parametrize("wrong", [{"turn": 0}, {"probability": 1.01}, {"probability": -0.1}, {"verdict": "bad"}])
def test_what_an_event_cannot_be(wrong: dict[str, object]) -> None:
    right = {"kind": "accepts", "turn": 1, "quote": "Stimmt."}
    Event.model_validate(right)
    with pytest.raises(ValidationError):
        Event.model_validate(right | wrong)


def test_facts_come_back_from_json() -> None:
    event = Event(kind="gives", subject="pin", turn=2, quote='4012 "ja"\n', start=1.5, probability=0.25)
    facts = Facts(call_id="c1", turns=2, events=(event,), defects={"starts_late": 0.4}, notes=("hardly_likely",))
    line = facts.model_dump_json(by_alias=True)
    assert '"schema":"ausweis/facts@2"' in line
    assert Facts.model_validate_json(line) == facts
    assert event.kind in CALLER_EVENTS
    assert "unmeasured" not in line
    with pytest.raises(ValidationError):
        Facts.model_validate_json(line.replace("facts@2", "facts@9"))
