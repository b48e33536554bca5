"""What came from a recording and is not sure sends a verdict to a person, where the verdict hangs on it."""

import pytest
from tests.judging.conftest import Judged

from ausweis.judging.sentences import review_sentence
from ausweis.judging.verdict import TurnsReason

RIGHT = "1 gives name, 3 gives pin, 4 accepts, 6 discloses contract_data"


@pytest.mark.parametrize(("sure", "looked_at"), [(None, False), (0.95, False), (0.6, True)])
def test_unsure_roles(judged: Judged, sure: float | None, looked_at: bool) -> None:
    verdict = judged(RIGHT, roles_confidence=sure)
    assert verdict.needs_review is looked_at
    assert (verdict.outcome, verdict.confidence) == ("compliant", 1.0)


def test_turns_of_unknown_speakers_are_looked_at(judged: Judged) -> None:
    """Whatever the outcome is: what was told there may be told by the agent."""
    (reason,) = judged(RIGHT, unknown_speakers=(2, 7)).review_reasons
    assert review_sentence(reason, "de") == "Wer in Redebeitrag 2, 7 spricht, ist unbekannt: Es kann der Agent sein."
    assert review_sentence(reason, "en") == "Who speaks in turn 2, 7 is unknown: it may be the agent."


@pytest.mark.parametrize("said", [RIGHT, "1 gives name, 6 discloses contract_data"])
def test_turns_to_the_evaluator_are_looked_at_and_change_nothing_else(judged: Judged, said: str) -> None:
    plain, noted = judged(said), judged(said, speaks_to_the_evaluator=(5,))
    *others, reason = noted.review_reasons
    assert tuple(others) == plain.review_reasons
    assert reason == TurnsReason(code="speaks_to_the_evaluator", turns=(5,))
    assert "Redebeitrag 5" in review_sentence(reason, "de")
    assert "turn 5" in review_sentence(reason, "en")
    assert noted.model_copy(update={"review_reasons": tuple(others), "needs_review": plain.needs_review}) == plain


def test_notes_of_the_reading_are_reasons(judged: Judged) -> None:
    assert [reason.code for reason in judged(RIGHT, notes=("wrong_speaker",)).review_reasons] == ["wrong_speaker"]
