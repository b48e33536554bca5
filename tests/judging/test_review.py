"""What came from a recording and is not sure sends a verdict to a person, where the verdict hangs on it."""

import pytest
from tests.judging.conftest import Judged

from ausweis.judging.sentences import review_sentence

RIGHT = "1 gives name, 3 gives pin, 4 accepts, 6 discloses contract_data"
WRONG = "1 gives name, 6 discloses contract_data"


@pytest.mark.parametrize(
    ("lines", "badly_heard", "said"),
    [
        (RIGHT, (3,), "Redebeitrag 3"),
        (RIGHT, (6,), "Redebeitrag 6"),
        (RIGHT, (2, 5, 9), None),
        (WRONG, (3, 5, 8), "Redebeitrag 3, 5"),
        (WRONG, (8,), None),
    ],
)
def test_a_verdict_that_hangs_on_a_badly_heard_turn(
    judged: Judged, lines: str, badly_heard: tuple[int, ...], said: str | None
) -> None:
    verdict = judged(lines, badly_heard=badly_heard)
    assert verdict.needs_review is (said is not None)
    sentences = [review_sentence(reason, "de") for reason in verdict.review_reasons]
    if said:
        assert any("schlecht verständlich" in told and said in told for told in sentences)


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


@pytest.mark.parametrize(
    ("note", "said"),
    [
        (
            "a violation that the model named was dropped: its quote does not stand in the turn",
            "Etwas, das das Modell nannte, ist weggelassen: Das Zitat steht nicht im Redebeitrag oder ist zu kurz.",
        ),
    ],
)
def test_notes_of_earlier_facts_are_told_in_the_readers_language(judged: Judged, note: str, said: str) -> None:
    verdict = judged(RIGHT, notes=(note,))
    assert [review_sentence(reason, "de") for reason in verdict.review_reasons] == [said]
